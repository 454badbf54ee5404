using System.Diagnostics;
using Kv.Load.Http2;

namespace Kv.Load.Workloads;

/// <summary>Makes a put that is due at a steady rate.</summary>
/// <param name="sequence">Counts up from 0.</param>
/// <param name="due">The clock at which it should have been sent; goes into the value when watchers measure from it.</param>
/// <param name="scratch">Room for the message.</param>
internal delegate ReadOnlySpan<byte> MakePacedPut(long sequence, long due, Span<byte> scratch);

/// <summary>Puts at a steady rate whatever the server does, so that a pause shows in the latencies instead of in the number of puts.</summary>
/// <remarks>
/// What is due is looked at every millisecond or so. At most <c>outstanding</c> calls are under way; a put that has to
/// wait for a free one counts from the moment it was due, not from when it was sent.
/// </remarks>
internal sealed class PacedPuts : ICallHandler, IAsyncDisposable
{
    private const string Path = "/etcdserverpb.KV/Put";
    private readonly IReadOnlyList<GrpcConnection> _connections;
    private readonly double _perSecond;
    private readonly int _outstanding;
    private readonly MakePacedPut _make;
    private readonly Lock _gate = new();
    private readonly Dictionary<(GrpcConnection Connection, int Stream), long> _underWay = [];
    private readonly Queue<long> _due = new();
    private readonly byte[] _scratch = new byte[16 * 1024];
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;
    private Latencies _latencies = new();
    private long _failed;

    /// <summary>Starts at once.</summary>
    public PacedPuts(IReadOnlyList<GrpcConnection> connections, double perSecond, int outstanding, MakePacedPut make)
    {
        (_connections, _perSecond, _outstanding, _make) = (connections, perSecond, outstanding, make);
        _loop = LoopAsync();
    }

    /// <summary>Puts started so far.</summary>
    public long Sent { get; private set; }

    /// <summary>Latencies of the puts that were answered since the last call.</summary>
    /// <exception cref="IOException">A put failed, or a connection broke.</exception>
    public Latencies TakeLatencies()
    {
        if (Interlocked.Read(ref _failed) is > 0 and var failed)
        {
            throw new IOException($"{failed} puts failed.");
        }
        lock (_gate)
        {
            var taken = _latencies;
            _latencies = new Latencies();
            return taken;
        }
    }

    /// <summary>Lets so much time pass; ends early, with the reason, when the puts cannot go on.</summary>
    public async Task RunForAsync(TimeSpan time)
    {
        if (await Task.WhenAny(_loop, Task.Delay(time)) == _loop)
        {
            await _loop;
        }
    }

    /// <summary>Stops sending and waits for the answers that are still due.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        try
        {
            await _loop;
        }
        finally
        {
            _stop.Dispose();
        }
    }

    /// <inheritdoc/>
    public void OnMessage(GrpcConnection connection, int stream, ReadOnlySpan<byte> message)
    {
    }

    /// <inheritdoc/>
    public void OnEnd(GrpcConnection connection, int stream, bool failed)
    {
        lock (_gate)
        {
            if (_underWay.Remove((connection, stream), out var due))
            {
                _latencies.Add((long)Stopwatch.GetElapsedTime(due).TotalNanoseconds);
            }
        }
        if (failed)
        {
            Interlocked.Increment(ref _failed);
        }
    }

    private async Task LoopAsync()
    {
        var started = Stopwatch.GetTimestamp();
        long scheduled = 0;
        var broken = Task.WhenAny(_connections.Select(static connection => connection.Ended));
        while (!_stop.IsCancellationRequested)
        {
            await Task.Delay(1);
            if (broken.IsCompleted && await await broken is { } reason)
            {
                throw new IOException("A connection broke under puts.", reason);
            }
            var now = Stopwatch.GetTimestamp();
            for (var target = (long)(Stopwatch.GetElapsedTime(started, now).TotalSeconds * _perSecond); scheduled < target; scheduled++)
            {
                _due.Enqueue(now);
            }
            lock (_gate)
            {
                SendDue();
            }
            foreach (var connection in _connections)
            {
                await connection.FlushAsync();
            }
        }
        for (var waited = Stopwatch.StartNew(); ; await Task.Delay(1))
        {
            lock (_gate)
            {
                if (_underWay.Count == 0)
                {
                    return;
                }
            }
            if (waited.Elapsed > TimeSpan.FromSeconds(30))
            {
                throw new TimeoutException("Puts were not answered within 30 s.");
            }
        }
    }

    private void SendDue()
    {
        while (_underWay.Count < _outstanding && _due.TryDequeue(out var due))
        {
            var connection = _connections[(int)(Sent % _connections.Count)];
            _underWay[(connection, connection.Start(Path, _make(Sent, due, _scratch), this))] = due;
            Sent++;
        }
    }
}
