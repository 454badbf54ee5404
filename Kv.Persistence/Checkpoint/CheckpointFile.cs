using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Kv.Persistence.Bolt;
using Kv.Persistence.Io;

namespace Kv.Persistence.Checkpoint;

/// <summary>A payload that writes itself as buckets. Called once, on a background thread: it must be an immutable root.</summary>
public interface ICheckpointSource
{
    /// <summary>Writes every bucket. The bucket "kvactors" is the checkpoint's own and must not be written.</summary>
    void WriteTo(BoltWriter writer);
}

/// <summary>What our own bucket says of a checkpoint.</summary>
/// <param name="PersistenceId">Whose state it is.</param>
/// <param name="SequenceNr">The last event in it.</param>
/// <param name="Timestamp">UTC ticks.</param>
/// <param name="SerializerId">Of a payload that was serialized; -1 for one that wrote buckets.</param>
/// <param name="Manifest">That serializer's manifest.</param>
public sealed record CheckpointInfo(string PersistenceId, long SequenceNr, long Timestamp, int SerializerId = -1, string Manifest = "");

/// <summary>An opened, verified checkpoint for the actor to decode; the actor disposes it.</summary>
/// <param name="Info">What it is of.</param>
/// <param name="Reader">Its buckets.</param>
/// <param name="Path">The file.</param>
public sealed record CheckpointImage(CheckpointInfo Info, BoltReader Reader, string Path) : IDisposable
{
    /// <summary>A newer one was found damaged, now or at an earlier start: this one is the last to start from, and a new one should be saved soon.</summary>
    public bool IsFallback { get; init; }

    /// <inheritdoc/>
    public void Dispose() => Reader.Dispose();
}

/// <summary>Writes, names, verifies and opens checkpoint files.</summary>
/// <remarks><code>
///  name   0000000000001234-08de12ab34cd56ef-0badf00d.db    sequence number, UTC ticks, CRC-32C of the persistence id
///  bytes  bbolt database, a multiple of 4096 | SHA-256 of all of it, 32 bytes
///         bucket "kvactors": persistence-id, sequence-nr (8 BE), timestamp (8 BE), serializer-id (4 BE), manifest, format;
///         a serialized payload lies in bucket "kvactors-payload" under "payload"
/// </code>
/// This is the form <c>etcdctl snapshot save</c> gives a file, so etcd's tools read and restore it as it is.
/// A file gets its name only once it is whole and synced.
/// </remarks>
public static class CheckpointFile
{
    /// <summary>Name of our bucket.</summary>
    public const string Bucket = "kvactors";

    /// <summary>Bytes of the checksum behind the database.</summary>
    public const int TrailerBytes = 32;

    /// <summary>Ending of the name of one that was found damaged.</summary>
    public const string BrokenSuffix = ".broken";

    private const string PayloadBucket = "kvactors-payload", Suffix = ".db", Temporary = ".db.tmp";

    /// <summary>A checkpoint as its file's name tells it.</summary>
    /// <param name="Path">The file.</param>
    /// <param name="SequenceNr">Last event in it.</param>
    /// <param name="Timestamp">UTC ticks.</param>
    public readonly record struct Entry(string Path, long SequenceNr, long Timestamp);

    /// <summary>The checkpoints of a persistence id in a directory, newest first. Files of other names are left alone.</summary>
    public static IReadOnlyList<Entry> List(IDisk disk, string directory, string persistenceId) => List(disk, directory, persistenceId, "");

    /// <summary>Those that were set aside, newest first: the last one at most.</summary>
    public static IReadOnlyList<Entry> ListBroken(IDisk disk, string directory, string persistenceId) => List(disk, directory, persistenceId, BrokenSuffix);

    private static List<Entry> List(IDisk disk, string directory, string persistenceId, string suffix)
    {
        var found = new List<Entry>();
        if (!disk.DirectoryExists(directory)) return found;
        var tail = $"-{Wal.Crc32C.Of(Encoding.UTF8.GetBytes(persistenceId)):x8}{Suffix}{suffix}";
        foreach (var name in disk.List(directory))
        {
            if (name.Length == 33 + tail.Length && name[16] == '-' && name.EndsWith(tail, StringComparison.Ordinal)
                && long.TryParse(name.AsSpan(0, 16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var sequenceNr)
                && long.TryParse(name.AsSpan(17, 16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var timestamp))
            {
                found.Add(new Entry($"{directory}/{name}", sequenceNr, timestamp));
            }
        }

        found.Sort((a, b) => (b.SequenceNr, b.Timestamp).CompareTo((a.SequenceNr, a.Timestamp)));
        return found;
    }

    /// <summary>Removes what interrupted saves left. Call when no save can be under way.</summary>
    public static void RemoveLeftovers(IDisk disk, string directory)
    {
        foreach (var name in disk.List(directory))
        {
            if (name.EndsWith(Temporary, StringComparison.Ordinal)) disk.Delete($"{directory}/{name}");
        }
    }

    /// <summary>Writes a checkpoint; when this returns it is durable under its name. One of the same number is replaced.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="directory">Made if missing.</param>
    /// <param name="info">What it is of.</param>
    /// <param name="content">Writes the buckets.</param>
    /// <param name="payload">A serialized payload, or null.</param>
    /// <param name="sync">Makes the file durable; null is <see cref="IDiskFile.Sync"/>. For who wants to know how long it takes.</param>
    /// <returns>The file's path.</returns>
    public static string Write(IDisk disk, string directory, CheckpointInfo info, Action<BoltWriter> content, byte[]? payload = null, Action<IDiskFile>? sync = null)
    {
        disk.CreateDirectory(directory);
        var path = string.Create(
            CultureInfo.InvariantCulture,
            $"{directory}/{info.SequenceNr:x16}-{info.Timestamp:x16}-{Wal.Crc32C.Of(Encoding.UTF8.GetBytes(info.PersistenceId)):x8}{Suffix}");
        var temporary = path + ".tmp";
        if (disk.FileExists(temporary)) disk.Delete(temporary);
        using (var file = disk.Open(temporary, DiskOpen.Create))
        {
            using var stream = new DiskStream(file);
            var writer = new BoltWriter(stream);
            content(writer);
            WriteOwn(writer, info, payload);
            writer.Finish();
            stream.Flush();
            file.Write(Hash(file, writer.Bytes), writer.Bytes);
            if (sync is null) file.Sync();
            else sync(file);
        }

        disk.Rename(temporary, path);
        disk.SyncDirectory(directory);
        foreach (var other in List(disk, directory, info.PersistenceId))
        {
            if (other.SequenceNr == info.SequenceNr && other.Path != path) disk.Delete(other.Path);
        }

        return path;
    }

    /// <summary>Opens a checkpoint after reading all of it once to verify its checksum.</summary>
    /// <exception cref="DamagedFileException">It is not what was written.</exception>
    public static CheckpointImage Open(IDisk disk, string path)
    {
        var file = disk.Open(path, DiskOpen.Read);
        BoltReader? reader = null;
        try
        {
            var length = file.Length - TrailerBytes;
            if (length < 4096 || length % 512 != 0) throw new DamagedFileException(path, Math.Max(file.Length, 0), $"{file.Length} bytes are no whole pages and a checksum");
            var trailer = new byte[TrailerBytes];
            if (file.Read(trailer, length) < TrailerBytes || !Hash(file, length).AsSpan().SequenceEqual(trailer))
                throw new DamagedFileException(path, length, "the SHA-256 at its end does not fit its content");
            reader = new BoltReader(BoltSource.From(file));
            return new CheckpointImage(ReadOwn(reader), reader, path);
        }
        catch
        {
            if (reader is null) file.Dispose();
            else reader.Dispose();
            throw;
        }
    }

    /// <summary>The serialized payload of a checkpoint that has one.</summary>
    public static byte[] Payload(CheckpointImage image)
    {
        var bucket = image.Reader.Bucket(Encoding.UTF8.GetBytes(PayloadBucket));
        return (bucket is null ? null : image.Reader.Get(bucket, "payload"u8)) ?? throw new DamagedFileException(image.Path, 0, "its payload is missing");
    }

    /// <summary>Removes a checkpoint, durably.</summary>
    public static void Delete(IDisk disk, string directory, in Entry entry)
    {
        disk.Delete(entry.Path);
        disk.SyncDirectory(directory);
    }

    /// <summary>Takes its name from a checkpoint that is damaged, so that it is no longer counted among those to fall back to.</summary>
    /// <remarks>As etcd does with its snapshots. The file stays for whoever wants to look, but only the last of them.</remarks>
    /// <returns>Where it lies now.</returns>
    public static string SetAside(IDisk disk, string directory, string persistenceId, in Entry entry)
    {
        foreach (var earlier in ListBroken(disk, directory, persistenceId)) disk.Delete(earlier.Path);
        var aside = entry.Path + BrokenSuffix;
        disk.Rename(entry.Path, aside);
        disk.SyncDirectory(directory);
        return aside;
    }

    private static byte[] Hash(IDiskFile file, long length)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Read(file, 0, length, hash.AppendData);
        return hash.GetHashAndReset();
    }

    /// <summary>Reads a stretch of a file, piece by piece.</summary>
    internal static void Read(IDiskFile file, long from, long bytes, Action<ReadOnlySpan<byte>> take)
    {
        var buffer = new byte[Math.Min(256 << 10, bytes)];
        for (var offset = from; offset < from + bytes;)
        {
            var read = file.Read(buffer.AsSpan(0, (int)Math.Min(buffer.Length, from + bytes - offset)), offset);
            if (read == 0) throw new DamagedFileException(file.Path, offset, "the file ends before its database does");
            take(buffer.AsSpan(0, read));
            offset += read;
        }
    }

    private static void WriteOwn(BoltWriter writer, CheckpointInfo info, byte[]? payload)
    {
        Span<byte> number = stackalloc byte[8];
        writer.BeginBucket(Encoding.UTF8.GetBytes(Bucket));
        writer.Add("format"u8, "1"u8);
        writer.Add("manifest"u8, Encoding.UTF8.GetBytes(info.Manifest));
        writer.Add("persistence-id"u8, Encoding.UTF8.GetBytes(info.PersistenceId));
        BinaryPrimitives.WriteInt64BigEndian(number, info.SequenceNr);
        writer.Add("sequence-nr"u8, number);
        BinaryPrimitives.WriteInt32BigEndian(number, info.SerializerId);
        writer.Add("serializer-id"u8, number[..4]);
        BinaryPrimitives.WriteInt64BigEndian(number, info.Timestamp);
        writer.Add("timestamp"u8, number);
        writer.EndBucket();
        if (payload is null) return;
        writer.BeginBucket(Encoding.UTF8.GetBytes(PayloadBucket));
        writer.Add("payload"u8, payload);
        writer.EndBucket();
    }

    private static CheckpointInfo ReadOwn(BoltReader reader)
    {
        var bucket = reader.Bucket(Encoding.UTF8.GetBytes(Bucket)) ?? throw new DamagedFileException(reader.Name, 0, $"it has no bucket {Bucket}: a database, but no checkpoint");
        var format = Encoding.UTF8.GetString(Own("format", 1));
        if (format != "1") throw new ForeignDirectoryException(reader.Name, $"its checkpoint format is {format}, this program reads 1");
        return new CheckpointInfo(
            Encoding.UTF8.GetString(Own("persistence-id", -1)),
            BinaryPrimitives.ReadInt64BigEndian(Own("sequence-nr", 8)),
            BinaryPrimitives.ReadInt64BigEndian(Own("timestamp", 8)),
            BinaryPrimitives.ReadInt32BigEndian(Own("serializer-id", 4)),
            Encoding.UTF8.GetString(Own("manifest", -1)));

        byte[] Own(string key, int bytes)
        {
            var value = reader.Get(bucket, Encoding.UTF8.GetBytes(key));
            return value is not null && (bytes < 0 || value.Length == bytes) ? value : throw new DamagedFileException(reader.Name, 0, $"{key} in bucket {Bucket} is missing or too short");
        }
    }
}
