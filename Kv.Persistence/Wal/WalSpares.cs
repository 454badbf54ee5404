using Kv.Persistence.Io;

namespace Kv.Persistence.Wal;

/// <summary>Makes segment files full of zeros: ahead of need when asked to, on the spot when it must.</summary>
/// <remarks>
/// Zeros, not only reserved blocks: a synced write into blocks that were never written has to change the file's extents
/// as well, and the end of a log is recognised by zeros. <see cref="Prepare"/> and <see cref="Take"/> may be called from
/// different threads; one waits for the other.
/// </remarks>
internal sealed class WalSpares(IDisk disk, string directory, long segmentBytes)
{
    private const int ChunkBytes = 1 << 20;
    private readonly Lock _lock = new();
    private long _ready;          // sequence of the spare on disk, 0 for none
    private long _readyBytes;

    /// <summary>Makes the spare for <paramref name="sequence"/>, unless a whole one is there.</summary>
    public void Prepare(long sequence)
    {
        lock (_lock)
        {
            if (_ready == sequence) return;
            var path = WalDirectory.SparePath(directory, sequence);
            if (disk.FileExists(path))
            {
                using var file = disk.Open(path, DiskOpen.Read);
                if (file.Length >= segmentBytes)
                {
                    (_ready, _readyBytes) = (sequence, file.Length);
                    return;
                }
            }

            Make(sequence, segmentBytes);
        }
    }

    /// <summary>Opens the spare for <paramref name="sequence"/>, made now if it is not there; it is still under its spare name.</summary>
    /// <param name="sequence">Of the segment it will become.</param>
    /// <param name="minBytes">Smallest size that will do.</param>
    public IDiskFile Take(long sequence, long minBytes)
    {
        lock (_lock)
        {
            if (_ready != sequence || _readyBytes < minBytes) Make(sequence, Math.Max(minBytes, segmentBytes));
            _ready = 0;
            return disk.Open(WalDirectory.SparePath(directory, sequence), DiskOpen.Write);
        }
    }

    /// <summary>As <see cref="Take"/>, but of exactly <paramref name="bytes"/>.</summary>
    public IDiskFile TakeExactly(long sequence, long bytes)
    {
        lock (_lock)
        {
            Make(sequence, bytes);
            _ready = 0;
            return disk.Open(WalDirectory.SparePath(directory, sequence), DiskOpen.Write);
        }
    }

    private void Make(long sequence, long bytes)
    {
        var temporary = WalDirectory.TemporaryPath(directory, sequence);
        if (disk.FileExists(temporary)) disk.Delete(temporary);
        using (var file = disk.Open(temporary, DiskOpen.Create))
        {
            file.Allocate(bytes);   // one stretch on the disk, and a full disk shows before anything is written
            var zeros = new byte[Math.Min(bytes, ChunkBytes)];
            for (var offset = 0L; offset < bytes; offset += zeros.Length)
            {
                file.Write(zeros.AsSpan(0, (int)Math.Min(zeros.Length, bytes - offset)), offset);
                file.Sync();        // in steps: one sync of a whole segment would hold up the log's own for its length
            }

            file.DropCache();       // zeros that nobody reads
        }

        disk.Rename(temporary, WalDirectory.SparePath(directory, sequence));
        disk.SyncDirectory(directory);
        (_ready, _readyBytes) = (sequence, bytes);
    }
}
