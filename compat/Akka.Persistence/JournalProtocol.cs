using Akka.Actor;
using Akka.Event;

namespace Akka.Persistence;

/// <summary>Every message between a persistent actor and its journal.</summary>
public interface IJournalMessage : IPersistenceMessage
{
}

/// <summary>What a journal accepts.</summary>
public interface IJournalRequest : IJournalMessage
{
}

/// <summary>What a journal answers.</summary>
public interface IJournalResponse : IJournalMessage
{
}

/// <summary>Events up to a number are deleted.</summary>
public sealed class DeleteMessagesSuccess : IEquatable<DeleteMessagesSuccess>
{
    /// <summary>A message with everything it carries.</summary>
    public DeleteMessagesSuccess(long toSequenceNr)
    {
        ToSequenceNr = toSequenceNr;
    }

    /// <summary>The last sequence number, inclusive.</summary>
    public long ToSequenceNr { get; }

    /// <inheritdoc/>
    public bool Equals(DeleteMessagesSuccess other) =>
        ReferenceEquals(this, other) || (other is not null && ToSequenceNr == other.ToSequenceNr);

    /// <inheritdoc/>
    public override bool Equals(object obj) => Equals(obj as DeleteMessagesSuccess);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(ToSequenceNr);

    /// <inheritdoc/>
    public override string ToString() => $"DeleteMessagesSuccess<toSequenceNr: {ToSequenceNr}>";
}

/// <summary>Events could not be deleted.</summary>
public sealed class DeleteMessagesFailure : INoSerializationVerificationNeeded, IEquatable<DeleteMessagesFailure>
{
    /// <summary>A message with everything it carries.</summary>
    public DeleteMessagesFailure(Exception cause, long toSequenceNr)
    {
        ArgumentNullException.ThrowIfNull(cause);
        Cause = cause;
        ToSequenceNr = toSequenceNr;
    }

    /// <summary>Why it failed.</summary>
    public Exception Cause { get; }

    /// <summary>The last sequence number, inclusive.</summary>
    public long ToSequenceNr { get; }

    /// <inheritdoc/>
    public bool Equals(DeleteMessagesFailure other) =>
        ReferenceEquals(this, other) || (other is not null && Equals(Cause, other.Cause) && ToSequenceNr == other.ToSequenceNr);

    /// <inheritdoc/>
    public override bool Equals(object obj) => Equals(obj as DeleteMessagesFailure);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Cause, ToSequenceNr);

    /// <inheritdoc/>
    public override string ToString() => $"DeleteMessagesFailure<cause: {Cause}, toSequenceNr: {ToSequenceNr}>";
}

/// <summary>Asks to delete every event up to a number.</summary>
public sealed class DeleteMessagesTo : IJournalRequest, IEquatable<DeleteMessagesTo>
{
    /// <summary>A message with everything it carries.</summary>
    public DeleteMessagesTo(string persistenceId, long toSequenceNr, IActorRef persistentActor)
    {
        if (string.IsNullOrEmpty(persistenceId))
            throw new ArgumentNullException(nameof(persistenceId), "DeleteMessagesTo requires persistence id to be provided");
        PersistenceId = persistenceId;
        ToSequenceNr = toSequenceNr;
        PersistentActor = persistentActor;
    }

    /// <summary>Whose events or snapshots.</summary>
    public string PersistenceId { get; }

    /// <summary>The last sequence number, inclusive.</summary>
    public long ToSequenceNr { get; }

    /// <summary>Who is answered.</summary>
    public IActorRef PersistentActor { get; }

    /// <inheritdoc/>
    public bool Equals(DeleteMessagesTo other) =>
        ReferenceEquals(this, other) || (other is not null && PersistenceId == other.PersistenceId && ToSequenceNr == other.ToSequenceNr && Equals(PersistentActor, other.PersistentActor));

    /// <inheritdoc/>
    public override bool Equals(object obj) => Equals(obj as DeleteMessagesTo);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(PersistenceId, ToSequenceNr, PersistentActor);

    /// <inheritdoc/>
    public override string ToString() => $"DeleteMessagesTo<persistenceId: {PersistenceId}, toSequenceNr: {ToSequenceNr}, persistentActor: {PersistentActor}>";
}

/// <summary>Asks to store events.</summary>
public sealed class WriteMessages : IJournalRequest, IEquatable<WriteMessages>
{
    /// <summary>A message with everything it carries.</summary>
    public WriteMessages(IEnumerable<IPersistentEnvelope> messages, IActorRef persistentActor, int actorInstanceId)
    {
        Messages = messages;
        PersistentActor = persistentActor;
        ActorInstanceId = actorInstanceId;
    }

    /// <summary>Events and deferred elements, in order.</summary>
    public IEnumerable<IPersistentEnvelope> Messages { get; }

    /// <summary>Who is answered.</summary>
    public IActorRef PersistentActor { get; }

    /// <summary>Incarnation of the actor that asked; it ignores answers to an earlier one.</summary>
    public int ActorInstanceId { get; }

    /// <summary>The sender takes one <see cref="WriteBatchCompleted"/> in place of a message for each event.</summary>
    internal bool AnswerAtOnce { get; init; }

    /// <inheritdoc/>
    public bool Equals(WriteMessages other) =>
        ReferenceEquals(this, other) || (other is not null && Equals(Messages, other.Messages) && Equals(PersistentActor, other.PersistentActor) && ActorInstanceId == other.ActorInstanceId);

    /// <inheritdoc/>
    public override bool Equals(object obj) => Equals(obj as WriteMessages);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Messages, PersistentActor, ActorInstanceId);

    /// <inheritdoc/>
    public override string ToString() => $"WriteMessages<persistentActor: {PersistentActor}, actorInstanceId: {ActorInstanceId}>";
}

/// <summary>First answer to <see cref="WriteMessages"/> when the journal has taken them; one message for each event follows.</summary>
public sealed class WriteMessagesSuccessful : IJournalResponse
{
    /// <summary>The only one.</summary>
    public static WriteMessagesSuccessful Instance { get; } = new();

    private WriteMessagesSuccessful()
    {
    }
}

/// <summary>
/// The whole answer to a <see cref="WriteMessages"/> of an actor of this assembly: one message a batch, however many
/// events. It is made when the write starts, keeps its place among the journal's answers, and is filled in when the write
/// ends.
/// </summary>
/// <param name="request">What was asked.</param>
internal sealed class WriteBatchCompleted(WriteMessages request) : IJournalResponse
{
    public WriteMessages Request { get; } = request;

    /// <summary>Null when everything is stored; otherwise one entry for each write: null, or why it was rejected.</summary>
    public IReadOnlyList<Exception> Results { get; set; }

    /// <summary>Why nothing is known to be stored; otherwise null.</summary>
    public Exception Failure { get; set; }

    /// <summary>Whether the write has ended. Belongs to the journal.</summary>
    public bool Ended { get; set; }
}

/// <summary>First answer to a write that failed; one message for each event follows.</summary>
public sealed class WriteMessagesFailed : IJournalResponse, IEquatable<WriteMessagesFailed>
{
    /// <summary>A message with everything it carries.</summary>
    public WriteMessagesFailed(Exception cause, int writeCount)
    {
        ArgumentNullException.ThrowIfNull(cause);
        Cause = cause;
        WriteCount = writeCount;
    }

    /// <summary>Why it failed.</summary>
    public Exception Cause { get; }

    /// <summary>How many writes failed.</summary>
    public int WriteCount { get; }

    /// <inheritdoc/>
    public bool Equals(WriteMessagesFailed other) =>
        ReferenceEquals(this, other) || (other is not null && Equals(Cause, other.Cause));

    /// <inheritdoc/>
    public override bool Equals(object obj) => Equals(obj as WriteMessagesFailed);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Cause);

    /// <inheritdoc/>
    public override string ToString() => $"WriteMessagesFailed<cause: {Cause}, writeCount: {WriteCount}>";
}

/// <summary>An event is stored.</summary>
public sealed class WriteMessageSuccess : IJournalResponse, IEquatable<WriteMessageSuccess>
{
    /// <summary>A message with everything it carries.</summary>
    public WriteMessageSuccess(IPersistentRepresentation persistent, int actorInstanceId)
    {
        Persistent = persistent;
        ActorInstanceId = actorInstanceId;
    }

    /// <summary>The event.</summary>
    public IPersistentRepresentation Persistent { get; }

    /// <summary>Incarnation of the actor that asked; it ignores answers to an earlier one.</summary>
    public int ActorInstanceId { get; }

    /// <inheritdoc/>
    public bool Equals(WriteMessageSuccess other) =>
        ReferenceEquals(this, other) || (other is not null && Equals(Persistent, other.Persistent) && ActorInstanceId == other.ActorInstanceId);

    /// <inheritdoc/>
    public override bool Equals(object obj) => Equals(obj as WriteMessageSuccess);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Persistent, ActorInstanceId);

    /// <inheritdoc/>
    public override string ToString() => $"WriteMessageSuccess<persistent: {Persistent}, actorInstanceId: {ActorInstanceId}>";
}

/// <summary>An event was refused and is not stored.</summary>
public sealed class WriteMessageRejected : IJournalResponse, INoSerializationVerificationNeeded, IEquatable<WriteMessageRejected>
{
    /// <summary>A message with everything it carries.</summary>
    public WriteMessageRejected(IPersistentRepresentation persistent, Exception cause, int actorInstanceId)
    {
        ArgumentNullException.ThrowIfNull(cause);
        Persistent = persistent;
        Cause = cause;
        ActorInstanceId = actorInstanceId;
    }

    /// <summary>The event.</summary>
    public IPersistentRepresentation Persistent { get; }

    /// <summary>Why it failed.</summary>
    public Exception Cause { get; }

    /// <summary>Incarnation of the actor that asked; it ignores answers to an earlier one.</summary>
    public int ActorInstanceId { get; }

    /// <inheritdoc/>
    public bool Equals(WriteMessageRejected other) =>
        ReferenceEquals(this, other) || (other is not null && Equals(Persistent, other.Persistent) && Equals(Cause, other.Cause) && ActorInstanceId == other.ActorInstanceId);

    /// <inheritdoc/>
    public override bool Equals(object obj) => Equals(obj as WriteMessageRejected);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Persistent, Cause, ActorInstanceId);

    /// <inheritdoc/>
    public override string ToString() => $"WriteMessageRejected<persistent: {Persistent}, cause: {Cause}, actorInstanceId: {ActorInstanceId}>";
}

/// <summary>Whether an event is stored is unknown.</summary>
public sealed class WriteMessageFailure : IJournalResponse, INoSerializationVerificationNeeded, IEquatable<WriteMessageFailure>
{
    /// <summary>A message with everything it carries.</summary>
    public WriteMessageFailure(IPersistentRepresentation persistent, Exception cause, int actorInstanceId)
    {
        ArgumentNullException.ThrowIfNull(cause);
        Persistent = persistent;
        Cause = cause;
        ActorInstanceId = actorInstanceId;
    }

    /// <summary>The event.</summary>
    public IPersistentRepresentation Persistent { get; }

    /// <summary>Why it failed.</summary>
    public Exception Cause { get; }

    /// <summary>Incarnation of the actor that asked; it ignores answers to an earlier one.</summary>
    public int ActorInstanceId { get; }

    /// <inheritdoc/>
    public bool Equals(WriteMessageFailure other) =>
        ReferenceEquals(this, other) || (other is not null && Equals(Persistent, other.Persistent) && Equals(Cause, other.Cause) && ActorInstanceId == other.ActorInstanceId);

    /// <inheritdoc/>
    public override bool Equals(object obj) => Equals(obj as WriteMessageFailure);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Persistent, Cause, ActorInstanceId);

    /// <inheritdoc/>
    public override string ToString() => $"WriteMessageFailure<persistent: {Persistent}, cause: {Cause}, actorInstanceId: {ActorInstanceId}>";
}

/// <summary>A deferred element comes back.</summary>
public sealed class LoopMessageSuccess : IJournalResponse, IEquatable<LoopMessageSuccess>
{
    /// <summary>A message with everything it carries.</summary>
    public LoopMessageSuccess(object message, int actorInstanceId)
    {
        Message = message;
        ActorInstanceId = actorInstanceId;
    }

    /// <summary>The deferred element.</summary>
    public object Message { get; }

    /// <summary>Incarnation of the actor that asked; it ignores answers to an earlier one.</summary>
    public int ActorInstanceId { get; }

    /// <inheritdoc/>
    public bool Equals(LoopMessageSuccess other) =>
        ReferenceEquals(this, other) || (other is not null && Equals(Message, other.Message) && ActorInstanceId == other.ActorInstanceId);

    /// <inheritdoc/>
    public override bool Equals(object obj) => Equals(obj as LoopMessageSuccess);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Message, ActorInstanceId);

    /// <inheritdoc/>
    public override string ToString() => $"LoopMessageSuccess<message: {Message}, actorInstanceId: {ActorInstanceId}>";
}

/// <summary>Asks to replay events.</summary>
public sealed class ReplayMessages : IJournalRequest, IEquatable<ReplayMessages>
{
    /// <summary>A message with everything it carries.</summary>
    public ReplayMessages(long fromSequenceNr, long toSequenceNr, long max, string persistenceId, IActorRef persistentActor)
    {
        FromSequenceNr = fromSequenceNr;
        ToSequenceNr = toSequenceNr;
        Max = max;
        PersistenceId = persistenceId;
        PersistentActor = persistentActor;
    }

    /// <summary>The first sequence number.</summary>
    public long FromSequenceNr { get; }

    /// <summary>The last sequence number, inclusive.</summary>
    public long ToSequenceNr { get; }

    /// <summary>How many events at most.</summary>
    public long Max { get; }

    /// <summary>Whose events or snapshots.</summary>
    public string PersistenceId { get; }

    /// <summary>Who is answered.</summary>
    public IActorRef PersistentActor { get; }

    /// <inheritdoc/>
    public bool Equals(ReplayMessages other) =>
        ReferenceEquals(this, other) || (other is not null && FromSequenceNr == other.FromSequenceNr && ToSequenceNr == other.ToSequenceNr && Max == other.Max && PersistenceId == other.PersistenceId && Equals(PersistentActor, other.PersistentActor));

    /// <inheritdoc/>
    public override bool Equals(object obj) => Equals(obj as ReplayMessages);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(FromSequenceNr, ToSequenceNr, Max, PersistenceId, PersistentActor);

    /// <inheritdoc/>
    public override string ToString() => $"ReplayMessages<fromSequenceNr: {FromSequenceNr}, toSequenceNr: {ToSequenceNr}, max: {Max}, persistenceId: {PersistenceId}, persistentActor: {PersistentActor}>";
}

/// <summary>A replayed event.</summary>
public sealed class ReplayedMessage : IJournalResponse, IDeadLetterSuppression, IEquatable<ReplayedMessage>
{
    /// <summary>A message with everything it carries.</summary>
    public ReplayedMessage(IPersistentRepresentation persistent)
    {
        Persistent = persistent;
    }

    /// <summary>The event.</summary>
    public IPersistentRepresentation Persistent { get; }

    /// <inheritdoc/>
    public bool Equals(ReplayedMessage other) =>
        ReferenceEquals(this, other) || (other is not null && Equals(Persistent, other.Persistent));

    /// <inheritdoc/>
    public override bool Equals(object obj) => Equals(obj as ReplayedMessage);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Persistent);

    /// <inheritdoc/>
    public override string ToString() => $"ReplayedMessage<persistent: {Persistent}>";
}

/// <summary>The replay is complete.</summary>
public sealed class RecoverySuccess : IJournalResponse, IDeadLetterSuppression, IEquatable<RecoverySuccess>
{
    /// <summary>A message with everything it carries.</summary>
    public RecoverySuccess(long highestSequenceNr)
    {
        HighestSequenceNr = highestSequenceNr;
    }

    /// <summary>The highest number ever stored, replayed or not.</summary>
    public long HighestSequenceNr { get; }

    /// <inheritdoc/>
    public bool Equals(RecoverySuccess other) =>
        ReferenceEquals(this, other) || (other is not null && HighestSequenceNr == other.HighestSequenceNr);

    /// <inheritdoc/>
    public override bool Equals(object obj) => Equals(obj as RecoverySuccess);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(HighestSequenceNr);

    /// <inheritdoc/>
    public override string ToString() => $"RecoverySuccess<highestSequenceNr: {HighestSequenceNr}>";
}

/// <summary>The replay failed.</summary>
public sealed class ReplayMessagesFailure : IJournalResponse, IDeadLetterSuppression, IEquatable<ReplayMessagesFailure>
{
    /// <summary>A message with everything it carries.</summary>
    public ReplayMessagesFailure(Exception cause)
    {
        ArgumentNullException.ThrowIfNull(cause);
        Cause = cause;
    }

    /// <summary>Why it failed.</summary>
    public Exception Cause { get; }

    /// <inheritdoc/>
    public bool Equals(ReplayMessagesFailure other) =>
        ReferenceEquals(this, other) || (other is not null && Equals(Cause, other.Cause));

    /// <inheritdoc/>
    public override bool Equals(object obj) => Equals(obj as ReplayMessagesFailure);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Cause);

    /// <inheritdoc/>
    public override string ToString() => $"ReplayMessagesFailure<cause: {Cause}>";
}
