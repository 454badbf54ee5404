namespace Akka.Cluster.SBR;

/// <summary>Which side of a split lives on, as each side finds out for itself: both must come to the same without a word between them.</summary>
internal static class Verdict
{
    private enum Side
    {
        Ours,
        Theirs,
        Neither,
    }

    /// <summary>Whom this node, as the leader of its side, declares dead; may be its own side.</summary>
    internal static IReadOnlyCollection<UniqueAddress> Of(MembershipState state, SplitBrainResolverSettings settings)
    {
        var unreachable = state.Gossip.Reachability.NotReachable.Keys.Where(node => node != state.Self).ToHashSet();
        if (unreachable.Count == 0) return [];

        // Some can reach them and some cannot: no clean split. They count as lost, whatever side is judged.
        var torn = unreachable.Where(node => state.Gossip.SeenBy(node) || state.Gossip.Reachability.Rows.GetValueOrDefault(node) is { Subjects.IsEmpty: false }).ToHashSet();
        var all = state.Gossip.Members;
        var ours = all.Where(m => !unreachable.Contains(m.UniqueAddress)).ToList();
        var theirs = all.Where(m => unreachable.Contains(m.UniqueAddress)).ToList();
        var side = settings.DowningStrategy switch
        {
            SplitBrainResolverSettings.KeepMajorityName => Majority(ours, theirs, settings.KeepMajorityRole),
            SplitBrainResolverSettings.StaticQuorumName => Quorum(ours, theirs, settings.StaticQuorumSettings),
            SplitBrainResolverSettings.KeepOldestName => Oldest(ours, theirs, settings.KeepOldestSettings),
            _ => Side.Neither,
        };

        // When the torn are not a whole side, they could hold themselves for the survivors: only ours can be sure.
        if (side == Side.Theirs && torn.Count > 0) side = Side.Neither;
        return side switch
        {
            Side.Ours => [.. unreachable],
            Side.Theirs => [.. ours.Select(static m => m.UniqueAddress)],
            _ => All(state),
        };
    }

    internal static IReadOnlyCollection<UniqueAddress> All(MembershipState state) => [.. state.Gossip.Members.Select(static m => m.UniqueAddress)];

    private static Side Majority(List<Member> ours, List<Member> theirs, string role)
    {
        var known = Compare(Counted(ours, role, IsUp), Counted(theirs, role, IsUp));

        // While the split began, the other side may have moved members up, or ours out, that we do not know of. If that would turn the
        // verdict, the other side may have come to the same as we: then nobody is safe.
        var atWorst = Compare(Counted(ours, role, static m => m.Status == MemberStatus.Up), Counted(theirs, role, static m => IsUp(m) || m.Status is MemberStatus.Joining or MemberStatus.WeaklyUp));
        return known == Side.Ours && atWorst != Side.Ours ? Side.Neither : known;
    }

    private static Side Compare(List<Member> ours, List<Member> theirs)
    {
        if (ours.Count == 0 && theirs.Count == 0) return Side.Neither;
        if (ours.Count != theirs.Count) return ours.Count > theirs.Count ? Side.Ours : Side.Theirs;
        return ours.Min().CompareTo(theirs.Min()) < 0 ? Side.Ours : Side.Theirs;     // as many on both: where the first by address is
    }

    private static Side Quorum(List<Member> ours, List<Member> theirs, StaticQuorumSettings settings)
    {
        var (here, there) = (Counted(ours, settings.Role, IsUp).Count, Counted(theirs, settings.Role, IsUp).Count);
        if (here + there > (settings.Size * 2) - 1) return Side.Neither;      // both sides could have a quorum
        return here >= settings.Size ? Side.Ours : Side.Theirs;
    }

    private static Side Oldest(List<Member> ours, List<Member> theirs, KeepOldestSettings settings)
    {
        var (here, there) = (Counted(ours, settings.Role, IsUp), Counted(theirs, settings.Role, IsUp));
        var oldest = here.Concat(there).Min(Member.AgeOrdering);
        if (oldest is null) return Side.Neither;
        var (mine, other) = here.Contains(oldest) ? (here, there) : (there, here);
        var goes = settings.DownIfAlone && mine.Count == 1 && other.Count > 1;
        return here.Contains(oldest) != goes ? Side.Ours : Side.Theirs;
    }

    private static List<Member> Counted(List<Member> members, string role, Predicate<Member> counts) =>
        members.FindAll(m => counts(m) && (role is null || m.HasRole(role)));

    private static bool IsUp(Member member) => member.Status is MemberStatus.Up or MemberStatus.Leaving;
}
