using Akka.Actor;
using Akka.Event;

namespace Akka.Cluster;

/// <summary><c>/system/cluster/heartbeatReceiver</c>: asks those that this node watches whether they live, and answers those who ask.</summary>
internal sealed class ClusterHeartbeatActor : UntypedActor, IWithTimers
{
    private readonly Cluster _cluster;
    private readonly HeartbeatRing _ring;
    private readonly PeerSelections _peers;
    private readonly HashSet<UniqueAddress> _firstExpected = [];
    private bool _ticking;
    private long _sequence;

    public ClusterHeartbeatActor(Cluster cluster)
    {
        _cluster = cluster;
        _ring = new HeartbeatRing(cluster.SelfUniqueAddress, cluster.Settings.MonitoredByNrOfMembers);
        _peers = new PeerSelections(Context, "heartbeatReceiver");
    }

    public ITimerScheduler Timers { get; set; }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case ClusterMessage.Heartbeat heartbeat:
                if (_cluster.Settings.VerboseHeartbeatLogging) _cluster.Log.Debug("Cluster Node [{0}] - Heartbeat from [{1}]", _cluster.SelfAddress, heartbeat.From);
                _peers[heartbeat.From].Tell(new ClusterMessage.HeartbeatRsp(_cluster.SelfUniqueAddress, heartbeat.Sequence), Self);
                break;
            case ClusterMessage.HeartbeatRsp response:
                Answered(response.From);
                break;
            case Tick:
                Beat();
                break;
            case FirstExpected first:
                NoAnswerYet(first.Node);
                break;
            case ClusterCommand.StateChanged changed:
                StateChanged(changed.State);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void StateChanged(MembershipState state)
    {
        foreach (var node in _ring.Update(state, node => _cluster.FailureDetector.IsAvailable(node.Address)))
        {
            _firstExpected.Remove(node);

            // Not when another run of the same node is watched by now: the detector is by address.
            if (!_ring.Active.Any(other => other.Address == node.Address)) _cluster.FailureDetector.Remove(node.Address);
        }

        // Nobody to watch, nothing to do: a cluster of one costs no tick.
        var needed = _ring.Active.Any();
        if (needed && !_ticking)
        {
            var interval = _cluster.Settings.HeartbeatInterval;
            Timers.StartPeriodicTimer(Tick.Instance, Tick.Instance, interval, interval);
        }
        else if (!needed && _ticking)
        {
            Timers.Cancel(Tick.Instance);
        }

        _ticking = needed;
    }

    private void Beat()
    {
        var heartbeat = new ClusterMessage.Heartbeat(_cluster.SelfAddress, ++_sequence);
        foreach (var node in _ring.Active)
        {
            _peers[node.Address].Tell(heartbeat, Self);
            if (_cluster.FailureDetector.IsMonitoring(node.Address) || !_firstExpected.Add(node)) continue;
            var first = new FirstExpected(node);
            Timers.StartSingleTimer(first, first, _cluster.Settings.HeartbeatExpectedResponseAfter);
        }
    }

    private void Answered(UniqueAddress node)
    {
        if (!_ring.Watches(node)) return;       // another run of the node, which is no member, or one we have stopped to watch
        if (_cluster.Settings.VerboseHeartbeatLogging) _cluster.Log.Debug("Cluster Node [{0}] - Heartbeat response from [{1}]", _cluster.SelfAddress, node.Address);
        _cluster.FailureDetector.Heartbeat(node.Address);
        if (_ring.Recovered(node)) _cluster.FailureDetector.Remove(node.Address);
    }

    /// <summary>Without any answer the detector would never begin to doubt: count the time from now.</summary>
    private void NoAnswerYet(UniqueAddress node)
    {
        _firstExpected.Remove(node);
        if (_ring.Watches(node) && !_cluster.FailureDetector.IsMonitoring(node.Address)) _cluster.FailureDetector.Heartbeat(node.Address);
    }

    private sealed record Tick : INoSerializationVerificationNeeded
    {
        internal static readonly Tick Instance = new();
    }

    private sealed record FirstExpected(UniqueAddress Node) : INoSerializationVerificationNeeded;
}
