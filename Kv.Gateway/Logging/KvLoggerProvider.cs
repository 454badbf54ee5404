using System.Collections.Concurrent;
using Kv.Gateway.Config;

namespace Kv.Gateway.Logging;

/// <summary>Lets everything that logs through Microsoft.Extensions.Logging (ASP.NET Core, this gateway) write to a <see cref="LogSink"/>.</summary>
/// <remarks>
/// The caller field is the category's last name and the event id, <c>GatewayHost:12</c>. The sink belongs to whoever made it; disposing
/// this leaves it open.
/// </remarks>
public sealed class KvLoggerProvider(LogSink sink) : ILoggerProvider
{
    private readonly ConcurrentDictionary<string, ILogger> _loggers = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => _loggers.GetOrAdd(categoryName, static (name, sink) => new KvLogger(sink, name), sink);

    /// <inheritdoc/>
    public void Dispose() => _loggers.Clear();

    private sealed class KvLogger(LogSink sink, string category) : ILogger
    {
        private readonly string _source = category[(category.LastIndexOf('.') + 1)..];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None && sink.IsEnabled(Level(logLevel));

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel))
            {
                return;
            }

            var fields = new List<LogField>();
            if (state is IReadOnlyList<KeyValuePair<string, object?>> pairs)
            {
                foreach (var (name, value) in pairs)
                {
                    if (name != "{OriginalFormat}")
                    {
                        fields.Add(new LogField(name, value));
                    }
                }
            }

            var caller = eventId.Id == 0 ? _source : $"{_source}:{eventId.Id}";
            sink.Write(Level(logLevel), caller, formatter(state, exception), System.Runtime.InteropServices.CollectionsMarshal.AsSpan(fields), exception);
        }

        private static KvLogLevel Level(LogLevel level) => level switch
        {
            LogLevel.Trace or LogLevel.Debug => KvLogLevel.Debug,
            LogLevel.Information => KvLogLevel.Info,
            LogLevel.Warning => KvLogLevel.Warn,
            LogLevel.Error => KvLogLevel.Error,
            _ => KvLogLevel.Fatal,
        };
    }
}
