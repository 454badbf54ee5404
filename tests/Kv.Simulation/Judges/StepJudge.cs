using Kv.Actors.Apply;
using Kv.Actors.Mvcc;
using Kv.Actors.Raft;
using Kv.Persistence.Bolt;
using Kv.Simulation.Machines;

namespace Kv.Simulation.Judges;

/// <summary>Looks inside after every turn: what must hold of each member at any moment, and between members.</summary>
/// <remarks>
/// Raft's rules are <see cref="RaftInvariants"/>'. Of the store: the applied index never falls while a process lives, moves with its
/// effects (the root carries it), revisions never fall, and members with the same applied index hold the same state.
/// </remarks>
internal sealed class StepJudge
{
    private readonly RaftInvariants _raft = new();
    private readonly MemoryJudge _memory = new();
    private readonly SortedDictionary<ulong, ConfState?> _confs = [];
    private ulong _scanned;
    private readonly Dictionary<int, (SimProcess Process, StoreRoot Root)> _seen = [];
    private readonly Dictionary<ulong, (long Revision, uint Hash, ConfState Conf, int Machine)> _states = [];

    /// <summary>Highest index seen committed anywhere.</summary>
    public ulong Committed => _raft.Committed;

    /// <summary>Looks at the member that has just done something.</summary>
    /// <exception cref="JudgedException">A rule is broken.</exception>
    public void Look(SimMachine machine)
    {
        if (machine.Process is not { Raft: { } core } process) return;
        try
        {
            if (machine.RaftLooked != process)
            {
                machine.RaftLooked = process;
                machine.ConfLooked = null;
                _raft.Restarted(core.Id);
                _memory.Restarted(core);
            }

            _raft.Check(core);
            _memory.Look(core);
            CheckConf(machine, core);
        }
        catch (RaftBugException e)
        {
            throw new JudgedException(e.Message, e);
        }

        if (process.Node is { } node) LookAt(machine, process, node.Roots.Current);
    }

    /// <summary>A message leaves a member.</summary>
    public void Sent(RaftMessage message, RaftCore? sender)
    {
        if (sender is not null) _memory.Sent(message, sender);
        try
        {
            _raft.Sent(message);
        }
        catch (RaftBugException e)
        {
            throw new JudgedException(e.Message, e);
        }
    }

    /// <summary>A client has a snapshot: it must be a sound file, and the state that the members had at its index.</summary>
    /// <returns>Its index and revision, to show.</returns>
    public string Snapshot(string whose, byte[] file)
    {
        using var reader = new BoltReader(BoltSource.From(file));
        if (BoltCheck.Check(reader) is { Count: > 0 } wrong) throw new JudgedException($"{whose}: {string.Join("; ", wrong)}");
        var store = new MvccStore();
        var image = EtcdSchema.Read(new BoltBucketSource(reader), store);
        var what = $"index {image.ConsistentIndex} revision {store.Root.CurrentRevision}";
        var members = RootImage.MembersOf(image);
        if (image.ConsistentIndex == 0 && store.Root.CurrentRevision == 1 && members.Count == 0) return what;      // of a member that has yet to hear anything
        var hash = StateOf.Of(store.Root, image.Leases, members);
        if (!_states.TryGetValue(image.ConsistentIndex, out var state)) throw new JudgedException($"{whose}: {what}, which no member ever showed");
        if (state.Revision != store.Root.CurrentRevision || state.Hash != hash)
            throw new JudgedException($"{whose}: {what} with state {hash:x8}, n{state.Machine} was at revision {state.Revision} with state {state.Hash:x8}");
        return what;
    }

    /// <summary>A membership is in force once its change is committed and handed over, not before, and the same everywhere.</summary>
    private void CheckConf(SimMachine machine, RaftCore core)
    {
        for (; _scanned < _raft.Committed; _scanned++)
        {
            if (_raft.CommittedAt(_scanned + 1).IsConfChange) _confs.Add(_scanned + 1, null);
        }

        if (machine.ConfLooked is { } looked && looked.Equals(core.ConfState)) return;
        var (newest, passed) = (0UL, 0UL);
        var handedOver = Math.Max(core.Log.Applying, core.Log.PendingSnapshot?.Index ?? 0);     // a snapshot's membership is in force from its arrival
        foreach (var (index, state) in _confs)
        {
            if (index > handedOver) break;
            if (state is not null && index <= core.Log.Applied) passed = index;      // refused changes leave none
            newest = index;
        }

        foreach (var (index, state) in _confs)
        {
            if (index >= passed && index <= newest && core.ConfState.Equals(state))
            {
                machine.ConfLooked = core.ConfState;
                return;
            }
        }

        if (newest == 0 ? core.ConfState.Equals(ConfState.Empty) : _confs[newest] is null)
        {
            if (newest > 0) _confs[newest] = core.ConfState;
            machine.ConfLooked = core.ConfState;
            return;
        }

        throw new JudgedException(
            $"n{machine.Number} goes by {core.ConfState}, but of the changes up to {handedOver}, as far as they are handed over, the newest at {newest} made {_confs.GetValueOrDefault(newest)}");
    }

    private void LookAt(SimMachine machine, SimProcess process, StoreRoot root)
    {
        if (_seen.TryGetValue(machine.Number, out var seen) && seen.Process == process)
        {
            if (ReferenceEquals(seen.Root, root)) return;
            if (root.AppliedIndex < seen.Root.AppliedIndex)
                throw new JudgedException($"n{machine.Number}: the applied index fell from {seen.Root.AppliedIndex} to {root.AppliedIndex}");
            if (root.Kv.CurrentRevision < seen.Root.Kv.CurrentRevision)
                throw new JudgedException($"n{machine.Number}: the revision fell from {seen.Root.Kv.CurrentRevision} to {root.Kv.CurrentRevision}");
            if (root.Kv.CompactRevision < seen.Root.Kv.CompactRevision)
                throw new JudgedException($"n{machine.Number}: the compact revision fell from {seen.Root.Kv.CompactRevision} to {root.Kv.CompactRevision}");
            if (root.AppliedIndex == seen.Root.AppliedIndex)
            {
                _seen[machine.Number] = (process, root);
                return;                                    // a step of a compaction: history goes, the state stays
            }
        }

        _seen[machine.Number] = (process, root);
        if (root.AppliedIndex == 0) return;
        var hash = StateOf.Root(root);
        if (!_states.TryAdd(root.AppliedIndex, (root.Kv.CurrentRevision, hash, root.ConfState, machine.Number)))
        {
            var other = _states[root.AppliedIndex];
            if (other.Revision != root.Kv.CurrentRevision || other.Hash != hash || !other.Conf.Equals(root.ConfState))
            {
                throw new JudgedException(
                    $"at index {root.AppliedIndex} n{machine.Number} is at revision {root.Kv.CurrentRevision} with state {hash:x8} and {root.ConfState}, "
                    + $"n{other.Machine} was at revision {other.Revision} with state {other.Hash:x8} and {other.Conf}");
            }
        }
    }
}
