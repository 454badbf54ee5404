namespace Akka.Cluster;

/// <summary>The events that lead from one state to another.</summary>
internal static class ClusterChanges
{
    /// <summary>Members first, in the order of their addresses, then those removed, reachability, leaders.</summary>
    internal static IEnumerable<ClusterEvent.IClusterDomainEvent> Between(MembershipState before, MembershipState after)
    {
        if (ReferenceEquals(before.Gossip, after.Gossip)) yield break;
        foreach (var e in Members(before.Gossip, after.Gossip)) yield return e;
        foreach (var e in Reachability(before, after)) yield return e;
        foreach (var e in Leaders(before, after)) yield return e;
    }

    private static IEnumerable<ClusterEvent.IClusterDomainEvent> Members(Gossip before, Gossip after)
    {
        foreach (var member in after.Members)
        {
            if (before.Members.TryGetValue(member, out var old) && old.Status == member.Status && old.UpNumber == member.UpNumber) continue;
            yield return member.Status switch
            {
                MemberStatus.Joining => new ClusterEvent.MemberJoined(member),
                MemberStatus.WeaklyUp => new ClusterEvent.MemberWeaklyUp(member),
                MemberStatus.Up => new ClusterEvent.MemberUp(member),
                MemberStatus.Leaving => new ClusterEvent.MemberLeft(member),
                MemberStatus.Exiting => new ClusterEvent.MemberExited(member),
                MemberStatus.Down => new ClusterEvent.MemberDowned(member),
                _ => throw new InvalidOperationException($"A member among the members is {member.Status}: {member}"),
            };
        }

        foreach (var member in before.Members)
            if (!after.Members.Contains(member)) yield return new ClusterEvent.MemberRemoved(member.Copy(MemberStatus.Removed), member.Status);
    }

    private static IEnumerable<ClusterEvent.IClusterDomainEvent> Reachability(MembershipState before, MembershipState after)
    {
        var (old, now) = (before.Gossip.Reachability.NotReachable, after.Gossip.Reachability.NotReachable);
        if (ReferenceEquals(old, now)) yield break;
        foreach (var node in now.Keys.Order())
            if (node != after.Self && !old.ContainsKey(node) && after.Gossip.HasMember(node)) yield return new ClusterEvent.UnreachableMember(after.Gossip.GetMember(node));
        foreach (var node in old.Keys.Order())
            if (node != after.Self && !now.ContainsKey(node) && after.Gossip.HasMember(node)) yield return new ClusterEvent.ReachableMember(after.Gossip.GetMember(node));
    }

    private static IEnumerable<ClusterEvent.IClusterDomainEvent> Leaders(MembershipState before, MembershipState after)
    {
        var leader = after.Leader;
        if (leader != before.Leader) yield return new ClusterEvent.LeaderChanged(leader?.Address);
        foreach (var role in before.Gossip.AllRoles.Union(after.Gossip.AllRoles))
        {
            var roleLeader = after.RoleLeader(role);
            if (roleLeader != before.RoleLeader(role)) yield return new ClusterEvent.RoleLeaderChanged(role, roleLeader?.Address);
        }
    }
}
