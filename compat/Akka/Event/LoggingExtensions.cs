namespace Akka.Event;

/// <summary>Logging by level. Arguments are formatted only when the level is on and something writes them.</summary>
public static class LoggingExtensions
{
    /// <summary>Logs text at Debug.</summary>
    public static void Debug(this ILoggingAdapter log, string format) => log.Log(LogLevel.DebugLevel, null, format);

    /// <summary>Logs a template at Debug.</summary>
    public static void Debug<T1>(this ILoggingAdapter log, string format, T1 arg1)
    {
        if (log.IsEnabled(LogLevel.DebugLevel)) log.Log(LogLevel.DebugLevel, null, new FormattedLogMessage(log.Formatter, format, [arg1]));
    }

    /// <summary>Logs a template at Debug.</summary>
    public static void Debug<T1, T2>(this ILoggingAdapter log, string format, T1 arg1, T2 arg2)
    {
        if (log.IsEnabled(LogLevel.DebugLevel)) log.Log(LogLevel.DebugLevel, null, new FormattedLogMessage(log.Formatter, format, [arg1, arg2]));
    }

    /// <summary>Logs a template at Debug.</summary>
    public static void Debug<T1, T2, T3>(this ILoggingAdapter log, string format, T1 arg1, T2 arg2, T3 arg3)
    {
        if (log.IsEnabled(LogLevel.DebugLevel)) log.Log(LogLevel.DebugLevel, null, new FormattedLogMessage(log.Formatter, format, [arg1, arg2, arg3]));
    }

    /// <summary>Logs a template at Debug.</summary>
    public static void Debug<T1, T2, T3, T4>(this ILoggingAdapter log, string format, T1 arg1, T2 arg2, T3 arg3, T4 arg4)
    {
        if (log.IsEnabled(LogLevel.DebugLevel)) log.Log(LogLevel.DebugLevel, null, new FormattedLogMessage(log.Formatter, format, [arg1, arg2, arg3, arg4]));
    }

    /// <summary>Logs a template at Debug.</summary>
    public static void Debug<T1, T2, T3, T4, T5>(this ILoggingAdapter log, string format, T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5)
    {
        if (log.IsEnabled(LogLevel.DebugLevel)) log.Log(LogLevel.DebugLevel, null, new FormattedLogMessage(log.Formatter, format, [arg1, arg2, arg3, arg4, arg5]));
    }

    /// <summary>Logs a template at Debug.</summary>
    public static void Debug<T1, T2, T3, T4, T5, T6>(this ILoggingAdapter log, string format, T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5, T6 arg6)
    {
        if (log.IsEnabled(LogLevel.DebugLevel)) log.Log(LogLevel.DebugLevel, null, new FormattedLogMessage(log.Formatter, format, [arg1, arg2, arg3, arg4, arg5, arg6]));
    }

    /// <summary>Logs a template at Debug.</summary>
    public static void Debug(this ILoggingAdapter log, string format, params object[] args)
    {
        if (log.IsEnabled(LogLevel.DebugLevel)) log.Log(LogLevel.DebugLevel, null, new FormattedLogMessage(log.Formatter, format, args));
    }

    /// <summary>Logs text at Debug.</summary>
    public static void Debug(this ILoggingAdapter log, Exception cause, string format) => log.Log(LogLevel.DebugLevel, cause, format);

    /// <summary>Logs a template at Debug.</summary>
    public static void Debug<T1>(this ILoggingAdapter log, Exception cause, string format, T1 arg1)
    {
        if (log.IsEnabled(LogLevel.DebugLevel)) log.Log(LogLevel.DebugLevel, cause, new FormattedLogMessage(log.Formatter, format, [arg1]));
    }

    /// <summary>Logs a template at Debug.</summary>
    public static void Debug<T1, T2>(this ILoggingAdapter log, Exception cause, string format, T1 arg1, T2 arg2)
    {
        if (log.IsEnabled(LogLevel.DebugLevel)) log.Log(LogLevel.DebugLevel, cause, new FormattedLogMessage(log.Formatter, format, [arg1, arg2]));
    }

    /// <summary>Logs a template at Debug.</summary>
    public static void Debug<T1, T2, T3>(this ILoggingAdapter log, Exception cause, string format, T1 arg1, T2 arg2, T3 arg3)
    {
        if (log.IsEnabled(LogLevel.DebugLevel)) log.Log(LogLevel.DebugLevel, cause, new FormattedLogMessage(log.Formatter, format, [arg1, arg2, arg3]));
    }

    /// <summary>Logs a template at Debug.</summary>
    public static void Debug<T1, T2, T3, T4>(this ILoggingAdapter log, Exception cause, string format, T1 arg1, T2 arg2, T3 arg3, T4 arg4)
    {
        if (log.IsEnabled(LogLevel.DebugLevel)) log.Log(LogLevel.DebugLevel, cause, new FormattedLogMessage(log.Formatter, format, [arg1, arg2, arg3, arg4]));
    }

    /// <summary>Logs a template at Debug.</summary>
    public static void Debug<T1, T2, T3, T4, T5>(this ILoggingAdapter log, Exception cause, string format, T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5)
    {
        if (log.IsEnabled(LogLevel.DebugLevel)) log.Log(LogLevel.DebugLevel, cause, new FormattedLogMessage(log.Formatter, format, [arg1, arg2, arg3, arg4, arg5]));
    }

    /// <summary>Logs a template at Debug.</summary>
    public static void Debug<T1, T2, T3, T4, T5, T6>(this ILoggingAdapter log, Exception cause, string format, T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5, T6 arg6)
    {
        if (log.IsEnabled(LogLevel.DebugLevel)) log.Log(LogLevel.DebugLevel, cause, new FormattedLogMessage(log.Formatter, format, [arg1, arg2, arg3, arg4, arg5, arg6]));
    }

    /// <summary>Logs a template at Debug.</summary>
    public static void Debug(this ILoggingAdapter log, Exception cause, string format, params object[] args)
    {
        if (log.IsEnabled(LogLevel.DebugLevel)) log.Log(LogLevel.DebugLevel, cause, new FormattedLogMessage(log.Formatter, format, args));
    }

    /// <summary>Logs text at Info.</summary>
    public static void Info(this ILoggingAdapter log, string format) => log.Log(LogLevel.InfoLevel, null, format);

    /// <summary>Logs a template at Info.</summary>
    public static void Info<T1>(this ILoggingAdapter log, string format, T1 arg1)
    {
        if (log.IsEnabled(LogLevel.InfoLevel)) log.Log(LogLevel.InfoLevel, null, new FormattedLogMessage(log.Formatter, format, [arg1]));
    }

    /// <summary>Logs a template at Info.</summary>
    public static void Info<T1, T2>(this ILoggingAdapter log, string format, T1 arg1, T2 arg2)
    {
        if (log.IsEnabled(LogLevel.InfoLevel)) log.Log(LogLevel.InfoLevel, null, new FormattedLogMessage(log.Formatter, format, [arg1, arg2]));
    }

    /// <summary>Logs a template at Info.</summary>
    public static void Info<T1, T2, T3>(this ILoggingAdapter log, string format, T1 arg1, T2 arg2, T3 arg3)
    {
        if (log.IsEnabled(LogLevel.InfoLevel)) log.Log(LogLevel.InfoLevel, null, new FormattedLogMessage(log.Formatter, format, [arg1, arg2, arg3]));
    }

    /// <summary>Logs a template at Info.</summary>
    public static void Info<T1, T2, T3, T4>(this ILoggingAdapter log, string format, T1 arg1, T2 arg2, T3 arg3, T4 arg4)
    {
        if (log.IsEnabled(LogLevel.InfoLevel)) log.Log(LogLevel.InfoLevel, null, new FormattedLogMessage(log.Formatter, format, [arg1, arg2, arg3, arg4]));
    }

    /// <summary>Logs a template at Info.</summary>
    public static void Info<T1, T2, T3, T4, T5>(this ILoggingAdapter log, string format, T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5)
    {
        if (log.IsEnabled(LogLevel.InfoLevel)) log.Log(LogLevel.InfoLevel, null, new FormattedLogMessage(log.Formatter, format, [arg1, arg2, arg3, arg4, arg5]));
    }

    /// <summary>Logs a template at Info.</summary>
    public static void Info<T1, T2, T3, T4, T5, T6>(this ILoggingAdapter log, string format, T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5, T6 arg6)
    {
        if (log.IsEnabled(LogLevel.InfoLevel)) log.Log(LogLevel.InfoLevel, null, new FormattedLogMessage(log.Formatter, format, [arg1, arg2, arg3, arg4, arg5, arg6]));
    }

    /// <summary>Logs a template at Info.</summary>
    public static void Info(this ILoggingAdapter log, string format, params object[] args)
    {
        if (log.IsEnabled(LogLevel.InfoLevel)) log.Log(LogLevel.InfoLevel, null, new FormattedLogMessage(log.Formatter, format, args));
    }

    /// <summary>Logs text at Info.</summary>
    public static void Info(this ILoggingAdapter log, Exception cause, string format) => log.Log(LogLevel.InfoLevel, cause, format);

    /// <summary>Logs a template at Info.</summary>
    public static void Info<T1>(this ILoggingAdapter log, Exception cause, string format, T1 arg1)
    {
        if (log.IsEnabled(LogLevel.InfoLevel)) log.Log(LogLevel.InfoLevel, cause, new FormattedLogMessage(log.Formatter, format, [arg1]));
    }

    /// <summary>Logs a template at Info.</summary>
    public static void Info<T1, T2>(this ILoggingAdapter log, Exception cause, string format, T1 arg1, T2 arg2)
    {
        if (log.IsEnabled(LogLevel.InfoLevel)) log.Log(LogLevel.InfoLevel, cause, new FormattedLogMessage(log.Formatter, format, [arg1, arg2]));
    }

    /// <summary>Logs a template at Info.</summary>
    public static void Info<T1, T2, T3>(this ILoggingAdapter log, Exception cause, string format, T1 arg1, T2 arg2, T3 arg3)
    {
        if (log.IsEnabled(LogLevel.InfoLevel)) log.Log(LogLevel.InfoLevel, cause, new FormattedLogMessage(log.Formatter, format, [arg1, arg2, arg3]));
    }

    /// <summary>Logs a template at Info.</summary>
    public static void Info<T1, T2, T3, T4>(this ILoggingAdapter log, Exception cause, string format, T1 arg1, T2 arg2, T3 arg3, T4 arg4)
    {
        if (log.IsEnabled(LogLevel.InfoLevel)) log.Log(LogLevel.InfoLevel, cause, new FormattedLogMessage(log.Formatter, format, [arg1, arg2, arg3, arg4]));
    }

    /// <summary>Logs a template at Info.</summary>
    public static void Info<T1, T2, T3, T4, T5>(this ILoggingAdapter log, Exception cause, string format, T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5)
    {
        if (log.IsEnabled(LogLevel.InfoLevel)) log.Log(LogLevel.InfoLevel, cause, new FormattedLogMessage(log.Formatter, format, [arg1, arg2, arg3, arg4, arg5]));
    }

    /// <summary>Logs a template at Info.</summary>
    public static void Info<T1, T2, T3, T4, T5, T6>(this ILoggingAdapter log, Exception cause, string format, T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5, T6 arg6)
    {
        if (log.IsEnabled(LogLevel.InfoLevel)) log.Log(LogLevel.InfoLevel, cause, new FormattedLogMessage(log.Formatter, format, [arg1, arg2, arg3, arg4, arg5, arg6]));
    }

    /// <summary>Logs a template at Info.</summary>
    public static void Info(this ILoggingAdapter log, Exception cause, string format, params object[] args)
    {
        if (log.IsEnabled(LogLevel.InfoLevel)) log.Log(LogLevel.InfoLevel, cause, new FormattedLogMessage(log.Formatter, format, args));
    }

    /// <summary>Logs text at Warning.</summary>
    public static void Warning(this ILoggingAdapter log, string format) => log.Log(LogLevel.WarningLevel, null, format);

    /// <summary>Logs a template at Warning.</summary>
    public static void Warning<T1>(this ILoggingAdapter log, string format, T1 arg1)
    {
        if (log.IsEnabled(LogLevel.WarningLevel)) log.Log(LogLevel.WarningLevel, null, new FormattedLogMessage(log.Formatter, format, [arg1]));
    }

    /// <summary>Logs a template at Warning.</summary>
    public static void Warning<T1, T2>(this ILoggingAdapter log, string format, T1 arg1, T2 arg2)
    {
        if (log.IsEnabled(LogLevel.WarningLevel)) log.Log(LogLevel.WarningLevel, null, new FormattedLogMessage(log.Formatter, format, [arg1, arg2]));
    }

    /// <summary>Logs a template at Warning.</summary>
    public static void Warning<T1, T2, T3>(this ILoggingAdapter log, string format, T1 arg1, T2 arg2, T3 arg3)
    {
        if (log.IsEnabled(LogLevel.WarningLevel)) log.Log(LogLevel.WarningLevel, null, new FormattedLogMessage(log.Formatter, format, [arg1, arg2, arg3]));
    }

    /// <summary>Logs a template at Warning.</summary>
    public static void Warning<T1, T2, T3, T4>(this ILoggingAdapter log, string format, T1 arg1, T2 arg2, T3 arg3, T4 arg4)
    {
        if (log.IsEnabled(LogLevel.WarningLevel)) log.Log(LogLevel.WarningLevel, null, new FormattedLogMessage(log.Formatter, format, [arg1, arg2, arg3, arg4]));
    }

    /// <summary>Logs a template at Warning.</summary>
    public static void Warning<T1, T2, T3, T4, T5>(this ILoggingAdapter log, string format, T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5)
    {
        if (log.IsEnabled(LogLevel.WarningLevel)) log.Log(LogLevel.WarningLevel, null, new FormattedLogMessage(log.Formatter, format, [arg1, arg2, arg3, arg4, arg5]));
    }

    /// <summary>Logs a template at Warning.</summary>
    public static void Warning<T1, T2, T3, T4, T5, T6>(this ILoggingAdapter log, string format, T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5, T6 arg6)
    {
        if (log.IsEnabled(LogLevel.WarningLevel)) log.Log(LogLevel.WarningLevel, null, new FormattedLogMessage(log.Formatter, format, [arg1, arg2, arg3, arg4, arg5, arg6]));
    }

    /// <summary>Logs a template at Warning.</summary>
    public static void Warning(this ILoggingAdapter log, string format, params object[] args)
    {
        if (log.IsEnabled(LogLevel.WarningLevel)) log.Log(LogLevel.WarningLevel, null, new FormattedLogMessage(log.Formatter, format, args));
    }

    /// <summary>Logs text at Warning.</summary>
    public static void Warning(this ILoggingAdapter log, Exception cause, string format) => log.Log(LogLevel.WarningLevel, cause, format);

    /// <summary>Logs a template at Warning.</summary>
    public static void Warning<T1>(this ILoggingAdapter log, Exception cause, string format, T1 arg1)
    {
        if (log.IsEnabled(LogLevel.WarningLevel)) log.Log(LogLevel.WarningLevel, cause, new FormattedLogMessage(log.Formatter, format, [arg1]));
    }

    /// <summary>Logs a template at Warning.</summary>
    public static void Warning<T1, T2>(this ILoggingAdapter log, Exception cause, string format, T1 arg1, T2 arg2)
    {
        if (log.IsEnabled(LogLevel.WarningLevel)) log.Log(LogLevel.WarningLevel, cause, new FormattedLogMessage(log.Formatter, format, [arg1, arg2]));
    }

    /// <summary>Logs a template at Warning.</summary>
    public static void Warning<T1, T2, T3>(this ILoggingAdapter log, Exception cause, string format, T1 arg1, T2 arg2, T3 arg3)
    {
        if (log.IsEnabled(LogLevel.WarningLevel)) log.Log(LogLevel.WarningLevel, cause, new FormattedLogMessage(log.Formatter, format, [arg1, arg2, arg3]));
    }

    /// <summary>Logs a template at Warning.</summary>
    public static void Warning<T1, T2, T3, T4>(this ILoggingAdapter log, Exception cause, string format, T1 arg1, T2 arg2, T3 arg3, T4 arg4)
    {
        if (log.IsEnabled(LogLevel.WarningLevel)) log.Log(LogLevel.WarningLevel, cause, new FormattedLogMessage(log.Formatter, format, [arg1, arg2, arg3, arg4]));
    }

    /// <summary>Logs a template at Warning.</summary>
    public static void Warning<T1, T2, T3, T4, T5>(this ILoggingAdapter log, Exception cause, string format, T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5)
    {
        if (log.IsEnabled(LogLevel.WarningLevel)) log.Log(LogLevel.WarningLevel, cause, new FormattedLogMessage(log.Formatter, format, [arg1, arg2, arg3, arg4, arg5]));
    }

    /// <summary>Logs a template at Warning.</summary>
    public static void Warning<T1, T2, T3, T4, T5, T6>(this ILoggingAdapter log, Exception cause, string format, T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5, T6 arg6)
    {
        if (log.IsEnabled(LogLevel.WarningLevel)) log.Log(LogLevel.WarningLevel, cause, new FormattedLogMessage(log.Formatter, format, [arg1, arg2, arg3, arg4, arg5, arg6]));
    }

    /// <summary>Logs a template at Warning.</summary>
    public static void Warning(this ILoggingAdapter log, Exception cause, string format, params object[] args)
    {
        if (log.IsEnabled(LogLevel.WarningLevel)) log.Log(LogLevel.WarningLevel, cause, new FormattedLogMessage(log.Formatter, format, args));
    }

    /// <summary>Logs text at Error.</summary>
    public static void Error(this ILoggingAdapter log, string format) => log.Log(LogLevel.ErrorLevel, null, format);

    /// <summary>Logs a template at Error.</summary>
    public static void Error<T1>(this ILoggingAdapter log, string format, T1 arg1)
    {
        if (log.IsEnabled(LogLevel.ErrorLevel)) log.Log(LogLevel.ErrorLevel, null, new FormattedLogMessage(log.Formatter, format, [arg1]));
    }

    /// <summary>Logs a template at Error.</summary>
    public static void Error<T1, T2>(this ILoggingAdapter log, string format, T1 arg1, T2 arg2)
    {
        if (log.IsEnabled(LogLevel.ErrorLevel)) log.Log(LogLevel.ErrorLevel, null, new FormattedLogMessage(log.Formatter, format, [arg1, arg2]));
    }

    /// <summary>Logs a template at Error.</summary>
    public static void Error<T1, T2, T3>(this ILoggingAdapter log, string format, T1 arg1, T2 arg2, T3 arg3)
    {
        if (log.IsEnabled(LogLevel.ErrorLevel)) log.Log(LogLevel.ErrorLevel, null, new FormattedLogMessage(log.Formatter, format, [arg1, arg2, arg3]));
    }

    /// <summary>Logs a template at Error.</summary>
    public static void Error<T1, T2, T3, T4>(this ILoggingAdapter log, string format, T1 arg1, T2 arg2, T3 arg3, T4 arg4)
    {
        if (log.IsEnabled(LogLevel.ErrorLevel)) log.Log(LogLevel.ErrorLevel, null, new FormattedLogMessage(log.Formatter, format, [arg1, arg2, arg3, arg4]));
    }

    /// <summary>Logs a template at Error.</summary>
    public static void Error<T1, T2, T3, T4, T5>(this ILoggingAdapter log, string format, T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5)
    {
        if (log.IsEnabled(LogLevel.ErrorLevel)) log.Log(LogLevel.ErrorLevel, null, new FormattedLogMessage(log.Formatter, format, [arg1, arg2, arg3, arg4, arg5]));
    }

    /// <summary>Logs a template at Error.</summary>
    public static void Error<T1, T2, T3, T4, T5, T6>(this ILoggingAdapter log, string format, T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5, T6 arg6)
    {
        if (log.IsEnabled(LogLevel.ErrorLevel)) log.Log(LogLevel.ErrorLevel, null, new FormattedLogMessage(log.Formatter, format, [arg1, arg2, arg3, arg4, arg5, arg6]));
    }

    /// <summary>Logs a template at Error.</summary>
    public static void Error(this ILoggingAdapter log, string format, params object[] args)
    {
        if (log.IsEnabled(LogLevel.ErrorLevel)) log.Log(LogLevel.ErrorLevel, null, new FormattedLogMessage(log.Formatter, format, args));
    }

    /// <summary>Logs text at Error.</summary>
    public static void Error(this ILoggingAdapter log, Exception cause, string format) => log.Log(LogLevel.ErrorLevel, cause, format);

    /// <summary>Logs a template at Error.</summary>
    public static void Error<T1>(this ILoggingAdapter log, Exception cause, string format, T1 arg1)
    {
        if (log.IsEnabled(LogLevel.ErrorLevel)) log.Log(LogLevel.ErrorLevel, cause, new FormattedLogMessage(log.Formatter, format, [arg1]));
    }

    /// <summary>Logs a template at Error.</summary>
    public static void Error<T1, T2>(this ILoggingAdapter log, Exception cause, string format, T1 arg1, T2 arg2)
    {
        if (log.IsEnabled(LogLevel.ErrorLevel)) log.Log(LogLevel.ErrorLevel, cause, new FormattedLogMessage(log.Formatter, format, [arg1, arg2]));
    }

    /// <summary>Logs a template at Error.</summary>
    public static void Error<T1, T2, T3>(this ILoggingAdapter log, Exception cause, string format, T1 arg1, T2 arg2, T3 arg3)
    {
        if (log.IsEnabled(LogLevel.ErrorLevel)) log.Log(LogLevel.ErrorLevel, cause, new FormattedLogMessage(log.Formatter, format, [arg1, arg2, arg3]));
    }

    /// <summary>Logs a template at Error.</summary>
    public static void Error<T1, T2, T3, T4>(this ILoggingAdapter log, Exception cause, string format, T1 arg1, T2 arg2, T3 arg3, T4 arg4)
    {
        if (log.IsEnabled(LogLevel.ErrorLevel)) log.Log(LogLevel.ErrorLevel, cause, new FormattedLogMessage(log.Formatter, format, [arg1, arg2, arg3, arg4]));
    }

    /// <summary>Logs a template at Error.</summary>
    public static void Error<T1, T2, T3, T4, T5>(this ILoggingAdapter log, Exception cause, string format, T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5)
    {
        if (log.IsEnabled(LogLevel.ErrorLevel)) log.Log(LogLevel.ErrorLevel, cause, new FormattedLogMessage(log.Formatter, format, [arg1, arg2, arg3, arg4, arg5]));
    }

    /// <summary>Logs a template at Error.</summary>
    public static void Error<T1, T2, T3, T4, T5, T6>(this ILoggingAdapter log, Exception cause, string format, T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5, T6 arg6)
    {
        if (log.IsEnabled(LogLevel.ErrorLevel)) log.Log(LogLevel.ErrorLevel, cause, new FormattedLogMessage(log.Formatter, format, [arg1, arg2, arg3, arg4, arg5, arg6]));
    }

    /// <summary>Logs a template at Error.</summary>
    public static void Error(this ILoggingAdapter log, Exception cause, string format, params object[] args)
    {
        if (log.IsEnabled(LogLevel.ErrorLevel)) log.Log(LogLevel.ErrorLevel, cause, new FormattedLogMessage(log.Formatter, format, args));
    }

    /// <summary>Logs text.</summary>
    public static void Log(this ILoggingAdapter log, LogLevel level, string format) => log.Log(level, null, format);

    /// <summary>Logs a template.</summary>
    public static void Log(this ILoggingAdapter log, LogLevel level, string format, params object[] args)
    {
        if (log.IsEnabled(level)) log.Log(level, null, new FormattedLogMessage(log.Formatter, format, args));
    }

    /// <summary>Logs a template with an exception.</summary>
    public static void Log(this ILoggingAdapter log, LogLevel level, Exception cause, string format, params object[] args)
    {
        if (log.IsEnabled(level)) log.Log(level, cause, new FormattedLogMessage(log.Formatter, format, args));
    }
}
