using Akka.Actor;

namespace Akka.Persistence;

/// <summary>Who a persistent actor is, and which plugins it uses.</summary>
public interface IPersistentIdentity
{
    /// <summary>Under which the events are stored; unique within a journal.</summary>
    string PersistenceId { get; }

    /// <summary>Path of the journal's configuration; null or empty for the default journal.</summary>
    string JournalPluginId { get; }

    /// <summary>Path of the snapshot store's configuration; null or empty for the default store.</summary>
    string SnapshotPluginId { get; }
}

/// <summary>Says how an actor recovers.</summary>
public interface IPersistenceRecovery
{
    /// <summary>Which snapshot and which events are replayed.</summary>
    Recovery Recovery { get; }
}

/// <summary>Every message of the persistence protocols.</summary>
public interface IPersistenceMessage : INoSerializationVerificationNeeded
{
}

/// <summary>An actor that saves and loads snapshots.</summary>
public interface ISnapshotter
{
    /// <summary>Under which the snapshots are stored.</summary>
    string SnapshotterId { get; }

    /// <summary>The sequence number that a snapshot taken now would carry.</summary>
    long SnapshotSequenceNr { get; }

    /// <summary>Asks for the youngest snapshot that matches; the answer is a message.</summary>
    void LoadSnapshot(string persistenceId, SnapshotSelectionCriteria criteria, long toSequenceNr);

    /// <summary>Saves a snapshot; the answer is a message.</summary>
    void SaveSnapshot(object snapshot);

    /// <summary>Deletes the snapshot of a sequence number; the answer is a message.</summary>
    void DeleteSnapshot(long sequenceNr);

    /// <summary>Deletes every snapshot that matches; the answer is a message.</summary>
    void DeleteSnapshots(SnapshotSelectionCriteria criteria);
}
