using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Actor.Internal;
using Akka.Configuration;

namespace Akka.Event;

/// <summary>Sends each event to the actors subscribed to its class, a base class or an interface of it; on the publisher's thread.</summary>
public class LoggingBus
{
    private readonly Lock _lock = new();
    private readonly List<(IActorRef Subscriber, Type Channel)> _subscriptions = [];
    private readonly List<IActorRef> _loggers = [];
    private volatile ConcurrentDictionary<Type, IActorRef[]> _cache = new();
    private StandardOutLogger _stdout;
    private volatile LogLevel _logLevel = LogLevel.WarningLevel;

    /// <summary>The lowest level that is logged.</summary>
    public LogLevel LogLevel => _logLevel;

    /// <summary>Sends an event to its subscribers.</summary>
    public void Publish(object @event)
    {
        ArgumentNullException.ThrowIfNull(@event);
        var cache = _cache;
        if (!cache.TryGetValue(@event.GetType(), out var subscribers)) subscribers = Find(cache, @event.GetType());
        foreach (var subscriber in subscribers) subscriber.Tell(@event, ActorRefs.NoSender);
    }

    private IActorRef[] Find(ConcurrentDictionary<Type, IActorRef[]> cache, Type type)
    {
        lock (_lock)
        {
            IActorRef[] found = [.. _subscriptions.Where(s => s.Channel.IsAssignableFrom(type)).Select(static s => s.Subscriber).Distinct()];
            if (ReferenceEquals(cache, _cache)) cache[type] = found;
            return found;
        }
    }

    /// <summary>Subscribes to a class and all below; false when it was so already.</summary>
    public virtual bool Subscribe(IActorRef subscriber, Type classifier) => Add(subscriber, classifier);

    /// <summary>Ends a subscription to a class and all below; false when there was none.</summary>
    public virtual bool Unsubscribe(IActorRef subscriber, Type classifier) => Remove(subscriber, classifier);

    /// <summary>Ends all subscriptions of an actor.</summary>
    public virtual bool Unsubscribe(IActorRef subscriber) => Remove(subscriber, null);

    internal bool Add(IActorRef subscriber, Type channel)
    {
        lock (_lock)
        {
            foreach (var (existing, at) in _subscriptions)
                if (existing.Equals(subscriber) && at.IsAssignableFrom(channel)) return false;
            _subscriptions.Add((subscriber, channel));
            _cache = new ConcurrentDictionary<Type, IActorRef[]>();
            return true;
        }
    }

    internal bool Remove(IActorRef subscriber, Type channel)
    {
        lock (_lock)
        {
            // Leaving a class leaves what is below it too.
            var removed = _subscriptions.RemoveAll(s => s.Subscriber.Equals(subscriber) && (channel is null || channel.IsAssignableFrom(s.Channel)));
            if (removed == 0) return false;
            _cache = new ConcurrentDictionary<Type, IActorRef[]>();
            return true;
        }
    }

    /// <summary>Sets the lowest level that is logged, and subscribes the loggers accordingly.</summary>
    public void SetLogLevel(LogLevel logLevel)
    {
        lock (_lock)
        {
            _logLevel = logLevel;
            foreach (var logger in _loggers) SubscribeLevels(logger, logLevel);
        }
    }

    private void SubscribeLevels(IActorRef logger, LogLevel level)
    {
        foreach (var each in Enum.GetValues<LogLevel>())
        {
            if (each >= level) Add(logger, each.ClassFor());
            else Remove(logger, each.ClassFor());
        }
    }

    /// <summary>Logs to the console until the loggers have started.</summary>
    public void StartStdoutLogger(Settings config)
    {
        if (config.StdoutLogLevel.Equals("off", StringComparison.OrdinalIgnoreCase)) return;
        _stdout = new StandardOutLogger();
        _logLevel = Logging.LogLevelFor(config.StdoutLogLevel);
        lock (_lock)
        {
            _loggers.Add(_stdout);
            SubscribeLevels(_stdout, _logLevel);
        }
    }

    internal void StartDefaultLoggers(ActorSystemImpl system)
    {
        var level = Logging.LogLevelFor(system.Settings.LogLevel);
        var off = system.Settings.LogLevel.Equals("off", StringComparison.OrdinalIgnoreCase);
        var stdoutNamed = false;
        foreach (var name in system.Settings.Loggers)
        {
            var type = Type.GetType(name, throwOnError: false) ?? throw new ConfigurationException($"Logger specified in config cannot be found: \"{name}\"");
            if (type == typeof(StandardOutLogger))
            {
                stdoutNamed = true;
                continue;
            }

            AddLogger(system, type, level, off);
        }

        lock (_lock)
        {
            if (!stdoutNamed && _stdout is not null)
            {
                Remove(_stdout, null);
                _loggers.Remove(_stdout);
            }

            if (off) _logLevel = (LogLevel)int.MaxValue;   // no level is on
            else SetLogLevel(level);
        }

        if (system.Settings.DebugUnhandledMessage) Add(system.SystemActorOf(Props.Create<UnhandledMessageForwarder>(), "UnhandledMessageForwarder"), typeof(UnhandledMessage));
    }

    private void AddLogger(ActorSystemImpl system, Type type, LogLevel level, bool off)
    {
        var id = "log" + _loggers.Count + "-" + Logging.SimpleName(type);
        var logger = system.SystemActorOf(Props.Create(type).WithDispatcher(system.Settings.LoggersDispatcher), id);
        var timeout = system.Settings.LoggerStartTimeout;
        object answer;
        try
        {
            answer = logger.Ask<object>(new InitializeLogger(this), timeout).GetAwaiter().GetResult();
        }
        catch (AskTimeoutException)
        {
            Publish(new Warning(GetType().Name, typeof(LoggingBus), $"Logger {id} [{type}] did not respond within {timeout} to InitializeLogger(bus)"));
            answer = new LoggerInitialized();
        }

        if (answer is not LoggerInitialized) throw new LoggerInitializationException($"Logger {id} did not respond with LoggerInitialized, sent instead {answer}");
        lock (_lock) _loggers.Add(logger);
        if (!off) SubscribeLevels(logger, level);
        Publish(new Debug(GetType().Name, typeof(LoggingBus), $"Logger {id} [{type.Name}] started"));
    }

    internal void StopDefaultLoggers()
    {
        lock (_lock)
        {
            // The loggers have stopped with the system's actors; what is said from now on goes to the console.
            foreach (var logger in _loggers) Remove(logger, null);
            _loggers.Clear();
            if (_stdout is null) return;
            _loggers.Add(_stdout);
            SubscribeLevels(_stdout, _logLevel);
        }
    }
}

/// <summary>A system's event bus.</summary>
public class EventStream : LoggingBus
{
    private readonly bool _debug;

    /// <summary>Logging subscriptions or not.</summary>
    public EventStream(bool debug) => _debug = debug;

    /// <summary>Subscribes to a class and all below; false when it was so already.</summary>
    public override bool Subscribe(IActorRef subscriber, Type channel)
    {
        ArgumentNullException.ThrowIfNull(subscriber);
        if (_debug) Publish(new Debug(SourceName, GetType(), $"subscribing {subscriber} to channel {channel}"));
        if (subscriber is LocalActorRef local) local.Cell.NoteSubscription();
        var added = Add(subscriber, channel);
        if (subscriber is LocalActorRef { IsTerminated: true }) Remove(subscriber, channel);   // it ended meanwhile
        return added;
    }

    /// <summary>Ends a subscription to a class and all below; false when there was none.</summary>
    public override bool Unsubscribe(IActorRef subscriber, Type channel)
    {
        ArgumentNullException.ThrowIfNull(subscriber);
        if (_debug) Publish(new Debug(SourceName, GetType(), $"unsubscribing {subscriber} from channel {channel}"));
        return Remove(subscriber, channel);
    }

    /// <summary>Ends all subscriptions of an actor.</summary>
    public override bool Unsubscribe(IActorRef subscriber)
    {
        ArgumentNullException.ThrowIfNull(subscriber);
        if (_debug) Publish(new Debug(SourceName, GetType(), $"unsubscribing {subscriber} from all channels"));
        return Remove(subscriber, null);
    }

    private const string SourceName = "EventStream";
}

/// <summary>Shorter forms.</summary>
public static class EventStreamExtensions
{
    /// <summary>Subscribes to a class.</summary>
    public static bool Subscribe<TChannel>(this EventStream eventStream, IActorRef subscriber) => eventStream.Subscribe(subscriber, typeof(TChannel));

    /// <summary>Ends a subscription to a class.</summary>
    public static bool Unsubscribe<TChannel>(this EventStream eventStream, IActorRef subscriber) => eventStream.Unsubscribe(subscriber, typeof(TChannel));
}

internal sealed class UnhandledMessageForwarder : ActorBase
{
    protected override bool Receive(object message)
    {
        if (message is not UnhandledMessage unhandled) return false;
        Context.System.EventStream.Publish(new Debug(unhandled.Recipient.Path.ToString(), unhandled.Recipient.GetType(), $"Unhandled message from {unhandled.Sender} : {unhandled.Message}"));
        return true;
    }
}
