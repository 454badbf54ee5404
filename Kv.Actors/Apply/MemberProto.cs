using Kv.Actors.Cluster;
using Kv.Actors.Model;
using Kv.Actors.Protos.Etcdserverpb;

namespace Kv.Actors.Apply;

/// <summary>Members as the API's messages have them.</summary>
public static class MemberProto
{
    /// <summary>One member.</summary>
    public static Member Of(ClusterMember member)
    {
        ArgumentNullException.ThrowIfNull(member);
        var listed = new Member { ID = member.Id.Value, Name = member.Name, IsLearner = member.IsLearner };
        listed.PeerURLs.AddRange(member.PeerUrls);
        listed.ClientURLs.AddRange(member.ClientUrls);
        return listed;
    }

    /// <summary>All of them, by ascending id.</summary>
    public static IEnumerable<Member> Of(MemberSet members)
    {
        ArgumentNullException.ThrowIfNull(members);
        return members.All.Select(Of);
    }

    /// <summary>The members that a message lists.</summary>
    public static MemberSet SetOf(IEnumerable<Member> listed)
    {
        ArgumentNullException.ThrowIfNull(listed);
        return listed.Aggregate(MemberSet.Empty, static (set, member) => set.With(new ClusterMember(
            new NodeId(member.ID), member.Name, [.. member.PeerURLs], [.. member.ClientURLs], member.IsLearner)));
    }
}
