using Akka.Actor;

namespace Akka.Event;

/// <summary>Where code logs. Nothing is formatted unless the level is on.</summary>
public interface ILoggingAdapter
{
    /// <summary>How text is made.</summary>
    ILogMessageFormatter Formatter { get; }

    /// <summary>Whether debug is on.</summary>
    bool IsDebugEnabled { get; }

    /// <summary>Whether info is on.</summary>
    bool IsInfoEnabled { get; }

    /// <summary>Whether warning is on.</summary>
    bool IsWarningEnabled { get; }

    /// <summary>Whether error is on.</summary>
    bool IsErrorEnabled { get; }

    /// <summary>Whether a level is on.</summary>
    bool IsEnabled(LogLevel logLevel);

    /// <summary>Logs text.</summary>
    void Log(LogLevel logLevel, Exception cause, string format);

    /// <summary>Logs a template with arguments.</summary>
    void Log(LogLevel logLevel, Exception cause, LogMessage message);
}

/// <summary>Base of adapters.</summary>
public abstract class LoggingAdapterBase : ILoggingAdapter
{
    /// <summary>With a formatter.</summary>
    protected LoggingAdapterBase(ILogMessageFormatter logMessageFormatter) =>
        Formatter = logMessageFormatter ?? throw new ArgumentNullException(nameof(logMessageFormatter), "The message formatter must not be null.");

    /// <inheritdoc/>
    public ILogMessageFormatter Formatter { get; }

    /// <inheritdoc/>
    public abstract bool IsDebugEnabled { get; }

    /// <inheritdoc/>
    public abstract bool IsErrorEnabled { get; }

    /// <inheritdoc/>
    public abstract bool IsInfoEnabled { get; }

    /// <inheritdoc/>
    public abstract bool IsWarningEnabled { get; }

    /// <summary>Hands the event on.</summary>
    protected abstract void NotifyLog(LogLevel logLevel, object message, Exception cause = null);

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => logLevel switch
    {
        LogLevel.DebugLevel => IsDebugEnabled,
        LogLevel.InfoLevel => IsInfoEnabled,
        LogLevel.WarningLevel => IsWarningEnabled,
        LogLevel.ErrorLevel => IsErrorEnabled,
        _ => throw new NotSupportedException($"Unknown LogLevel {logLevel}"),
    };

    /// <inheritdoc/>
    public void Log(LogLevel logLevel, Exception cause, LogMessage message)
    {
        if (IsEnabled(logLevel)) NotifyLog(logLevel, message, cause);
    }

    /// <inheritdoc/>
    public void Log(LogLevel logLevel, Exception cause, string format)
    {
        if (IsEnabled(logLevel)) NotifyLog(logLevel, format, cause);
    }
}

/// <summary>Publishes on the event bus.</summary>
public sealed class BusLogging : LoggingAdapterBase
{
    /// <summary>For a source.</summary>
    public BusLogging(LoggingBus bus, string logSource, Type logClass, ILogMessageFormatter logMessageFormatter)
        : base(logMessageFormatter)
    {
        Bus = bus;
        LogSource = logSource;
        LogClass = logClass;
    }

    /// <summary>The bus.</summary>
    public LoggingBus Bus { get; }

    /// <summary>The source.</summary>
    public string LogSource { get; }

    /// <summary>Class of the source.</summary>
    public Type LogClass { get; }

    /// <inheritdoc/>
    public override bool IsDebugEnabled => Bus.LogLevel <= LogLevel.DebugLevel;

    /// <inheritdoc/>
    public override bool IsInfoEnabled => Bus.LogLevel <= LogLevel.InfoLevel;

    /// <inheritdoc/>
    public override bool IsWarningEnabled => Bus.LogLevel <= LogLevel.WarningLevel;

    /// <inheritdoc/>
    public override bool IsErrorEnabled => Bus.LogLevel <= LogLevel.ErrorLevel;

    /// <inheritdoc/>
    protected override void NotifyLog(LogLevel logLevel, object message, Exception cause = null) => Bus.Publish(logLevel switch
    {
        LogLevel.DebugLevel => new Debug(cause, LogSource, LogClass, message),
        LogLevel.InfoLevel => new Info(cause, LogSource, LogClass, message),
        LogLevel.WarningLevel => new Warning(cause, LogSource, LogClass, message),
        LogLevel.ErrorLevel => (LogEvent)new Error(cause, LogSource, LogClass, message),
        _ => throw new NotSupportedException($"Unknown LogLevel {logLevel}"),
    });
}

/// <summary>Logs nothing.</summary>
public sealed class NoLogger : ILoggingAdapter
{
    /// <summary>The only instance.</summary>
    public static readonly ILoggingAdapter Instance = new NoLogger();

    private NoLogger()
    {
    }

    /// <inheritdoc/>
    public ILogMessageFormatter Formatter => DefaultLogMessageFormatter.Instance;

    /// <inheritdoc/>
    public bool IsDebugEnabled => false;

    /// <inheritdoc/>
    public bool IsInfoEnabled => false;

    /// <inheritdoc/>
    public bool IsWarningEnabled => false;

    /// <inheritdoc/>
    public bool IsErrorEnabled => false;

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => false;

    /// <inheritdoc/>
    public void Log(LogLevel logLevel, Exception cause, string format)
    {
    }

    /// <inheritdoc/>
    public void Log(LogLevel logLevel, Exception cause, LogMessage message)
    {
    }
}

/// <summary>Where a log line comes from.</summary>
public readonly struct LogSource
{
    private LogSource(string source, Type type)
    {
        Source = source;
        Type = type;
    }

    /// <summary>The name.</summary>
    public string Source { get; }

    /// <summary>The class.</summary>
    public Type Type { get; }

    /// <summary>From parts.</summary>
    public static LogSource Create(string source, Type t) => new(source, t);

    /// <summary>From an actor, a context, a type or a name.</summary>
    public static LogSource Create(object o) => Create(o, null);

    /// <summary>The same, with the system's name.</summary>
    public static LogSource Create(object o, ActorSystem system) => o switch
    {
        IActorContext context => new LogSource(FromActorRef(context.Self, system), SourceType(o)),
        IActorRef actor => new LogSource(FromActorRef(actor, system), SourceType(o)),
        string text => new LogSource(FromString(text, system), typeof(DummyClassForStringSources)),
        Type type => new LogSource(FromType(type, system), type),
        _ => new LogSource(FromType(o.GetType(), system), o.GetType()),
    };

    /// <summary>An actor's path.</summary>
    public static string FromActorRef(IActorRef a, ActorSystem system)
    {
        var address = (system as ExtendedActorSystem)?.Provider.DefaultAddress;
        return address is null ? a.Path.ToString() : a.Path.ToStringWithAddress(address);
    }

    /// <summary>A name and the system.</summary>
    public static string FromString(string source, ActorSystem system) => system is null ? source : $"{source}({system})";

    /// <summary>A type's name and the system.</summary>
    public static string FromType(Type t, ActorSystem system) => system is null ? Logging.SimpleName(t) : $"{Logging.SimpleName(t)} ({system})";

    /// <summary>The class to name.</summary>
    public static Type SourceType(object o) => o switch
    {
        IActorContext context => context.Props.Type,
        LocalActorRef actor => actor.Cell.Props.Type,
        Type type => type,
        _ => o.GetType(),
    };
}

/// <summary>Class of sources that are only a name.</summary>
public class DummyClassForStringSources;

/// <summary>Makes adapters.</summary>
public static class Logging
{
    internal static readonly ILogMessageFormatter DefaultFormatter = DefaultLogMessageFormatter.Instance;

    /// <summary>The event class of a level.</summary>
    public static Type ClassFor(this LogLevel logLevel) => logLevel switch
    {
        LogLevel.DebugLevel => typeof(Debug),
        LogLevel.InfoLevel => typeof(Info),
        LogLevel.WarningLevel => typeof(Warning),
        LogLevel.ErrorLevel => typeof(Error),
        _ => throw new ArgumentException("Unknown LogLevel", nameof(logLevel)),
    };

    /// <summary>The name of a level.</summary>
    public static string StringFor(this LogLevel logLevel) => logLevel switch
    {
        LogLevel.DebugLevel => "DEBUG",
        LogLevel.InfoLevel => "INFO",
        LogLevel.WarningLevel => "WARNING",
        LogLevel.ErrorLevel => "ERROR",
        _ => throw new ArgumentException("Unknown LogLevel", nameof(logLevel)),
    };

    /// <summary>The level of a name, in any case; <c>off</c> is taken for error.</summary>
    public static LogLevel LogLevelFor(string logLevel) => logLevel?.ToUpperInvariant() switch
    {
        "DEBUG" => LogLevel.DebugLevel,
        "INFO" => LogLevel.InfoLevel,
        "WARNING" => LogLevel.WarningLevel,
        "ERROR" or "OFF" => LogLevel.ErrorLevel,
        _ => throw new ArgumentException($"Unknown LogLevel: \"{logLevel}\". Valid values are: \"DEBUG\", \"INFO\", \"WARNING\", \"ERROR\"", nameof(logLevel)),
    };

    /// <summary>The adapter of an actor; its source is the actor's path.</summary>
    public static ILoggingAdapter GetLogger(this IActorContext context, ILogMessageFormatter logMessageFormatter = null)
    {
        var source = LogSource.Create(context, context.System);
        return new BusLogging(context.System.EventStream, source.Source, source.Type, logMessageFormatter ?? DefaultFormatter);
    }

    /// <summary>The adapter of an actor, a type or a name.</summary>
    public static ILoggingAdapter GetLogger(ActorSystem system, object logSourceObj, ILogMessageFormatter logMessageFormatter = null)
    {
        var source = LogSource.Create(logSourceObj, system);
        return new BusLogging(system.EventStream, source.Source, source.Type, logMessageFormatter ?? DefaultFormatter);
    }

    /// <summary>The adapter of an actor, a type or a name.</summary>
    public static ILoggingAdapter GetLogger(LoggingBus loggingBus, object logSourceObj, ILogMessageFormatter logMessageFormatter = null)
    {
        var source = LogSource.Create(logSourceObj);
        return new BusLogging(loggingBus, source.Source, source.Type, logMessageFormatter ?? DefaultFormatter);
    }

    /// <summary>A type's name without namespace.</summary>
    public static string SimpleName(object o) => SimpleName(o.GetType());

    /// <summary>A type's name without namespace.</summary>
    public static string SimpleName(Type t) => t.Name;
}
