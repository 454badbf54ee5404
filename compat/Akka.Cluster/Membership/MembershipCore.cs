using System.Collections.Immutable;
using Akka.Actor;
using Akka.Util;

namespace Akka.Cluster;

/// <summary>
/// Membership as a function of what comes in: joins, leaves, gossip, ticks and the judgement of failure detectors. No clock, no thread, no network.
/// </summary>
/// <remarks>
/// Each node changes its own copy of the gossip and stamps it with its entry of the vector clock; copies meet and merge. Anybody may add a
/// member, mark one leaving or down, or say whom it cannot reach. The steps that all must agree on (up, exiting, removed) are the leader's, and
/// only when all have seen the state that it takes them on. Nobody elects the leader: it is the first by address, so all who agree have the same.
/// </remarks>
internal sealed partial class MembershipCore
{
    private readonly UniqueAddress _self;
    private readonly MembershipRules _rules;
    private readonly IMembershipOutput _output;
    private readonly Random _random;
    private readonly VectorClock.Node _clockNode;
    private readonly HashSet<UniqueAddress> _exitingConfirmed = [];
    private MembershipState _published;

    internal MembershipCore(UniqueAddress self, MembershipRules rules, IMembershipOutput output, Random random)
    {
        _self = self;
        _rules = rules;
        _output = output;
        _random = random;
        _clockNode = Gossip.ClockNode(self);
        State = _published = new MembershipState(Gossip.Empty, self);
    }

    internal MembershipState State { get; private set; }

    /// <summary>Whether this node is in a cluster.</summary>
    internal bool IsMember => !Gossip.Members.IsEmpty;

    /// <summary>Between the news that this node is exiting and the end of its last tasks it does not say it has seen anything: nobody may remove it yet.</summary>
    internal bool ExitInProgress { get; private set; }

    private Gossip Gossip => State.Gossip;

    /// <summary>Founds a cluster of one.</summary>
    internal void JoinSelf(ImmutableHashSet<string> roles, AppVersion version, long nowSeconds)
    {
        if (IsMember) throw new InvalidOperationException("Join can only be done from an empty state");
        Update(Gossip with { Members = Gossip.Members.Add(Member.Create(_self, roles, version)) });
        _output.Info($"Node [{_self.Address}] is JOINING itself (with roles [{string.Join(",", roles)}], version [{version}]) and forming a new cluster");
        LeaderTick(nowSeconds);     // up at once, so that the founder is always the oldest
        Publish();
    }

    /// <summary>Another asks to join.</summary>
    internal void Join(ClusterMessage.Join join)
    {
        var node = join.Node;
        var status = State.SelfMember.Status;
        if (node.Address.Protocol != _self.Address.Protocol)
        {
            _output.Warn($"Member with wrong protocol tried to join, but was ignored, expected [{_self.Address.Protocol}] but was [{node.Address.Protocol}]");
        }
        else if (node.Address.System != _self.Address.System)
        {
            _output.Warn($"Member with wrong ActorSystem name tried to join, but was ignored, expected [{_self.Address.System}] but was [{node.Address.System}]");
        }
        else if (status is MemberStatus.Down or MemberStatus.Exiting)
        {
            _output.Info($"[{node.Address}] wants to join this node, which is [{status}]: ignoring. Use a member that is Up instead.");
        }
        else if (State.Find(node.Address) is not { } known)
        {
            _output.ForgetHeartbeats(node.Address);
            Update(Gossip with { Members = Gossip.Members.Add(Member.Create(node, join.Roles, join.AppVersion)) });
            _output.Info($"Node [{node.Address}] is JOINING, roles [{string.Join(",", join.Roles)}], version [{join.AppVersion}]");
            _output.Send(node.Address, new ClusterMessage.Welcome(_self, Gossip));
            Publish();
        }
        else if (known.UniqueAddress == node)
        {
            // Its welcome got lost.
            _output.Info($"Existing member [{node.Address}] is joining again.");
            if (node != _self) _output.Send(node.Address, new ClusterMessage.Welcome(_self, Gossip));
        }
        else if (known.Status != MemberStatus.Down)
        {
            // One address, another run: the one before is dead, and that is as sure as can be. The new one asks again once it is removed.
            _output.Info($"New incarnation of existing member [{node.Address}] is trying to join. Existing will be removed from the cluster and then new member will be allowed to join.");
            Update(Gossip with { Reachability = Gossip.Reachability.Terminated(_self, known.UniqueAddress) });
            Down(known.Address);
        }
    }

    /// <summary>The node that was asked has let us in.</summary>
    internal bool Welcome(ClusterMessage.Welcome welcome, Address joinWith)
    {
        if (IsMember) throw new InvalidOperationException("Welcome can only be done from an empty state");
        if (welcome.From.Address != joinWith)
        {
            _output.Info($"Ignoring welcome from [{welcome.From.Address}] when trying to join with [{joinWith}]");
            return false;
        }

        if (!welcome.Gossip.HasMember(_self))
        {
            _output.Info($"Ignoring welcome from [{welcome.From.Address}]: it does not contain this run of the node");
            return false;
        }

        _output.Info($"Welcome from [{welcome.From.Address}]");
        State = State.With(welcome.Gossip.MarkSeen(_self));
        Publish();
        SendGossip(welcome.From);
        return true;
    }

    /// <summary>A node is to leave.</summary>
    internal void Leave(Address address)
    {
        var leaving = Gossip.Members.Where(m => m.Address == address && m.Status is MemberStatus.Joining or MemberStatus.WeaklyUp or MemberStatus.Up)
            .Select(static m => m.Copy(MemberStatus.Leaving))
            .ToList();
        if (leaving.Count == 0) return;
        Update(Gossip.Replace(leaving));
        _output.Info($"Marked address [{address}] as [{MemberStatus.Leaving}]");
        Publish();
        GossipToSomebody();
    }

    /// <summary>A node is declared dead.</summary>
    internal void Down(Address address)
    {
        if (State.Find(address) is not { } member)
        {
            _output.Info($"Ignoring down of unknown node [{address}]");
            return;
        }

        if (member.Status == MemberStatus.Down) return;
        var reachable = Gossip.Reachability.IsReachable(member.UniqueAddress);
        _output.Info($"Marking {(reachable ? "" : "unreachable ")}node [{address}] as [{MemberStatus.Down}]");
        Update(Gossip.Replace([member.Copy(MemberStatus.Down)]));
        Publish();
        if (member.UniqueAddress == _self) GossipToMany();
        else SendGossip(member.UniqueAddress);      // should it live after all, it is to know at once
    }

    /// <summary>Remoting has given a run of a node up.</summary>
    internal void Quarantined(UniqueAddress node)
    {
        if (!Gossip.HasMember(node)) return;
        Update(Gossip with { Reachability = Gossip.Reachability.Terminated(_self, node) });
        _output.Warn($"Marking node as TERMINATED [{node.Address}], due to quarantine. It must still be marked as down before it's removed.");
        Publish();
    }

    /// <summary>Asks the failure detector about every other member and notes what has changed.</summary>
    internal void Reap(Func<Address, bool> isAvailable)
    {
        if (Gossip.Members.Count < 2) return;
        var reachability = Gossip.Reachability;
        foreach (var member in Gossip.Members)
        {
            if (member.UniqueAddress == _self) continue;
            var available = isAvailable(member.Address);
            var status = reachability.Status(_self, member.UniqueAddress);
            if (status == ReachabilityStatus.Reachable && !available)
            {
                reachability = reachability.Unreachable(_self, member.UniqueAddress);
                _output.Warn($"Marking node as UNREACHABLE [{member}].");
            }
            else if (status == ReachabilityStatus.Unreachable && available)
            {
                reachability = reachability.Reachable(_self, member.UniqueAddress);
                _output.Info($"Marking node as REACHABLE again [{member}].");
            }
        }

        if (ReferenceEquals(reachability, Gossip.Reachability)) return;
        Update(Gossip with { Reachability = reachability });
        Publish();
    }

    /// <summary>A member has finished its last tasks and shuts down.</summary>
    internal void ExitingConfirmed(UniqueAddress node)
    {
        _output.Info($"Exiting confirmed [{node.Address}]");
        if (Gossip.HasMember(node)) _exitingConfirmed.Add(node);
    }

    /// <summary>Our own last tasks have ended: say so and shut down.</summary>
    internal void ExitingCompleted()
    {
        _output.Info("Exiting completed.");
        ExitInProgress = false;
        if (State.SelfMember.Status != MemberStatus.Removed)
        {
            State = State.With(Gossip.MarkSeen(_self));
            Publish();
            GossipToMany();

            // The two who may lead without us: the first may be about to go as well.
            var others = Gossip.Members.Where(m => m.UniqueAddress != _self).ToList();
            for (var i = 0; i < 2 && State.LeaderOf(others) is { } leader && leader != _self; i++)
            {
                _output.Send(leader.Address, new ClusterMessage.ExitingConfirmed(_self));
                others.RemoveAll(m => m.UniqueAddress == leader);
            }
        }

        _output.ShutDown();
    }

    /// <summary>Takes a change of ours: a new version, which nobody but us has seen.</summary>
    private void Update(Gossip changed) => State = State.With(changed with
    {
        Version = changed.Version.Increment(_clockNode),
        Seen = ExitInProgress ? [] : [_self],
    });

    private void Publish()
    {
        var before = _published;
        if (ReferenceEquals(before.Gossip, Gossip)) return;
        _published = State;
        _output.Changed(before, State);
    }

    private void BeginExit()
    {
        if (ExitInProgress) return;
        ExitInProgress = true;
        _output.ExitBegun();
    }
}
