namespace Akka.Persistence.Snapshot;

/// <summary>In place of a store when none is configured: it has no snapshots and saves none.</summary>
public sealed class NoSnapshotStore : SnapshotStore
{
    /// <inheritdoc/>
    protected override Task<SelectedSnapshot> LoadAsync(string persistenceId, SnapshotSelectionCriteria criteria, CancellationToken cancellationToken) =>
        Task.FromResult<SelectedSnapshot>(null);

    /// <inheritdoc/>
    protected override Task SaveAsync(SnapshotMetadata metadata, object snapshot, CancellationToken cancellationToken) => Refuse();

    /// <inheritdoc/>
    protected override Task DeleteAsync(SnapshotMetadata metadata, CancellationToken cancellationToken) => Refuse();

    /// <inheritdoc/>
    protected override Task DeleteAsync(string persistenceId, SnapshotSelectionCriteria criteria, CancellationToken cancellationToken) => Refuse();

    private static Task Refuse() => Task.FromException(new NoSnapshotStoreException("No snapshot store configured."));

    /// <summary>A snapshot was to be saved or deleted without a store.</summary>
    public class NoSnapshotStoreException : Exception
    {
        /// <summary>Without a message.</summary>
        public NoSnapshotStoreException()
        {
        }

        /// <summary>With a message.</summary>
        public NoSnapshotStoreException(string message) : base(message)
        {
        }

        /// <summary>With a message and a cause.</summary>
        public NoSnapshotStoreException(string message, Exception innerException) : base(message, innerException)
        {
        }
    }
}
