using System.Text;
using BenchmarkDotNet.Attributes;
using Google.Protobuf;
using Kv.Actors.Apply;
using Kv.Actors.Lease;
using Kv.Actors.Model;
using Kv.Actors.Mvcc;
using Kv.Actors.Protos.Etcdserverpb;

namespace Kv.Benchmarks.Mvcc;

/// <summary>The store at 200,000 keys of about 30 bytes with values of 256: what one request costs without network and log.</summary>
[MemoryDiagnoser]
public class MvccBenchmarks
{
    private const int Keys = 200_000;
    private readonly PutRequest[] _puts = new PutRequest[Keys];
    private readonly byte[][] _keys = new byte[Keys][];
    private readonly byte[] _buffer = new byte[1 << 20];
    private readonly RangeRequest _page = All(limit: 1000);
    private readonly RangeRequest _lastPage = All(limit: 1000, RangeRequest.Types.SortOrder.Descend);
    private readonly RangeRequest _count = All(countOnly: true);
    private KvApplier _applier = new(new MvccStore(), new LeaseTable(1));
    private int _next;

    /// <summary>Puts published together.</summary>
    [Params(1, 256)]
    public int Batch { get; set; }

    /// <summary>Fills the store in random order.</summary>
    [GlobalSetup]
    public void Fill()
    {
        var order = Enumerable.Range(0, Keys).ToArray();
        new Random(1).Shuffle(order);
        for (var i = 0; i < Keys; i++)
        {
            _keys[i] = Encoding.ASCII.GetBytes($"/registry/pods/ns-{order[i] % 100}/pod-{order[i]:d8}");
            _puts[i] = new PutRequest { Key = ByteString.CopyFrom(_keys[i]), Value = ByteString.CopyFrom(new byte[256]) };
        }
        _applier = new KvApplier(new MvccStore(), new LeaseTable(1));
        foreach (var put in _puts)
        {
            _applier.Apply(put);
        }
        _applier.Store.Publish();
    }

    /// <summary>Overwrites a random key; compaction keeps pace, as it does in a cluster that is looked after.</summary>
    [Benchmark]
    public void Put()
    {
        _applier.Apply(_puts[_next]);
        if (++_next % Batch == 0)
        {
            _applier.Store.CompactStep(Batch * 2);
            _applier.Store.Publish();
        }
        if (_next == Keys)
        {
            _next = 0;
            _applier.Store.Compact(_applier.Store.CurrentRevision);
        }
    }

    /// <summary>Reads a random key.</summary>
    [Benchmark]
    public KeyVersion? Get() => _applier.Store.Root.Get(_keys[_next = (_next + 1) % Keys]);

    /// <summary>Finds the first 1,000 keys and writes the response.</summary>
    [Benchmark]
    public int RangeOf1000() => Write(_page);

    /// <summary>Finds the last 1,000 keys and writes the response.</summary>
    [Benchmark]
    public int LastPageOf1000() => Write(_lastPage);

    /// <summary>Counts all keys.</summary>
    [Benchmark]
    public long Count() => KvApplier.RangeReply(_applier.Store.Root, _count).Value!.Result.Count;

    /// <summary>Hashes the whole state.</summary>
    [Benchmark]
    public KvHash HashKv()
    {
        StateHash.HashKv(_applier.Store.Root, 0, out var hash);
        return hash;
    }

    private int Write(RangeRequest request)
    {
        var reply = KvApplier.RangeReply(_applier.Store.Root, request).Value!;
        reply.Size();
        return reply.WriteTo(_buffer);
    }

    private static RangeRequest All(int limit = 0, RangeRequest.Types.SortOrder order = RangeRequest.Types.SortOrder.None, bool countOnly = false) => new()
    {
        Key = ByteString.CopyFrom(0),
        RangeEnd = ByteString.CopyFrom(0),
        Limit = limit,
        SortOrder = order,
        CountOnly = countOnly,
    };
}
