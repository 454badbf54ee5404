using Kv.Actors.Model;

namespace Kv.Actors.Cluster;

/// <summary>What a committed membership change comes to.</summary>
/// <param name="Members">The members from here on; those of before when it is refused.</param>
/// <param name="Error">None, or why it is refused: nobody's configuration changes then, Raft's neither.</param>
public readonly record struct MemberVerdict(MemberSet Members, KvError Error)
{
    /// <summary>It takes effect.</summary>
    public bool Accepted => Error == KvError.None;
}

/// <summary>The verdict on a membership change when its entry is applied: the last word, and the same on every member.</summary>
/// <remarks>
/// <para>Source: reference, membership calls. The Raft actor and the state machine each keep a set and each ask at the same entry;
/// they agree because the verdict looks at nothing but ids, peer URLs and who is a learner, which only such entries change.
/// Names and client URLs, which a member publishes by another kind of entry, play no part.</para>
/// <code>
///  members (1 2 3)   removed ()     add 4 at a URL of 2     Peer URLs already exists
///  members (1 2 3)   removed ()     add learner 4           members (1 2 3 4*)
///  members (1 2 3 4*) removed ()    add learner 5           too many learner members in cluster
///  members (1 2 3 4*) removed ()    promote 4               members (1 2 3 4)
///  members (1 2 3 4) removed ()     remove 2                members (1 3 4)  removed (2)
///  members (1 3 4)   removed (2)    add 2                   member not found
/// </code>
/// </remarks>
public static class MembershipRules
{
    /// <summary>Judges one change.</summary>
    public static MemberVerdict Judge(MemberSet members, MemberChange change)
    {
        ArgumentNullException.ThrowIfNull(members);
        ArgumentNullException.ThrowIfNull(change);
        if (members.WasRemoved(change.Id))
        {
            return new MemberVerdict(members, KvError.MemberNotFound);
        }
        return change switch
        {
            MemberChange.Add add => JudgeAdd(members, add),
            MemberChange.Promote => JudgePromote(members, change.Id),
            MemberChange.Remove => JudgeRemove(members, change.Id),
            MemberChange.Update update => JudgeUpdate(members, update),
            _ => new MemberVerdict(members, KvError.MemberBadURLs),
        };
    }

    private static MemberVerdict JudgeAdd(MemberSet members, MemberChange.Add add)
    {
        if (add.Id.Value == 0)
        {
            return new MemberVerdict(members, KvError.MemberNotFound);   // Raft takes 0 for nobody
        }
        if (members.Find(add.Id) is not null)
        {
            return new MemberVerdict(members, KvError.MemberExist);
        }
        if (IsTaken(members, add.Member.PeerUrls, by: null))
        {
            return new MemberVerdict(members, KvError.PeerURLExist);
        }
        if (add.Member.IsLearner && members.All.Count(static member => member.IsLearner) + 1 > add.MaxLearners)
        {
            return new MemberVerdict(members, KvError.TooManyLearners);
        }
        return new MemberVerdict(members.With(add.Member), KvError.None);
    }

    private static MemberVerdict JudgePromote(MemberSet members, NodeId id) => members.Find(id) switch
    {
        null => new MemberVerdict(members, KvError.MemberNotFound),
        { IsLearner: false } => new MemberVerdict(members, KvError.MemberNotLearner),
        var learner => new MemberVerdict(members.With(learner with { IsLearner = false }), KvError.None),
    };

    private static MemberVerdict JudgeRemove(MemberSet members, NodeId id)
    {
        if (members.Find(id) is not { } leaving)
        {
            return new MemberVerdict(members, KvError.MemberNotFound);
        }
        // Without a voter nobody could ever change anything again. With the strict check on it does not come this far; with it off
        // etcd's members crash here, all of them.
        return !leaving.IsLearner && members.All.Count(static member => !member.IsLearner) == 1
            ? new MemberVerdict(members, KvError.MemberNotEnoughStarted)
            : new MemberVerdict(members.Without(id), KvError.None);
    }

    private static MemberVerdict JudgeUpdate(MemberSet members, MemberChange.Update update)
    {
        if (members.Find(update.Id) is not { } moved)
        {
            return new MemberVerdict(members, KvError.MemberNotFound);
        }
        return IsTaken(members, update.PeerUrls, by: update.Id)
            ? new MemberVerdict(members, KvError.PeerURLExist)
            : new MemberVerdict(members.With(moved with { PeerUrls = update.PeerUrls }), KvError.None);
    }

    private static bool IsTaken(MemberSet members, IEnumerable<string> urls, NodeId? by) =>
        members.All.Any(member => member.Id != by && member.PeerUrls.Any(urls.Contains));
}
