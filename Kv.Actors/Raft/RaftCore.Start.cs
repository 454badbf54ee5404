using static Kv.Actors.Raft.RaftBugException;

namespace Kv.Actors.Raft;

public sealed partial class RaftCore
{
    /// <summary>Takes in what the journal or a checkpoint holds, in the order it was written; only before <see cref="Start"/>.</summary>
    /// <exception cref="RaftBugException">The events have a gap or contradict each other: the journal is damaged.</exception>
    public void Replay(RaftEvent recorded)
    {
        Assert(!_started, $"node {_id} was started already");
        switch (recorded)
        {
            case RaftEvent.Appended appended:
                _log.Recover(appended.Entries);
                Recover(appended.State);
                break;
            case RaftEvent.HardStateChanged changed:
                Recover(changed.State);
                break;
            case RaftEvent.SnapshotInstalled installed:
                Recover(installed.Meta, installed.State);
                break;
            case RaftEvent.Checkpoint checkpoint:
                Recover(checkpoint.Meta, checkpoint.State);
                _log.Recover(checkpoint.Entries);
                break;
            default:
                throw new RaftBugException($"unknown event {recorded.GetType().Name}");
        }
    }

    /// <summary>The same as replaying one <see cref="RaftEvent.Checkpoint"/>.</summary>
    public void Restore(SnapshotMeta meta, HardState state, LogSlice entries) => Replay(new RaftEvent.Checkpoint(meta, state, entries));

    /// <summary>
    /// Begins a new cluster: one AddNode entry for each member, at 1..n in term 1, committed at once and in force at once. Every
    /// first member must be given the same list in the same order; one that joins later must not call this.
    /// </summary>
    /// <param name="members">Node ids with the application's bytes for each.</param>
    public void Bootstrap(IReadOnlyList<(ulong Id, ReadOnlyMemory<byte> Context)> members)
    {
        Assert(!_started && _log.LastIndex == 0 && Term == 0, $"node {_id} has a history and cannot begin a new cluster");
        Assert(members.Count > 0, $"a cluster needs a first member");
        Term = 1;
        foreach (var (id, context) in members)
        {
            var change = new ConfChange(ConfChangeType.AddNode, id, context);
            _log.Append(new Entry(1, _log.LastIndex + 1, EntryType.ConfChange, RaftWire.Encode(change)));
            _peers.Switch(ConfChanger.Apply(_peers.Conf, change.AsV2()), _log.LastIndex);
        }

        _log.CommitTo(_log.LastIndex);
    }

    /// <summary>Ends recovery: the node is a follower without a leader, and hands out committed entries to apply again.</summary>
    /// <param name="applied">What the state machine holds already; 0 for as much as the last snapshot replayed.</param>
    /// <param name="conf">The membership as of <paramref name="applied"/>, when that lies beyond the snapshot.</param>
    /// <exception cref="RaftBugException">The commit index lies beyond the log: something durable was lost.</exception>
    public void Start(ulong applied = 0, ConfState? conf = null)
    {
        Assert(!_started, $"node {_id} was started already");
        _log.CommitTo(_recoveredCommit);
        if (applied > _log.Applied) _log.RecoverApplied(applied);
        if (conf is not null) AdoptConf(_log.Applied, conf);
        _written = _written with { Commit = _log.Committed };
        _durableCommit = _log.Committed;
        _started = true;
        if (_written.Term > 0) Promise();              // whatever was promised before the restart is not known any more
        BecomeFollower(Term, RaftConfig.None);
        _toldSoft = new SoftState(Role, Leader);
    }

    /// <summary>
    /// After a disaster: this node goes on as the only member. Whatever its log holds counts as committed, and changes that remove
    /// everyone else are appended, committed as well. Between <see cref="Replay"/> and <see cref="Start"/>; the others must never run again.
    /// </summary>
    /// <remarks>
    /// Who might be a member at the end of the log is removed, also where the application has refused the change that would have
    /// made it one: it refuses the removal as well then. A node that might be a learner gives itself its vote first.
    /// </remarks>
    /// <returns>Those that are removed.</returns>
    public IReadOnlyList<ulong> ForceAlone()
    {
        Assert(!_started && _log.LastIndex > 0 && Term > 0, $"node {_id} has no log to go on with alone");
        var others = new SortedSet<ulong>(_peers.Conf.Members);
        var mayBeLearner = !_peers.Conf.IsVoter(_id);
        for (var index = _log.FirstIndex; index <= _log.LastIndex; index++)
        {
            if (!_log[index].IsConfChange) continue;
            foreach (var change in RaftWire.DecodeConfChange(_log[index]).Changes)
            {
                if (change.Type is ConfChangeType.AddNode or ConfChangeType.AddLearner) others.Add(change.NodeId);
                mayBeLearner |= change.NodeId == _id && change.Type == ConfChangeType.AddLearner;
            }
        }

        others.Remove(_id);
        others.Remove(RaftConfig.None);
        if (mayBeLearner) AppendForced(new ConfChange(ConfChangeType.AddNode, _id));
        foreach (var other in others) AppendForced(new ConfChange(ConfChangeType.RemoveNode, other));
        _recoveredCommit = _log.LastIndex;
        return [.. others];
    }

    private void AppendForced(ConfChange change) =>
        _log.Append(new Entry(Term, _log.LastIndex + 1, EntryType.ConfChange, RaftWire.Encode(change)));

    private ulong _recoveredCommit;

    private void Recover(SnapshotMeta meta, HardState state)
    {
        // A snapshot never rolls the log back; an older one in the journal than the checkpoint that was loaded tells nothing new.
        if (meta.Index >= _log.BaseIndex && meta.Index >= _log.Applied)
        {
            _log.Recover(meta);
            AdoptConf(meta.Index, meta.ConfState);
        }

        Recover(state);
    }

    private void Recover(HardState state)
    {
        if (state.Term < Term) return;
        // A vote is never taken back within its term, not even by an event older than the checkpoint that holds it.
        var vote = state.Term == Term && state.Vote == RaftConfig.None ? Vote : state.Vote;
        (Term, Vote) = (state.Term, vote);
        _written = state with { Vote = vote };
        _recoveredCommit = Math.Max(_recoveredCommit, state.Commit);
    }
}
