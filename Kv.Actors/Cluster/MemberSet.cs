using System.Collections.Immutable;
using System.Text.Json;
using Kv.Actors.Model;

namespace Kv.Actors.Cluster;

/// <summary>A member as the cluster knows it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Name">Empty until the member has started and published itself.</param>
/// <param name="PeerUrls">As registered.</param>
/// <param name="ClientUrls">Empty until published.</param>
/// <param name="IsLearner">Replicates but does not vote.</param>
public sealed record ClusterMember(
    NodeId Id,
    string Name,
    ImmutableArray<string> PeerUrls,
    ImmutableArray<string> ClientUrls,
    bool IsLearner)
{
    /// <summary>The record of bucket <c>members</c>: JSON in etcd's field names.</summary>
    public byte[] ToJson() => MemberRecord.Bytes(Record().Write);

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="JsonException">The bytes are not such a record.</exception>
    public static ClusterMember FromJson(ReadOnlySpan<byte> json) => From(MemberRecord.Read(MemberRecord.Parse(json)));

    internal static ClusterMember From(MemberRecord read) =>
        new(new NodeId(read.Id), read.Name ?? "", [.. read.PeerUrls ?? []], [.. read.ClientUrls ?? []], read.IsLearner ?? false);

    internal MemberRecord Record() => new(Id.Value, PeerUrls.IsDefault ? [] : PeerUrls)
    {
        IsLearner = IsLearner ? true : null,
        Name = Name.Length == 0 ? null : Name,
        ClientUrls = ClientUrls.IsDefaultOrEmpty ? null : ClientUrls,
    };
}

/// <summary>The members and the ids that may never return. Immutable: every change gives a new set.</summary>
/// <remarks>Source: reference, cluster membership. Members are listed by ascending id.</remarks>
public sealed class MemberSet
{
    /// <summary>No member yet.</summary>
    public static readonly MemberSet Empty =
        new(ImmutableSortedDictionary<ulong, ClusterMember>.Empty, ImmutableSortedSet<ulong>.Empty);

    private readonly ImmutableSortedDictionary<ulong, ClusterMember> _members;
    private readonly ImmutableSortedSet<ulong> _removed;

    private MemberSet(ImmutableSortedDictionary<ulong, ClusterMember> members, ImmutableSortedSet<ulong> removed)
    {
        _members = members;
        _removed = removed;
    }

    /// <summary>By ascending id.</summary>
    public IEnumerable<ClusterMember> All => _members.Values;

    /// <summary>Ids of members that were removed; they can never join again.</summary>
    public IEnumerable<NodeId> Removed => _removed.Select(static id => new NodeId(id));

    /// <summary>How many members there are, learners included.</summary>
    public int Count => _members.Count;

    /// <summary>The member with this id, or null.</summary>
    public ClusterMember? Find(NodeId id) => _members.GetValueOrDefault(id.Value);

    /// <summary>Whether this id belonged to a member that was removed.</summary>
    public bool WasRemoved(NodeId id) => _removed.Contains(id.Value);

    /// <summary>Adds a member, or puts it in the place of the one with its id.</summary>
    public MemberSet With(ClusterMember member) => new(_members.SetItem(member.Id.Value, member), _removed);

    /// <summary>Removes a member and remembers its id.</summary>
    public MemberSet Without(NodeId id) => new(_members.Remove(id.Value), _removed.Add(id.Value));

    /// <summary>Remembers an id as removed, as a checkpoint lists it.</summary>
    public MemberSet WithRemoved(NodeId id) => new(_members, _removed.Add(id.Value));
}
