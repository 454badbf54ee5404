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
