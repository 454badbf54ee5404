namespace Akka.Cluster;

/// <summary>How copies of the gossip meet.</summary>
internal sealed partial class MembershipCore
{
    /// <summary>To how many at once something urgent is told.</summary>
    private const int Many = 5;

    /// <summary>Another's copy has come.</summary>
    internal void Receive(ClusterMessage.GossipEnvelope envelope)
    {
        var (from, remote, local) = (envelope.From, envelope.Gossip, Gossip);
        if (Refusal(envelope) is { } reason)
        {
            _output.Info($"Ignoring received gossip {reason}");
            return;
        }

        var order = remote.Version.CompareTo(local.Version);
        var merged = order switch
        {
            VectorClock.Ordering.Same => remote.MergeSeen(local),
            VectorClock.Ordering.Before => local,
            VectorClock.Ordering.After => remote,
            _ => remote.Merge(local),
        };

        // The sender lacks something: our changes, or that we have seen its own.
        var talkBack = order is VectorClock.Ordering.Before or VectorClock.Ordering.Concurrent || (!ExitInProgress && !remote.SeenBy(_self));
        State = State.With(ExitInProgress ? merged : merged.MarkSeen(_self));
        foreach (var member in Gossip.Members)
            if (!local.Members.Contains(member)) _output.ForgetHeartbeats(member.Address);
        _exitingConfirmed.RemoveWhere(node => !Gossip.HasMember(node));
        Publish();

        var status = State.SelfMember.Status;
        if (status == MemberStatus.Exiting) BeginExit();
        if (status == MemberStatus.Down && local.GetMember(_self).Status != MemberStatus.Down)
        {
            _output.Warn($"Received gossip where this member has been downed, from [{from.Address}]");
            ShutDownWhenDown();
        }

        if (talkBack) SendGossip(from);
    }

    private string Refusal(ClusterMessage.GossipEnvelope envelope)
    {
        var from = envelope.From;
        if (envelope.To != _self) return $"intended for someone else, from [{from.Address}] to [{envelope.To}]. Our full address is [{_self}]";
        if (!Gossip.HasMember(from)) return $"from unknown [{from.Address}]";
        if (!State.MayGossipTo(from)) return $"from unreachable [{from.Address}]";
        return envelope.Gossip.HasMember(_self) ? null : $"that does not contain myself, from [{from.Address}]";
    }

    /// <summary>Another's version has come.</summary>
    internal void Receive(ClusterMessage.GossipStatus status)
    {
        if (!Gossip.HasMember(status.From) || !State.MayGossipTo(status.From))
        {
            _output.Info($"Ignoring received gossip status from unknown or unreachable [{status.From.Address}]");
            return;
        }

        switch (status.Version.CompareTo(Gossip.Version))
        {
            case VectorClock.Ordering.Same:
                break;
            case VectorClock.Ordering.After:
                _output.Send(status.From.Address, new ClusterMessage.GossipStatus(_self, Gossip.Version));
                break;
            default:
                SendGossip(status.From);
                break;
        }
    }

    /// <summary>Whether gossip should be sent more often for a while: somebody is to learn that it is down, or most have not seen the newest.</summary>
    internal bool NeedsSpeedup =>
        Gossip.Members.Count > 1 && (Gossip.Seen.Count < Gossip.Members.Count / 2 || Gossip.Members.Any(static m => m.Status == MemberStatus.Down));

    /// <summary>Sends gossip to one other, by preference one who has not seen the newest.</summary>
    internal void GossipToSomebody()
    {
        if (Gossip.Members.Count < 2) return;
        var others = Gossip.Members.Where(m => State.MayGossipTo(m.UniqueAddress)).Select(static m => m.UniqueAddress).ToList();
        if (others.Count == 0) return;
        if (_random.NextDouble() < DifferentViewProbability(Gossip.Members.Count))
        {
            var behind = others.FindAll(node => !Gossip.SeenBy(node));
            if (behind.Count > 0) others = behind;
        }

        var peer = others[_random.Next(others.Count)];
        if (Gossip.SeenBy(peer)) _output.Send(peer.Address, new ClusterMessage.GossipStatus(_self, Gossip.Version));
        else SendGossip(peer);
    }

    /// <summary>The preference costs whole gossips; in a large cluster it falls, in a straight line, to a tenth at three times the size.</summary>
    private double DifferentViewProbability(int members)
    {
        var full = _rules.DifferentViewProbability;
        var low = Math.Max(1, _rules.ReduceDifferentViewFrom);
        if (members <= low) return full;
        var way = Math.Min(1, (members - low) / (2.0 * low));
        return full * (1 - (0.9 * way));
    }

    private void GossipToMany()
    {
        var others = Gossip.Members.Where(m => State.MayGossipTo(m.UniqueAddress)).Select(static m => m.UniqueAddress).ToArray();
        _random.Shuffle(others);
        foreach (var node in others.Take(Many)) SendGossip(node);
    }

    private void SendGossip(UniqueAddress to)
    {
        if (State.MayGossipTo(to) || Gossip.GetMember(to).Status == MemberStatus.Down)
            _output.Send(to.Address, new ClusterMessage.GossipEnvelope(_self, to, Gossip));
    }
}
