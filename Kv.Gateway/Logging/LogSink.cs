using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Kv.Gateway.Config;

namespace Kv.Gateway.Logging;

/// <summary>A field of a log line.</summary>
/// <param name="Name">Lower case with dashes, as etcd's are.</param>
/// <param name="Value">Text, number, boolean, <see cref="TimeSpan"/>, an enumerable of texts, or anything with a ToString.</param>
public readonly record struct LogField(string Name, object? Value);

/// <summary>
/// Where every log line ends up: etcd's JSON lines, or its console columns, on one or several outputs.
/// </summary>
/// <remarks>
/// A caller formats its line and appends it to the pending buffer under a short lock; one thread writes the buffer out. When
/// <see cref="PendingLimitBytes"/> are waiting, callers wait for the disk: lines are never dropped. <see cref="Dispose"/> writes
/// what is pending; so does the end of the process. <code>
/// {"level":"info","ts":"2026-01-02T03:04:05.678901Z","caller":"GatewayHost:12","msg":"ready to serve client requests"}
/// 2026-01-02T03:04:05.678901Z	info	GatewayHost:12	ready to serve client requests	{"took": "1.2s"}
/// </code>
/// </remarks>
public sealed class LogSink : IDisposable
{
    /// <summary>Bytes that may wait for the outputs before callers have to: 1 MiB.</summary>
    public const int PendingLimitBytes = 1 << 20;

    private static readonly JsonWriterOptions _writerOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };
    private static readonly string[] _levelNames = ["debug", "info", "warn", "error", "dpanic", "panic", "fatal"];

    private readonly Lock _gate = new();
    private readonly bool _console;
    private readonly TimeProvider _clock;
    private readonly Stream[] _outputs;
    private readonly Thread _writer;
    private readonly ManualResetEventSlim _work = new(false), _room = new(true), _idle = new(true);
    private ArrayBufferWriter<byte> _pending = new(16 * 1024), _writing = new(16 * 1024);
    private int _level;
    private bool _stopping;

    /// <summary>A sink over streams, which it owns and closes.</summary>
    public LogSink(KvLogLevel level, bool console, TimeProvider clock, params Stream[] outputs)
    {
        _level = (int)level;
        (_console, _clock, _outputs) = (console, clock, outputs);
        _writer = new Thread(WriteOut) { IsBackground = true, Name = "log" };
        _writer.Start();
        AppDomain.CurrentDomain.ProcessExit += AtExit;
    }

    /// <summary>Opens the outputs by name: <c>stderr</c>, <c>stdout</c>, or a file to append to (made with mode 0600 if new).</summary>
    /// <exception cref="IOException">A file cannot be opened.</exception>
    public static LogSink Open(KvLogLevel level, bool console, IEnumerable<string> outputs) =>
        new(level, console, TimeProvider.System, [.. outputs.Select(Open)]);

    /// <summary>Lowest level written; may be changed at any time.</summary>
    public KvLogLevel Level
    {
        get => (KvLogLevel)Volatile.Read(ref _level);
        set => Volatile.Write(ref _level, (int)value);
    }

    /// <summary>Whether a line of <paramref name="level"/> would be written.</summary>
    public bool IsEnabled(KvLogLevel level) => (int)level >= Volatile.Read(ref _level);

    /// <summary>Writes a line if its level is enabled. From <see cref="KvLogLevel.Panic"/> up it returns when the line is out.</summary>
    /// <param name="level">Its level.</param>
    /// <param name="caller">Who says so.</param>
    /// <param name="message">Constant text; the fields carry what varies.</param>
    /// <param name="fields">In order.</param>
    /// <param name="exception">Written as the fields <c>error</c> and <c>stacktrace</c>.</param>
    public void Write(KvLogLevel level, string caller, string message, ReadOnlySpan<LogField> fields, Exception? exception = null)
    {
        if (!IsEnabled(level))
        {
            return;
        }

        var time = _clock.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ", CultureInfo.InvariantCulture);
        var line = new ArrayBufferWriter<byte>(256);
        if (_console)
        {
            FormatConsole(line, level, time, caller, message, fields, exception);
        }
        else
        {
            FormatJson(line, level, time, caller, message, fields, exception);
        }

        Append(line.WrittenSpan);
        if (level >= KvLogLevel.Panic)
        {
            Flush();
        }
    }

    /// <summary>Returns when everything written so far has reached the outputs.</summary>
    public void Flush() => _idle.Wait();

    /// <summary>Writes what is pending and closes the outputs. Later lines are lost.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_stopping)
            {
                return;
            }

            _stopping = true;
            _work.Set();
            _room.Set();
        }

        AppDomain.CurrentDomain.ProcessExit -= AtExit;
        _writer.Join();
        foreach (var output in _outputs)
        {
            output.Dispose();
        }
    }

    private void AtExit(object? sender, EventArgs e) => Flush();

    private void Append(ReadOnlySpan<byte> line)
    {
        while (true)
        {
            lock (_gate)
            {
                if (_stopping)
                {
                    return;
                }

                if (_pending.WrittenCount < PendingLimitBytes)
                {
                    _pending.Write(line);
                    _idle.Reset();
                    _work.Set();
                    if (_pending.WrittenCount >= PendingLimitBytes)
                    {
                        _room.Reset();
                    }

                    return;
                }
            }

            _room.Wait();
        }
    }

    private void WriteOut()
    {
        while (true)
        {
            _work.Wait();
            bool stopping;
            lock (_gate)
            {
                (_pending, _writing) = (_writing, _pending);
                _work.Reset();
                _room.Set();
                stopping = _stopping;
            }

            foreach (var output in _outputs)
            {
                try
                {
                    output.Write(_writing.WrittenSpan);
                    output.Flush();
                }
                catch (IOException e)
                {
                    Complain(output, e);
                }
            }

            _writing.ResetWrittenCount();
            lock (_gate)
            {
                if (_pending.WrittenCount == 0)
                {
                    _idle.Set();
                    if (stopping)
                    {
                        return;
                    }
                }
                else
                {
                    _work.Set();
                }
            }
        }
    }

    /// <summary>A full disk under a log file must not stop the node, but whoever watches stderr should know. The other outputs go on.</summary>
    private static void Complain(Stream output, IOException e)
    {
        try
        {
            Console.Error.WriteLine($"cannot write to the log {(output as FileStream)?.Name}: {e.Message}");
        }
        catch (IOException)
        {
            return;                                               // stderr is gone too: there is nobody left to tell
        }
    }

    private static Stream Open(string output)
    {
        switch (output)
        {
            case "stderr":
                return Console.OpenStandardError();
            case "stdout":
                return Console.OpenStandardOutput();
        }

        var options = new FileStreamOptions
        {
            Mode = FileMode.Append,
            Access = FileAccess.Write,
            Share = FileShare.ReadWrite | FileShare.Delete,
            BufferSize = 0,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return new FileStream(output, options);
    }

    private static void FormatJson(
        ArrayBufferWriter<byte> line, KvLogLevel level, string time, string caller, string message, ReadOnlySpan<LogField> fields, Exception? exception)
    {
        using (var json = new Utf8JsonWriter(line, _writerOptions))
        {
            json.WriteStartObject();
            json.WriteString("level", _levelNames[(int)level]);
            json.WriteString("ts", time);
            json.WriteString("caller", caller);
            json.WriteString("msg", message);
            WriteFields(json, fields, exception);
            json.WriteEndObject();
        }

        line.Write("\n"u8);
    }

    private static void FormatConsole(
        ArrayBufferWriter<byte> line, KvLogLevel level, string time, string caller, string message, ReadOnlySpan<LogField> fields, Exception? exception)
    {
        var plain = message.Replace("\n", "\\n", StringComparison.Ordinal);
        line.Write(Encoding.UTF8.GetBytes($"{time}\t{_levelNames[(int)level]}\t{caller}\t{plain}"));
        if (fields.Length > 0 || exception is not null)
        {
            line.Write("\t"u8);
            using var json = new Utf8JsonWriter(line, _writerOptions);
            json.WriteStartObject();
            WriteFields(json, fields, exception);
            json.WriteEndObject();
        }

        line.Write("\n"u8);
    }

    private static void WriteFields(Utf8JsonWriter json, ReadOnlySpan<LogField> fields, Exception? exception)
    {
        foreach (var field in fields)
        {
            json.WritePropertyName(field.Name);
            WriteValue(json, field.Value);
        }

        if (exception is not null)
        {
            json.WriteString("error", exception.Message);
            json.WriteString("stacktrace", exception.ToString());
        }
    }

    private static void WriteValue(Utf8JsonWriter json, object? value)
    {
        switch (value)
        {
            case null:
                json.WriteNullValue();
                break;
            case string text:
                json.WriteStringValue(text);
                break;
            case bool flag:
                json.WriteBooleanValue(flag);
                break;
            case int or long or short or byte or uint:
                json.WriteNumberValue(Convert.ToInt64(value, CultureInfo.InvariantCulture));
                break;
            case ulong number:
                json.WriteNumberValue(number);
                break;
            case double number when double.IsFinite(number):
                json.WriteNumberValue(number);
                break;
            case TimeSpan span:
                json.WriteStringValue(GoDuration.Format(span));
                break;
            case System.Collections.IEnumerable items:
                json.WriteStartArray();
                foreach (var item in items)
                {
                    WriteValue(json, item);
                }

                json.WriteEndArray();
                break;
            default:
                json.WriteStringValue(Convert.ToString(value, CultureInfo.InvariantCulture));
                break;
        }
    }
}
