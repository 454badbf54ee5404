using Kv.Actors.Model;
using Kv.Actors.Raft;

namespace Kv.Testing.Raft;

/// <summary>A node of the simulation: what its disk holds, and while it runs its core and state machine.</summary>
/// <remarks>
/// The disk keeps encoded events and snapshots; everything else is lost in a crash. The state machine is a running hash over all
/// applied entries, which is enough to tell whether two nodes applied the same.
/// </remarks>
public sealed class SimRaftNode(RaftConfig config)
{
    /// <summary>The node.</summary>
    public ulong Id => config.Id;

    /// <summary>Its knobs.</summary>
    public RaftConfig Config => config;

    /// <summary>Null while it is down.</summary>
    public RaftCore? Core { get; set; }

    /// <summary>Counts starts, so that what belongs to an earlier life can be told apart.</summary>
    public int Life { get; set; }

    /// <summary>Durable events, as bytes.</summary>
    public List<byte[]> Journal { get; } = [];

    /// <summary>Durable snapshots by index, with the state machine's hash.</summary>
    public Dictionary<ulong, (SnapshotMeta Meta, ulong State)> Snapshots { get; } = [];

    /// <summary>The batch whose write is going on.</summary>
    public Ready? Writing { get; set; }

    /// <summary>The write has to wait until then: another batch is being applied too.</summary>
    public Queue<LogSlice> ToApply { get; } = new();

    /// <summary>Whether an apply step is scheduled.</summary>
    public bool Applying { get; set; }

    /// <summary>The state machine: index and hash of all it has applied.</summary>
    public (ulong Index, ulong Hash) State { get; set; }

    /// <summary>The log as a restart would find it: index to term.</summary>
    public Dictionary<ulong, ulong> DurableTerms { get; } = [];

    /// <summary>The last index of that log.</summary>
    public ulong DurableLast { get; private set; }

    /// <summary>The index of the snapshot that log begins at.</summary>
    public ulong DurableBase { get; private set; }

    /// <summary>Units between ticks: clocks differ a little.</summary>
    public int TickEvery { get; set; } = 10;

    /// <summary>Makes an event durable.</summary>
    public void Write(RaftEvent recorded)
    {
        Journal.Add(RaftWire.Encode(recorded));
        switch (recorded)
        {
            case RaftEvent.Appended appended:
                for (var i = appended.Entries.FirstIndex; i <= DurableLast; i++) DurableTerms.Remove(i);
                foreach (var entry in appended.Entries) DurableTerms[entry.Index] = entry.Term;
                DurableLast = appended.Entries.LastIndex;
                break;
            case RaftEvent.SnapshotInstalled installed:
                DurableTerms.Clear();
                DurableBase = DurableLast = installed.Meta.Index;
                break;
            case RaftEvent.Checkpoint checkpoint:
                DurableTerms.Clear();
                foreach (var entry in checkpoint.Entries) DurableTerms[entry.Index] = entry.Term;
                DurableBase = checkpoint.Meta.Index;
                DurableLast = Math.Max(checkpoint.Meta.Index, checkpoint.Entries.LastIndex);
                break;
        }
    }

    /// <summary>Whether a restart would find the entry, or a snapshot that holds it.</summary>
    public bool HasDurably(ulong index, ulong term) =>
        index <= DurableBase || (DurableTerms.TryGetValue(index, out var own) && own == term);

    /// <summary>Starts a new life from what the disk holds.</summary>
    public void Start(Prng random, IReadOnlyList<(ulong Id, ReadOnlyMemory<byte> Context)>? bootstrap)
    {
        Life++;
        Writing = null;
        Applying = false;
        ToApply.Clear();
        State = default;
        var core = new RaftCore(config, random);
        foreach (var bytes in Journal)
        {
            var recorded = RaftWire.DecodeEvent(bytes);
            core.Replay(recorded);
            if (recorded is RaftEvent.SnapshotInstalled or RaftEvent.Checkpoint)
            {
                var index = core.Log.Snapshot.Index;
                State = (index, Snapshots[index].State);
            }
        }

        if (Journal.Count == 0 && bootstrap is not null) core.Bootstrap(bootstrap);
        core.Start();
        Core = core;
    }

    /// <summary>Applies one entry to the state machine's hash.</summary>
    public void Apply(Entry entry)
    {
        RaftBugExceptionIf(entry.Index != State.Index + 1, $"{Id} applies {entry.Index} after {State.Index}");
        var hash = (State.Hash ^ entry.Term) * 0x9E3779B97F4A7C15 + entry.Index;
        foreach (var value in entry.Data.Span) hash = (hash ^ value) * 0x100000001B3;
        State = (entry.Index, hash);
    }

    private static void RaftBugExceptionIf(bool broken, string message)
    {
        if (broken) throw new RaftBugException(message);
    }
}
