using System.Globalization;
using Akka.Actor;

namespace Akka.Event;

/// <summary>How serious.</summary>
public enum LogLevel
{
    /// <summary>For the developer.</summary>
    DebugLevel,

    /// <summary>For the operator.</summary>
    InfoLevel,

    /// <summary>Something to look at.</summary>
    WarningLevel,

    /// <summary>Something failed.</summary>
    ErrorLevel,
}

/// <summary>Something to log.</summary>
public abstract class LogEvent : INoSerializationVerificationNeeded
{
    /// <summary>Stamps time and thread.</summary>
    protected LogEvent()
    {
        Timestamp = DateTime.UtcNow;
        Thread = Thread.CurrentThread;
    }

    /// <summary>The exception, or null.</summary>
    public Exception Cause { get; protected set; }

    /// <summary>When, UTC.</summary>
    public DateTime Timestamp { get; }

    /// <summary>On which thread.</summary>
    public Thread Thread { get; }

    /// <summary>Path of the actor, or another name.</summary>
    public string LogSource { get; protected set; }

    /// <summary>Class of the source.</summary>
    public Type LogClass { get; protected set; }

    /// <summary>Text, or a <see cref="LogMessage"/>.</summary>
    public object Message { get; protected set; }

    /// <summary>How serious.</summary>
    public abstract LogLevel LogLevel();

    /// <inheritdoc/>
    public override string ToString()
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"[{LogLevel().StringFor().ToUpperInvariant()}][{Timestamp:MM/dd/yyyy HH:mm:ss.fffzzz}][Thread {Thread.ManagedThreadId:0000}][{LogSource}] {Message}");
        return Cause is null ? text : text + Environment.NewLine + "Cause: " + Cause;
    }
}

/// <summary>For the developer.</summary>
public class Debug : LogEvent
{
    /// <summary>From its parts.</summary>
    public Debug(string logSource, Type logClass, object message)
        : this(null, logSource, logClass, message)
    {
    }

    /// <summary>With an exception.</summary>
    public Debug(Exception cause, string logSource, Type logClass, object message)
    {
        Cause = cause;
        LogSource = logSource;
        LogClass = logClass;
        Message = message;
    }

    /// <inheritdoc/>
    public override LogLevel LogLevel() => Event.LogLevel.DebugLevel;
}

/// <summary>For the operator.</summary>
public class Info : LogEvent
{
    /// <summary>From its parts.</summary>
    public Info(string logSource, Type logClass, object message)
        : this(null, logSource, logClass, message)
    {
    }

    /// <summary>With an exception.</summary>
    public Info(Exception cause, string logSource, Type logClass, object message)
    {
        Cause = cause;
        LogSource = logSource;
        LogClass = logClass;
        Message = message;
    }

    /// <inheritdoc/>
    public override LogLevel LogLevel() => Event.LogLevel.InfoLevel;
}

/// <summary>Something to look at.</summary>
public class Warning : LogEvent
{
    /// <summary>From its parts.</summary>
    public Warning(string logSource, Type logClass, object message)
        : this(null, logSource, logClass, message)
    {
    }

    /// <summary>With an exception.</summary>
    public Warning(Exception cause, string logSource, Type logClass, object message)
    {
        Cause = cause;
        LogSource = logSource;
        LogClass = logClass;
        Message = message;
    }

    /// <inheritdoc/>
    public override LogLevel LogLevel() => Event.LogLevel.WarningLevel;
}

/// <summary>Something failed.</summary>
public class Error : LogEvent
{
    /// <summary>With an exception, or null.</summary>
    public Error(Exception cause, string logSource, Type logClass, object message)
    {
        Cause = cause;
        LogSource = logSource;
        LogClass = logClass;
        Message = message;
    }

    /// <inheritdoc/>
    public override LogLevel LogLevel() => Event.LogLevel.ErrorLevel;
}

/// <summary>Told to a logger before anything else; it answers <see cref="LoggerInitialized"/>.</summary>
public class InitializeLogger : INoSerializationVerificationNeeded
{
    /// <summary>With the bus it serves.</summary>
    public InitializeLogger(LoggingBus loggingBus) => LoggingBus = loggingBus;

    /// <summary>The bus it serves.</summary>
    public LoggingBus LoggingBus { get; }
}

/// <summary>A logger is ready.</summary>
public class LoggerInitialized : INoSerializationVerificationNeeded, IDeadLetterSuppression;

/// <summary>Turns a template and arguments into text.</summary>
public interface ILogMessageFormatter
{
    /// <summary>The text.</summary>
    string Format(string format, params object[] args);

    /// <summary>The text.</summary>
    string Format(string format, IEnumerable<object> args);
}

/// <summary>By <see cref="string.Format(string, object[])"/>.</summary>
public class DefaultLogMessageFormatter : ILogMessageFormatter
{
    /// <summary>The only instance.</summary>
    public static readonly DefaultLogMessageFormatter Instance = new();

    private DefaultLogMessageFormatter()
    {
    }

    /// <inheritdoc/>
    public string Format(string format, params object[] args) => string.Format(CultureInfo.InvariantCulture, format, args);

    /// <inheritdoc/>
    public string Format(string format, IEnumerable<object> args) => Format(format, args.ToArray());
}

/// <summary>A template and its arguments, made into text only when written.</summary>
public abstract class LogMessage
{
    /// <summary>How text is made.</summary>
    protected readonly ILogMessageFormatter Formatter;

    /// <summary>With its template.</summary>
    public LogMessage(ILogMessageFormatter formatter, string format)
    {
        Formatter = formatter;
        Format = format;
    }

    /// <summary>The template.</summary>
    public string Format { get; }

    /// <summary>The arguments.</summary>
    public abstract IEnumerable<object> Parameters();

    /// <summary>Template and arguments, unmixed.</summary>
    public abstract string Unformatted();
}

internal sealed class FormattedLogMessage(ILogMessageFormatter formatter, string format, object[] args) : LogMessage(formatter, format)
{
    public override IEnumerable<object> Parameters() => args;

    public override string Unformatted() => $"{Format} [{string.Join(", ", args)}]";

    public override string ToString() => Formatter.Format(Format, args);
}
