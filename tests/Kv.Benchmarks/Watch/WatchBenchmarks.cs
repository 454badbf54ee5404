using System.Buffers;
using System.Text;
using BenchmarkDotNet.Attributes;
using Kv.Actors.Model;
using Kv.Actors.Mvcc;
using Kv.Actors.Watch;

namespace Kv.Benchmarks.Watch;

/// <summary>What one write costs in the watch code, from the hub's match to the bytes, without actors and sockets.</summary>
[MemoryDiagnoser]
public class WatchBenchmarks
{
    private const int Watchers = 1000;
    private const int Keys = 10_000;
    private readonly ArrayBufferWriter<byte> _output = new(64 * 1024);
    private readonly WatchHeader _header = new(14841639068965178418, 10276657743932975437, 3);
    private readonly IWatchHistory _root = new RootHistory(new MvccStore().Root);
    private Side _oneKey = null!;
    private Side _manyKeys = null!;
    private Side _oneStream = null!;
    private long _revision = 1;

    /// <summary>Opens the streams.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _oneKey = new Side(_root, Enumerable.Range(0, Watchers), static _ => "key");
        _manyKeys = new Side(_root, Enumerable.Range(0, Keys), static i => $"key{i}");
        _oneStream = new Side(_root, [0], static _ => "key", Watchers);
    }

    /// <summary>1,000 streams watch the key that is written: cost of one event for one watcher.</summary>
    [Benchmark(OperationsPerInvoke = Watchers)]
    public int A_thousand_streams_on_one_key() => _oneKey.Write(Change("key"u8.ToArray()), _root, _output, _header);

    /// <summary>One stream has 1,000 watchers on the key that is written.</summary>
    [Benchmark(OperationsPerInvoke = Watchers)]
    public int A_thousand_watchers_of_one_stream() => _oneStream.Write(Change("key"u8.ToArray()), _root, _output, _header);

    /// <summary>10,000 streams watch a key each: cost of one write.</summary>
    [Benchmark]
    public int One_of_ten_thousand_keys() =>
        _manyKeys.Write(Change(Encoding.ASCII.GetBytes($"key{_revision % Keys}")), _root, _output, _header);

    private KeyVersion Change(byte[] key) => new(key, new byte[256], new Revision(++_revision, 0), 2, _revision, LeaseId.None);

    private sealed class Side
    {
        private readonly WatchMatcher<WatchStreamCore> _matcher = new();
        private readonly List<WatchStreamCore> _told = [];
        private readonly Action<WatchStreamCore, WatchMatch[]> _push;

        public Side(IWatchHistory root, IEnumerable<int> streams, Func<int, string> key, int watchers = 1)
        {
            _push = (core, matches) =>
            {
                core.OnPush(matches);
                _told.Add(core);
            };
            foreach (var i in streams)
            {
                var core = new WatchStreamCore(new WatchLimits());
                for (var watcher = 0; watcher < watchers; watcher++)
                {
                    core.Create(new WatchSpec { Range = KeyRange.Of(Encoding.ASCII.GetBytes(key(i))) }, 1);
                }
                foreach (var command in core.Outbox)
                {
                    var join = (WatchHubCommand.Join)command;
                    _matcher.Join(core, join.Cursors);
                    core.OnJoined(join.Cursors, root);
                }
                core.Outbox.Clear();
                core.Take(long.MaxValue);
            }
        }

        public int Write(KeyVersion change, IWatchHistory root, ArrayBufferWriter<byte> output, WatchHeader header)
        {
            _matcher.Match([change], root, _push);
            var bytes = 0;
            foreach (var core in _told)
            {
                output.ResetWrittenCount();
                foreach (var response in core.Take(long.MaxValue)!.Responses)
                {
                    bytes += WatchWire.Write(output, response, header);
                }
            }
            _told.Clear();
            return bytes;
        }
    }
}
