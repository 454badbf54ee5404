namespace Akka.Actor;

/// <summary>Root of Akka's own exceptions.</summary>
public abstract class AkkaException : Exception
{
    /// <summary>Without a message.</summary>
    protected AkkaException()
    {
    }

    /// <summary>With a message and, optionally, what caused it.</summary>
    protected AkkaException(string message, Exception cause = null)
        : base(message, cause)
    {
    }

    /// <summary>What caused it, or null.</summary>
    protected Exception Cause => InnerException;
}

/// <summary>An actor's name is not allowed or is taken.</summary>
public class InvalidActorNameException : AkkaException
{
    /// <summary>With a message.</summary>
    public InvalidActorNameException(string message)
        : base(message)
    {
    }

    /// <summary>With a message and its cause.</summary>
    public InvalidActorNameException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>A message that may not be sent, such as null.</summary>
public class InvalidMessageException : AkkaException
{
    /// <summary>With the standard text.</summary>
    public InvalidMessageException()
        : this("Message is null")
    {
    }

    /// <summary>With a message.</summary>
    public InvalidMessageException(string message)
        : base(message)
    {
    }
}

/// <summary>An Ask got no answer in time.</summary>
public class AskTimeoutException : AkkaException
{
    /// <summary>With a message.</summary>
    public AskTimeoutException(string message)
        : base(message)
    {
    }
}

/// <summary>A selection found no actor.</summary>
public class ActorNotFoundException : AkkaException
{
    /// <summary>Without a message.</summary>
    public ActorNotFoundException()
    {
    }

    /// <summary>With a message and its cause.</summary>
    public ActorNotFoundException(string message, Exception innerException = null)
        : base(message, innerException)
    {
    }
}

/// <summary>An actor could not be constructed or started; by default it is stopped.</summary>
public class ActorInitializationException : AkkaException
{
    /// <summary>Without a message.</summary>
    public ActorInitializationException()
    {
    }

    /// <summary>With a message.</summary>
    public ActorInitializationException(string message)
        : base(message)
    {
    }

    /// <summary>With a message and its cause.</summary>
    public ActorInitializationException(string message, Exception cause)
        : base(message, cause)
    {
    }

    /// <summary>For <paramref name="actor"/>.</summary>
    public ActorInitializationException(IActorRef actor, string message, Exception cause = null)
        : base(message, cause)
    {
        Actor = actor;
    }

    /// <summary>The actor that failed, or null.</summary>
    public IActorRef Actor { get; set; }

    /// <inheritdoc/>
    public override string ToString() => Actor is null ? base.ToString() : Actor + ": " + base.ToString();
}

/// <summary>A logger did not start.</summary>
public class LoggerInitializationException : AkkaException
{
    /// <summary>With a message and its cause.</summary>
    public LoggerInitializationException(string message, Exception cause = null)
        : base(message, cause)
    {
    }
}

/// <summary>The actor received <see cref="Kill"/>.</summary>
public class ActorKilledException : AkkaException
{
    /// <summary>Without a message.</summary>
    public ActorKilledException()
    {
    }

    /// <summary>With a message.</summary>
    public ActorKilledException(string message)
        : base(message)
    {
    }
}

/// <summary>An operation does not fit the actor's state, such as stashing one message twice.</summary>
public class IllegalActorStateException : AkkaException
{
    /// <summary>With a message.</summary>
    public IllegalActorStateException(string message)
        : base(message)
    {
    }
}

/// <summary>A name that no actor may have.</summary>
public class IllegalActorNameException : AkkaException
{
    /// <summary>With a message.</summary>
    public IllegalActorNameException(string message)
        : base(message)
    {
    }
}

/// <summary>A watched actor died and its watcher did not handle <see cref="Terminated"/>.</summary>
public class DeathPactException : AkkaException
{
    /// <summary>For the actor that died.</summary>
    public DeathPactException(IActorRef deadActor)
        : base("Monitored actor [" + deadActor + "] terminated")
    {
        DeadActor = deadActor;
    }

    /// <summary>The actor that died.</summary>
    public IActorRef DeadActor { get; }
}

/// <summary>PreRestart threw; the restart goes on.</summary>
public class PreRestartException : ActorInitializationException
{
    /// <summary>For what PreRestart threw while handling <paramref name="cause"/>.</summary>
    public PreRestartException(IActorRef actor, Exception restartException, Exception cause, object optionalMessage)
        : base(actor, "Exception in PreRestart of [" + actor + "] caused by [" + (cause?.Message ?? "null") + "]", restartException)
    {
        RestartException = restartException;
        OptionalMessage = optionalMessage;
    }

    /// <summary>What PreRestart threw.</summary>
    public Exception RestartException { get; }

    /// <summary>The message being handled when the actor failed, or null.</summary>
    public object OptionalMessage { get; }
}

/// <summary>The new instance could not be made during a restart; by default the actor is stopped.</summary>
public class PostRestartException : ActorInitializationException
{
    /// <summary>For what threw while restarting because of <paramref name="originalCause"/>.</summary>
    public PostRestartException(IActorRef actor, Exception cause, Exception originalCause)
        : base(actor, "Exception post restart (" + (originalCause?.GetType().ToString() ?? "null") + ")", cause)
    {
        OriginalCause = originalCause;
    }

    /// <summary>Why the actor was restarted.</summary>
    public Exception OriginalCause { get; }
}

/// <summary>A stash holds as many messages as it may.</summary>
public class StashOverflowException : AkkaException
{
    /// <summary>With a message and its cause.</summary>
    public StashOverflowException(string message, Exception cause = null)
        : base(message, cause)
    {
    }
}
