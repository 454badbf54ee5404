using System.Collections.Immutable;

namespace Akka.Cluster;

/// <summary>
/// Who watches whom: the members stand in a ring, ordered by a hash of their names, and each watches the next few. So each is watched by as
/// many, however large the cluster is, and neighbours are seldom in one rack.
/// </summary>
internal sealed class HeartbeatRing
{
    private readonly UniqueAddress _self;
    private readonly int _watched;

    internal HeartbeatRing(UniqueAddress self, int watched)
    {
        _self = self;
        _watched = watched;
    }

    internal ImmutableHashSet<UniqueAddress> Receivers { get; private set; } = [];

    /// <summary>Those we watch still because they are unreachable: only so can they be found reachable again.</summary>
    internal ImmutableHashSet<UniqueAddress> Lost { get; private set; } = [];

    internal IEnumerable<UniqueAddress> Active => Receivers.Union(Lost);

    internal bool Watches(UniqueAddress node) => Receivers.Contains(node) || Lost.Contains(node);

    /// <summary>Takes a new state.</summary>
    /// <param name="isAvailable">Whether a node counts as alive.</param>
    /// <returns>Those no longer watched.</returns>
    internal IReadOnlyCollection<UniqueAddress> Update(MembershipState state, Func<UniqueAddress, bool> isAvailable)
    {
        var before = Active.ToHashSet();
        var members = state.Gossip.Members.Select(static m => m.UniqueAddress).ToHashSet();
        var next = Next(state);
        Lost = Lost.Union(Receivers.Where(node => !next.Contains(node) && !isAvailable(node))).Where(node => members.Contains(node) && !next.Contains(node)).ToImmutableHashSet();
        Receivers = next;
        before.ExceptWith(Active);
        return before;
    }

    /// <summary>A node watched only because it was lost is alive again.</summary>
    /// <returns>Whether it was one of those.</returns>
    internal bool Recovered(UniqueAddress node)
    {
        if (!Lost.Contains(node)) return false;
        Lost = Lost.Remove(node);
        return true;
    }

    /// <summary>The next in the ring after us, so many that enough of them are reachable.</summary>
    private ImmutableHashSet<UniqueAddress> Next(MembershipState state)
    {
        var ring = state.Gossip.Members.Select(static m => m.UniqueAddress).OrderBy(Place).ThenBy(static node => node).ToList();
        var start = ring.IndexOf(_self);
        if (start < 0) return [];
        var next = ImmutableHashSet.CreateBuilder<UniqueAddress>();
        var reachable = 0;
        for (var i = 1; i < ring.Count && reachable < _watched; i++)
        {
            var node = ring[(start + i) % ring.Count];
            next.Add(node);
            if (state.Gossip.Reachability.IsReachable(node)) reachable++;
        }

        return next.ToImmutable();
    }

    /// <summary>FNV-1a over the name: the same on all nodes, unlike <see cref="object.GetHashCode"/>.</summary>
    private static uint Place(UniqueAddress node)
    {
        var hash = 2166136261u;
        foreach (var c in node.ToString()) hash = unchecked((hash ^ c) * 16777619u);
        return hash;
    }
}
