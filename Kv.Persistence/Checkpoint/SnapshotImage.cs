using System.Buffers.Binary;
using Kv.Persistence.Bolt;
using Kv.Persistence.Io;
using Kv.Persistence.Wal;

namespace Kv.Persistence.Checkpoint;

/// <summary>A state being written to be sent: what is written of it can be read, and so sent, while the rest is still on its way.</summary>
/// <remarks>
/// One thread writes, others read. It travels as <see cref="SnapshotFile"/> says: the body from front to back, then the tail. Not synced, for
/// it is of no use after a restart. The file is closed once both its writer and its reader have let go of it.
/// </remarks>
public sealed class SnapshotImage
{
    private readonly IDiskFile _file;
    private long _body;
    private byte[]? _tail;
    private int _holders = 2;

    private SnapshotImage(IDiskFile file) => _file = file;

    /// <summary>The file.</summary>
    public string Path => _file.Path;

    /// <summary>Bytes of the body that can be read, and whether that is all of it, so that there is a tail.</summary>
    public (long Bytes, bool IsWhole) Body
    {
        get
        {
            var isWhole = Volatile.Read(ref _tail) is not null;        // first: the body has its last bytes before there is a tail
            return (Volatile.Read(ref _body), isWhole);
        }
    }

    /// <summary>The last piece; empty until all is written.</summary>
    public ReadOnlyMemory<byte> Tail => Volatile.Read(ref _tail);

    /// <summary>Makes an empty file, over an older one.</summary>
    /// <exception cref="IOException">The disk is full or failing.</exception>
    public static SnapshotImage Create(IDisk disk, string path)
    {
        ArgumentNullException.ThrowIfNull(disk);
        if (disk.FileExists(path)) disk.Delete(path);
        return new SnapshotImage(disk.Open(path, DiskOpen.Create));
    }

    /// <summary>Writes it, once, and lets go of it.</summary>
    /// <param name="content">Writes the buckets.</param>
    /// <param name="grown">Called each time that more can be read, on this thread.</param>
    /// <exception cref="IOException">The disk is full or failing.</exception>
    public void Write(Action<BoltWriter> content, Action grown)
    {
        ArgumentNullException.ThrowIfNull(content);
        ArgumentNullException.ThrowIfNull(grown);
        try
        {
            using var stream = new BodyStream(this, grown);
            var writer = new BoltWriter(stream);
            content(writer);
            writer.Finish();
            stream.Flush();
            var tail = new byte[SnapshotFile.TailBytes];
            var head = tail.AsSpan(0, SnapshotFile.HeadBytes);
            if (_file.Read(head, 0) < head.Length) throw new DamagedFileException(Path, 0, "what was written is not there");
            var checksum = tail.AsSpan(SnapshotFile.HeadBytes);
            BinaryPrimitives.WriteUInt32LittleEndian(checksum, Crc32C.Append(stream.Crc, head));
            _file.Write(checksum, writer.Bytes);
            Volatile.Write(ref _tail, tail);
        }
        finally
        {
            Release();
        }
    }

    /// <summary>A piece of the body.</summary>
    /// <exception cref="DamagedFileException">The file is shorter than what was written.</exception>
    public byte[] Read(long offset, int bytes)
    {
        var data = GC.AllocateUninitializedArray<byte>(bytes);
        return _file.Read(data, offset + SnapshotFile.HeadBytes) == bytes ? data : throw new DamagedFileException(Path, offset, "the file ends before it should");
    }

    /// <summary>The reader, or the writer, needs the file no more.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _holders) == 0) _file.Dispose();
    }

    private sealed class BodyStream(SnapshotImage image, Action grown) : DiskStream(image._file)
    {
        /// <summary>Of the body so far.</summary>
        public uint Crc { get; private set; }

        protected override void Written(ReadOnlySpan<byte> bytes, long offset)
        {
            var head = (int)Math.Clamp(SnapshotFile.HeadBytes - offset, 0, bytes.Length);
            if (head == bytes.Length) return;
            Crc = Crc32C.Append(Crc, bytes[head..]);
            Volatile.Write(ref image._body, offset + bytes.Length - SnapshotFile.HeadBytes);
            grown();
        }
    }
}
