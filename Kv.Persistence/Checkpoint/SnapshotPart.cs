using System.Buffers.Binary;
using Kv.Persistence.Io;
using Kv.Persistence.Wal;

namespace Kv.Persistence.Checkpoint;

/// <summary>A snapshot that arrives piece by piece, as <see cref="SnapshotFile"/> travels. Its checksum is taken as it comes: at the end nothing is read again.</summary>
/// <remarks>What has come outlives a restart: it is read once when it is opened again, and gone on with. One caller at a time.</remarks>
public sealed class SnapshotPart : IDisposable
{
    private readonly IDiskFile _file;
    private uint _crc;

    private SnapshotPart(IDiskFile file) => _file = file;

    /// <summary>Bytes of the body that are there, without a gap.</summary>
    public long Offset { get; private set; }

    /// <summary>Goes on with what lies there, or begins.</summary>
    /// <exception cref="IOException">The disk is full or failing.</exception>
    public static SnapshotPart Open(IDisk disk, string path)
    {
        ArgumentNullException.ThrowIfNull(disk);
        if (!disk.FileExists(path)) return new SnapshotPart(disk.Open(path, DiskOpen.Create));
        var part = new SnapshotPart(disk.Open(path, DiskOpen.Write));
        try
        {
            part.ReadAgain();
            return part;
        }
        catch
        {
            part.Dispose();
            throw;
        }
    }

    /// <summary>Adds the next piece of the body.</summary>
    public void Append(ReadOnlySpan<byte> piece)
    {
        _file.Write(piece, SnapshotFile.HeadBytes + Offset);
        _crc = Crc32C.Append(_crc, piece);
        Offset += piece.Length;
    }

    /// <summary>Adds the last piece. Then it is a whole file, to be synced and to get its name.</summary>
    /// <returns>False if it is not what was sent; then it has to begin anew.</returns>
    public bool Finish(ReadOnlySpan<byte> tail)
    {
        if (tail.Length != SnapshotFile.TailBytes) return false;
        var head = tail[..SnapshotFile.HeadBytes];
        var checksum = tail[SnapshotFile.HeadBytes..];
        if (Crc32C.Append(_crc, head) != BinaryPrimitives.ReadUInt32LittleEndian(checksum)) return false;
        _file.Write(head, 0);
        _file.Write(checksum, SnapshotFile.HeadBytes + Offset);
        return true;
    }

    /// <summary>What was written is durable when this returns. May run beside <see cref="Append"/>.</summary>
    public void Sync() => _file.Sync();

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    /// <summary>Whole pages only: a crash may have left less of the last piece, or the tail behind a whole body.</summary>
    private void ReadAgain()
    {
        var there = Math.Max(0, _file.Length - SnapshotFile.HeadBytes) / SnapshotFile.PageBytes * SnapshotFile.PageBytes;
        if (_file.Length > SnapshotFile.HeadBytes + there) _file.SetLength(SnapshotFile.HeadBytes + there);
        _crc = SnapshotFile.Checksum(_file, 0, SnapshotFile.HeadBytes, there);
        Offset = there;
    }
}
