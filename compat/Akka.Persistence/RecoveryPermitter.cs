using Akka.Actor;
using Akka.Event;

namespace Akka.Persistence;

internal sealed class RequestRecoveryPermit
{
    public static readonly RequestRecoveryPermit Instance = new();
}

internal sealed class RecoveryPermitGranted
{
    public static readonly RecoveryPermitGranted Instance = new();
}

internal sealed class ReturnRecoveryPermit
{
    public static readonly ReturnRecoveryPermit Instance = new();
}

/// <summary>Bounds how many actors recover at once, so that a start of many does not swamp the journal.</summary>
internal sealed class RecoveryPermitter(int maxPermits) : UntypedActor
{
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly LinkedList<IActorRef> _waiting = new();
    private readonly HashSet<IActorRef> _recovering = [];

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case RequestRecoveryPermit:
                Request(Sender);
                break;
            case ReturnRecoveryPermit:
                Context.Unwatch(Sender);
                Return(Sender);
                break;
            case Terminated terminated:
                if (!_waiting.Remove(terminated.ActorRef)) Return(terminated.ActorRef);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Request(IActorRef actor)
    {
        Context.Watch(actor);
        if (_recovering.Contains(actor))
        {
            actor.Tell(RecoveryPermitGranted.Instance, Self);      // restarted before its first recovery ended
            return;
        }

        if (_recovering.Count < maxPermits)
        {
            Grant(actor);
            return;
        }

        if (_waiting.Count == 0)
            _log.Debug("Exceeded max-concurrent-recoveries [{0}]. First pending {1}", maxPermits, actor);
        _waiting.AddLast(actor);
    }

    private void Grant(IActorRef actor)
    {
        _recovering.Add(actor);
        actor.Tell(RecoveryPermitGranted.Instance, Self);
    }

    private void Return(IActorRef actor)
    {
        if (!_recovering.Remove(actor) || _waiting.First is not { } next) return;
        _waiting.RemoveFirst();
        Grant(next.Value);
    }
}
