using Kv.Actors.Cluster;
using Kv.Actors.Model;
using Kv.Actors.Raft;

namespace Kv.Actors.Apply;

/// <summary>Between <see cref="MemberChange"/> and the entries of the log.</summary>
public static class MemberChanges
{
    /// <summary>The change as Raft takes it.</summary>
    /// <param name="change">What is to happen.</param>
    /// <param name="request">Finds the caller that waits for it; 0 when nobody does.</param>
    /// <exception cref="ArgumentException">It is <see cref="MemberChange.Unreadable"/>.</exception>
    public static ConfChange Encode(MemberChange change, RequestId request = default)
    {
        ArgumentNullException.ThrowIfNull(change);
        var type = change switch
        {
            MemberChange.Add { Member.IsLearner: true } => ConfChangeType.AddLearner,
            MemberChange.Add or MemberChange.Promote => ConfChangeType.AddNode,
            MemberChange.Remove => ConfChangeType.RemoveNode,
            MemberChange.Update => ConfChangeType.UpdateNode,
            _ => throw new ArgumentException($"{change} cannot be proposed.", nameof(change)),
        };
        return new ConfChange(type, change.Id.Value, change.ToContext(), request.Value);
    }

    /// <summary>
    /// Judges an entry. Whoever applies it must obey: when it is refused, neither <see cref="MemberSet"/> nor Raft's configuration changes
    /// (<see cref="RaftCore.ApplyConfChange(ulong, ConfChangeV2)"/> is not called).
    /// </summary>
    /// <remarks>One that changes several members is accepted or refused as a whole; the end of a joint configuration changes no member.</remarks>
    public static MemberVerdict Judge(MemberSet members, ConfChangeV2 change)
    {
        ArgumentNullException.ThrowIfNull(change);
        var verdict = new MemberVerdict(members, KvError.None);
        foreach (var single in change.Changes)
        {
            verdict = MembershipRules.Judge(verdict.Members, Decode(single, change.Context.Span));
            if (!verdict.Accepted)
            {
                return verdict with { Members = members };
            }
        }
        return verdict;
    }

    private static MemberChange Decode(ConfChangeSingle single, ReadOnlySpan<byte> context)
    {
        var id = new NodeId(single.NodeId);
        return single.Type switch
        {
            ConfChangeType.AddNode => MemberChange.ReadAdd(id, isLearner: false, context),
            ConfChangeType.AddLearner => MemberChange.ReadAdd(id, isLearner: true, context),
            ConfChangeType.RemoveNode => new MemberChange.Remove(id),
            ConfChangeType.UpdateNode => MemberChange.ReadUpdate(id, context),
            _ => new MemberChange.Unreadable(id),
        };
    }
}
