using System.Collections.Immutable;
using Akka.Actor;
using Akka.Persistence.Serialization;

namespace Akka.Persistence;

/// <summary>What an actor hands to the journal: events to store, or an element that only keeps its place in the order.</summary>
public interface IPersistentEnvelope
{
    /// <summary>The events of an <see cref="AtomicWrite"/>, or the deferred element.</summary>
    object Payload { get; }

    /// <summary>Who caused it.</summary>
    IActorRef Sender { get; }

    /// <summary>How many replies it takes.</summary>
    int Size { get; }
}

/// <summary>Events that are stored all together or not at all.</summary>
public sealed class AtomicWrite : IPersistentEnvelope, IMessage
{
    /// <summary>A write of one event.</summary>
    public AtomicWrite(IPersistentRepresentation @event) : this(ImmutableArray.Create(@event))
    {
    }

    /// <summary>A write of some events of one persistence id, in the order of their numbers.</summary>
    /// <exception cref="ArgumentNullException">There is no list.</exception>
    /// <exception cref="ArgumentException">The list is empty, or its events belong to several persistence ids.</exception>
    public AtomicWrite(IImmutableList<IPersistentRepresentation> payload)
    {
        if (payload is null) throw new ArgumentNullException(nameof(payload), "Payload of AtomicWrite must not be null.");
        if (payload.Count == 0) throw new ArgumentException("Payload of AtomicWrite must not be empty.", nameof(payload));
        var first = payload[0];
        foreach (var persistent in payload)
        {
            if (persistent.PersistenceId != first.PersistenceId)
                throw new ArgumentException(
                    $"AtomicWrite must contain messages for the same persistenceId, yet [{first.PersistenceId}] and [{persistent.PersistenceId}] were found.",
                    nameof(payload));
        }

        Payload = payload;
        Size = payload.Count;
        PersistenceId = first.PersistenceId;
        LowestSequenceNr = first.SequenceNr;
        HighestSequenceNr = payload[^1].SequenceNr;
    }

    /// <summary>Events of the calling actor, which are known to be of one id and gapless.</summary>
    /// <param name="payload">At least one event, without senders.</param>
    /// <param name="origin">Who caused them: handlers see it as <c>Sender</c>. It is kept here, once a write.</param>
    internal AtomicWrite(ImmutableArray<IPersistentRepresentation> payload, IActorRef origin)
    {
        Payload = payload;
        Events = payload;
        Origin = origin;
        Size = payload.Length;
        PersistenceId = payload[0].PersistenceId;
        LowestSequenceNr = payload[0].SequenceNr;
        HighestSequenceNr = payload[^1].SequenceNr;
    }

    /// <summary>An <see cref="IImmutableList{T}"/> of <see cref="IPersistentRepresentation"/>.</summary>
    public object Payload { get; }

    /// <summary>Always no sender: that of the events counts.</summary>
    public IActorRef Sender { get; } = ActorRefs.NoSender;

    /// <summary>How many events.</summary>
    public int Size { get; }

    /// <summary>Whose events.</summary>
    public string PersistenceId { get; }

    /// <summary>Number of the first event.</summary>
    public long LowestSequenceNr { get; }

    /// <summary>Number of the last event.</summary>
    public long HighestSequenceNr { get; }

    /// <summary>The events without a cast, if a persistent actor of this process made the write; otherwise default.</summary>
    internal ImmutableArray<IPersistentRepresentation> Events { get; }

    internal IActorRef Origin { get; }

    /// <summary>Same events, owner and numbers.</summary>
    public bool Equals(AtomicWrite other) =>
        ReferenceEquals(this, other)
        || (other is not null && Equals(Payload, other.Payload) && Size == other.Size
            && PersistenceId == other.PersistenceId && LowestSequenceNr == other.LowestSequenceNr
            && HighestSequenceNr == other.HighestSequenceNr);

    /// <inheritdoc/>
    public override bool Equals(object obj) => Equals(obj as AtomicWrite);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Payload, Size, PersistenceId, LowestSequenceNr, HighestSequenceNr);

    /// <inheritdoc/>
    public override string ToString() =>
        $"AtomicWrite<pid: {PersistenceId}, lowSeqNr: {LowestSequenceNr}, highSeqNr: {HighestSequenceNr}, size: {Size}, sender: {Sender}>";
}

/// <summary>A deferred element: it goes to the journal and back only to keep its place among the writes.</summary>
internal sealed class NonPersistentMessage(object payload, IActorRef sender) : IPersistentEnvelope
{
    public object Payload { get; } = payload;
    public IActorRef Sender { get; } = sender;
    public int Size => 1;
}
