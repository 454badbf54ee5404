using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Kv.Actors.Cluster;
using Kv.Actors.Model;
using Kv.Actors.Raft;

namespace Kv.Actors.Apply;

/// <summary>A root's other half in etcd's terms: what goes into the buckets beside the keys.</summary>
public static class RootImage
{
    /// <summary>The image of a root. O(leases + members).</summary>
    public static EtcdImage Of(StoreRoot root)
    {
        ArgumentNullException.ThrowIfNull(root);
        return new EtcdImage
        {
            ConsistentIndex = root.AppliedIndex,
            Term = root.AppliedTerm,
            ConfStateJson = ConfStateJson(root.ConfState),
            ClusterVersion = root.ClusterVersion ?? "",
            Leases = root.Leases.InOrder(),
            Alarms = [.. root.Alarms.All],
            Members = [.. root.Members.All.Select(static member => (member.Id.Value, Encoding.UTF8.GetString(member.ToJson())))],
            RemovedMembers = [.. root.Members.Removed.Select(static id => id.Value)],
        };
    }

    /// <summary>The members a file lists, without reading anything else of it.</summary>
    /// <exception cref="JsonException">A member's record is not what etcd writes.</exception>
    public static MemberSet MembersIn(IBucketSource source) => MembersOf(EtcdSchema.ReadMembers(source));

    /// <summary>The members an image lists.</summary>
    /// <exception cref="JsonException">A member's record is not what etcd writes.</exception>
    public static MemberSet MembersOf(EtcdImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        var members = MemberSet.Empty;
        foreach (var (_, json) in image.Members)
        {
            members = members.With(ClusterMember.FromJson(Encoding.UTF8.GetBytes(json)));
        }
        return image.RemovedMembers.Aggregate(members, static (set, id) => set.WithRemoved(new NodeId(id)));
    }

    private static string ConfStateJson(ConfState conf)
    {
        var json = new StringBuilder("{");
        Append(json, "voters", conf.Voters);
        json.Append(CultureInfo.InvariantCulture, $",\"auto_leave\":{(conf.AutoLeave ? "true" : "false")}");
        foreach (var (name, ids) in (ReadOnlySpan<(string, ImmutableArray<ulong>)>)[("learners", conf.Learners), ("voters_outgoing", conf.VotersOutgoing), ("learners_next", conf.LearnersNext)])
        {
            if (!ids.IsEmpty)
            {
                Append(json.Append(','), name, ids);
            }
        }
        return json.Append('}').ToString();
    }

    private static void Append(StringBuilder json, string name, ImmutableArray<ulong> ids) =>
        json.Append(CultureInfo.InvariantCulture, $"\"{name}\":[").AppendJoin(',', ids).Append(']');
}
