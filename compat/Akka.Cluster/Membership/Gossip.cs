using System.Collections.Immutable;

namespace Akka.Cluster;

/// <summary>The state of the cluster as one node has it: members, who has seen exactly this version, who cannot reach whom, and the version.</summary>
/// <param name="Tombstones">
/// Members removed not long ago, with the time in seconds since 1970. A node that changed its gossip before it heard of a removal would
/// bring the member back to life when both are merged; the tombstone tells the merge which side is right.
/// </param>
internal sealed record Gossip(
    ImmutableSortedSet<Member> Members,
    ImmutableHashSet<UniqueAddress> Seen,
    Reachability Reachability,
    VectorClock Version,
    ImmutableDictionary<UniqueAddress, long> Tombstones)
{
    /// <summary>How long a removal is remembered.</summary>
    private const long TombstoneSeconds = 24 * 3600;

    /// <summary>How many removals are remembered; a node that restarts in a loop may not swell the gossip.</summary>
    private const int MaxTombstones = 128;

    internal static readonly Gossip Empty = new(
        ImmutableSortedSet<Member>.Empty,
        ImmutableHashSet<UniqueAddress>.Empty,
        Reachability.Empty,
        VectorClock.Create(),
        ImmutableDictionary<UniqueAddress, long>.Empty);

    internal bool IsSingleton => Members.Count == 1;

    internal IEnumerable<string> AllRoles => Members.SelectMany(static m => m.Roles).Distinct();

    internal static VectorClock.Node ClockNode(UniqueAddress node) => VectorClock.Node.Create($"{node.Address}-{node.Uid}");

    internal bool HasMember(UniqueAddress node) => Members.Contains(Member.Removed(node));

    /// <summary>The member of a node; one with status Removed when there is none.</summary>
    internal Member GetMember(UniqueAddress node) => Members.TryGetValue(Member.Removed(node), out var member) ? member : Member.Removed(node);

    internal bool SeenBy(UniqueAddress node) => Seen.Contains(node);

    internal Gossip MarkSeen(UniqueAddress node) => Seen.Contains(node) ? this : this with { Seen = Seen.Add(node) };

    /// <summary>The same version as another: whoever has seen one has seen both.</summary>
    internal Gossip MergeSeen(Gossip that) => this with { Seen = Seen.Union(that.Seen) };

    /// <summary>The same with some members replaced.</summary>
    internal Gossip Replace(IEnumerable<Member> changed)
    {
        var members = Members.ToBuilder();
        foreach (var member in changed)
        {
            members.Remove(member);     // equal by node, so this takes the old one out
            members.Add(member);
        }

        return this with { Members = members.ToImmutable() };
    }

    /// <summary>The same without some members, at <paramref name="nowSeconds"/>.</summary>
    internal Gossip Remove(IReadOnlySet<UniqueAddress> gone, long nowSeconds) => this with
    {
        Members = Members.Except(gone.Select(Member.Removed)),
        Seen = Seen.Except(gone),
        Reachability = Reachability.Remove(gone),
        Version = gone.Aggregate(Version, static (clock, node) => clock.Prune(ClockNode(node))),
        Tombstones = ImmutableDictionary.CreateRange(
            gone.Select(node => KeyValuePair.Create(node, nowSeconds))
                .Concat(Tombstones.Where(stone => !gone.Contains(stone.Key) && nowSeconds - stone.Value < TombstoneSeconds).OrderByDescending(static stone => stone.Value))
                .Take(MaxTombstones)),
    };

    /// <summary>Both as one; nobody has seen it yet.</summary>
    internal Gossip Merge(Gossip that)
    {
        var tombstones = Tombstones.ToBuilder();
        foreach (var (node, at) in that.Tombstones) tombstones[node] = Math.Max(at, tombstones.GetValueOrDefault(node));
        var version = Version.Merge(that.Version);
        var all = Members.Union(that.Members);
        var picked = Member.PickHighestPriority(Members, that.Members).Where(m => !tombstones.ContainsKey(m.UniqueAddress)).ToImmutableSortedSet();
        foreach (var node in all.Where(m => !picked.Contains(m)).Select(static m => m.UniqueAddress).Concat(tombstones.Keys)) version = version.Prune(ClockNode(node));
        return new Gossip(
            picked,
            ImmutableHashSet<UniqueAddress>.Empty,
            Reachability.Merge(picked.Select(static m => m.UniqueAddress).ToHashSet(), that.Reachability),
            version,
            tombstones.ToImmutable());
    }

    public override string ToString() =>
        $"Gossip(members = [{string.Join(", ", Members)}], seen = [{string.Join(", ", Seen.Select(static n => n.Address))}], reachability = [{Reachability}], version = {Version})";
}
