using Kv.Persistence.Io;
using Kv.Persistence.Wal;

namespace Kv.Persistence.Journal;

/// <summary>Takes one event of a replay.</summary>
/// <param name="frame">All of it but the payload.</param>
/// <param name="payload">Valid during the call.</param>
public delegate void JournalVisitor(in JournalFrame frame, ReadOnlySpan<byte> payload);

/// <summary>Many persistence ids' events in one log: the journal without Akka.</summary>
/// <remarks>
/// <c>DeleteToAsync</c> notes the deletion durably and lets go of the segments that then hold nothing anyone needs.
/// Reads and writes may come from several threads; writes of one persistence id from one at a time.
/// </remarks>
public sealed class JournalLog : IDisposable
{
    private readonly WalWriter _wal;
    private readonly JournalIndex _index;

    private JournalLog(WalWriter wal, JournalIndex index)
    {
        _wal = wal;
        _index = index;
    }

    /// <summary>The log underneath.</summary>
    public WalWriter Wal => _wal;

    /// <summary>Opens or makes the journal; reads the whole log once.</summary>
    /// <exception cref="StorageException">As <see cref="WalWriter.Open"/>; a record of another version is damage.</exception>
    public static JournalLog Open(IDisk disk, string directory, WalOptions options, IWalObserver? observer = null)
    {
        var index = new JournalIndex();
        var wal = WalWriter.Open(
            disk,
            directory,
            options with { CompleteInline = true },   // in log order, which the index needs
            (in WalPosition position, byte type, ReadOnlySpan<byte> payload) =>
            {
                try
                {
                    Index(index, position, type, payload);
                }
                catch (InvalidDataException e)
                {
                    throw new DamagedFileException(WalDirectory.SegmentPath(directory, position.Sequence), position.Offset, e.Message, e);
                }
            },
            observer);
        return new JournalLog(wal, index);
    }

    /// <summary>Appends a record of whole atomic writes of one persistence id; completes once it is durable.</summary>
    /// <param name="persistenceId">Whose.</param>
    /// <param name="first">Lowest number in it.</param>
    /// <param name="last">Highest.</param>
    /// <param name="record">As <see cref="JournalFrame"/> draws it. Copied before the call returns.</param>
    public ValueTask AppendAsync(string persistenceId, long first, long last, ReadOnlySpan<byte> record)
    {
        var append = _wal.AppendAsync(JournalRecordType.Events, record);
        return Finish(append, persistenceId, first, last);
    }

    /// <summary>Deletes events up to a number, inclusive; the highest number stays known.</summary>
    public async ValueTask DeleteToAsync(string persistenceId, long toSequenceNr)
    {
        long highest;
        lock (_index)
        {
            highest = _index.Highest(persistenceId);
            toSequenceNr = Math.Min(toSequenceNr, highest);
            if (toSequenceNr <= _index.DeletedTo(persistenceId)) return;
        }

        // Completions run in log order on the writer thread, so every record before the note is in the index by now,
        // and every later one stands in the note's segment or above: that segment bounds what may go.
        var note = await NoteDeletion(persistenceId, toSequenceNr, highest).ConfigureAwait(false);

        long neededFrom;
        IReadOnlyList<(string PersistenceId, long DeletedTo, long Highest)> again;
        lock (_index)
        {
            neededFrom = _index.NeededFrom(note.Sequence);
            again = neededFrom > _wal.FirstSequence ? _index.DeletionsBelow(neededFrom) : [];
        }

        if (neededFrom <= _wal.FirstSequence) return;
        foreach (var (id, deletedTo, itsHighest) in again) await NoteDeletion(id, deletedTo, itsHighest).ConfigureAwait(false);
        await _wal.RemoveBelowAsync(neededFrom).ConfigureAwait(false);
    }

    /// <summary>Highest number ever stored; 0 if none.</summary>
    public long Highest(string persistenceId)
    {
        lock (_index) return _index.Highest(persistenceId);
    }

    /// <summary>Shows the events from..to, at most <paramref name="max"/>, in order.</summary>
    /// <exception cref="DamagedFileException">A record is not what was written.</exception>
    public void Replay(string persistenceId, long from, long to, long max, JournalVisitor visit)
    {
        ArgumentNullException.ThrowIfNull(visit);
        WalPosition begin, last;
        lock (_index)
        {
            from = Math.Max(from, _index.DeletedTo(persistenceId) + 1);
            to = Math.Min(to, _index.Highest(persistenceId));
            if (max <= 0 || from > to || !_index.TryFind(persistenceId, from, out begin, out last)) return;
        }

        using var reader = _wal.Read(begin);
        while (reader.TryRead(out var position, out var type, out var record))
        {
            if (position.Index > last.Index) return;
            if (type != JournalRecordType.Events || JournalFrame.ReadRecordStart(ref record) != persistenceId) continue;
            while (record.Length > 0)
            {
                var frame = JournalFrame.Read(ref record, out var payload);
                if (frame.SequenceNr < from || frame.SequenceNr > to) continue;
                visit(frame, payload);
                if (--max == 0) return;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _wal.Dispose();

    private async ValueTask Finish(ValueTask<WalPosition> append, string persistenceId, long first, long last)
    {
        var position = await append.ConfigureAwait(false);
        lock (_index) _index.Add(persistenceId, first, last, position);
    }

    private async ValueTask<WalPosition> NoteDeletion(string persistenceId, long toSequenceNr, long highest)
    {
        var record = new System.Buffers.ArrayBufferWriter<byte>(64);
        JournalFrame.WriteDeletion(record, persistenceId, toSequenceNr, highest);
        var position = await _wal.AppendAsync(JournalRecordType.Deletion, record.WrittenSpan).ConfigureAwait(false);
        lock (_index) _index.Delete(persistenceId, toSequenceNr, highest, position);
        return position;
    }

    private static void Index(JournalIndex index, in WalPosition position, byte type, ReadOnlySpan<byte> record)
    {
        var id = JournalFrame.ReadRecordStart(ref record);
        switch (type)
        {
            case JournalRecordType.Events:
                var (first, last) = (long.MaxValue, 0L);
                while (record.Length > 0)
                {
                    var number = JournalFrame.Skip(ref record);
                    (first, last) = (Math.Min(first, number), Math.Max(last, number));
                }

                index.Add(id, first, last, position);
                break;
            case JournalRecordType.Deletion:
                var (deletedTo, highest) = JournalFrame.ReadDeletion(record);
                index.Delete(id, deletedTo, highest, position);
                break;
            default:
                throw new InvalidDataException($"a journal record of type {type}");
        }
    }
}
