using Akka.Actor;
using Akka.Dispatch;

namespace Akka.Event;

/// <summary>A logger that is no actor.</summary>
public abstract class MinimalLogger : MinimalActorRef
{
    private readonly ActorPath _path = new RootActorPath(new Address("akka", "all-systems"), "/StandardOutLogger");

    /// <inheritdoc/>
    public override ActorPath Path => _path;

    /// <inheritdoc/>
    public override IActorRefProvider Provider => throw new NotSupportedException("This logger does not provide.");

    /// <inheritdoc/>
    protected override void TellInternal(object message, IActorRef sender)
    {
        switch (message)
        {
            case null: throw new ArgumentNullException(nameof(message), "The message to log must not be null.");
            default: Log(message); break;
        }
    }

    /// <summary>Writes an event.</summary>
    protected abstract void Log(object message);
}

/// <summary>Writes to the console, from before the loggers start until after they have stopped.</summary>
public class StandardOutLogger : MinimalLogger
{
    private static readonly Lock s_lock = new();

    /// <inheritdoc/>
    protected override void Log(object message)
    {
        if (message is LogEvent logEvent) Print(logEvent);
        else Console.WriteLine(message);
    }

    internal static void Print(LogEvent logEvent)
    {
        string text;
        try
        {
            text = logEvent.ToString();
        }
        catch (FormatException e)
        {
            // A template that does not fit its arguments must not lose the line.
            text = $"[{logEvent.LogLevel().StringFor()}][{logEvent.LogSource}] {(logEvent.Message as LogMessage)?.Unformatted() ?? "null"} (badly formatted: {e.Message})";
        }

        lock (s_lock) Console.WriteLine(text);
    }
}

/// <summary>Mailboxes for loggers.</summary>
public interface ILoggerMessageQueueSemantics : ISemantics;

/// <summary>The logger of systems that name none: to the console.</summary>
public class DefaultLogger : ActorBase, IRequiresMessageQueue<ILoggerMessageQueueSemantics>
{
    /// <inheritdoc/>
    protected override bool Receive(object message)
    {
        switch (message)
        {
            case InitializeLogger:
                Sender.Tell(new LoggerInitialized());
                return true;
            case LogEvent logEvent:
                Print(logEvent);
                return true;
            default:
                return false;
        }
    }

    /// <summary>Writes an event.</summary>
    protected virtual void Print(LogEvent logEvent) => StandardOutLogger.Print(logEvent);
}
