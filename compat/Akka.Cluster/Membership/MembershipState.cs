using System.Collections.Immutable;
using Akka.Actor;

namespace Akka.Cluster;

/// <summary>The gossip as one node reads it: who leads, and whether all agree.</summary>
internal sealed class MembershipState(Gossip gossip, UniqueAddress self)
{
    private Reachability _trusted;

    internal Gossip Gossip => gossip;

    internal UniqueAddress Self => self;

    internal Member SelfMember => gossip.GetMember(self);

    /// <summary>The first by address that can be reached and is up or leaving; without any, the fittest of the rest. Null when alone with the dead.</summary>
    internal UniqueAddress Leader => LeaderOf(gossip.Members);

    /// <summary>Reachability, without what members say that are down.</summary>
    internal Reachability Trusted => _trusted ??= gossip.Reachability.WithoutObservers(
        gossip.Members.Where(static m => m.Status == MemberStatus.Down).Select(static m => m.UniqueAddress).ToHashSet());

    internal MembershipState With(Gossip next) => new(next, self);

    internal UniqueAddress RoleLeader(string role) => LeaderOf(gossip.Members.Where(m => m.HasRole(role)));

    internal UniqueAddress LeaderOf(IEnumerable<Member> members)
    {
        var able = members
            .Where(m => m.UniqueAddress == self || (m.Status != MemberStatus.Down && gossip.Reachability.IsReachable(m.UniqueAddress)))
            .Where(m => m.Status != MemberStatus.Down || !gossip.Reachability.IsAllReachable)
            .ToList();
        if (able.Count == 0) return null;
        able.Sort();
        return (able.Find(static m => m.Status is MemberStatus.Up or MemberStatus.Leaving) ?? able.Min(Member.LeaderOrdering)).UniqueAddress;
    }

    /// <summary>
    /// Whether every member that counts has seen this version and can be reached. Only then may the leader move members on: what it decides is
    /// then decided on a state that all know. Those down or exiting hinder nobody, nor do those that have said they are done with exiting.
    /// </summary>
    internal bool Convergence(IReadOnlySet<UniqueAddress> exitingConfirmed)
    {
        foreach (var node in Trusted.NotReachable.Keys)
        {
            if (node == self || exitingConfirmed.Contains(node)) continue;
            if (gossip.GetMember(node).Status is not (MemberStatus.Down or MemberStatus.Exiting)) return false;
        }

        return gossip.Members.All(m => m.Status is not (MemberStatus.Up or MemberStatus.Leaving)
            || gossip.SeenBy(m.UniqueAddress)
            || exitingConfirmed.Contains(m.UniqueAddress));
    }

    /// <summary>Whether gossip may be sent to a node: not to oneself, and not to whom one cannot reach.</summary>
    internal bool MayGossipTo(UniqueAddress node) =>
        node != self && gossip.Reachability.Status(self, node) == ReachabilityStatus.Reachable;

    /// <summary>The state for those outside.</summary>
    internal ClusterEvent.CurrentClusterState ToPublic() => new(
        gossip.Members,
        gossip.Reachability.NotReachable.Keys.Where(node => node != self && gossip.HasMember(node)).Select(gossip.GetMember).ToImmutableHashSet(),
        gossip.Seen.Select(static node => node.Address).ToImmutableHashSet(),
        Leader?.Address,
        gossip.AllRoles.ToImmutableDictionary(static role => role, role => RoleLeader(role)?.Address));

    internal Member Find(Address address) => gossip.Members.FirstOrDefault(m => m.Address == address);
}
