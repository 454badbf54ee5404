using Akka.Actor;
using Akka.Event;

namespace Akka.Cluster;

/// <summary><c>/system/cluster/core</c>: holds <see cref="ClusterCoreActor"/> and ends with it.</summary>
internal sealed class ClusterCoreSupervisor(Props core, ILoggingAdapter log) : UntypedActor
{
    private IActorRef _core;

    protected override void PreStart()
    {
        _core = Context.ActorOf(core, "daemon");
        Context.Watch(_core);
    }

    // A core that was restarted would have forgotten the cluster while the others count on it: the node goes instead.
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(e =>
    {
        log.Error(e, "Cluster core crashed, [{0}] - it stops", e.Message);
        return Directive.Stop;
    });

    protected override void OnReceive(object message)
    {
        if (message is Terminated) Context.Stop(Self);
        else _core.Forward(message);
    }
}
