using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using Google.Protobuf;
using Kv.Actors.Lease;
using Kv.Actors.Model;
using Kv.Actors.Mvcc;
using Kv.Actors.Protos.Authpb;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Persistence;

namespace Kv.Actors.Apply;

/// <summary>The state as the buckets of an etcd database, so that checkpoints and snapshots are files etcd's tools know.</summary>
/// <remarks>
/// <code>
///  alarm            AlarmMember message        →  nothing
///  auth             authEnabled, authRevision  →  1 byte; 8 bytes big-endian
///  authRoles        name                       →  Role message
///  authUsers        name                       →  User message
///  cluster          clusterVersion, downgrade  →  text; JSON
///  key              main 8 _ sub 8 [t]         →  KeyValue message; for a delete (t) its key alone
///  lease            id, 8 bytes big-endian     →  message { 1 id  2 ttl  3 remaining ttl }
///  members          id in hex                  →  JSON
///  members_removed  id in hex                  →  removed
///  meta             confState                  →  JSON
///                   consistent_index, term     →  8 bytes big-endian
///                   scheduledCompactRev, finishedCompactRev  →  revision, 17 bytes
///                   storageVersion             →  text
/// </code>
/// A compaction is always written as finished: the records it has yet to remove are not written. Source: reference, snapshot.
/// </remarks>
public static class EtcdSchema
{
    private const int RevisionBytes = KvWire.RecordKeyBytes;

    /// <summary>The bucket of all keys' records.</summary>
    public static ReadOnlySpan<byte> KeyBucket => "key"u8;

    /// <summary>Writes all ten buckets, in order. O(records); runs on any thread, for the root does not change.</summary>
    public static void Write(MvccRoot root, EtcdImage image, IBucketSink sink)
    {
        ArgumentNullException.ThrowIfNull(root);
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(sink);
        WriteBucket(sink, "alarm"u8, image.Alarms.Select(alarm => (alarm.ToByteArray(), Array.Empty<byte>())));
        WriteBucket(sink, "auth"u8, [("authEnabled"u8.ToArray(), [image.AuthEnabled ? (byte)1 : (byte)0]), ("authRevision"u8.ToArray(), BigEndian(image.AuthRevision))]);
        WriteBucket(sink, "authRoles"u8, image.Roles.Select(role => (role.Name.ToByteArray(), role.ToByteArray())));
        WriteBucket(sink, "authUsers"u8, image.Users.Select(user => (user.Name.ToByteArray(), user.ToByteArray())));
        WriteBucket(sink, "cluster"u8, Texts(("clusterVersion", image.ClusterVersion), ("downgrade", image.DowngradeJson)));
        WriteKeys(root, sink);
        WriteBucket(sink, "lease"u8, image.Leases.Select(lease => (BigEndian((ulong)lease.Id.Value), LeaseMessage(lease))));
        WriteBucket(sink, "members"u8, image.Members.Select(member => (Hex(member.Id), Encoding.UTF8.GetBytes(member.Json))));
        WriteBucket(sink, "members_removed"u8, image.RemovedMembers.Select(id => (Hex(id), "removed"u8.ToArray())));
        WriteBucket(sink, "meta"u8, Meta(root, image));
    }

    /// <summary>Loads an image: keys into <paramref name="store"/>, which is replaced and published, the rest as it says.</summary>
    /// <remarks>A compaction that etcd had begun is finished on the way. Buckets and marks of later versions may be missing.</remarks>
    /// <param name="source">The buckets.</param>
    /// <param name="store">What is loaded. One that is restoring has all keys already (<see cref="SnapshotStage"/>): only its end is missing.</param>
    /// <param name="workers">Read the keys ahead, while the store takes in those before; null for one after the other.</param>
    /// <exception cref="InvalidDataException">A record is not what its bucket holds; the message names it.</exception>
    public static EtcdImage Read(IBucketSource source, MvccStore store, Workers? workers = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(store);
        var meta = Records(source, "meta").ToDictionary(record => Encoding.UTF8.GetString(record.Key), record => record.Value);
        var auth = Records(source, "auth").ToDictionary(record => Encoding.UTF8.GetString(record.Key), record => record.Value);
        var cluster = Records(source, "cluster").ToDictionary(record => Encoding.UTF8.GetString(record.Key), record => record.Value);
        var compact = Math.Max(CompactMark(meta, "scheduledCompactRev"), CompactMark(meta, "finishedCompactRev"));
        if (store.IsRestoring)
        {
            store.EndRestore(compact);
        }
        else
        {
            var keys = ReadKeys(source);
            store.Restore(workers?.Ahead(keys) ?? keys, compact);
        }
        return new EtcdImage
        {
            ConsistentIndex = meta.TryGetValue("consistent_index", out var index) ? Number("meta", index) : 0,
            Term = meta.TryGetValue("term", out var term) ? Number("meta", term) : 0,
            ConfStateJson = Text(meta, "confState"),
            StorageVersion = Text(meta, "storageVersion"),
            ClusterVersion = Text(cluster, "clusterVersion"),
            DowngradeJson = Text(cluster, "downgrade"),
            AuthEnabled = auth.TryGetValue("authEnabled", out var enabled) && enabled is [1],
            AuthRevision = auth.TryGetValue("authRevision", out var revision) ? Number("auth", revision) : 0,
            Leases = Records(source, "lease").Select(record => ReadLease(record.Value)).ToList(),
            Alarms = Records(source, "alarm").Select(record => Parse(AlarmMember.Parser, "alarm", record.Key)).ToList(),
            Users = Records(source, "authUsers").Select(record => Parse(User.Parser, "authUsers", record.Value)).ToList(),
            Roles = Records(source, "authRoles").Select(record => Parse(Role.Parser, "authRoles", record.Value)).ToList(),
            Members = MemberRecords(source),
            RemovedMembers = RemovedRecords(source),
        };
    }

    /// <summary>An image of the members alone.</summary>
    /// <exception cref="InvalidDataException">A record is not what its bucket holds; the message names it.</exception>
    public static EtcdImage ReadMembers(IBucketSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return new EtcdImage { Members = MemberRecords(source), RemovedMembers = RemovedRecords(source) };
    }

    private static List<(ulong Id, string Json)> MemberRecords(IBucketSource source)
    {
        var members = new List<(ulong, string)>();
        foreach (var record in Records(source, "members"))
        {
            members.Add((Id("members", record.Key), Encoding.UTF8.GetString(record.Value)));
        }
        return members;
    }

    private static List<ulong> RemovedRecords(IBucketSource source)
    {
        var removed = new List<ulong>();
        foreach (var record in Records(source, "members_removed"))
        {
            removed.Add(Id("members_removed", record.Key));
        }
        return removed;
    }

    private static void WriteKeys(MvccRoot root, IBucketSink sink)
    {
        Span<byte> key = stackalloc byte[RevisionBytes + 1];
        var value = new byte[4096];
        sink.BeginBucket(KeyBucket);
        foreach (var record in root.Records())
        {
            var size = KvWire.RecordValueSize(record);
            if (size > value.Length)
            {
                value = new byte[Math.Max(size, value.Length * 2)];
            }
            var keyBytes = KvWire.WriteRecordKey(key, record);
            sink.Add(key[..keyBytes], value.AsSpan(0, KvWire.WriteRecordValue(value, record)));
        }
        sink.EndBucket();
    }

    private static void WriteBucket(IBucketSink sink, ReadOnlySpan<byte> name, IEnumerable<(byte[] Key, byte[] Value)> records)
    {
        var sorted = records.ToArray();
        Array.Sort(sorted, static (a, b) => a.Key.AsSpan().SequenceCompareTo(b.Key));
        sink.BeginBucket(name);
        foreach (var (key, value) in sorted)
        {
            sink.Add(key, value);
        }
        sink.EndBucket();
    }

    private static List<(byte[] Key, byte[] Value)> Meta(MvccRoot root, EtcdImage image)
    {
        var records = Texts(("confState", image.ConfStateJson), ("storageVersion", image.StorageVersion));
        records.Add(("consistent_index"u8.ToArray(), BigEndian(image.ConsistentIndex)));
        records.Add(("term"u8.ToArray(), BigEndian(image.Term)));
        if (root.CompactRevision >= 0)
        {
            var mark = new byte[RevisionBytes];
            KvWire.WriteRevision(mark, new Revision(root.CompactRevision, 0));
            records.Add(("scheduledCompactRev"u8.ToArray(), mark));
            records.Add(("finishedCompactRev"u8.ToArray(), mark));
        }
        return records;
    }

    /// <summary>Records of those texts that are not empty.</summary>
    private static List<(byte[] Key, byte[] Value)> Texts(params ReadOnlySpan<(string Key, string Text)> texts)
    {
        var records = new List<(byte[], byte[])>();
        foreach (var (key, text) in texts)
        {
            if (text.Length > 0)
            {
                records.Add((Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(text)));
            }
        }
        return records;
    }

    private static byte[] BigEndian(ulong value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
        return bytes;
    }

    private static byte[] Hex(ulong id) => Encoding.ASCII.GetBytes(id.ToString("x", CultureInfo.InvariantCulture));

    private static byte[] LeaseMessage(LeaseFact lease)
    {
        Span<byte> message = stackalloc byte[33];
        var at = KvWire.WriteInt64(message, 0, 0x08, lease.Id.Value);
        at = KvWire.WriteInt64(message, at, 0x10, lease.TtlSeconds);
        at = KvWire.WriteInt64(message, at, 0x18, lease.RemainingSeconds);
        return message[..at].ToArray();
    }

    private static LeaseFact ReadLease(byte[] message)
    {
        long id = 0, ttl = 0, remaining = 0;
        try
        {
            using var input = new CodedInputStream(message);
            for (var tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
            {
                switch (tag)
                {
                    case 0x08:
                        id = input.ReadInt64();
                        break;
                    case 0x10:
                        ttl = input.ReadInt64();
                        break;
                    case 0x18:
                        remaining = input.ReadInt64();
                        break;
                    default:
                        input.SkipLastField();
                        break;
                }
            }
        }
        catch (InvalidProtocolBufferException e)
        {
            throw Bad("lease", message, e);
        }
        return new LeaseFact(new LeaseId(id), ttl, remaining);
    }

    private static IEnumerable<KeyVersion> ReadKeys(IBucketSource source)
    {
        if (source.Open(KeyBucket) is not { } cursor)
        {
            yield break;
        }
        while (cursor.MoveNext())
        {
            yield return ReadRecord(cursor.Key, cursor.Value);
        }
    }

    private static KeyVersion ReadRecord(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) =>
        TryReadRecord(key, value, out var version) ? version : throw Bad("key", key);

    /// <summary>Whether a key has the form of those of the bucket of keys.</summary>
    internal static bool IsRecordKey(ReadOnlySpan<byte> key) =>
        (key.Length == RevisionBytes || (key.Length == RevisionBytes + 1 && key[RevisionBytes] == (byte)'t')) && key[8] == (byte)'_';

    /// <summary>Reads a record of the bucket of keys.</summary>
    /// <returns>False when it is none.</returns>
    internal static bool TryReadRecord(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, [NotNullWhen(true)] out KeyVersion? version)
    {
        version = null;
        if (!IsRecordKey(key))
        {
            return false;
        }
        var tombstone = key.Length > RevisionBytes;
        var main = BinaryPrimitives.ReadInt64BigEndian(key);
        var sub = BinaryPrimitives.ReadInt64BigEndian(key[9..]);
        return main > 0 && sub is >= 0 and <= int.MaxValue && KvWire.TryReadRecord(value, new Revision(main, (int)sub), tombstone, out version);
    }

    private static List<Record> Records(IBucketSource source, string name)
    {
        var records = new List<Record>();
        if (source.Open(Encoding.UTF8.GetBytes(name)) is { } cursor)
        {
            while (cursor.MoveNext())
            {
                records.Add(new Record(cursor.Key.ToArray(), cursor.Value.ToArray()));
            }
        }
        return records;
    }

    /// <summary>A record of a small bucket. A type of our own: of lists of it there is native code, of lists of pairs there is none.</summary>
    private readonly record struct Record(byte[] Key, byte[] Value);

    private static long CompactMark(Dictionary<string, byte[]> meta, string name)
    {
        if (!meta.TryGetValue(name, out var mark))
        {
            return -1;
        }
        return mark.Length == RevisionBytes ? BinaryPrimitives.ReadInt64BigEndian(mark) : throw Bad("meta", mark);
    }

    private static string Text(Dictionary<string, byte[]> records, string name) =>
        records.TryGetValue(name, out var text) ? Encoding.UTF8.GetString(text) : "";

    private static ulong Number(string bucket, byte[] bytes) =>
        bytes.Length == 8 ? BinaryPrimitives.ReadUInt64BigEndian(bytes) : throw Bad(bucket, bytes);

    private static ulong Id(string bucket, byte[] key) =>
        ulong.TryParse(Encoding.ASCII.GetString(key), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var id) ? id : throw Bad(bucket, key);

    private static T Parse<T>(MessageParser<T> parser, string bucket, byte[] message)
        where T : IMessage<T>
    {
        try
        {
            return parser.ParseFrom(message);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw Bad(bucket, message, e);
        }
    }

    private static InvalidDataException Bad(string bucket, ReadOnlySpan<byte> bytes, Exception? cause = null) =>
        new($"bucket {bucket} has a record that is not its own: {Convert.ToHexString(bytes[..Math.Min(bytes.Length, 64)])}", cause);
}
