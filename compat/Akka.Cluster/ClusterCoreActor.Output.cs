using Akka.Actor;
using Akka.Event;
using Akka.Remote;

namespace Akka.Cluster;

/// <summary>What the membership wants done.</summary>
internal sealed partial class ClusterCoreActor
{
    public void Send(Address to, ClusterMessage message) => _peers[to].Tell(message, Self);

    public void Changed(MembershipState before, MembershipState after)
    {
        _cluster.Take(after);       // before the events: whoever hears one may ask the cluster
        foreach (var e in ClusterChanges.Between(before, after))
        {
            if (_cluster.Settings.LogInfoVerbose) _cluster.LogInfo($"event {e}");
            _subscriptions.Publish(e);
            if (!_stopping && e is ClusterEvent.MemberRemoved removed) GiveUp(removed);
        }

        if (_stopping) return;
        var changed = new ClusterCommand.StateChanged(after);
        _heartbeat.Tell(changed);
        _splitBrainResolver?.Tell(changed);
        if (after.SelfMember.Status == MemberStatus.Up && before.SelfMember.Status != MemberStatus.Up) _cluster.Callbacks.FireUp();
    }

    public void ForgetHeartbeats(Address node) => _cluster.FailureDetector.Remove(node);

    public void ExitBegun()
    {
        var shutdown = CoordinatedShutdown.Get(Context.System);
        if (shutdown.ShutdownReason is null) _cluster.LogInfo("Exiting, starting coordinated shutdown.");
        _exiting.TrySetResult(Done.Instance);
        _ = shutdown.Run(CoordinatedShutdown.ClusterLeavingReason.Instance);
    }

    public void ShutDown() => _cluster.Shutdown();

    public void Info(string message) => _cluster.LogInfo(message);

    public void Warn(string message) => _cluster.Log.Warning("Cluster Node [{0}] - {1}", _cluster.SelfAddress, message);

    /// <summary>A run of a node that was removed may not be heard again: what it says would be about a cluster that has gone on without it.</summary>
    private void GiveUp(ClusterEvent.MemberRemoved removed)
    {
        var node = removed.Member.UniqueAddress;
        if (node == _cluster.SelfUniqueAddress) return;
        if (removed.PreviousStatus == MemberStatus.Down) Quarantine(node);
        else Timers.StartSingleTimer(node, new ClusterCommand.QuarantineExited(node), s_quarantineExitedAfter);
    }

    private void Quarantine(UniqueAddress node) =>
        ((IRemoteActorRefProvider)_cluster.System.Provider).Quarantine(node.Address, node.Uid);
}
