using System.Collections.Immutable;
using Kv.Actors.Raft;

namespace Kv.Testing.Raft;

public sealed partial class RaftSimulation
{
    private void Every(int meanTicks, Action action)
    {
        if (meanTicks <= 0) return;
        void Again()
        {
            action();
            _time.After(1 + _faults.NextInt(2 * meanTicks * TickUnits), Again);
        }

        _time.After(1 + _faults.NextInt(2 * meanTicks * TickUnits), Again);
    }

    private SimRaftNode? AnyRunning()
    {
        var running = _nodes.Values.Where(n => n.Core is not null).ToArray();
        return running.Length == 0 ? null : running[_faults.NextInt(running.Length)];
    }

    private SimRaftNode? AnyLeader()
    {
        var leaders = _nodes.Values.Where(n => n.Core is { Role: Role.Leader }).ToArray();
        return leaders.Length == 0 ? null : leaders[_faults.NextInt(leaders.Length)];
    }

    private void Propose()
    {
        if (AnyRunning() is not { Core: { } core } node) return;
        if (_faults.NextBool(0.3)) core.Propose([Payload(++_nextPayload), Payload(++_nextPayload), Payload(++_nextPayload)]);
        else core.Propose(Payload(++_nextPayload));
        Drain(node);
    }

    private void Read()
    {
        if (AnyRunning() is not { Core: { } core } node) return;
        var context = ++_nextRead;
        _reads.Add(context, (Invariants.Committed, node.Id));
        var result = core.ReadIndex(context);
        if (result.Status == ReadStatus.Answered)
        {
            LeaseReads++;
            Answer(node, [new ReadState(result.Index, context)]);
        }

        Drain(node);
    }

    private void PartitionOrMend()
    {
        if (_healed) return;
        Network.Mend();
        var ids = _nodes.Keys.ToArray();
        switch (_faults.NextInt(4))
        {
            case 0:                                    // mended for a while
                break;
            case 1:                                    // one direction between two nodes
                Network.Cut(ids[_faults.NextInt(ids.Length)], ids[_faults.NextInt(ids.Length)]);
                break;
            case 2:                                    // one node is cut off
                var alone = ids[_faults.NextInt(ids.Length)];
                Network.Partition([alone], [.. ids.Where(id => id != alone)]);
                break;
            default:                                   // two groups
                var one = ids.Where(_ => _faults.NextBool(0.5)).ToArray();
                Network.Partition(one, [.. ids.Except(one)]);
                break;
        }
    }

    private void CrashSome()
    {
        if (_healed) return;
        // Now and then all at once: only what is durable counts then.
        if (_faults.NextBool(0.1))
        {
            foreach (var node in _nodes.Values) Crash(node);
        }
        else if (AnyInMidWrite() is { } writing && _faults.NextBool(0.7))
        {
            Crash(writing);                            // where it hurts: promises may have left that the disk does not hold
        }
        else if (AnyRunning() is { } node)
        {
            Crash(node);
        }
    }

    private SimRaftNode? AnyInMidWrite()
    {
        var writing = _nodes.Values.Where(n => n.Writing is { MustSync: true }).ToArray();
        return writing.Length == 0 ? null : writing[_faults.NextInt(writing.Length)];
    }

    private void Crash(SimRaftNode node)
    {
        if (node.Core is null) return;
        Crashes++;
        var written = 0;
        if (node.Writing is { } ready)
        {
            // The write may have been finished without anyone hearing of it, or be torn between its records.
            written = _faults.NextInt(ready.Events.Count + 1);
            for (var i = 0; i < written; i++) node.Write(ready.Events[i]);
        }

        Note(node, $"crashes, {written} of {node.Writing?.Events.Count ?? 0} events survive");
        node.Core = null;
        node.Writing = null;
        var downTicks = _faults.NextBool(0.5) ? 2 : 60;
        _time.After(1 + _faults.NextInt(downTicks * TickUnits), () =>
        {
            if (node.Core is null) Start(node);
        });
    }

    private void ChangeMembers()
    {
        if (AnyLeader() is not { Core: { } core } node) return;
        var conf = core.ConfState;
        if (conf.IsJoint)
        {
            if (!conf.AutoLeave) core.ProposeConfChange(ConfChangeV2.Leave);
            Drain(node);
            return;
        }

        if (_healed) return;
        var change = RandomChange();
        // The proposer checks a change against the membership it would be applied to, as the application does.
        if (Outcome(conf, change) is not { } next || next.Voters.Length < 2) return;
        if (change.Changes.Length == 1 && change.Transition == ConfChangeTransition.Auto && _faults.NextBool(0.5))
        {
            core.ProposeConfChange(new ConfChange(change.Changes[0].Type, change.Changes[0].NodeId));
        }
        else
        {
            core.ProposeConfChange(change);
        }

        Drain(node);
    }

    private ConfChangeV2 RandomChange()
    {
        var ids = _nodes.Keys.ToArray();
        var changes = ImmutableArray.CreateBuilder<ConfChangeSingle>();
        var count = _faults.NextBool(0.5) ? 1 : 1 + _faults.NextInt(3);
        for (var i = 0; i < count; i++)
        {
            var type = _faults.NextInt(5) switch
            {
                0 => ConfChangeType.RemoveNode,
                1 => ConfChangeType.AddLearner,
                _ => ConfChangeType.AddNode,
            };
            changes.Add(new ConfChangeSingle(type, ids[_faults.NextInt(ids.Length)]));
        }

        var transition = count == 1 || _faults.NextBool(0.5)
            ? (ConfChangeTransition)_faults.NextInt(3)
            : ConfChangeTransition.JointExplicit;
        return new ConfChangeV2(transition, changes.ToImmutable());
    }

    private static ConfState? Outcome(ConfState conf, ConfChangeV2 change)
    {
        try
        {
            return ConfChanger.Apply(conf, change);
        }
        catch (RaftBugException)
        {
            return null;                               // not allowed from here: the application would refuse to propose it
        }
    }

    private void TransferOrForget()
    {
        if (_healed || AnyRunning() is not { Core: { } core } node) return;
        switch (_faults.NextInt(4))
        {
            case 0: core.ForgetLeader(); break;
            case 1: core.Campaign(); break;
            case 2: core.ReportUnreachable(_nodes.Keys.ElementAt(_faults.NextInt(_nodes.Count))); break;
            default: core.TransferLeader(_nodes.Keys.ElementAt(_faults.NextInt(_nodes.Count))); break;
        }

        Drain(node);
    }

    private void SnapshotSome()
    {
        if (AnyRunning() is not { Writing: null } node) return;
        TakeSnapshot(node);
        Drain(node);
    }

    private void TakeSnapshot(SimRaftNode node)
    {
        var core = node.Core!;
        if (node.State.Index == 0) return;
        if (node.State.Index != core.Log.Applied || !core.Log.TryTerm(core.Log.Applied, out var term)) return;
        if (core.Log.PendingSnapshot is not null || core.ConfState.Voters.IsEmpty) return;
        var meta = new SnapshotMeta(core.Log.Applied, term, core.ConfState);
        node.Snapshots[meta.Index] = (meta, node.State.Hash);
        core.SnapshotTaken(meta);
        if (_faults.NextBool(0.7))
        {
            var checkpoint = core.Checkpoint(meta);
            node.Journal.Clear();
            node.Write(checkpoint);
        }

        var keep = (ulong)_faults.NextInt(8);
        if (meta.Index > keep) core.Compact(Math.Min(meta.Index - keep, core.Log.Stable));
        Note(node, $"snapshot at {meta.Index}, log from {core.Log.FirstIndex}");
    }
}
