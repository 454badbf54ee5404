using Akka.Actor;
using Akka.Event;

namespace Akka.Dispatch.SysMsg;

/// <summary>Overtakes ordinary messages.</summary>
public interface ISystemMessage : INoSerializationVerificationNeeded;

/// <summary>Links itself into the mailbox's list of system messages.</summary>
public abstract class SystemMessage : ISystemMessage
{
    internal SystemMessage Next;
}

/// <summary>Makes the actor's first instance.</summary>
public sealed class Create : SystemMessage
{
    /// <summary>With a failure that happened before, or null.</summary>
    public Create(ActorInitializationException failure = null) => Failure = failure;

    /// <summary>What went wrong before, or null.</summary>
    public ActorInitializationException Failure { get; }
}

/// <summary>Replaces the actor by a new instance.</summary>
public sealed class Recreate : SystemMessage
{
    /// <summary>Because of this.</summary>
    public Recreate(Exception cause) => Cause = cause;

    /// <summary>Why.</summary>
    public Exception Cause { get; }
}

/// <summary>Stops handling ordinary messages.</summary>
public sealed class Suspend : SystemMessage;

/// <summary>Handles ordinary messages again.</summary>
public sealed class Resume : SystemMessage
{
    /// <summary>With the failure decided upon, or null.</summary>
    public Resume(Exception causedByFailure) => CausedByFailure = causedByFailure;

    /// <summary>The failure decided upon, or null.</summary>
    public Exception CausedByFailure { get; set; }
}

/// <summary>Stops the actor and its children.</summary>
public sealed class Terminate : SystemMessage, IPossiblyHarmful, IDeadLetterSuppression;

/// <summary>A child failed and waits for a decision.</summary>
public sealed class Failed : SystemMessage
{
    /// <summary>For that incarnation of the child.</summary>
    public Failed(IActorRef child, Exception cause, long uid)
    {
        Child = child;
        Cause = cause;
        Uid = uid;
    }

    /// <summary>Who failed.</summary>
    public IActorRef Child { get; }

    /// <summary>Why.</summary>
    public Exception Cause { get; }

    /// <summary>The incarnation that failed.</summary>
    public long Uid { get; }

    /// <inheritdoc/>
    public override string ToString() => $"<Failed>: {Child} ({Uid}) {Cause}";
}

/// <summary>An actor wants to know when another stops.</summary>
public class Watch : SystemMessage
{
    /// <summary>For the pair.</summary>
    public Watch(IInternalActorRef watchee, IInternalActorRef watcher)
    {
        Watchee = watchee;
        Watcher = watcher;
    }

    /// <summary>Who is watched.</summary>
    public IInternalActorRef Watchee { get; }

    /// <summary>Who watches.</summary>
    public IInternalActorRef Watcher { get; }
}

/// <summary>Takes a <see cref="Watch"/> back.</summary>
public sealed class Unwatch : SystemMessage
{
    /// <summary>For the pair.</summary>
    public Unwatch(IInternalActorRef watchee, IInternalActorRef watcher)
    {
        Watchee = watchee;
        Watcher = watcher;
    }

    /// <summary>Who is watched.</summary>
    public IInternalActorRef Watchee { get; }

    /// <summary>Who watches.</summary>
    public IInternalActorRef Watcher { get; }
}

/// <summary>A watched actor, or a child, has stopped.</summary>
public sealed class DeathWatchNotification : SystemMessage, IDeadLetterSuppression
{
    /// <summary>For the actor that stopped.</summary>
    public DeathWatchNotification(IActorRef actor, bool existenceConfirmed, bool addressTerminated)
    {
        Actor = actor;
        ExistenceConfirmed = existenceConfirmed;
        AddressTerminated = addressTerminated;
    }

    /// <summary>Who stopped.</summary>
    public IActorRef Actor { get; }

    /// <summary>Whether it is known to have existed.</summary>
    public bool ExistenceConfirmed { get; }

    /// <summary>Whether its node is gone.</summary>
    public bool AddressTerminated { get; }
}

/// <summary>A continuation of an asynchronous handler, to be run on the actor.</summary>
public sealed class ActorTask : SystemMessage
{
    /// <summary>For the task.</summary>
    public ActorTask(Task task) => Task = task;

    /// <summary>What to run.</summary>
    public Task Task { get; }
}

/// <summary>An asynchronous handler has ended, well or not.</summary>
internal sealed class AsyncHandlerDone(Exception failure, int number) : SystemMessage
{
    internal int Number { get; } = number;

    internal Exception Failure { get; } = failure;
}

/// <summary>Asks the system guardian to wait for this actor before the system stops.</summary>
public sealed class RegisterTerminationHook
{
    private RegisterTerminationHook()
    {
    }

    /// <summary>The only instance.</summary>
    public static RegisterTerminationHook Instance { get; } = new();
}

/// <summary>The user's actors are gone: finish, then answer <see cref="TerminationHookDone"/>.</summary>
public sealed class TerminationHook
{
    private TerminationHook()
    {
    }

    /// <summary>The only instance.</summary>
    public static TerminationHook Instance { get; } = new();
}

/// <summary>Answer to <see cref="TerminationHook"/>.</summary>
public sealed class TerminationHookDone
{
    private TerminationHookDone()
    {
    }

    /// <summary>The only instance.</summary>
    public static TerminationHookDone Instance { get; } = new();
}
