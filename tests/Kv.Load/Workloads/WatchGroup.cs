using System.Diagnostics;
using Kv.Load.Http2;
using Kv.Load.Servers;

namespace Kv.Load.Workloads;

/// <summary>Writes the key, and the end of the range or nothing, that watcher <paramref name="number"/> watches.</summary>
internal delegate ReadOnlySpan<byte> MakeKey(long number, Span<byte> scratch);

/// <summary>Many watchers over several connections, as clients multiplex them: one stream a connection, its share of the watchers on it.</summary>
/// <remarks>Every put they see carries, as the first eight bytes of its value, the clock at which it was started: see <see cref="Stamp"/>.</remarks>
internal sealed class WatchGroup : IDisposable
{
    private const string Path = "/etcdserverpb.Watch/Watch";
    private static readonly TimeSpan CreateLimit = TimeSpan.FromMinutes(1);
    private readonly Counter _created = new();
    private readonly Connections _connections;
    private readonly List<Lane> _lanes = [];

    private WatchGroup(Connections connections) => _connections = connections;

    /// <summary>Events delivered to all watchers together; fails when a stream or a watcher ends.</summary>
    public Counter Events { get; } = new();

    /// <summary>Opens <paramref name="watchers"/> watchers and waits until the server has created them all.</summary>
    /// <param name="server">Where.</param>
    /// <param name="connectionCount">Connections, each with one watch stream.</param>
    /// <param name="watchers">Watchers over all streams.</param>
    /// <param name="key">What each watches.</param>
    /// <param name="rangeEnd">Where each one's range ends; empty for one key.</param>
    /// <param name="streamWindow">Bytes the server may send on a stream ahead of the reader.</param>
    public static async Task<WatchGroup> OpenAsync(
        Target server, int connectionCount, int watchers, MakeKey key, ReadOnlyMemory<byte> rangeEnd = default, int streamWindow = int.MaxValue)
    {
        var group = new WatchGroup(await Connections.OpenAsync(server, connectionCount, streamWindow));
        try
        {
            group._connections.FailWhenBroken(group.Events);
            group._connections.FailWhenBroken(group._created);
            foreach (var connection in group._connections)
            {
                group._lanes.Add(new Lane(group));
            }
            for (var number = 0; number < watchers; number++)
            {
                var lane = number % connectionCount;
                group._lanes[lane].Create(group._connections[lane], Request(number, key, rangeEnd.Span));
            }
            foreach (var connection in group._connections)
            {
                await connection.FlushAsync();
            }
            await group._created.UntilAsync(watchers, CreateLimit);
            return group;
        }
        catch
        {
            group.Dispose();
            throw;
        }
    }

    /// <summary>Writes the present moment into the value of a put that watchers of a group will see.</summary>
    public static void Stamp(Span<byte> value, long timestamp) =>
        System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(value, timestamp);

    /// <summary>Stops or resumes reading on all connections.</summary>
    public void SetReading(bool reading) => _connections.ForEach(connection => connection.Reading = reading);

    /// <summary>The time from put start to event of every event so far, or since the last call. Call it while no event is due.</summary>
    public Latencies TakeLatencies()
    {
        var merged = new Latencies();
        foreach (var lane in _lanes)
        {
            merged.Add(lane.TakeLatencies());
        }
        return merged;
    }

    /// <inheritdoc/>
    public void Dispose() => _connections.Dispose();

    private static byte[] Request(long number, MakeKey key, ReadOnlySpan<byte> rangeEnd)
    {
        Span<byte> keyBytes = stackalloc byte[64];
        var create = new Message(stackalloc byte[160]);
        create.Bytes(1, key(number, keyBytes));
        if (!rangeEnd.IsEmpty)
        {
            create.Bytes(2, rangeEnd);
        }
        var request = new Message(stackalloc byte[176]);
        request.Bytes(1, create.Written);
        return request.Written.ToArray();
    }

    /// <summary>One stream. Its handlers run on its connection's read loop, its latencies are taken from outside.</summary>
    private sealed class Lane(WatchGroup group) : ICallHandler
    {
        private const int Created = 3, Canceled = 4, Events = 11, EventKv = 2, KvValue = 5;
        private readonly Lock _gate = new();
        private Latencies _latencies = new();
        private int _stream;

        public void Create(GrpcConnection connection, byte[] request)
        {
            if (_stream == 0)
            {
                _stream = connection.Start(Path, request, this, end: false);
            }
            else
            {
                connection.Continue(_stream, request);
            }
        }

        public Latencies TakeLatencies()
        {
            lock (_gate)
            {
                var taken = _latencies;
                _latencies = new Latencies();
                return taken;
            }
        }

        public void OnMessage(GrpcConnection connection, int stream, ReadOnlySpan<byte> message)
        {
            var events = 0;
            var fields = new ProtoFields(message);
            lock (_gate)
            {
                while (fields.Next())
                {
                    switch (fields.Field)
                    {
                        case Created:
                            group._created.Add(1);
                            break;
                        case Canceled:
                            Fail("The server canceled a watcher.");
                            break;
                        case Events:
                            var value = ProtoFields.Find(ProtoFields.Find(fields.Bytes, EventKv), KvValue);
                            if (value.Length >= sizeof(long))   // a delete has no value, only its count matters
                            {
                                _latencies.Add((long)Stopwatch.GetElapsedTime(Keys.ReadStamp(value)).TotalNanoseconds);
                            }
                            events++;
                            break;
                    }
                }
            }
            if (events > 0)
            {
                group.Events.Add(events);
            }
        }

        public void OnEnd(GrpcConnection connection, int stream, bool failed) => Fail("The server ended a watch stream.");

        private void Fail(string reason)
        {
            group._created.Fail(new IOException(reason));
            group.Events.Fail(new IOException(reason));
        }
    }
}
