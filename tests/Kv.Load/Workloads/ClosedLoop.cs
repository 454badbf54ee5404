using System.Diagnostics;
using Kv.Load.Http2;
using Kv.Load.Servers;

namespace Kv.Load.Workloads;

/// <summary>Makes the request of a closed-loop workload.</summary>
/// <param name="sequence">Counts up from 0 over all connections.</param>
/// <param name="scratch">Room for the message.</param>
/// <returns>The request's bytes, inside <paramref name="scratch"/>.</returns>
internal delegate ReadOnlySpan<byte> MakeRequest(long sequence, Span<byte> scratch);

/// <summary>So many calls outstanding on so many connections: each answer at once starts the next call.</summary>
internal sealed class ClosedLoop
{
    private readonly string _path;
    private readonly MakeRequest _make;
    private long _sequence = -1;
    private long _failed;
    private volatile bool _stopping;
    private volatile bool _measuring;

    /// <summary>A loop over one method.</summary>
    public ClosedLoop(string path, MakeRequest make)
    {
        _path = path;
        _make = make;
    }

    /// <summary>Calls that failed.</summary>
    public long Failed => Interlocked.Read(ref _failed);

    /// <summary>To be asked after a run: a figure of calls that failed is worth nothing.</summary>
    /// <exception cref="InvalidOperationException">Calls failed.</exception>
    public void ThrowIfFailed(Target server)
    {
        if (Failed > 0)
        {
            throw new InvalidOperationException($"{Failed} of {Interlocked.Read(ref _sequence) + 1} calls of {_path} failed on {server.Name}.");
        }
    }

    /// <summary>Drives the connections until <paramref name="limit"/> calls were started or <paramref name="duration"/> has passed, whichever is first. Once only.</summary>
    /// <returns>How long it took and every call's latency.</returns>
    /// <exception cref="TimeoutException">A limit was given and the time was too short for it, or answers stayed out for 30 s.</exception>
    /// <exception cref="IOException">A connection broke.</exception>
    public async Task<(TimeSpan Elapsed, Latencies Latencies)> RunAsync(
        IReadOnlyList<GrpcConnection> connections, int outstanding, TimeSpan duration, long limit = long.MaxValue)
    {
        _measuring = true;
        var started = Stopwatch.GetTimestamp();
        var lanes = new List<Lane>();
        for (var i = 0; i < Math.Min(connections.Count, outstanding); i++)
        {
            var slots = (outstanding / connections.Count) + (i < outstanding % connections.Count ? 1 : 0);
            lanes.Add(new Lane(this, connections[i], slots, limit));
        }
        foreach (var lane in lanes)
        {
            lane.Begin();
            await lane.Connection.FlushAsync();
        }
        var all = Task.WhenAll(lanes.Select(static lane => lane.Done));
        var broken = Task.WhenAny(connections.Select(static connection => connection.Ended));
        if (await Task.WhenAny(all, Task.Delay(duration), broken) == broken)
        {
            throw new IOException($"A connection broke under {_path}.", await await broken);
        }
        _stopping = true;
        await all.WaitAsync(TimeSpan.FromSeconds(30));
        _measuring = false;
        var merged = new Latencies();
        foreach (var lane in lanes)
        {
            merged.Add(lane.Latencies);
        }
        var elapsed = Stopwatch.GetElapsedTime(started);
        return limit == long.MaxValue || merged.Count >= limit
            ? (elapsed, merged)
            : throw new TimeoutException($"Only {merged.Count} of {limit} calls of {_path} were done within {duration.TotalSeconds:0} s.");
    }

    private sealed class Lane(ClosedLoop loop, GrpcConnection connection, int slots, long limit) : ICallHandler
    {
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly Dictionary<int, long> _started = new(slots);
        private readonly byte[] _scratch = new byte[64 * 1024];

        public GrpcConnection Connection => connection;

        public Latencies Latencies { get; } = new();

        public Task Done => _done.Task;

        public void Begin()
        {
            lock (_started)
            {
                for (var slot = 0; slot < slots; slot++)
                {
                    Next();
                }
                Finish();
            }
        }

        public void OnMessage(GrpcConnection from, int stream, ReadOnlySpan<byte> message)
        {
        }

        public void OnEnd(GrpcConnection from, int stream, bool failed)
        {
            lock (_started)
            {
                if (_started.Remove(stream, out var at) && loop._measuring)
                {
                    Latencies.Add((long)Stopwatch.GetElapsedTime(at).TotalNanoseconds);
                }
                if (failed)
                {
                    Interlocked.Increment(ref loop._failed);
                }
                Next();
                Finish();
            }
        }

        private void Next()
        {
            if (loop._stopping)
            {
                return;
            }
            var sequence = Interlocked.Increment(ref loop._sequence);
            if (sequence >= limit)
            {
                return;
            }
            _started[connection.Start(loop._path, loop._make(sequence, _scratch), this)] = Stopwatch.GetTimestamp();
        }

        private void Finish()
        {
            if (_started.Count == 0)
            {
                _done.TrySetResult();
            }
        }
    }
}
