using System.Text;
using System.Text.Json;
using Kv.Gateway.Config;
using Kv.Gateway.Logging;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Kv.Gateway.Tests.Logging;

public class LogSinkTests
{
    private sealed class Clock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero);
    }

    /// <summary>An output that stands still until it is let go, as a full pipe does; counts what was written.</summary>
    private sealed class SlowStream : MemoryStream
    {
        public ManualResetEventSlim Gate { get; } = new(false);

        public int LargestWrite { get; private set; }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            Gate.Wait();
            LargestWrite = Math.Max(LargestWrite, buffer.Length);
            base.Write(buffer);
        }
    }

    private static (LogSink Sink, Func<string> Text) Sink(KvLogLevel level = KvLogLevel.Info, bool console = false)
    {
        var output = new MemoryStream();
        var sink = new LogSink(level, console, new Clock(), output);
        return (sink, () =>
        {
            sink.Dispose();
            return Encoding.UTF8.GetString(output.ToArray());
        });
    }

    [Fact]
    public void Json_lines_are_etcd_s_byte_for_byte()
    {
        var (sink, text) = Sink();
        sink.Write(KvLogLevel.Warn, "GatewayHost:7", "it's <odd>", [
            new("s", "a\"b\n"), new("n", 5), new("big", ulong.MaxValue), new("t", TimeSpan.FromMilliseconds(1500)),
            new("list", (string[])["x", "y"]), new("none", null), new("yes", true)]);
        Assert.Equal(
            """{"level":"warn","ts":"2026-01-02T03:04:05.678000Z","caller":"GatewayHost:7","msg":"it's <odd>","s":"a\"b\n","n":5,"big":18446744073709551615,"t":"1.5s","list":["x","y"],"none":null,"yes":true}""" + "\n",
            text());
    }

    [Fact]
    public void The_console_format_has_columns_and_stays_on_one_line()
    {
        var (sink, text) = Sink(console: true);
        sink.Write(KvLogLevel.Info, "a", "plain", []);
        sink.Write(KvLogLevel.Error, "b", "two\nlines", [new("x", 1)]);
        Assert.Equal(
            "2026-01-02T03:04:05.678000Z\tinfo\ta\tplain\n2026-01-02T03:04:05.678000Z\terror\tb\ttwo\\nlines\t{\"x\":1}\n",
            text());
    }

    [Fact]
    public void Levels_below_the_chosen_one_are_left_out_and_the_choice_can_change()
    {
        var (sink, text) = Sink(KvLogLevel.Warn);
        sink.Write(KvLogLevel.Info, "a", "one", []);
        sink.Level = KvLogLevel.Debug;
        sink.Write(KvLogLevel.Debug, "a", "two", []);
        var written = text();
        Assert.DoesNotContain("one", written, StringComparison.Ordinal);
        Assert.Contains("two", written, StringComparison.Ordinal);
    }

    [Fact]
    public void No_line_is_lost_or_torn_when_many_threads_write_and_the_sink_closes()
    {
        var output = new MemoryStream();
        var sink = new LogSink(KvLogLevel.Info, false, TimeProvider.System, output);
        Parallel.For(0, 8, thread =>
        {
            for (var i = 0; i < 500; i++)
            {
                sink.Write(KvLogLevel.Info, "t", "line", [new("id", (thread * 1000) + i)]);
            }
        });
        sink.Dispose();
        var ids = Encoding.UTF8.GetString(output.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(l => JsonDocument.Parse(l).RootElement.GetProperty("id").GetInt32()).ToHashSet();
        Assert.Equal(4000, ids.Count);
    }

    [Fact]
    public async Task What_may_wait_is_bounded_and_waiting_loses_nothing()
    {
        var output = new SlowStream();
        var sink = new LogSink(KvLogLevel.Info, false, TimeProvider.System, output);
        var big = new string('x', 100_000);
        var written = 0;
        var writer = Task.Run(() =>
        {
            for (var i = 0; i < 40; i++)
            {
                sink.Write(KvLogLevel.Info, "t", big, []);
                Interlocked.Increment(ref written);
            }
        });

        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref written) >= 10, TimeSpan.FromSeconds(30)), "ten lines should fit");
        output.Gate.Set();
        await writer;
        sink.Dispose();
        Assert.InRange(output.LargestWrite, big.Length, LogSink.PendingLimitBytes + big.Length + 200);
        Assert.Equal(40, Encoding.UTF8.GetString(output.ToArray()).Count(c => c == '\n'));
    }

    [Fact]
    public void Several_outputs_get_the_same_lines_and_files_are_appended_to()
    {
        var folder = Directory.CreateTempSubdirectory("kv-log-");
        try
        {
            string[] files = [Path.Combine(folder.FullName, "a.log"), Path.Combine(folder.FullName, "b.log")];
            for (var round = 0; round < 2; round++)
            {
                using var sink = LogSink.Open(KvLogLevel.Info, false, files);
                sink.Write(KvLogLevel.Info, "t", $"round {round}", []);
            }

            Assert.Equal(2, File.ReadAllLines(files[0]).Length);
            Assert.Equal(File.ReadAllText(files[0]), File.ReadAllText(files[1]));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void Microsoft_s_loggers_write_here_with_constant_messages_and_fields()
    {
        var (sink, text) = Sink();
        using var provider = new KvLoggerProvider(sink);
        var log = provider.CreateLogger("Kv.Gateway.GatewayHost");
        log.ReadyToServe(TimeSpan.FromSeconds(1));
        log.HealthFalseNoLeader();
        log.NodeFailed(new InvalidOperationException("broken"));
        var lines = text().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("""{"level":"info","ts":"2026-01-02T03:04:05.678000Z","caller":"GatewayHost:5","msg":"ready to serve client requests","took":"1s"}""", lines[0]);
        Assert.Contains("\"level\":\"warn\"", lines[1], StringComparison.Ordinal);
        Assert.Contains("\"level\":\"fatal\"", lines[2], StringComparison.Ordinal);
        Assert.Contains("\"error\":\"broken\"", lines[2], StringComparison.Ordinal);
    }
}
