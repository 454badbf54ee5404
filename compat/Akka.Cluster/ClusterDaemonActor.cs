using Akka.Actor;
using Akka.Event;

namespace Akka.Cluster;

/// <summary><c>/system/cluster</c>: top of the cluster's actors, and its part in the coordinated shutdown.</summary>
/// <remarks><code>
///  /system/cluster                     this; hands what <see cref="Cluster"/> asks to
///                 /core/daemon         membership and gossip
///                 /core/daemon/downing decides who is declared dead, when a provider is configured
///                 /heartbeatReceiver   asks and answers heartbeats
/// </code>
/// What other nodes send to has the package's paths, which are named in <c>akka.remote.trusted-selection-paths</c>.
/// </remarks>
internal sealed class ClusterDaemonActor : UntypedActor
{
    private readonly Cluster _cluster;
    private readonly CoordinatedShutdown _shutdown;
    private readonly TaskCompletionSource<Done> _exiting = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<Done> _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IActorRef _core;

    public ClusterDaemonActor(Cluster cluster)
    {
        _cluster = cluster;
        _shutdown = CoordinatedShutdown.Get(Context.System);
    }

    protected override void PreStart()
    {
        var dispatcher = _cluster.Settings.UseDispatcher;
        var heartbeat = Context.ActorOf(Props.Create(() => new ClusterHeartbeatActor(_cluster)).WithDispatcher(dispatcher), "heartbeatReceiver");
        var core = Props.Create(() => new ClusterCoreActor(_cluster, heartbeat, _exiting)).WithDispatcher(dispatcher);
        _core = Context.ActorOf(Props.Create(() => new ClusterCoreSupervisor(core, _cluster.Log)).WithDispatcher(dispatcher), "core");
        Context.Watch(_core);
        AddShutdownTasks();
    }

    // See ClusterCoreSupervisor; of the other parts too none can be trusted to go on.
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(e =>
    {
        _cluster.Log.Error(e, "Cluster node [{0}] crashed, [{1}] - shutting down...", _cluster.SelfAddress, e.Message);
        _cluster.Shutdown();
        Context.Stop(Self);
        return Directive.Stop;
    });

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Terminated:
                _cluster.Shutdown();
                Context.Stop(Self);
                break;
            default:
                _core.Forward(message);
                break;
        }
    }

    protected override void PostStop()
    {
        _cluster.Shutdown();
        _exiting.TrySetResult(Done.Instance);
        _stopped.TrySetResult(Done.Instance);
        _cluster.Callbacks.FireRemoved();

        // Declared dead, the system ends. After a leave the shutdown runs already, and this is only another asking for it.
        if (_cluster.Settings.RunCoordinatedShutdownWhenDown) _ = _shutdown.Run(CoordinatedShutdown.ClusterDowningReason.Instance);
    }

    private void AddShutdownTasks()
    {
        var core = _core;
        _shutdown.AddTask(CoordinatedShutdown.PhaseClusterLeave, "leave", () => IsOut()
            ? Task.FromResult(Done.Instance)
            : core.Ask<Done>(new ClusterCommand.LeaveForShutdown(), _shutdown.Timeout(CoordinatedShutdown.PhaseClusterLeave)));
        _shutdown.AddTask(CoordinatedShutdown.PhaseClusterExiting, "wait-exiting", () => IsOut() ? Task.FromResult(Done.Instance) : _exiting.Task);
        _shutdown.AddTask(CoordinatedShutdown.PhaseClusterExitingDone, "exiting-completed", () => _cluster.IsTerminated || _cluster.SelfMember.Status == MemberStatus.Down
            ? Task.FromResult(Done.Instance)
            : core.Ask<Done>(new ClusterCommand.ExitingCompleted(), _shutdown.Timeout(CoordinatedShutdown.PhaseClusterExitingDone)));
        _shutdown.AddTask(CoordinatedShutdown.PhaseClusterShutdown, "wait-shutdown", () => _stopped.Task);
    }

    /// <summary>Whether there is nothing to leave in order: not joined, declared dead, or ended.</summary>
    private bool IsOut() => _cluster.IsTerminated || _cluster.SelfMember.Status is MemberStatus.Removed or MemberStatus.Down;
}
