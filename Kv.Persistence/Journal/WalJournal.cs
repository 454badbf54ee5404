using System.Buffers;
using System.Collections.Immutable;
using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using Akka.Persistence;
using Akka.Persistence.Journal;
using Kv.Persistence.Io;
using Kv.Persistence.Wal;
using AkkaSerialization = Akka.Serialization.Serialization;

namespace Kv.Persistence.Journal;

/// <summary>Published on the event stream when storage cannot go on. The host must stop the process: nothing here tries again.</summary>
/// <param name="Cause">What went wrong; its message names file and offset where there are any.</param>
public sealed record StorageFailed(Exception Cause);

/// <summary>Akka.Persistence's journal over a write-ahead log. Settings: <c>hocon/wal-journal.conf</c>.</summary>
/// <remarks>
/// A thin layer: events are serialized here, <see cref="JournalLog"/> keeps them. A log that cannot be opened, or whose write
/// or sync fails, is published as <see cref="StorageFailed"/>, and every call from then on fails with the cause.
/// Not sealed: the simulation derives journals from it that do wrong, to see that this is noticed.
/// </remarks>
public class WalJournal : AsyncWriteJournal, IWalObserver
{
    private const int MaxRecordBytes = 1 << 20;
    private const int KeptBufferBytes = 4 << 20;

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? t_buffer;

    private static readonly Task<IImmutableList<Exception>> AllStored = Task.FromResult<IImmutableList<Exception>>(null!);

    private readonly ExtendedActorSystem _system;
    private readonly AkkaSerialization _serialization;
    private readonly ILoggingAdapter _log;
    private readonly IWalObserver? _observer;
    private readonly Workers _workers;
    private readonly TimeProvider _clock;
    private readonly JournalLog? _journal;
    private readonly Exception? _failure;

    /// <summary>Opens the log; started by Akka.Persistence.</summary>
    /// <param name="config">The plugin's block.</param>
    public WalJournal(Config config)
    {
        _system = (ExtendedActorSystem)Context.System;
        _serialization = _system.Serialization;
        _log = Context.GetLogger();
        var storage = StorageExtension.For(_system);
        (_observer, _workers, _clock) = (storage.WalObserver, storage.Workers, storage.Clock);
        var directory = config.GetString("dir");
        try
        {
            if (string.IsNullOrEmpty(directory)) throw new ConfigurationException("the WAL journal's dir is not set");
            _journal = JournalLog.Open(
                storage.Disk,
                directory,
                OptionsOf(config) with { Workers = _workers, Clock = _clock, MayWait = () => storage.MayWaitForDisk },
                this);
            var found = _journal.Wal.Recovery;
            if (found.CutFile is not null)
            {
                _log.Warning(
                    "{0}: cut {1} bytes off at offset {2}, left of a write that a crash interrupted ({3})",
                    found.CutFile, found.CutBytes, found.CutOffset, found.CutReason);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or ConfigurationException)
        {
            _failure = e;
            _log.Error(e, "the log in {0} cannot be opened: {1}", directory, e.Message);
            _system.EventStream.Publish(new StorageFailed(e));
        }
    }

    /// <summary>Reads the plugin's block into log options, with bounds checked.</summary>
    public static WalOptions OptionsOf(Config config)
    {
        ArgumentNullException.ThrowIfNull(config);
        var defaults = new WalOptions();
        var options = defaults with
        {
            SegmentBytes = config.GetByteSize("segment-bytes", defaults.SegmentBytes) ?? defaults.SegmentBytes,
            FirstSegmentBytes = config.GetByteSize("first-segment-bytes", defaults.FirstSegmentBytes) ?? defaults.FirstSegmentBytes,
            MaxQueuedBytes = (int)Math.Min(int.MaxValue, config.GetByteSize("max-queued-bytes", defaults.MaxQueuedBytes) ?? defaults.MaxQueuedBytes),
            PrepareAhead = config.GetBoolean("prepare-ahead", defaults.PrepareAhead),
            WriteInline = config.GetBoolean("write-inline", defaults.WriteInline),
            InlineBytes = (int)Math.Min(int.MaxValue, config.GetByteSize("write-inline-bytes", defaults.InlineBytes) ?? defaults.InlineBytes),
            NewLogId = Guid.NewGuid(),
        };
        options.Validate();
        return options;
    }

    /// <inheritdoc/>
    protected override Task<IImmutableList<Exception>> WriteMessagesAsync(IEnumerable<AtomicWrite> messages, CancellationToken cancellationToken)
    {
        if (_journal is null) return Task.FromException<IImmutableList<Exception>>(_failure!);
        List<Task>? pending = null;
        Exception?[]? rejected = null;
        var writes = messages as IReadOnlyList<AtomicWrite> ?? [.. messages];   // lazy: each pass would run the event adapters again
        var buffer = t_buffer ??= new ArrayBufferWriter<byte>(64 << 10);
        buffer.ResetWrittenCount();   // an append that threw has left its record here
        var (first, last) = (0L, 0L);
        var timestamp = _clock.GetUtcNow().Ticks;
        string? open = null;
        for (var i = 0; i < writes.Count; i++)
        {
            var write = writes[i];
            if (open is not null && (open != write.PersistenceId || buffer.WrittenCount >= MaxRecordBytes)) CloseRecord();
            var start = buffer.WrittenCount;
            try
            {
                if (open is null)
                {
                    JournalFrame.WriteRecordStart(buffer, write.PersistenceId);
                    first = write.LowestSequenceNr;
                }

                WriteFrames(buffer, write, timestamp);
                (open, last) = (write.PersistenceId, write.HighestSequenceNr);
            }
#pragma warning disable CA1031 // whatever a serializer throws, this event is rejected and the others are stored
            catch (Exception e)
#pragma warning restore CA1031
            {
                (rejected ??= new Exception?[writes.Count])[i] = e;
                Truncate(ref buffer, start);
            }
        }

        if (open is not null) CloseRecord();
        if (buffer.Capacity > KeptBufferBytes) t_buffer = null;
        if (pending is null) return rejected is null ? AllStored : Task.FromResult<IImmutableList<Exception>>(rejected.ToImmutableArray()!);
        return Finish(pending, rejected);

        void CloseRecord()
        {
            var append = _journal.AppendAsync(open, first, last, buffer.WrittenSpan);
            if (!append.IsCompletedSuccessfully) (pending ??= new List<Task>(1)).Add(append.AsTask());
            buffer.ResetWrittenCount();
            open = null;
        }
    }

    /// <inheritdoc/>
    protected override Task DeleteMessagesToAsync(string persistenceId, long toSequenceNr, CancellationToken cancellationToken) =>
        _journal is null ? Task.FromException(_failure!) : _journal.DeleteToAsync(persistenceId, toSequenceNr).AsTask();

    /// <inheritdoc/>
    public override Task<long> ReadHighestSequenceNrAsync(string persistenceId, long fromSequenceNr, CancellationToken cancellationToken) =>
        _journal is null ? Task.FromException<long>(_failure!) : Task.FromResult(_journal.Highest(persistenceId));

    /// <inheritdoc/>
    public override Task ReplayMessagesAsync(
        IActorContext context, string persistenceId, long fromSequenceNr, long toSequenceNr, long max, Action<IPersistentRepresentation> recoveryCallback)
    {
        if (_journal is null) return Task.FromException(_failure!);

        // Off this actor: a long replay must not hold up other actors' writes.
        return _workers.Run(
            "replay",
            () =>
            {
                _journal.Replay(persistenceId, fromSequenceNr, toSequenceNr, max, (in JournalFrame frame, ReadOnlySpan<byte> payload) =>
                {
                    var value = _serialization.Deserialize(payload.ToArray(), frame.SerializerId, frame.SerializerManifest);
                    recoveryCallback(new Persistent(
                        value, frame.SequenceNr, persistenceId, frame.Manifest, isDeleted: false, sender: ActorRefs.NoSender, frame.WriterGuid, frame.Timestamp));
                });
                return true;
            },
            CancellationToken.None);
    }

    /// <inheritdoc/>
    protected override void PostStop()
    {
        _journal?.Dispose();
        base.PostStop();
    }

    void IWalObserver.Committed(int records, int bytes, TimeSpan write, TimeSpan sync) => _observer?.Committed(records, bytes, write, sync);

    void IWalObserver.Rolled(long sequence, long sizeBytes)
    {
        _log.Debug("the log goes on in segment {0}, {1} bytes", sequence, sizeBytes);
        _observer?.Rolled(sequence, sizeBytes);
    }

    void IWalObserver.Removed(long sequence)
    {
        _log.Debug("removed log segment {0}", sequence);
        _observer?.Removed(sequence);
    }

    void IWalObserver.HousekeepingFailed(Exception error)
    {
        _log.Warning("preparing or removing a log segment failed, writes will fail when the current segment is full: {0}", error.Message);
        _observer?.HousekeepingFailed(error);
    }

    void IWalObserver.Failed(Exception error)
    {
        _log.Error(error, "the log takes no more records: {0}", error.Message);
        _system.EventStream.Publish(new StorageFailed(error));
        _observer?.Failed(error);
    }

    private void WriteFrames(ArrayBufferWriter<byte> buffer, AtomicWrite write, long timestamp)
    {
        foreach (var representation in (IImmutableList<IPersistentRepresentation>)write.Payload)
        {
            var serializer = _serialization.FindSerializerFor(representation.Payload);
            var payload = representation.Payload is byte[] bytes ? bytes : AkkaSerialization.WithTransport(_system, () => serializer.ToBinary(representation.Payload));
            new JournalFrame(
                representation.SequenceNr,
                timestamp,
                serializer.Identifier,
                AkkaSerialization.ManifestFor(serializer, representation.Payload),
                representation.Manifest ?? string.Empty,
                representation.WriterGuid ?? string.Empty).Write(buffer, payload);
        }
    }

    private static void Truncate(ref ArrayBufferWriter<byte> buffer, int length)
    {
        var kept = new ArrayBufferWriter<byte>(Math.Max(buffer.Capacity, 1));
        kept.Write(buffer.WrittenSpan[..length]);
        t_buffer = buffer = kept;
    }

    private static async Task<IImmutableList<Exception>> Finish(List<Task> pending, Exception?[]? rejected)
    {
        foreach (var append in pending) await append.ConfigureAwait(false);
        return rejected is null ? null! : rejected.ToImmutableArray()!;
    }
}
