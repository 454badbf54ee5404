using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;

namespace Akka.Cluster;

/// <summary>From stranger to member: finding a seed, asking to be let in, asking again.</summary>
internal sealed partial class ClusterCoreActor
{
    /// <summary>How often a stranger looks at its clock.</summary>
    private static readonly TimeSpan s_joinTick = TimeSpan.FromMilliseconds(200);

    private static readonly ClusterCommand.SeedTick s_seedTick = new();

    private ImmutableList<Address> _seeds = [];
    private SeedJoin _seedJoin;
    private Address _joinWith;
    private long _retryAt = long.MaxValue;
    private long _giveUpAt = long.MaxValue;

    private static long NowMs => Environment.TickCount64;

    private bool Joining(ClusterCommand command)
    {
        switch (command)
        {
            case ClusterCommand.JoinTo join when _membership.IsMember:
                _cluster.LogInfo($"Trying to join [{join.Address}] when already part of a cluster, ignoring");
                return true;
            case ClusterCommand.JoinTo join:
                Join(join.Address);
                return true;
            case ClusterCommand.JoinSeedNodes join when _membership.IsMember:
                _cluster.LogInfo($"Trying to join seed nodes [{string.Join(", ", join.Seeds)}] when already part of a cluster, ignoring");
                return true;
            case ClusterCommand.JoinSeedNodes join:
                _giveUpAt = _cluster.Settings.ShutdownAfterUnsuccessfulJoinSeedNodes is { } limit ? NowMs + (long)limit.TotalMilliseconds : long.MaxValue;
                LookForSeed(join.Seeds);
                return true;
            case ClusterCommand.SeedTick:
                if (!_membership.IsMember) JoinTick();
                return true;
            default:
                return false;
        }
    }

    private void AsStranger(ClusterMessage message)
    {
        switch (message)
        {
            case ClusterMessage.InitJoin:
                _cluster.LogInfo($"Received InitJoin from [{Sender.Path.Address}], but this node is not initialized yet");
                Sender.Tell(new ClusterMessage.InitJoinNack(_cluster.SelfAddress));
                break;
            case ClusterMessage.InitJoinAck ack when _seedJoin is not null:
                Join(ack.From);
                break;
            case ClusterMessage.InitJoinNack nack when _seedJoin is not null:
                _seedJoin.Refused(nack.From);
                if (_seedJoin.ShouldFound(NowMs)) Join(_cluster.SelfAddress);
                break;
            case ClusterMessage.Welcome welcome when _joinWith is not null:
                if (_membership.Welcome(welcome, _joinWith)) BecomeMember();
                break;
        }
    }

    private void LookForSeed(ImmutableList<Address> seeds)
    {
        if (seeds.IsEmpty) return;
        _seeds = seeds;
        _joinWith = null;
        if (seeds.TrueForAll(seed => seed == _cluster.SelfAddress))
        {
            Join(_cluster.SelfAddress);
            return;
        }

        _seedJoin = new SeedJoin(_cluster.SelfAddress, seeds, (long)_cluster.Settings.SeedNodeTimeout.TotalMilliseconds, NowMs);
        Timers.StartPeriodicTimer(s_seedTick, s_seedTick, s_joinTick);
        AskSeeds();
    }

    private void AskSeeds()
    {
        foreach (var seed in _seedJoin.Ask(NowMs)) _peers[seed].Tell(new ClusterMessage.InitJoin(), Self);
        if (_seedJoin.ShouldWarn(NowMs)) _cluster.Log.Warning("Couldn't join seed nodes yet, will try again. seed-nodes=[{0}]", string.Join(",", _seedJoin.Others));
    }

    private void Join(Address address)
    {
        var self = _cluster.SelfAddress;
        if (address.Protocol != self.Protocol)
        {
            _cluster.Log.Warning("Trying to join member with wrong protocol, but was ignored, expected [{0}] but was [{1}]", self.Protocol, address.Protocol);
            return;
        }

        if (address.System != self.System)
        {
            _cluster.Log.Warning("Trying to join member with wrong ActorSystem name, but was ignored, expected [{0}] but was [{1}]", self.System, address.System);
            return;
        }

        _seedJoin = null;       // whoever joins by hand while no seed answers has decided
        if (address == self)
        {
            _membership.JoinSelf(_cluster.SelfRoles, _cluster.Settings.AppVersion, NowSeconds);
            BecomeMember();
            return;
        }

        _joinWith = address;
        _retryAt = _cluster.Settings.RetryUnsuccessfulJoinAfter is { } retry ? NowMs + (long)retry.TotalMilliseconds : long.MaxValue;
        Timers.StartPeriodicTimer(s_seedTick, s_seedTick, s_joinTick);
        _peers[address].Tell(new ClusterMessage.Join(_cluster.SelfUniqueAddress, _cluster.SelfRoles, _cluster.Settings.AppVersion), Self);
    }

    private void JoinTick()
    {
        if (NowMs >= _giveUpAt)
        {
            _cluster.Log.Warning(
                "Joining of seed-nodes [{0}] was unsuccessful after configured shutdown-after-unsuccessful-join-seed-nodes [{1}]. Running CoordinatedShutdown.",
                string.Join(", ", _seeds),
                _cluster.Settings.ShutdownAfterUnsuccessfulJoinSeedNodes);
            _giveUpAt = long.MaxValue;
            _ = CoordinatedShutdown.Get(Context.System).Run(CoordinatedShutdown.ClusterJoinUnsuccessfulReason.Instance);
        }
        else if (_seedJoin is not null)
        {
            if (_seedJoin.ShouldFound(NowMs))
            {
                _cluster.Log.Debug("Couldn't join other seed nodes, will join myself. seed-nodes=[{0}]", string.Join(",", _seeds));
                Join(_cluster.SelfAddress);
            }
            else
            {
                AskSeeds();
            }
        }
        else if (_joinWith is not null && NowMs >= _retryAt)
        {
            if (_seeds.IsEmpty) Join(_joinWith);
            else LookForSeed(_seeds);
        }
    }

    private void BecomeMember()
    {
        _seedJoin = null;
        _joinWith = null;
        Timers.Cancel(s_seedTick);
        var settings = _cluster.Settings;
        Every(new ClusterCommand.GossipTick(), settings.GossipInterval);
        Every(new ClusterCommand.ReapTick(), settings.UnreachableNodesReaperInterval);
        Every(new ClusterCommand.LeaderTick(), settings.LeaderActionsInterval);

        void Every(ClusterCommand tick, TimeSpan interval)
        {
            var first = settings.PeriodicTasksInitialDelay > interval ? settings.PeriodicTasksInitialDelay : interval;
            Timers.StartPeriodicTimer(tick, tick, first, interval);
        }
    }
}
