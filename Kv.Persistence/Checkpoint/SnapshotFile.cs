using System.Globalization;
using Kv.Persistence.Bolt;
using Kv.Persistence.Io;

namespace Kv.Persistence.Checkpoint;

/// <summary>A state as a file that travels between members: the form of a checkpoint, a bbolt database and its SHA-256, without what is
/// one member's own.</summary>
/// <remarks><code>
///  0000000000001234-0000000000000007.kvsnap       received, whole, verified and durable: index and term of what it holds
///  5a0c….kvsnap.part                            being received; named by the SHA-256 it must have
///  0000000000001234-0000000000000007.kvsnap.tmp  written to be sent
/// </code></remarks>
public static class SnapshotFile
{
    /// <summary>Ending of a file that was received whole.</summary>
    public const string Suffix = ".kvsnap";

    /// <summary>Ending of one that is being received.</summary>
    public const string PartSuffix = ".kvsnap.part";

    /// <summary>Ending of one written to be sent; of no use after a restart.</summary>
    public const string ImageSuffix = ".kvsnap.tmp";

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

    /// <summary>Writes a file; it is not synced, for it is only read to be sent.</summary>
    /// <returns>Its length, and the SHA-256 at its end.</returns>
    public static (long Length, byte[] Sha256) Write(IDisk disk, string path, Action<BoltWriter> content)
    {
        ArgumentNullException.ThrowIfNull(disk);
        ArgumentNullException.ThrowIfNull(content);
        if (disk.FileExists(path)) disk.Delete(path);
        using var file = disk.Open(path, DiskOpen.Create);
        using var stream = new DiskStream(file);
        var writer = new BoltWriter(stream);
        content(writer);
        writer.Finish();
        stream.Flush();
        var hash = CheckpointFile.Hash(file, writer.Bytes);
        file.Write(hash, writer.Bytes);
        return (writer.Bytes + hash.Length, hash);
    }

    /// <summary>Reads all of a file once and compares it with the SHA-256 at its end.</summary>
    /// <returns>The SHA-256.</returns>
    /// <exception cref="DamagedFileException">It is not what was written.</exception>
    public static byte[] Verify(IDiskFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        var length = file.Length - CheckpointFile.TrailerBytes;
        if (length < 4096 || length % 512 != 0) throw new DamagedFileException(file.Path, Math.Max(file.Length, 0), $"{file.Length} bytes are no whole pages and a checksum");
        var trailer = new byte[CheckpointFile.TrailerBytes];
        if (file.Read(trailer, length) < trailer.Length || !CheckpointFile.Hash(file, length).AsSpan().SequenceEqual(trailer))
            throw new DamagedFileException(file.Path, length, "the SHA-256 at its end does not fit its content");
        return trailer;
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
}
