using Akka.Actor;

namespace Akka.TestKit;

/// <summary>A message that a test actor got, and from whom.</summary>
public abstract class MessageEnvelope
{
    /// <summary>The message.</summary>
    public abstract object Message { get; }

    /// <summary>Who sent it.</summary>
    public abstract IActorRef Sender { get; }
}

/// <summary>A message that was got.</summary>
public class RealMessageEnvelope : MessageEnvelope
{
    /// <summary>From its parts.</summary>
    public RealMessageEnvelope(object message, IActorRef sender)
    {
        Message = message;
        Sender = sender;
    }

    /// <inheritdoc/>
    public override object Message { get; }

    /// <inheritdoc/>
    public override IActorRef Sender { get; }

    /// <inheritdoc/>
    public override string ToString() => "<" + (Message ?? "null") + "> from " + (Equals(Sender, ActorRefs.NoSender) ? "NoSender" : Sender.ToString());
}

/// <summary>No message yet.</summary>
public sealed class NullMessageEnvelope : MessageEnvelope
{
    private NullMessageEnvelope()
    {
    }

    /// <summary>The only instance.</summary>
    public static NullMessageEnvelope Instance { get; } = new();

    /// <inheritdoc/>
    public override object Message => throw new InvalidOperationException("No message has been received");

    /// <inheritdoc/>
    public override IActorRef Sender => throw new InvalidOperationException("No message has been received");
}
