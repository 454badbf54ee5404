using Kv.Actors.Model;

namespace Kv.Actors.Cluster;

/// <summary>What the member that answers a call checks before it proposes a membership change, unless strict-reconfig-check is off.</summary>
/// <remarks>
/// Source: reference, membership calls; the connectivity rule is that of etcd 3.6.11. These are about health, so they can only be
/// asked where the call is answered; <see cref="MembershipRules"/> has the last word when the entry is applied.
/// </remarks>
/// <param name="members">The members as this member knows them.</param>
/// <param name="self">This member.</param>
/// <param name="connectedFor">How long a peer has been connected without a break; null when it is not connected.</param>
public sealed class ReconfigRules(MemberSet members, NodeId self, Func<NodeId, TimeSpan?> connectedFor)
{
    /// <summary>A link that is younger than this proves nothing yet.</summary>
    public static readonly TimeSpan Settled = TimeSpan.FromSeconds(5);

    /// <summary>Least share of the leader's log that a learner must have to be promoted.</summary>
    public const double ReadyShare = 0.9;

    /// <summary>May a member be added? A voter must not leave the started ones without a quorum while it is not there yet.</summary>
    public KvError MayAdd(bool isLearner)
    {
        var voters = Voters();
        var started = voters.Count(IsStarted);
        var oneOfOne = voters.Count == 1 && started == 1;      // a restored cluster of one has to be able to grow
        if (!isLearner && !oneOfOne && started < QuorumOf(voters.Count + 1))
        {
            return KvError.MemberNotEnoughStarted;
        }
        return voters.Count == 1 || voters.Count(IsSettled) >= QuorumOf(voters.Count + 1) ? KvError.None : KvError.Unhealthy;
    }

    /// <summary>May this member be removed? A learner always; a voter that is down takes nothing from the quorum that is up.</summary>
    public KvError MayRemove(NodeId id)
    {
        if (members.Find(id) is { IsLearner: true })
        {
            return KvError.None;
        }
        var voters = Voters();
        var remaining = voters.Where(voter => voter.Id != id).ToList();
        if (remaining.Count(IsStarted) < QuorumOf(remaining.Count))
        {
            return KvError.MemberNotEnoughStarted;
        }
        if (id != self && connectedFor(id) is null)
        {
            return KvError.None;
        }
        return voters.Count(IsSettled) - 1 < 1 + ((voters.Count - 1) / 2) ? KvError.Unhealthy : KvError.None;
    }

    /// <summary>May this learner be promoted? It counts as started: it has most of the log.</summary>
    public KvError MayPromote()
    {
        var voters = Voters();
        return voters.Count(IsStarted) + 1 < QuorumOf(voters.Count + 1) ? KvError.MemberNotEnoughStarted : KvError.None;
    }

    /// <summary>Has a member enough of the log to vote? Asked of the leader, whatever strict-reconfig-check says.</summary>
    /// <param name="match">Last entry of the member that the leader knows to match its own; null for a member that Raft does not know.</param>
    /// <param name="leaderMatch">The same of the leader itself.</param>
    public static KvError IsReady(ulong? match, ulong leaderMatch) => match switch
    {
        null => KvError.MemberNotFound,
        var matched when (double)matched.Value / leaderMatch < ReadyShare => KvError.LearnerNotReady,
        _ => KvError.None,
    };

    private static int QuorumOf(int voters) => (voters / 2) + 1;

    private static bool IsStarted(ClusterMember member) => member.Name.Length > 0;

    private bool IsSettled(ClusterMember member) => member.Id == self || connectedFor(member.Id) >= Settled;

    private List<ClusterMember> Voters() => [.. members.All.Where(static member => !member.IsLearner)];
}
