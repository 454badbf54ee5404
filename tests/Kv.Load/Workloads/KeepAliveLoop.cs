using System.Diagnostics;
using Kv.Load.Http2;

namespace Kv.Load.Workloads;

/// <summary>Keep-alive streams held open, each with one request under way: the answer at once sends the next.</summary>
/// <param name="leaseOf">The lease that the n-th request of all keeps alive.</param>
internal sealed class KeepAliveLoop(Func<long, long> leaseOf)
{
    private const string Path = "/etcdserverpb.Lease/LeaseKeepAlive";
    private readonly Counter _finished = new();
    private long _sequence = -1;
    private volatile bool _stopping;

    /// <summary>Runs so many streams on each connection for <paramref name="time"/>, then ends them. Once only.</summary>
    /// <exception cref="IOException">A stream ended too early, a lease was not there, or a connection broke.</exception>
    public async Task<(TimeSpan Elapsed, Latencies Latencies)> RunAsync(Connections connections, int streamsEach, TimeSpan time)
    {
        connections.FailWhenBroken(_finished);
        var started = Stopwatch.GetTimestamp();
        var latencies = new List<Latencies>();
        foreach (var connection in connections)
        {
            latencies.Add(new Latencies());                     // one a connection: its streams share a read loop
            for (var i = 0; i < streamsEach; i++)
            {
                new OneStream(this, latencies[^1]).Begin(connection);
            }
            await connection.FlushAsync();
        }
        var failing = _finished.UntilAsync(connections.Count * streamsEach, time + TimeSpan.FromSeconds(30));
        if (await Task.WhenAny(failing, Task.Delay(time)) == failing)
        {
            await failing;
        }
        _stopping = true;
        await failing;
        var merged = new Latencies();
        latencies.ForEach(merged.Add);
        return (Stopwatch.GetElapsedTime(started), merged);
    }

    private sealed class OneStream(KeepAliveLoop loop, Latencies latencies) : ICallHandler
    {
        private const int Ttl = 3;
        private long _sentAt;
        private bool _ended;

        public void Begin(GrpcConnection connection)
        {
            var request = new Message(stackalloc byte[16]);
            request.Number(1, loop.NextLease());
            _sentAt = Stopwatch.GetTimestamp();
            connection.Start(Path, request.Written, this, end: false);
        }

        public void OnMessage(GrpcConnection connection, int stream, ReadOnlySpan<byte> message)
        {
            latencies.Add((long)Stopwatch.GetElapsedTime(_sentAt).TotalNanoseconds);
            if (ProtoFields.FindNumber(message, Ttl) <= 0)
            {
                loop._finished.Fail(new IOException("A lease that should be alive is gone."));
                return;
            }
            if (_ended)
            {
                return;                                         // the answer to the last request: only the trailers are still to come
            }
            _ended = loop._stopping;
            var request = new Message(stackalloc byte[16]);
            request.Number(1, loop.NextLease());
            _sentAt = Stopwatch.GetTimestamp();
            connection.Continue(stream, request.Written, end: _ended);
        }

        public void OnEnd(GrpcConnection connection, int stream, bool failed)
        {
            if (!loop._stopping)
            {
                loop._finished.Fail(new IOException("The server ended a keep-alive stream."));
            }
            loop._finished.Add(1);
        }
    }

    private long NextLease() => leaseOf(Interlocked.Increment(ref _sequence));
}
