using Akka.Actor;

namespace Akka.Event;

/// <summary>Not to be reported as a dead letter.</summary>
public interface IDeadLetterSuppression;

/// <summary>A message that reached nobody, of any kind.</summary>
public abstract class AllDeadLetters : IWrappedMessage
{
    /// <summary>From its parts.</summary>
    protected AllDeadLetters(object message, IActorRef sender, IActorRef recipient)
    {
        Message = message;
        Sender = sender;
        Recipient = recipient;
    }

    /// <summary>The message.</summary>
    public object Message { get; }

    /// <summary>Who was to get it.</summary>
    public IActorRef Recipient { get; }

    /// <summary>Who sent it.</summary>
    public IActorRef Sender { get; }

    /// <inheritdoc/>
    public override string ToString() => $"DeadLetter from {Sender} to {Recipient}: <{Message}>";
}

/// <summary>A message to an actor that is not there.</summary>
public sealed class DeadLetter : AllDeadLetters
{
    /// <summary>From its parts; none may be null.</summary>
    public DeadLetter(object message, IActorRef sender, IActorRef recipient)
        : base(message, sender, recipient)
    {
        ArgumentNullException.ThrowIfNull(sender);
        ArgumentNullException.ThrowIfNull(recipient);
    }
}

/// <summary>A dead letter that is nothing to worry about.</summary>
public sealed class SuppressedDeadLetter : AllDeadLetters
{
    /// <summary>From its parts; none may be null.</summary>
    public SuppressedDeadLetter(IDeadLetterSuppression message, IActorRef sender, IActorRef recipient)
        : base(message, sender, recipient)
    {
        ArgumentNullException.ThrowIfNull(sender);
        ArgumentNullException.ThrowIfNull(recipient);
    }
}

/// <summary>A message dropped on purpose.</summary>
public sealed class Dropped : AllDeadLetters
{
    /// <summary>From its parts.</summary>
    public Dropped(object message, string reason, IActorRef sender, IActorRef recipient)
        : base(message, sender, recipient) => Reason = reason;

    /// <summary>Without a sender.</summary>
    public Dropped(object message, string reason, IActorRef recipient)
        : this(message, reason, ActorRefs.NoSender, recipient)
    {
    }

    /// <summary>Why.</summary>
    public string Reason { get; }
}

/// <summary>A message that its actor had no handler for.</summary>
public sealed class UnhandledMessage : AllDeadLetters
{
    /// <summary>From its parts.</summary>
    public UnhandledMessage(object message, IActorRef sender, IActorRef recipient)
        : base(message, sender, recipient)
    {
    }

    /// <inheritdoc/>
    public override string ToString() => $"Unhandled message from {Sender} : {Message}";
}

/// <summary>Logs dead letters, and falls silent after as many as <c>akka.log-dead-letters</c> allows.</summary>
public class DeadLetterListener : ActorBase
{
    private readonly EventStream _events = Context.System.EventStream;
    private readonly int _limit = Context.System.Settings.LogDeadLetters;
    private readonly TimeSpan _silence = Context.System.Settings.LogDeadLettersSuspendDuration;
    private int _count;
    private long _silentUntil;

    /// <inheritdoc/>
    protected override void PreStart()
    {
        _events.Subscribe(Self, typeof(DeadLetter));
        _events.Subscribe(Self, typeof(Dropped));
    }

    /// <inheritdoc/>
    protected override void PostStop() => _events.Unsubscribe(Self);

    /// <inheritdoc/>
    protected override bool Receive(object message)
    {
        if (message is not AllDeadLetters letter) return false;
        if (_count > _limit)
        {
            if (_silence == Timeout.InfiniteTimeSpan || Environment.TickCount64 < _silentUntil) return true;
            _count = 0;
        }

        _count++;
        var last = _limit != int.MaxValue && _count > _limit;
        if (last) _silentUntil = Environment.TickCount64 + (long)_silence.TotalMilliseconds;
        var end = !last ? ""
            : _silence == Timeout.InfiniteTimeSpan ? ", no more dead letters will be logged"
            : $", no more dead letters will be logged in next [{_silence}]";
        var what = letter is Dropped dropped ? $"was dropped. {dropped.Reason}" : "was not delivered";
        var sender = letter.Sender is null ? "NoSender" : letter.Sender.Path.ToString();
        _events.Publish(new Info(
            letter.Recipient.Path.ToString(),
            letter.Recipient.GetType(),
            $"Message [{letter.Message.GetType().Name}] from {sender} to {letter.Recipient.Path} {what}. [{_count}] dead letters encountered{end}. This logging can be turned off or adjusted with configuration settings 'akka.log-dead-letters' and 'akka.log-dead-letters-during-shutdown'. Message content: {letter.Message}"));
        return true;
    }
}
