namespace Kv.Actors.Raft;

/// <summary>Computes the next configuration, or says why there is none (Raft paper §6, thesis §4).</summary>
/// <remarks>
/// <code>
///  voters (1 2 3)                        enter joint: remove 1, add 4
///  voters (2 3 4)&amp;(1 2 3)                leave joint
///  voters (2 3 4)
///
///  voters (1 2 3)                        enter joint: 3 becomes a learner
///  voters (1 2)&amp;(1 2 3) next (3)         leave joint
///  voters (1 2) learners (3)
/// </code>
/// </remarks>
public static class ConfChanger
{
    /// <summary>The configuration after a change of either kind.</summary>
    /// <exception cref="RaftBugException">The change is not allowed from here: the proposer's checks have been passed by.</exception>
    public static ConfState Apply(ConfState conf, ConfChangeV2 change)
    {
        if (change.IsLeave) return LeaveJoint(conf);
        return change.EntersJoint
            ? EnterJoint(conf, change.LeavesByItself, change.Changes.AsSpan())
            : Simple(conf, change.Changes.AsSpan());
    }

    /// <summary>Straight: at most one voter more or less.</summary>
    /// <exception cref="RaftBugException">Joint, more than one voter differs, or no voter is left.</exception>
    public static ConfState Simple(ConfState conf, ReadOnlySpan<ConfChangeSingle> changes)
    {
        if (conf.IsJoint) throw new RaftBugException($"a simple change cannot be applied while joint: {conf}");
        var draft = new Draft(conf, joint: false);
        draft.Apply(changes);
        var next = draft.Build(autoLeave: false);
        var differing = conf.Voters.Except(next.Voters).Count() + next.Voters.Except(conf.Voters).Count();
        if (differing > 1) throw new RaftBugException($"more than one voter changed without joint consensus: {conf} to {next}");
        return Check(next);
    }

    /// <summary>Both the voters of now and those of after the changes decide from here on.</summary>
    /// <exception cref="RaftBugException">Joint already, no voters yet, or no voter is left.</exception>
    public static ConfState EnterJoint(ConfState conf, bool autoLeave, ReadOnlySpan<ConfChangeSingle> changes)
    {
        if (conf.IsJoint) throw new RaftBugException($"already joint: {conf}");
        if (conf.Voters.IsEmpty) throw new RaftBugException("a configuration without voters cannot become joint");
        var draft = new Draft(conf, joint: true);
        draft.Apply(changes);
        return Check(draft.Build(autoLeave));
    }

    /// <summary>Only the incoming voters decide from here on.</summary>
    /// <exception cref="RaftBugException">Not joint.</exception>
    public static ConfState LeaveJoint(ConfState conf)
    {
        if (!conf.IsJoint) throw new RaftBugException($"cannot leave a joint configuration while not in one: {conf}");
        return Check(new ConfState(conf.Voters, conf.Learners.Union(conf.LearnersNext)));
    }

    /// <summary>What holds of every configuration.</summary>
    /// <exception cref="RaftBugException">It does not.</exception>
    internal static ConfState Check(ConfState conf)
    {
        if (conf.Voters.IsEmpty) throw new RaftBugException("removed all voters");
        foreach (var id in conf.LearnersNext)
        {
            if (!conf.VotersOutgoing.Contains(id)) throw new RaftBugException($"{id} is to become a learner but is no outgoing voter: {conf}");
            if (conf.Voters.Contains(id)) throw new RaftBugException($"{id} is to become a learner but stays a voter: {conf}");
        }

        foreach (var id in conf.Learners)
        {
            if (conf.IsVoter(id)) throw new RaftBugException($"{id} is both voter and learner: {conf}");
        }

        if (!conf.IsJoint && (conf.AutoLeave || !conf.LearnersNext.IsEmpty))
        {
            throw new RaftBugException($"not joint, but with marks of a joint configuration: {conf}");
        }

        return conf;
    }

    private sealed class Draft(ConfState conf, bool joint)
    {
        private readonly HashSet<ulong> _voters = [.. conf.Voters];
        private readonly HashSet<ulong> _outgoing = joint ? [.. conf.Voters] : [];
        private readonly HashSet<ulong> _learners = [.. conf.Learners];
        private readonly HashSet<ulong> _learnersNext = [.. conf.LearnersNext];

        public void Apply(ReadOnlySpan<ConfChangeSingle> changes)
        {
            foreach (var change in changes)
            {
                if (change.NodeId == RaftConfig.None) continue;
                switch (change.Type)
                {
                    case ConfChangeType.AddNode: AddVoter(change.NodeId); break;
                    case ConfChangeType.AddLearner: AddLearner(change.NodeId); break;
                    case ConfChangeType.RemoveNode: Remove(change.NodeId); break;
                    case ConfChangeType.UpdateNode: break;
                    default: throw new RaftBugException($"unknown membership change {change.Type}");
                }
            }
        }

        public ConfState Build(bool autoLeave) => new(_voters, _learners, _outgoing, _learnersNext, autoLeave);

        private void AddVoter(ulong id)
        {
            _learners.Remove(id);
            _learnersNext.Remove(id);
            _voters.Add(id);
        }

        private void AddLearner(ulong id)
        {
            if (_learners.Contains(id)) return;
            Remove(id);
            // It still votes in the outgoing half, so it can only become a learner when that half is gone.
            if (_outgoing.Contains(id)) _learnersNext.Add(id);
            else _learners.Add(id);
        }

        private void Remove(ulong id)
        {
            _voters.Remove(id);
            _learners.Remove(id);
            _learnersNext.Remove(id);
        }
    }
}
