using Akka.Event;

namespace Akka.Actor;

/// <summary>Handled by Akka before the actor sees it.</summary>
public interface IAutoReceivedMessage;

/// <summary>Does not reset the receive timeout.</summary>
public interface INotInfluenceReceiveTimeout;

/// <summary>Not accepted from untrusted peers.</summary>
public interface IPossiblyHarmful;

/// <summary>Never serialized, not even when verification is on.</summary>
public interface INoSerializationVerificationNeeded;

/// <summary>Carries another message.</summary>
public interface IWrappedMessage
{
    /// <summary>The message carried.</summary>
    object Message { get; }
}

/// <summary>Stops an actor once it has handled everything sent before.</summary>
public sealed class PoisonPill : IAutoReceivedMessage, IPossiblyHarmful, IDeadLetterSuppression
{
    private PoisonPill()
    {
    }

    /// <summary>The only instance.</summary>
    public static PoisonPill Instance { get; } = new();

    /// <inheritdoc/>
    public override string ToString() => "<PoisonPill>";
}

/// <summary>Makes an actor throw <see cref="ActorKilledException"/>.</summary>
public sealed class Kill : IAutoReceivedMessage
{
    private Kill()
    {
    }

    /// <summary>The only instance.</summary>
    public static Kill Instance { get; } = new();

    /// <inheritdoc/>
    public override string ToString() => "<Kill>";
}

/// <summary>Every actor answers this with <see cref="ActorIdentity"/>.</summary>
public sealed class Identify : IAutoReceivedMessage, INotInfluenceReceiveTimeout
{
    /// <summary>With an id that the answer repeats.</summary>
    public Identify(object messageId) => MessageId = messageId;

    /// <summary>Repeated in the answer.</summary>
    public object MessageId { get; }

    /// <inheritdoc/>
    public override bool Equals(object obj) => obj is Identify other && Equals(MessageId, other.MessageId);

    /// <inheritdoc/>
    public override int GetHashCode() => MessageId?.GetHashCode() ?? 0;

    /// <inheritdoc/>
    public override string ToString() => $"<Identify>: {MessageId}";
}

/// <summary>Answer to <see cref="Identify"/>.</summary>
public sealed class ActorIdentity
{
    /// <summary>For the id asked and the actor found, or null.</summary>
    public ActorIdentity(object messageId, IActorRef subject)
    {
        MessageId = messageId;
        Subject = subject;
    }

    /// <summary>The id of the question.</summary>
    public object MessageId { get; }

    /// <summary>The actor, or null when there is none.</summary>
    public IActorRef Subject { get; }

    /// <inheritdoc/>
    public override bool Equals(object obj) =>
        obj is ActorIdentity other && Equals(MessageId, other.MessageId) && Equals(Subject, other.Subject);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(MessageId, Subject);

    /// <inheritdoc/>
    public override string ToString() => $"<ActorIdentity>: {Subject} {MessageId}";
}

/// <summary>Nothing was received for as long as <c>SetReceiveTimeout</c> said.</summary>
public class ReceiveTimeout : IPossiblyHarmful
{
    private ReceiveTimeout()
    {
    }

    /// <summary>The only instance.</summary>
    public static ReceiveTimeout Instance { get; } = new();
}

/// <summary>A watched actor has stopped.</summary>
public sealed class Terminated : IAutoReceivedMessage, IPossiblyHarmful, IDeadLetterSuppression, INoSerializationVerificationNeeded
{
    /// <summary>For the actor that stopped.</summary>
    public Terminated(IActorRef actorRef, bool existenceConfirmed, bool addressTerminated)
    {
        ActorRef = actorRef;
        ExistenceConfirmed = existenceConfirmed;
        AddressTerminated = addressTerminated;
    }

    /// <summary>The actor that stopped.</summary>
    public IActorRef ActorRef { get; }

    /// <summary>Whether its node, rather than the actor, is gone.</summary>
    public bool AddressTerminated { get; }

    /// <summary>Whether it is known to have existed.</summary>
    public bool ExistenceConfirmed { get; }

    /// <inheritdoc/>
    public override string ToString() => $"<Terminated>: {ActorRef} - ExistenceConfirmed={ExistenceConfirmed}";
}

/// <summary>Answers that say how something went; Ask turns <see cref="Failure"/> into a faulted task.</summary>
public abstract class Status
{
    /// <summary>For the two cases below.</summary>
    protected Status()
    {
    }

    /// <summary>It went well.</summary>
    public sealed class Success : Status
    {
        /// <summary>A success without a value.</summary>
        public static readonly Success Instance = new(null);

        /// <summary>The value, or null.</summary>
        public readonly object Status;

        /// <summary>With a value.</summary>
        public Success(object status) => Status = status;

        /// <inheritdoc/>
        public override string ToString() => $"Success: {Status ?? "null"}";
    }

    /// <summary>It failed.</summary>
    public sealed class Failure : Status
    {
        /// <summary>Why.</summary>
        public readonly Exception Cause;

        /// <summary>What is known beside the cause, or null.</summary>
        public readonly object State;

        /// <summary>With its cause.</summary>
        public Failure(Exception cause)
            : this(cause, null)
        {
        }

        /// <summary>With its cause and what is known beside it.</summary>
        public Failure(Exception cause, object state)
        {
            Cause = cause;
            State = state;
        }


        /// <inheritdoc/>
        public override string ToString() => State is null ? $"Failure: {Cause}" : $"Failure: {Cause}, State: {State}";
    }
}

/// <summary>A message and who sent it.</summary>
public readonly struct Envelope
{
    /// <summary>Checks that the message is not null.</summary>
    public Envelope(object message, IActorRef sender, ActorSystem system)
    {
        Message = message;
        Sender = sender is null or Nobody ? system.DeadLetters : sender;
    }

    /// <summary>Takes both as they are.</summary>
    public Envelope(object message, IActorRef sender)
    {
        Message = message;
        Sender = sender;
    }

    /// <summary>The message.</summary>
    public object Message { get; }

    /// <summary>Who sent it.</summary>
    public IActorRef Sender { get; }

    /// <inheritdoc/>
    public override string ToString() => "<" + (Message ?? "null") + "> from " + (Sender is null ? "NoSender" : Sender.ToString());
}
