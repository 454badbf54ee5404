using BenchmarkDotNet.Attributes;
using Kv.Actors.Model;
using Kv.Actors.Raft;

namespace Kv.Benchmarks.Raft;

/// <summary>What Raft itself costs on the way of a put: one thousand entries from proposal to apply, and their bytes.</summary>
/// <remarks>Figures are for the batch; divide by <see cref="Entries"/> for one entry. The budget is 200 ns an entry with one voter.</remarks>
[MemoryDiagnoser]
public class RaftCoreBenchmarks
{
    /// <summary>Proposals between two batches.</summary>
    private const int Entries = 1000;

    private readonly ReadOnlyMemory<byte> _payload = new byte[256];
    private RaftCore _single = null!;
    private RaftCore _leader = null!;
    private RaftEvent _event = null!;
    private byte[] _bytes = null!;

    /// <summary>A lone leader, and the leader of three whose followers answer at once.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _single = Lead(1);
        _leader = Lead(3);
        var entries = new Entry[Entries];
        for (var i = 0; i < Entries; i++) entries[i] = new Entry(7, 1_000_000 + (ulong)i, EntryType.Normal, _payload);
        _event = new RaftEvent.Appended(new LogSlice(entries), new HardState(7, 1, 999_999));
        _bytes = RaftWire.Encode(_event);
    }

    /// <summary>Propose, take, write, advance, hand out, apply; with one voter.</summary>
    [Benchmark(OperationsPerInvoke = Entries)]
    public ulong One_voter()
    {
        for (var i = 0; i < Entries; i++) _single.Propose(_payload);
        return Drain(_single);
    }

    /// <summary>The same with two followers: two append messages, two acknowledgements.</summary>
    [Benchmark(OperationsPerInvoke = Entries)]
    public ulong Three_voters()
    {
        for (var i = 0; i < Entries; i++) _leader.Propose(_payload);
        var ready = _leader.TakeReady();
        _leader.Advance(ready);
        for (var to = 2UL; to <= 3; to++)
        {
            _leader.Step(new RaftMessage.AppendAccepted(_leader.Log.LastIndex) { From = to, To = 1, Term = _leader.Term });
        }

        return Drain(_leader);
    }

    /// <summary>One journal event of a thousand entries to bytes.</summary>
    [Benchmark(OperationsPerInvoke = Entries)]
    public byte[] Encode_event() => RaftWire.Encode(_event);

    /// <summary>And back.</summary>
    [Benchmark(OperationsPerInvoke = Entries)]
    public RaftEvent Decode_event() => RaftWire.DecodeEvent(_bytes);

    /// <summary>A linearizable read's index with one voter.</summary>
    [Benchmark]
    public ulong Read_index() => _single.ReadIndex(1).Index;

    private static RaftCore Lead(ulong nodes)
    {
        var core = new RaftCore(new RaftConfig { Id = 1, PreVote = false, MaxUnappliedBytes = long.MaxValue, MaxMessageBytes = 1 << 30 }, new Prng(1));
        var ids = Enumerable.Range(1, (int)nodes).Select(i => (ulong)i).ToArray();
        core.Restore(new SnapshotMeta(1, 1, new ConfState(ids)), new HardState(1, 0, 1), default);
        core.Start();
        core.Campaign();
        core.Advance(core.TakeReady());
        for (var from = 2UL; from <= nodes; from++)
        {
            core.Step(new RaftMessage.VoteReply(false, true, 0, 0) { From = from, To = 1, Term = core.Term });
        }

        core.Advance(core.TakeReady());
        for (var from = 2UL; from <= nodes; from++)
        {
            core.Step(new RaftMessage.AppendAccepted(core.Log.LastIndex) { From = from, To = 1, Term = core.Term });
        }

        Drain(core);
        return core;
    }

    private static ulong Drain(RaftCore core)
    {
        while (core.HasReady)
        {
            var ready = core.TakeReady();
            core.Advance(ready);
            if (ready.Committed.Count > 0) core.Applied(ready.Committed.LastIndex);
        }

        // As a checkpoint would, or the log would grow with the run.
        core.SnapshotTaken(new SnapshotMeta(core.Log.Applied, core.Term, core.ConfState));
        core.Compact(core.Log.Applied);
        return core.Log.Committed;
    }
}
