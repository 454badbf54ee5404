using System.Collections.Concurrent;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Dispatch;
using Akka.Event;
using Akka.Remote;
using Kv.Gateway.Config;

namespace Kv.Gateway.Logging;

/// <summary>
/// Akka's logger: what actors log goes to the same <see cref="LogSink"/> as everything else. Akka makes it by the type name in
/// <c>akka.loggers</c>, so the sink is found by the actor system's name; see <see cref="Hocon"/> and <see cref="Use"/>.
/// </summary>
/// <remarks>A peer that is down is logged once as a warning, and once when it is back; what Akka.Remote says in between is for level
/// debug (<see cref="GatedPeers"/>).</remarks>
public sealed class KvLoggerActor : ReceiveActor, IRequiresMessageQueue<ILoggerMessageQueueSemantics>
{
    private static readonly ConcurrentDictionary<string, LogSink> _sinks = new(StringComparer.Ordinal);

    private readonly GatedPeers _gated = new();

    /// <summary>Made by Akka.</summary>
    public KvLoggerActor()
    {
        Receive<InitializeLogger>(_ => Sender.Tell(new LoggerInitialized()));
        Receive<LogEvent>(Write);
        Receive<AssociatedEvent>(Back);
        Context.System.EventStream.Subscribe(Self, typeof(AssociatedEvent));
    }

    /// <summary>
    /// Says where the system of that name logs; call it before the system is made. Without it, lines go to standard error as JSON.
    /// </summary>
    public static void Use(string systemName, LogSink sink) => _sinks[systemName] = sink;

    /// <summary>Forgets the system's sink; call it when the system has ended.</summary>
    public static void Forget(string systemName) => _sinks.TryRemove(systemName, out _);

    /// <summary>The HOCON that puts this logger in place, at the level of <paramref name="level"/>.</summary>
    public static string Hocon(KvLogLevel level) => $$"""
        akka {
          loggers = ["{{typeof(KvLoggerActor).FullName}}, {{typeof(KvLoggerActor).Assembly.GetName().Name}}"]
          loglevel = {{level switch
          {
              KvLogLevel.Debug => "DEBUG",
              KvLogLevel.Info => "INFO",
              KvLogLevel.Warn => "WARNING",
              _ => "ERROR",
          }}}
          stdout-loglevel = ERROR
        }
        """;

    /// <inheritdoc/>
    protected override void PostStop()
    {
        Context.System.EventStream.Unsubscribe(Self);
        base.PostStop();
    }

    private static LogSink Sink() => _sinks.GetValueOrDefault(Context.System.Name) ?? Fallback.Sink;

    private void Back(AssociatedEvent associated)
    {
        var address = associated.RemoteAddress.ToString();
        if (_gated.IsBack(address) && Sink() is var sink && sink.IsEnabled(KvLogLevel.Info))
        {
            sink.Write(KvLogLevel.Info, nameof(AssociatedEvent), $"Association with remote system [{address}] is up again", [], null);
        }
    }

    private void Write(LogEvent logged)
    {
        var sink = Sink();
        var level = logged.LogLevel() switch
        {
            Akka.Event.LogLevel.DebugLevel => KvLogLevel.Debug,
            Akka.Event.LogLevel.InfoLevel => KvLogLevel.Info,
            Akka.Event.LogLevel.WarningLevel => KvLogLevel.Warn,
            _ => KvLogLevel.Error,
        };
        if (!sink.IsEnabled(level))
        {
            return;
        }

        var text = Text(logged);
        if (level == KvLogLevel.Warn && _gated.IsRepeated(text))
        {
            level = KvLogLevel.Debug;
            if (!sink.IsEnabled(level))
            {
                return;
            }
        }

        var (caller, actor) = (logged.LogClass?.Name ?? logged.LogSource ?? "akka", new LogField("actor", Path(logged.LogSource)));
        if (SocketErrorIn(logged.Cause) is { } network)
        {
            sink.Write(level, caller, text, [actor, new LogField("error", network.Message)]);
            return;
        }

        sink.Write(level, caller, text, [actor], logged.Cause);
    }

    /// <summary>What the network does is told by its message: no line of ours is at fault, and a trace would only hide it.</summary>
    private static SocketException? SocketErrorIn(Exception? cause)
    {
        while (cause is not (null or SocketException))
        {
            cause = cause.InnerException;
        }

        return (SocketException?)cause;
    }

    /// <summary>The message; a template that does not fit its arguments is still logged, unformatted.</summary>
    private static string Text(LogEvent logged)
    {
        try
        {
            return logged.Message?.ToString() ?? "";
        }
        catch (FormatException)
        {
            return (logged.Message as LogMessage)?.Format ?? "";
        }
    }

    /// <summary>The path below the system: <c>akka://kv/user/raft#12</c> is <c>/user/raft</c>.</summary>
    private static string Path(string? source)
    {
        if (source is null)
        {
            return "";
        }

        var path = source.Trim('[', ']');
        var scheme = path.IndexOf("://", StringComparison.Ordinal);
        var start = scheme < 0 ? -1 : path.IndexOf('/', scheme + 3);
        path = start < 0 ? path : path[start..];
        var incarnation = path.IndexOf('#', StringComparison.Ordinal);
        return incarnation < 0 ? path : path[..incarnation];
    }

    /// <summary>Opened only if a system logs that nobody gave a sink.</summary>
    private static class Fallback
    {
        public static readonly LogSink Sink = LogSink.Open(KvLogLevel.Info, console: false, ["stderr"]);
    }
}
