using System.Buffers.Binary;
using Kv.Persistence.Io;

namespace Kv.Persistence.Wal;

/// <summary>The log as one thread sees it: open and verify, write and sync a batch, go on in the next segment, remove old ones.</summary>
/// <remarks>
/// A log is a chain of segments and each record's checksum continues the one before it, across segments too. Going on in a
/// new segment takes these steps, each durable before the next, so that a crash leaves one of four states, all readable:
/// <code>
///  1  N+1.spare gets its header, which names the chain's value after N's seal    N is last
///  2  N+1.spare is renamed to N+1.kvwal                                          N is not sealed, N+1 is empty
///  3  N gets its seal                                                            N is sealed, N+1 is empty
///  4  the batch is written to N+1                                                as ever
/// </code>
/// A sealed segment without a successor therefore means that a file has been lost, and the log is refused.
/// </remarks>
internal sealed class WalLog : IDisposable
{
    private const int PageBytes = 4096;
    private const int KeptPagesBytes = 1 << 20;
    private readonly IDisk _disk;
    private byte[] _pages = new byte[16 * PageBytes];
    private readonly WalOptions _options;
    private readonly IWalObserver? _observer;
    private readonly IDisposable _lock;
    private readonly WalSpares _spares;
    private readonly Lock _ends = new();
    private IDiskFile? _file;
    private long _fileBytes;
    private WalPosition _next;
    private long _first;
    private Guid _logId;

    private WalLog(IDisk disk, string directory, WalOptions options, IWalObserver? observer, IDisposable held)
    {
        _disk = disk;
        Directory = directory;
        _options = options;
        _observer = observer;
        _lock = held;
        _spares = new WalSpares(disk, directory, options.SegmentBytes);
    }

    public string Directory { get; }

    public WalRecovery Recovery { get; private set; } = new(0, 0, 0, null, 0, 0, null);

    /// <summary>Where the next record will stand: everything before it is durable. Safe from any thread.</summary>
    public WalPosition Next
    {
        get
        {
            lock (_ends) return _next;
        }
    }

    /// <summary>Sequence of the oldest segment. Safe from any thread.</summary>
    public long FirstSequence => Interlocked.Read(ref _first);

    /// <summary>Lowest segment still needed, as the log itself says: segments below it may be removed at any time.</summary>
    public long NeededFrom { get; private set; } = 1;

    /// <summary>Opens or makes the log, verifying every record. Costs one read of all segments.</summary>
    /// <exception cref="StorageException">Locked, foreign, damaged or full.</exception>
    public static WalLog Open(IDisk disk, string directory, WalOptions options, WalVisitor? visit, IWalObserver? observer)
    {
        options.Validate();
        disk.CreateDirectory(directory);
        var held = disk.Lock($"{directory}/{WalDirectory.LockName}");
        var log = new WalLog(disk, directory, options, observer, held);
        try
        {
            log.Load(visit);
            return log;
        }
        catch
        {
            log.Dispose();
            throw;
        }
    }

    /// <summary>Makes a batch durable: one write and one sync, unless the segment ends inside it.</summary>
    /// <param name="batch">Records one after the other, their lengths and types in place (see <see cref="Place"/>), the rest of each header not.</param>
    /// <param name="positions">Receives each record's position.</param>
    /// <remarks>After an exception the log must not be used again.</remarks>
    public void Commit(Span<byte> batch, Span<WalPosition> positions)
    {
        var record = 0;
        while (batch.Length > 0)
        {
            var at = _next;
            var run = 0;
            var firstOfRun = record;
            while (run < batch.Length && run <= WalRecord.MaxBackBytes)
            {
                var length = BinaryPrimitives.ReadInt32LittleEndian(batch[run..]);
                var size = WalRecord.Size(length);
                if (at.Offset + size > _fileBytes - WalRecord.Size(0)) break;   // room for the seal stays
                positions[record++] = at;
                var crc = WalRecord.Complete(batch.Slice(run, size), length, batch[run + 8], run, at);
                at = new WalPosition(at.Sequence, at.Offset + size, at.Index + 1, crc);
                run += size;
            }

            if (run == 0)
            {
                Roll(WalRecord.Size(BinaryPrimitives.ReadInt32LittleEndian(batch)));
                continue;
            }

            Write(batch[..run], at, record - firstOfRun);
            batch = batch[run..];
        }
    }

    /// <summary>Puts what <see cref="Commit"/> needs to know into a record's first bytes.</summary>
    public static void Place(Span<byte> record, int length, byte type)
    {
        BinaryPrimitives.WriteInt32LittleEndian(record, length);
        record[8] = type;
    }

    /// <summary>Makes the segment after the current one ahead of need. For a background thread.</summary>
    public void PrepareNext() => _spares.Prepare(Next.Sequence + 1);

    /// <summary>Removes the segments below <paramref name="sequence"/>, oldest first. Call after a removal record is durable; for a background thread.</summary>
    public void RemoveBelow(long sequence)
    {
        while (FirstSequence < Math.Min(sequence, Next.Sequence))
        {
            var oldest = FirstSequence;
            _disk.Delete(WalDirectory.SegmentPath(Directory, oldest));
            _disk.SyncDirectory(Directory);   // one by one, so that no crash leaves a gap
            Interlocked.Increment(ref _first);
            _observer?.Removed(oldest);
        }
    }

    /// <summary>Reads from a record on, up to what is durable now. Safe from any thread.</summary>
    public WalReader Read(in WalPosition from) => new(_disk, Directory, from, Next);

    public void Dispose()
    {
        _file?.Dispose();
        _file = null;
        _lock.Dispose();
    }

    private void Write(ReadOnlySpan<byte> run, in WalPosition end, int records)
    {
        var clock = _options.Clock;
        var start = clock.GetTimestamp();
        WritePages(run);
        var written = clock.GetTimestamp();
        _file!.Sync();
        lock (_ends) _next = end;
        _observer?.Committed(records, run.Length, clock.GetElapsedTime(start, written), clock.GetElapsedTime(written));
    }

    /// <summary>Writes at the log's end in whole pages: the page the end lies in again with what it holds already, and zeros behind.</summary>
    /// <remarks>
    /// A page that is written whole need not be read first, and only that page becomes dirty: part of a page written into memory
    /// that a big write had filled makes Linux count, and may make it write, up to a megabyte. What stands in the page already is
    /// written again as it is, so a torn write cannot harm it.
    /// </remarks>
    private void WritePages(ReadOnlySpan<byte> run)
    {
        var page = _next.Offset & ~(PageBytes - 1L);
        var held = (int)(_next.Offset - page);
        var used = held + run.Length;
        var whole = (int)Math.Min((used + PageBytes - 1) & ~(PageBytes - 1), _fileBytes - page);
        if (_pages.Length < whole)
        {
            Array.Resize(ref _pages, Math.Max(whole, _pages.Length * 2));
        }

        run.CopyTo(_pages.AsSpan(held));
        _pages.AsSpan(used, whole - used).Clear();
        _file!.Write(_pages.AsSpan(0, whole), page);
        var last = used & ~(PageBytes - 1);
        _pages.AsSpan(last, used - last).CopyTo(_pages);
        if (_pages.Length > KeptPagesBytes) Array.Resize(ref _pages, PageBytes);
    }

    /// <summary>Begins to write at <see cref="Next"/>: takes in what the page of the log's end holds.</summary>
    private void TakeLastPage()
    {
        var page = _next.Offset & ~(PageBytes - 1L);
        var held = _pages.AsSpan(0, (int)(_next.Offset - page));
        var read = _file!.Read(held, page);
        if (read < held.Length) throw new DamagedFileException(_file.Path, page + read, "the file ends before the log does");
        _file.DropCache();
    }

    private void Roll(int recordBytes)
    {
        var sequence = _next.Sequence + 1;
        var sealCrc = WalRecord.SealCrc(_next);
        var start = new WalPosition(sequence, SegmentHeader.Bytes, _next.Index + 1, sealCrc);
        var (file, bytes) = Begin(_spares.Take(sequence, SegmentHeader.Bytes + (long)recordBytes + WalRecord.Size(0)), start);

        Span<byte> seal = stackalloc byte[WalRecord.Size(0)];
        WalRecord.Complete(seal, 0, WalRecord.SealType, 0, _next);
        WritePages(seal);
        _file!.Sync();
        _file.Dispose();
        (_file, _fileBytes) = (file, bytes);
        lock (_ends) _next = start;
        TakeLastPage();
        _observer?.Rolled(sequence, bytes);
    }

    /// <summary>Turns a spare into a segment.</summary>
    private (IDiskFile File, long Bytes) Begin(IDiskFile spare, in WalPosition start)
    {
        long bytes;
        using (spare)
        {
            bytes = spare.Length;
            Span<byte> header = stackalloc byte[SegmentHeader.Bytes];
            new SegmentHeader(start.Sequence, start.Index, bytes, start.PreviousCrc, _logId).Write(header);
            spare.Write(header, 0);
            spare.Sync();
        }

        var path = WalDirectory.SegmentPath(Directory, start.Sequence);
        _disk.Rename(WalDirectory.SparePath(Directory, start.Sequence), path);
        _disk.SyncDirectory(Directory);
        return (_disk.Open(path, DiskOpen.Write), bytes);
    }

    private void Load(WalVisitor? visit)
    {
        var segments = WalDirectory.Segments(_disk, Directory);
        var last = segments.Count == 0 ? 0 : segments[^1];
        WalDirectory.RefuseLostSegments(_disk, Directory, last);
        WalDirectory.RemoveLeftovers(_disk, Directory, last + 1);
        if (segments.Count == 0)
        {
            _logId = _options.NewLogId;
            _next = new WalPosition(1, SegmentHeader.Bytes, 0, 0);
            _first = 1;
            (_file, _fileBytes) = Begin(_spares.TakeExactly(1, _options.FirstSegmentBytes), _next);
            TakeLastPage();
            return;
        }

        _first = segments[0];
        var (records, bytes) = (0L, 0L);
        foreach (var sequence in segments)
        {
            using var segment = WalSegment.Open(_disk, Directory, sequence);
            CheckSuccession(segment);
            var end = Replay(segment, visit, out var header);
            records += segment.Next.Index - segment.Header.FirstIndex;
            bytes += segment.Next.Offset - SegmentHeader.Bytes;
            _next = segment.Next;
            if (sequence != last) continue;   // the successor's header tells whether this was the end
            if (_sealed)
            {
                throw new DamagedFileException(
                    WalDirectory.SegmentPath(Directory, last + 1), 0, $"the file is missing: segment {last} ends with the mark that this one follows");
            }

            var torn = WalTail.Inspect(segment, end, header);
            Recovery = torn == 0
                ? new WalRecovery(segments.Count, records, bytes, null, 0, 0, null)
                : new WalRecovery(segments.Count, records, bytes, segment.Path, _next.Offset, torn, segment.Problem ?? "the write is incomplete");
            _fileBytes = segment.Header.Size;
        }

        if (_first > NeededFrom)
        {
            throw new DamagedFileException(
                WalDirectory.SegmentPath(Directory, NeededFrom), 0, $"the file is missing: the oldest segment there is {_first}");
        }

        _file = _disk.Open(WalDirectory.SegmentPath(Directory, last), DiskOpen.Write);
        if (Recovery.CutBytes > 0) Cut(_next.Offset, Recovery.CutBytes);
        WriteLastWriteAgain();
        TakeLastPage();
    }

    private bool _sealed;
    private long _lastWrite;

    private void CheckSuccession(WalSegment segment)
    {
        var header = segment.Header;
        if (header.Sequence == _first)
        {
            _logId = header.LogId;
            if (header.Sequence == 1 && (header.PreviousCrc != 0 || header.FirstIndex != 0))
                throw new DamagedFileException(segment.Path, 24, "the first segment claims to have a predecessor");
            return;
        }

        if (header.LogId != _logId) throw new DamagedFileException(segment.Path, 44, "it belongs to another log");

        // Without its seal (a crash came before it) the predecessor ends where a seal would continue the chain into this header.
        var (crc, index) = _sealed ? (_next.PreviousCrc, _next.Index) : (WalRecord.SealCrc(_next), _next.Index + 1);
        if (header.PreviousCrc == crc && header.FirstIndex == index) return;
        throw new DamagedFileException(
            WalDirectory.SegmentPath(Directory, _next.Sequence),
            _next.Offset,
            $"its records end at number {_next.Index}, but segment {header.Sequence} goes on from number {header.FirstIndex}");
    }

    private WalRead Replay(WalSegment segment, WalVisitor? visit, out WalHeader header)
    {
        _sealed = false;
        _lastWrite = SegmentHeader.Bytes;
        while (true)
        {
            var read = segment.Read(out var position, out header, out var payload);
            if (read != WalRead.Record) return read;
            if (_sealed) throw new DamagedFileException(segment.Path, position.Offset, "a record follows the segment's seal");
            _lastWrite = position.Offset - header.Back;
            switch (header.Type)
            {
                case WalRecord.SealType:
                    _sealed = true;
                    break;
                case WalRecord.RemovalType when payload.Length == 8:
                    NeededFrom = Math.Max(NeededFrom, BinaryPrimitives.ReadInt64LittleEndian(payload));
                    break;
                case 0 or > WalRecord.MaxCallerType:
                    throw new DamagedFileException(segment.Path, position.Offset, $"record type {header.Type} is unknown to this version");
                default:
                    visit?.Invoke(position, header.Type, payload);
                    break;
            }
        }
    }

    /// <summary>Makes durable what was read: the process before this one may have ended because its last sync failed.</summary>
    /// <remarks>
    /// Linux marks pages clean when their sync fails: they are read back as written, but no later sync writes them. Only the last
    /// write can be such, for none follows a failed one; so it is written again, which changes nothing if it was durable. The same
    /// goes for the names of files.
    /// </remarks>
    private void WriteLastWriteAgain()
    {
        var buffer = new byte[Math.Min(_next.Offset - _lastWrite, KeptPagesBytes)];
        for (var offset = _lastWrite; offset < _next.Offset;)
        {
            var part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, _next.Offset - offset));
            var read = _file!.Read(part, offset);
            if (read < part.Length) throw new DamagedFileException(_file.Path, offset + read, "the file ends before the log does");
            _file.Write(part, offset);
            offset += read;
        }

        _file!.Sync();
        _disk.SyncDirectory(Directory);
    }

    /// <summary>Puts zeros where a crash left part of a write, so that the end is clean again.</summary>
    private void Cut(long offset, long bytes)
    {
        var zeros = new byte[Math.Min(bytes, 64 << 10)];
        for (var done = 0L; done < bytes; done += zeros.Length)
            _file!.Write(zeros.AsSpan(0, (int)Math.Min(zeros.Length, bytes - done)), offset + done);
        _file!.Sync();
    }
}
