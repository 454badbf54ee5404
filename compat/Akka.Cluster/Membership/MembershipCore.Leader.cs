namespace Akka.Cluster;

/// <summary>The leader's steps.</summary>
internal sealed partial class MembershipCore
{
    /// <summary>After so many leader ticks without agreement it is logged, and again after each further <see cref="NoticeEvery"/>.</summary>
    private const int FirstNotice = 20;

    private const int NoticeEvery = 60;

    /// <summary>A node that is down waits so many ticks for the others that are down to hear it as well.</summary>
    private const int TicksBeforeShutdown = 4;

    private bool _leading;
    private int _ticksWithoutConvergence;
    private int _ticksDown;

    /// <summary>Does what the leader has to, when we are it.</summary>
    internal void LeaderTick(long nowSeconds)
    {
        if (State.Leader == _self)
        {
            if (!_leading) _output.Info("is the new leader among reachable nodes (more leaders may exist)");
            _leading = true;
            if (State.Convergence(_exitingConfirmed)) Lead(nowSeconds);
            else WaitForConvergence();
        }
        else if (_leading)
        {
            _output.Info("is no longer leader");
            _leading = false;
        }

        _exitingConfirmed.RemoveWhere(node => !Gossip.HasMember(node));
        if (State.SelfMember.Status == MemberStatus.Down) ShutDownWhenDown();
    }

    private void Lead(long nowSeconds)
    {
        if (_ticksWithoutConvergence >= FirstNotice) _output.Info("Leader can perform its duties again");
        _ticksWithoutConvergence = 0;
        var gone = Gossip.Reachability.NotReachable.Keys
            .Where(node => Gossip.GetMember(node).Status is MemberStatus.Down or MemberStatus.Exiting)
            .Concat(_exitingConfirmed.Where(node => Gossip.GetMember(node).Status == MemberStatus.Exiting))
            .ToHashSet();
        var moved = Promoted().Concat(Gossip.Members.Where(static m => m.Status == MemberStatus.Leaving).Select(static m => m.Copy(MemberStatus.Exiting))).ToList();
        if (gone.Count == 0 && moved.Count == 0) return;

        foreach (var member in moved) _output.Info($"Leader is moving node [{member.Address}] to [{member.Status}]");
        foreach (var node in gone) _output.Info($"Leader is removing {Gossip.GetMember(node).Status} node [{node.Address}]");
        var exits = moved.Exists(m => m.UniqueAddress == _self && m.Status == MemberStatus.Exiting);
        if (exits) ExitInProgress = true;        // before the update, which then does not say that we have seen it
        var next = Gossip.Replace(moved);
        Update(gone.Count == 0 ? next : next.Remove(gone, nowSeconds));
        Publish();
        if (!exits) return;
        GossipToMany();         // nobody else would lead for a while: let them know before we go
        _output.ExitBegun();
    }

    /// <summary>Those joining, or weakly up, as up members; nobody while there are too few.</summary>
    private List<Member> Promoted()
    {
        if (!EnoughMembers()) return [];
        var youngest = Gossip.Members.Where(static m => m.UpNumber != int.MaxValue).Select(static m => m.UpNumber).DefaultIfEmpty(0).Max();
        return [.. Gossip.Members
            .Where(static m => m.Status is MemberStatus.Joining or MemberStatus.WeaklyUp)
            .Select((m, i) => m.CopyUp(youngest + 1 + i))];
    }

    private bool EnoughMembers() =>
        Gossip.Members.Count >= _rules.MinMembers
        && _rules.MinMembersOfRole.All(role => Gossip.Members.Count(m => m.HasRole(role.Key)) >= role.Value);

    private void WaitForConvergence()
    {
        _ticksWithoutConvergence++;
        if (_rules.WeaklyUpTicks > 0 && _ticksWithoutConvergence >= _rules.WeaklyUpTicks) WeaklyUp();
        if (_ticksWithoutConvergence == FirstNotice || _ticksWithoutConvergence % NoticeEvery == 0)
        {
            var members = string.Join(", ", Gossip.Members.Select(m => $"{m.Address} {m.Status} seen={Gossip.SeenBy(m.UniqueAddress)}"));
            _output.Info($"Leader can currently not perform its duties, reachability status: [{State.Trusted}], member status: [{members}]");
        }
    }

    private void WeaklyUp()
    {
        if (!EnoughMembers()) return;
        var moved = Gossip.Members
            .Where(m => m.Status == MemberStatus.Joining && State.Trusted.IsReachable(m.UniqueAddress))
            .Select(static m => m.Copy(MemberStatus.WeaklyUp))
            .ToList();
        if (moved.Count == 0) return;
        foreach (var member in moved) _output.Info($"Leader is moving node [{member.Address}] to [{member.Status}]");
        Update(Gossip.Replace(moved));
        Publish();
    }

    /// <summary>We were declared dead: shut down, but not before the others who were have heard it or had time to.</summary>
    private void ShutDownWhenDown()
    {
        var waiting = Gossip.Members.Any(m => m.Status == MemberStatus.Down && Gossip.Reachability.IsReachable(m.UniqueAddress) && !Gossip.SeenBy(m.UniqueAddress));
        if (waiting && _ticksDown++ < TicksBeforeShutdown) return;
        _output.Info("Node has been marked as DOWN. Shutting down myself");
        GossipToMany();
        _output.ShutDown();
    }
}
