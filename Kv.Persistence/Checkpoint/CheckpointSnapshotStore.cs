using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using Akka.Persistence;
using Akka.Persistence.Snapshot;
using Kv.Persistence.Io;
using AkkaSerialization = Akka.Serialization.Serialization;

namespace Kv.Persistence.Checkpoint;

/// <summary>Akka.Persistence's snapshot store over checkpoint files. Settings: <c>hocon/wal-journal.conf</c>.</summary>
/// <remarks>
/// A snapshot that is an <see cref="ICheckpointSource"/> is written as buckets in the background, comes back as a
/// <see cref="CheckpointImage"/>, and only the newest few are kept. Any other object is serialized, comes back as itself, and
/// is kept until deleted, as Akka expects. A damaged file is set aside with a warning, and the next older one is taken.
/// </remarks>
public sealed class CheckpointSnapshotStore : SnapshotStore
{
    private readonly ExtendedActorSystem _system;
    private readonly AkkaSerialization _serialization;
    private readonly ILoggingAdapter _log;
    private readonly IDisk _disk;
    private readonly Workers _workers;
    private readonly TimeProvider _clock;
    private readonly ICheckpointObserver? _observer;
    private readonly string _directory;
    private readonly int _keep;
    private readonly Lock _files = new();   // saves, loads and deletions run on pool threads
    private readonly Dictionary<string, Task> _lastSaves = [];   // by persistence id

    /// <summary>Started by Akka.Persistence.</summary>
    /// <param name="config">The plugin's block.</param>
    public CheckpointSnapshotStore(Config config)
    {
        ArgumentNullException.ThrowIfNull(config);
        _system = (ExtendedActorSystem)Context.System;
        _serialization = _system.Serialization;
        _log = Context.GetLogger();
        var storage = StorageExtension.For(_system);
        (_disk, _workers, _clock, _observer) = (storage.Disk, storage.Workers, storage.Clock, storage.CheckpointObserver);
        _directory = config.GetString("dir") ?? throw new ConfigurationException("the checkpoint store's dir is not set");
        _keep = config.GetInt("keep", 2);
        if (_keep < 1) throw new ConfigurationException($"the checkpoint store's keep must be at least 1, not {_keep}");
        _disk.CreateDirectory(_directory);
        CheckpointFile.RemoveLeftovers(_disk, _directory);
    }

    /// <inheritdoc/>
    protected override Task<SelectedSnapshot> LoadAsync(string persistenceId, SnapshotSelectionCriteria criteria, CancellationToken cancellationToken) => _workers.Run("checkpoint load", () =>
    {
        foreach (var entry in Matching(persistenceId, criteria))
        {
            try
            {
                return Load(persistenceId, entry);
            }
            catch (DamagedFileException e)
            {
                lock (_files)
                {
                    _log.Warning("checkpoint {0} is passed over for the next older one and kept as {1}: {2}", entry.Path, CheckpointFile.SetAside(_disk, _directory, persistenceId, entry), e.Message);
                }
            }
            catch (FileNotFoundException e)
            {
                _log.Warning("checkpoint {0} is passed over for the next older one: {1}", entry.Path, e.Message);
            }
        }

        return null!;
    }, cancellationToken);

    /// <inheritdoc/>
    protected override Task SaveAsync(SnapshotMetadata metadata, object snapshot, CancellationToken cancellationToken)
    {
        var timestamp = metadata.Timestamp == DateTime.MinValue ? _clock.GetUtcNow().UtcDateTime : metadata.Timestamp;
        var info = new CheckpointInfo(metadata.PersistenceId, metadata.SequenceNr, timestamp.Ticks);

        // One after the other: the last of a number takes the place of those before, and one that Akka gave up still runs.
        lock (_lastSaves)
        {
            var before = _lastSaves.GetValueOrDefault(info.PersistenceId, Task.CompletedTask);
            return _lastSaves[info.PersistenceId] = before.IsCompleted ? Save() : SaveAfter(before);
        }

        Task Save() => _workers.Run("checkpoint", () => this.Save(info, snapshot), cancellationToken);

        async Task SaveAfter(Task before)
        {
            await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await Save().ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    protected override Task DeleteAsync(SnapshotMetadata metadata, CancellationToken cancellationToken) => _workers.Run("checkpoint removal", () => DeleteWhere(
        metadata.PersistenceId,
        e => e.SequenceNr == metadata.SequenceNr && (metadata.Timestamp == DateTime.MinValue || metadata.Timestamp.Ticks == e.Timestamp)), cancellationToken);

    /// <inheritdoc/>
    protected override Task DeleteAsync(string persistenceId, SnapshotSelectionCriteria criteria, CancellationToken cancellationToken) =>
        _workers.Run("checkpoint removal", () => DeleteWhere(persistenceId, e => Matches(e, criteria)), cancellationToken);

    private SelectedSnapshot Load(string persistenceId, in CheckpointFile.Entry entry)
    {
        var image = CheckpointFile.Open(_disk, entry.Path);
        try
        {
            if (image.Info.PersistenceId != persistenceId || image.Info.SequenceNr != entry.SequenceNr)
                throw new DamagedFileException(entry.Path, 0, $"it holds {image.Info.PersistenceId} at {image.Info.SequenceNr}");
            var metadata = new SnapshotMetadata(persistenceId, entry.SequenceNr, new DateTime(entry.Timestamp, DateTimeKind.Utc));
            if (image.Info.SerializerId < 0)
            {
                var isFallback = CheckpointFile.ListBroken(_disk, _directory, persistenceId).Any(broken => broken.SequenceNr >= metadata.SequenceNr);
                var selected = new SelectedSnapshot(metadata, image with { IsFallback = isFallback });
                image = null;   // the actor's from here on
                return selected;
            }

            return new SelectedSnapshot(metadata, _serialization.Deserialize(CheckpointFile.Payload(image), image.Info.SerializerId, image.Info.Manifest));
        }
        finally
        {
            image?.Dispose();
        }
    }

    private bool Save(CheckpointInfo info, object snapshot)
    {
        if (snapshot is ICheckpointSource source)
        {
            var (started, sync) = (_clock.GetTimestamp(), TimeSpan.Zero);
            CheckpointFile.Write(_disk, _directory, info, source.WriteTo, sync: file =>
            {
                var syncStarted = _clock.GetTimestamp();
                file.Sync();
                sync = _clock.GetElapsedTime(syncStarted);
            });
            _observer?.Saved(_clock.GetElapsedTime(started), sync);
            lock (_files)
            {
                foreach (var old in CheckpointFile.List(_disk, _directory, info.PersistenceId).Skip(_keep)) CheckpointFile.Delete(_disk, _directory, old);
            }

            return true;
        }

        var serializer = _serialization.FindSerializerFor(snapshot);
        var payload = AkkaSerialization.WithTransport(_system, () => serializer.ToBinary(snapshot));
        info = info with { SerializerId = serializer.Identifier, Manifest = AkkaSerialization.ManifestFor(serializer, snapshot) };
        CheckpointFile.Write(_disk, _directory, info, static _ => { }, payload);
        return true;
    }

    private bool DeleteWhere(string persistenceId, Func<CheckpointFile.Entry, bool> matches)
    {
        lock (_files)
        {
            foreach (var entry in CheckpointFile.List(_disk, _directory, persistenceId))
            {
                if (matches(entry)) CheckpointFile.Delete(_disk, _directory, entry);
            }
        }

        return true;
    }

    private IEnumerable<CheckpointFile.Entry> Matching(string persistenceId, SnapshotSelectionCriteria criteria) =>
        CheckpointFile.List(_disk, _directory, persistenceId).Where(e => Matches(e, criteria));

    private static bool Matches(CheckpointFile.Entry entry, SnapshotSelectionCriteria criteria) =>
        entry.SequenceNr <= criteria.MaxSequenceNr && entry.Timestamp <= criteria.MaxTimeStamp.Ticks
        && entry.SequenceNr >= criteria.MinSequenceNr && entry.Timestamp >= (criteria.MinTimestamp?.Ticks ?? 0);
}
