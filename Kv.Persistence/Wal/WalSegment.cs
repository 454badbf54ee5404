using Kv.Persistence.Io;

namespace Kv.Persistence.Wal;

/// <summary>Reads one segment file from front to back through a window that grows to the longest record.</summary>
internal sealed class WalSegment : IDisposable
{
    private const int WindowBytes = 256 << 10;
    private readonly IDiskFile _file;
    private byte[] _window;
    private long _windowStart;
    private int _windowLength;

    private WalSegment(IDiskFile file, in SegmentHeader header)
    {
        _file = file;
        Header = header;
        _window = GC.AllocateUninitializedArray<byte>((int)Math.Min(WindowBytes, header.Size));
        Next = new WalPosition(header.Sequence, SegmentHeader.Bytes, header.FirstIndex, header.PreviousCrc);
    }

    public SegmentHeader Header { get; }

    public string Path => _file.Path;

    /// <summary>Where the next record is looked for.</summary>
    public WalPosition Next { get; private set; }

    /// <summary>What is wrong there, after <see cref="WalRead.BadHeader"/> or <see cref="WalRead.BadPayload"/>.</summary>
    public string? Problem { get; private set; }

    /// <summary>Opens a segment and verifies its header against its name and size.</summary>
    /// <exception cref="DamagedFileException">The header or the size is not what was written.</exception>
    /// <exception cref="ForeignDirectoryException">The header is of another version.</exception>
    public static WalSegment Open(IDisk disk, string directory, long sequence)
    {
        var path = WalDirectory.SegmentPath(directory, sequence);
        var file = disk.Open(path, DiskOpen.Read);
        try
        {
            Span<byte> bytes = stackalloc byte[SegmentHeader.Bytes];
            var read = file.Read(bytes, 0);
            var problem = SegmentHeader.Read(bytes[..read], out var header, out var version);
            if (version != 0 && version != SegmentHeader.CurrentVersion)
                throw new ForeignDirectoryException(path, $"its format version is {version}, this program writes {SegmentHeader.CurrentVersion}");
            if (problem is not null) throw new DamagedFileException(path, 0, problem);
            if (header.Sequence != sequence)
                throw new DamagedFileException(path, 16, $"it says it is segment {header.Sequence}");
            if (file.Length != header.Size)
                throw new DamagedFileException(path, Math.Min(file.Length, header.Size), $"it is {file.Length} bytes long, its header says {header.Size}");
            return new WalSegment(file, header);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Goes to a record found before.</summary>
    public void Seek(in WalPosition position) => Next = position;

    /// <summary>Reads and verifies the record at <see cref="Next"/> and moves past it.</summary>
    /// <param name="position">Where the record stands.</param>
    /// <param name="header">Its header; also after <see cref="WalRead.BadPayload"/>.</param>
    /// <param name="payload">Valid until the next call.</param>
    public WalRead Read(out WalPosition position, out WalHeader header, out ReadOnlySpan<byte> payload)
    {
        position = Next;
        payload = default;
        var result = WalRecord.ReadHeader(Peek(Next.Offset, WalRecord.HeaderBytes), Header.Sequence, Next.Offset, out header);
        if (result == WalRead.BadHeader) Problem = "no record header of this log";
        if (result != WalRead.Record) return result;
        var size = WalRecord.Size(header.Length);
        if (size > Header.Size - Next.Offset)
        {
            Problem = $"a record of {size} bytes does not fit into the segment's {Header.Size}";
            return WalRead.BadHeader;
        }

        var record = Peek(Next.Offset, size);
        if (record.Length < size || !WalRecord.Verify(record, header, Next.PreviousCrc))
        {
            Problem = $"record {Next.Index} does not fit its checksum {header.Crc:x8}";
            return WalRead.BadPayload;
        }

        payload = record.Slice(WalRecord.HeaderBytes, header.Length);
        Next = new WalPosition(Header.Sequence, Next.Offset + size, Next.Index + 1, header.Crc);
        return WalRead.Record;
    }

    /// <summary>The bytes from <paramref name="offset"/>, fewer than <paramref name="length"/> only at the end of the file.</summary>
    public ReadOnlySpan<byte> Peek(long offset, int length)
    {
        length = (int)Math.Min(length, Math.Max(0, Header.Size - offset));
        if (offset < _windowStart || offset + length > _windowStart + _windowLength)
        {
            if (length > _window.Length) _window = new byte[Math.Max(length, Math.Min(_window.Length * 2L, Array.MaxLength))];
            _windowStart = offset;
            _windowLength = _file.Read(_window, offset);
            length = Math.Min(length, _windowLength);
        }

        return _window.AsSpan((int)(offset - _windowStart), length);
    }

    public void Dispose() => _file.Dispose();
}
