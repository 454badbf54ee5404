using Akka.Actor;
using Akka.Persistence.Serialization;

namespace Akka.Persistence;

/// <summary>One event as a journal sees it.</summary>
public interface IPersistentRepresentation : IMessage
{
    /// <summary>The event.</summary>
    object Payload { get; }

    /// <summary>What an event adapter said of it; otherwise empty.</summary>
    string Manifest { get; }

    /// <summary>Whose event it is.</summary>
    string PersistenceId { get; }

    /// <summary>Its number, from 1, without gaps.</summary>
    long SequenceNr { get; }

    /// <summary>When it was stored, in UTC ticks; the journal sets it.</summary>
    long Timestamp { get; }

    /// <summary>Of the actor's incarnation that wrote it.</summary>
    string WriterGuid { get; }

    /// <summary>Deleted, but still there: a mark of old journals.</summary>
    bool IsDeleted { get; }

    /// <summary>Who caused it; not stored.</summary>
    IActorRef Sender { get; }

    /// <summary>The same with another time.</summary>
    IPersistentRepresentation WithTimestamp(long timestamp);

    /// <summary>The same with another event.</summary>
    IPersistentRepresentation WithPayload(object payload);

    /// <summary>The same with another manifest.</summary>
    IPersistentRepresentation WithManifest(string manifest);

    /// <summary>The same event with everything else replaced; the time is lost.</summary>
    IPersistentRepresentation Update(long sequenceNr, string persistenceId, bool isDeleted, IActorRef sender,
        string writerGuid);
}

/// <summary>The plain <see cref="IPersistentRepresentation"/>. Equality leaves the time out.</summary>
public class Persistent : IPersistentRepresentation, IEquatable<IPersistentRepresentation>
{
    /// <summary>What missing texts become.</summary>
    public static string Undefined { get; } = string.Empty;

    /// <summary>An event with its number and owner.</summary>
    public Persistent(object payload, long sequenceNr = 0L, string persistenceId = null, string manifest = null,
        bool isDeleted = false, IActorRef sender = null, string writerGuid = null, long timestamp = 0L)
    {
        Payload = payload;
        SequenceNr = sequenceNr;
        IsDeleted = isDeleted;
        Manifest = manifest ?? Undefined;
        PersistenceId = persistenceId ?? Undefined;
        Sender = sender;
        WriterGuid = writerGuid ?? Undefined;
        Timestamp = timestamp;
    }

    /// <inheritdoc/>
    public object Payload { get; }

    /// <inheritdoc/>
    public string Manifest { get; }

    /// <inheritdoc/>
    public string PersistenceId { get; }

    /// <inheritdoc/>
    public long SequenceNr { get; }

    /// <inheritdoc/>
    public long Timestamp { get; }

    /// <inheritdoc/>
    public bool IsDeleted { get; }

    /// <inheritdoc/>
    public IActorRef Sender { get; }

    /// <inheritdoc/>
    public string WriterGuid { get; }

    /// <inheritdoc/>
    public IPersistentRepresentation WithTimestamp(long timestamp) => Timestamp == timestamp
        ? this
        : new Persistent(Payload, SequenceNr, PersistenceId, Manifest, IsDeleted, Sender, WriterGuid, timestamp);

    /// <inheritdoc/>
    public IPersistentRepresentation WithPayload(object payload) =>
        new Persistent(payload, SequenceNr, PersistenceId, Manifest, IsDeleted, Sender, WriterGuid, Timestamp);

    /// <inheritdoc/>
    public IPersistentRepresentation WithManifest(string manifest) => Manifest == manifest
        ? this
        : new Persistent(Payload, SequenceNr, PersistenceId, manifest, IsDeleted, Sender, WriterGuid, Timestamp);

    /// <inheritdoc/>
    public IPersistentRepresentation Update(long sequenceNr, string persistenceId, bool isDeleted, IActorRef sender,
        string writerGuid) =>
        new Persistent(Payload, sequenceNr, persistenceId, Manifest, isDeleted, sender, writerGuid);

    /// <inheritdoc/>
    public bool Equals(IPersistentRepresentation other) =>
        ReferenceEquals(this, other)
        || (other is not null && SequenceNr == other.SequenceNr && IsDeleted == other.IsDeleted
            && PersistenceId == other.PersistenceId && Manifest == other.Manifest && WriterGuid == other.WriterGuid
            && Equals(Sender, other.Sender) && Equals(Payload, other.Payload));

    /// <summary>As for the interface.</summary>
    public bool Equals(Persistent other) => Equals((IPersistentRepresentation)other);

    /// <inheritdoc/>
    public override bool Equals(object obj) => Equals(obj as IPersistentRepresentation);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Payload, Manifest, PersistenceId, SequenceNr, IsDeleted, Sender, WriterGuid);

    /// <inheritdoc/>
    public override string ToString() =>
        $"Persistent<pid: {PersistenceId}, seqNr: {SequenceNr}, deleted: {IsDeleted}, manifest: {Manifest}, sender: {Sender}, payload: {Payload}, writerGuid: {WriterGuid}>";
}
