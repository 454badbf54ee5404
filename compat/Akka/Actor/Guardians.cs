using Akka.Dispatch.SysMsg;
using Akka.Event;

namespace Akka.Actor;

/// <summary>Tells the root whom to follow into the end.</summary>
internal sealed record RootWatch(IActorRef SystemGuardian) : INoSerializationVerificationNeeded;

/// <summary>Asks the user guardian to stop one of its children.</summary>
internal sealed record StopChild(IActorRef Child) : INoSerializationVerificationNeeded;

/// <summary>The root and <c>/user</c>.</summary>
internal sealed class GuardianActor : ActorBase
{
    protected override bool Receive(object message)
    {
        switch (message)
        {
            case Terminated:
                Context.Stop(Self);
                return true;
            case StopChild stop:
                Context.Stop(stop.Child);
                return true;
            case RootWatch root:
                Context.Watch(root.SystemGuardian);
                return true;
            default:
                Context.System.DeadLetters.Tell(new DeadLetter(message, Sender, Self), Sender);
                return true;
        }
    }
}

/// <summary><c>/system</c>: stops after <c>/user</c> and after all who asked to be waited for.</summary>
internal sealed class SystemGuardianActor : ActorBase
{
    private readonly IActorRef _userGuardian;
    private readonly HashSet<IActorRef> _hooks = [];

    public SystemGuardianActor(IActorRef userGuardian) => _userGuardian = userGuardian;

    protected override void PreStart() => Context.Watch(_userGuardian);

    // The default would stop the children.
    protected override void PreRestart(Exception reason, object message)
    {
    }

    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(Actor.SupervisorStrategy.DefaultDecider);

    protected override bool Receive(object message)
    {
        switch (message)
        {
            case Terminated terminated when terminated.ActorRef.Equals(_userGuardian):
                Become(Terminating);
                foreach (var hook in _hooks) hook.Tell(TerminationHook.Instance, Self);
                StopWhenAllDone();
                return true;
            case Terminated terminated:
                _hooks.Remove(terminated.ActorRef);
                return true;
            case StopChild stop:
                Context.Stop(stop.Child);
                return true;
            case RegisterTerminationHook:
                if (Sender.Equals(Context.System.DeadLetters)) return true;
                _hooks.Add(Sender);
                Context.Watch(Sender);
                return true;
            default:
                Context.System.DeadLetters.Tell(new DeadLetter(message, Sender, Self), Sender);
                return true;
        }
    }

    private bool Terminating(object message)
    {
        switch (message)
        {
            case Terminated terminated:
                _hooks.Remove(terminated.ActorRef);
                StopWhenAllDone();
                return true;
            case TerminationHookDone:
                _hooks.Remove(Sender);
                StopWhenAllDone();
                return true;
            default:
                Context.System.DeadLetters.Tell(new DeadLetter(message, Sender, Self), Sender);
                return true;
        }
    }

    private void StopWhenAllDone()
    {
        if (_hooks.Count == 0) Context.Stop(Self);
    }
}
