using System.Diagnostics;
using System.Globalization;
using Akka.Actor;
using Akka.Configuration;

namespace Kv.Benchmarks.Remote;

/// <summary>What a message between two actor systems costs: both in this process, over loopback, so that its CPU time is that of both ends.</summary>
/// <remarks>Run with <c>remote [seconds for each line]</c>. Prints one line for each load; on the real packages too.</remarks>
public static class RemoteLoad
{
    private const string Hocon = """
        akka {
          loglevel = WARNING
          log-dead-letters = off
          actor.provider = remote
          remote.log-remote-lifecycle-events = off
          remote.dot-netty.tcp {
            hostname = "127.0.0.1"
            port = 0
            maximum-frame-size = 4 MiB
          }
        }
        """;

    /// <summary>Runs all loads, the first one twice: the first run warms up.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        var seconds = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 5;
        using var near = ActorSystem.Create("near", ConfigurationFactory.ParseString(Hocon));
        using var far = ActorSystem.Create("far", ConfigurationFactory.ParseString(Hocon));
        var sink = far.ActorOf(Props.Create(() => new Sink()), "sink");
        far.ActorOf(Props.Create(() => new Echo()), "echo");
        var address = ((ExtendedActorSystem)far).Provider.DefaultAddress;
        var farSink = await near.ActorSelection($"{address}{sink.Path.ToStringWithoutAddress()}").ResolveOne(TimeSpan.FromSeconds(10));
        var farEcho = await near.ActorSelection($"{address}/user/echo").ResolveOne(TimeSpan.FromSeconds(10));
        var selection = near.ActorSelection($"{address}/user/sink");
        await OneWayAsync("warm up", near, farSink, 256, Math.Min(seconds, 3));
        await OneWayAsync("one way, 256 bytes, ref", near, farSink, 256, seconds);
        await OneWayAsync("one way, 256 bytes, selection", near, selection, 256, seconds);
        await OneWayAsync("one way, 64 KiB", near, farSink, 64 * 1024, seconds);
        await RoundTripsAsync("round trips, 256 bytes, 1 outstanding", near, farEcho, 1, seconds);
        await RoundTripsAsync("round trips, 256 bytes, 64 outstanding", near, farEcho, 64, seconds);
        return 0;
    }

    // A window of 4,096 messages: enough to keep the connection busy, and no queue that grows without end.
    private static async Task OneWayAsync(string name, ActorSystem near, ICanTell target, int bytes, int seconds)
    {
        var done = new TaskCompletionSource<long>();
        var payload = new byte[bytes];
        var window = bytes > 10_000 ? 64 : 4_096;
        var measure = new Measure();
        near.ActorOf(Props.Create(() => new Flood(target, payload, window, TimeSpan.FromSeconds(seconds), done)));
        measure.Report(name, await done.Task, bytes, null);
    }

    private static async Task RoundTripsAsync(string name, ActorSystem near, IActorRef echo, int outstanding, int seconds)
    {
        var done = new TaskCompletionSource<List<long>>();
        var measure = new Measure();
        near.ActorOf(Props.Create(() => new Pinger(echo, outstanding, TimeSpan.FromSeconds(seconds), done)));
        var ticks = await done.Task;
        ticks.Sort();
        measure.Report(name, ticks.Count, 256, ticks);
    }

    private sealed class Measure
    {
        private readonly long _started = Stopwatch.GetTimestamp();
        private readonly TimeSpan _cpu = Process.GetCurrentProcess().TotalProcessorTime;
        private readonly long _allocated = GC.GetTotalAllocatedBytes();

        public void Report(string name, long count, int bytes, List<long>? sortedTicks)
        {
            var elapsed = Stopwatch.GetElapsedTime(_started).TotalSeconds;
            var cpu = (Process.GetCurrentProcess().TotalProcessorTime - _cpu).TotalMicroseconds / count;
            var allocated = (GC.GetTotalAllocatedBytes() - _allocated) / count;
            var latency = sortedTicks is null ? "" : string.Create(CultureInfo.InvariantCulture, $"  p50 {Micros(sortedTicks[sortedTicks.Count / 2]):F0} us  p99 {Micros(sortedTicks[sortedTicks.Count * 99 / 100]):F0} us");
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-42} {count / elapsed,12:N0}/s {count / elapsed * bytes / 1e6,8:F0} MB/s  CPU {cpu,7:F2} us  {allocated,6} B each{latency}"));
        }

        private static double Micros(long ticks) => ticks * 1e6 / Stopwatch.Frequency;
    }

    private sealed class Sink : UntypedActor
    {
        private int _taken;

        // Acknowledges every 64th message.
        protected override void OnReceive(object message)
        {
            if (message is byte[] && ++_taken % 64 == 0) Sender.Tell(64);
        }
    }

    private sealed class Echo : UntypedActor
    {
        protected override void OnReceive(object message) => Sender.Tell(message);
    }

    private sealed class Flood : ReceiveActor
    {
        public Flood(ICanTell target, byte[] payload, int window, TimeSpan duration, TaskCompletionSource<long> done)
        {
            var started = Stopwatch.GetTimestamp();
            var acknowledged = 0L;
            for (var i = 0; i < window; i++) target.Tell(payload, Self);
            Receive<int>(count =>
            {
                acknowledged += count;
                if (Stopwatch.GetElapsedTime(started) > duration)
                {
                    done.TrySetResult(acknowledged);
                    Context.Stop(Self);
                    return;
                }

                for (var i = 0; i < count; i++) target.Tell(payload, Self);
            });
        }
    }

    private sealed class Pinger : ReceiveActor
    {
        public Pinger(IActorRef echo, int outstanding, TimeSpan duration, TaskCompletionSource<List<long>> done)
        {
            var started = Stopwatch.GetTimestamp();
            var latencies = new List<long>(1_000_000);
            for (var i = 0; i < outstanding; i++) echo.Tell(Stamped(), Self);
            Receive<byte[]>(answer =>
            {
                var now = Stopwatch.GetTimestamp();
                latencies.Add(now - BitConverter.ToInt64(answer));
                if (Stopwatch.GetElapsedTime(started) > duration)
                {
                    done.TrySetResult([.. latencies]);
                    Context.Stop(Self);
                }
                else
                {
                    echo.Tell(Stamped(), Self);
                }
            });
        }

        private static byte[] Stamped()
        {
            var payload = new byte[256];
            BitConverter.TryWriteBytes(payload, Stopwatch.GetTimestamp());
            return payload;
        }
    }
}
