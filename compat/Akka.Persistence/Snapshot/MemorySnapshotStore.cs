namespace Akka.Persistence.Snapshot;

/// <summary>Keeps snapshots in memory for as long as the actor system lives: for tests.</summary>
public class MemorySnapshotStore : SnapshotStore
{
    private readonly List<SelectedSnapshot> _snapshots = [];

    /// <inheritdoc/>
    protected override Task<SelectedSnapshot> LoadAsync(string persistenceId, SnapshotSelectionCriteria criteria, CancellationToken cancellationToken) =>
        Task.FromResult(_snapshots
            .Where(snapshot => snapshot.Metadata.PersistenceId == persistenceId && criteria.IsMatch(snapshot.Metadata))
            .MaxBy(static snapshot => snapshot.Metadata.SequenceNr));

    /// <inheritdoc/>
    protected override Task SaveAsync(SnapshotMetadata metadata, object snapshot, CancellationToken cancellationToken)
    {
        _snapshots.RemoveAll(other => IsNamed(other.Metadata, metadata));
        _snapshots.Add(new SelectedSnapshot(metadata, snapshot));
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    protected override Task DeleteAsync(SnapshotMetadata metadata, CancellationToken cancellationToken)
    {
        _snapshots.RemoveAll(other => IsNamed(other.Metadata, metadata)
            && (metadata.Timestamp == DateTime.MinValue || other.Metadata.Timestamp == metadata.Timestamp));
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    protected override Task DeleteAsync(string persistenceId, SnapshotSelectionCriteria criteria, CancellationToken cancellationToken)
    {
        _snapshots.RemoveAll(other => other.Metadata.PersistenceId == persistenceId && criteria.IsMatch(other.Metadata));
        return Task.CompletedTask;
    }

    private static bool IsNamed(SnapshotMetadata metadata, SnapshotMetadata name) =>
        metadata.PersistenceId == name.PersistenceId && metadata.SequenceNr == name.SequenceNr;
}
