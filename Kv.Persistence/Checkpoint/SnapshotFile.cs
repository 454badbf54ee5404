using System.Buffers.Binary;
using System.Globalization;
using Kv.Persistence.Bolt;
using Kv.Persistence.Io;
using Kv.Persistence.Wal;

namespace Kv.Persistence.Checkpoint;

/// <summary>A state as a file that travels between members: a bbolt database, as a checkpoint is one, without what is one member's own, and a
/// checksum.</summary>
/// <remarks><code>
///  0000000000001234-0000000000000007.kvsnap       received, whole, verified and durable: index and term of what it holds
///  5a0c….kvsnap.part                            being received; named by what the sender calls it
///  0000000000001234-0000000000000007.kvsnap.tmp  written to be sent
///
///  file     head: the two meta pages | body: all other pages | CRC-32C of body and head, 4, little-endian
///  travels  body, in pieces, then the tail: head and CRC
/// </code>
/// The checksum is that of the log's records: against what disks and networks do to bytes, not against people. A SHA-256 took a
/// twentieth of a catch-up's processor time.
/// A bbolt database is written front to back but for its meta pages, which say where it begins and come last. So it can travel while it
/// is written (<see cref="SnapshotImage"/>), and be checked while it arrives (<see cref="SnapshotPart"/>).
/// </remarks>
public static class SnapshotFile
{
    /// <summary>Ending of a file that was received whole.</summary>
    public const string Suffix = ".kvsnap";

    /// <summary>Ending of one that is being received.</summary>
    public const string PartSuffix = ".kvsnap.part";

    /// <summary>Ending of one written to be sent; of no use after a restart.</summary>
    public const string ImageSuffix = ".kvsnap.tmp";

    /// <summary>Bytes of a page: a body is whole pages.</summary>
    public const int PageBytes = BoltWriter.DefaultPageSize;

    /// <summary>Bytes of the head.</summary>
    public const int HeadBytes = 2 * PageBytes;

    /// <summary>Bytes of the checksum.</summary>
    public const int ChecksumBytes = sizeof(uint);

    /// <summary>Bytes of the tail.</summary>
    public const int TailBytes = HeadBytes + ChecksumBytes;

    /// <summary>Name of a received snapshot.</summary>
    public static string NameOf(ulong index, ulong term) => string.Create(CultureInfo.InvariantCulture, $"{index:x16}-{term:x16}{Suffix}");

    /// <summary>Indexes that received snapshots in a directory stand at, with their paths; other files are left alone.</summary>
    public static IReadOnlyList<(string Path, ulong Index)> List(IDisk disk, string directory)
    {
        ArgumentNullException.ThrowIfNull(disk);
        var found = new List<(string, ulong)>();
        if (!disk.DirectoryExists(directory)) return found;
        foreach (var name in disk.List(directory))
        {
            if (name.Length == 33 + Suffix.Length && name.EndsWith(Suffix, StringComparison.Ordinal) && name[16] == '-'
                && ulong.TryParse(name.AsSpan(0, 16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var index))
            {
                found.Add(($"{directory}/{name}", index));
            }
        }

        return found;
    }

    /// <summary>Opens a received snapshot.</summary>
    /// <param name="disk">Where it is.</param>
    /// <param name="path">The file.</param>
    /// <param name="verify">Whether to read all of it first: only who has just done so can do without.</param>
    /// <exception cref="DamagedFileException">It is not what was written.</exception>
    public static BoltReader Open(IDisk disk, string path, bool verify = true)
    {
        ArgumentNullException.ThrowIfNull(disk);
        var file = disk.Open(path, DiskOpen.Read);
        try
        {
            if (verify) Verify(file);
            return new BoltReader(BoltSource.From(file));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Reads all of a file once and compares it with the checksum at its end.</summary>
    private static void Verify(IDiskFile file)
    {
        var body = file.Length - TailBytes;
        if (body < 0 || body % PageBytes != 0) throw new DamagedFileException(file.Path, Math.Max(file.Length, 0), $"{file.Length} bytes are no whole pages and a checksum");
        var crc = Checksum(file, 0, HeadBytes, body);
        crc = Checksum(file, crc, 0, HeadBytes);
        Span<byte> checksum = stackalloc byte[ChecksumBytes];
        if (file.Read(checksum, HeadBytes + body) < checksum.Length || BinaryPrimitives.ReadUInt32LittleEndian(checksum) != crc)
            throw new DamagedFileException(file.Path, HeadBytes + body, "the CRC-32C at its end does not fit its content");
    }

    /// <summary>Continues a checksum over a stretch of a file.</summary>
    internal static uint Checksum(IDiskFile file, uint crc, long from, long bytes)
    {
        CheckpointFile.Read(file, from, bytes, piece => crc = Crc32C.Append(crc, piece));
        return crc;
    }
}
