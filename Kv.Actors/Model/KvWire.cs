using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;

namespace Kv.Actors.Model;

/// <summary>Key versions as the protobuf messages clients and bbolt files know, written and read without building message objects.</summary>
/// <remarks>
/// <code>
///  mvccpb.KeyValue   1 key   2 create_revision   3 mod_revision   4 version   5 value   6 lease
///  mvccpb.Event      1 type (PUT 0, DELETE 1)    2 kv             3 prev_kv
/// </code>
/// Zero and empty fields are left out, as proto3 does; the bytes equal those of the generated classes.
/// </remarks>
public static class KvWire
{
    /// <summary>Bytes of a record key of bbolt's <c>key</c> bucket: main, <c>_</c>, sub.</summary>
    public const int RecordKeyBytes = 17;

    private const int BoltElementBytes = 16;

    /// <summary>Bytes of a varint.</summary>
    public static int VarintSize(ulong value) => (BitOperations.Log2(value | 1) + 7) / 7;

    /// <summary>Size of a KeyValue message. A tombstone has key and mod_revision.</summary>
    /// <param name="kv">The version.</param>
    /// <param name="keysOnly">Leave the value out.</param>
    public static int KeyValueSize(KeyVersion kv, bool keysOnly = false)
    {
        ArgumentNullException.ThrowIfNull(kv);
        return BytesSize(kv.Key) + Int64Size(kv.CreateRevision) + Int64Size(kv.ModRevision) + Int64Size(kv.Version)
            + (keysOnly ? 0 : BytesSize(kv.Value)) + Int64Size(kv.Lease.Value);
    }

    /// <summary>Writes a KeyValue message into <paramref name="target"/>, which has room for it. Returns its size.</summary>
    public static int WriteKeyValue(Span<byte> target, KeyVersion kv, bool keysOnly = false)
    {
        ArgumentNullException.ThrowIfNull(kv);
        var at = WriteBytes(target, 0, 0x0a, kv.Key);
        at = WriteInt64(target, at, 0x10, kv.CreateRevision);
        at = WriteInt64(target, at, 0x18, kv.ModRevision);
        at = WriteInt64(target, at, 0x20, kv.Version);
        if (!keysOnly)
        {
            at = WriteBytes(target, at, 0x2a, kv.Value);
        }
        return WriteInt64(target, at, 0x30, kv.Lease.Value);
    }

    /// <summary>Writes a KeyValue as a field of another message: tag, length, message. Returns what it took.</summary>
    public static int WriteKeyValueField(Span<byte> target, byte tag, KeyVersion kv, bool keysOnly = false)
    {
        var size = KeyValueSize(kv, keysOnly);
        target[0] = tag;
        var at = WriteVarint(target, 1, (ulong)size);
        return at + WriteKeyValue(target[at..], kv, keysOnly);
    }

    /// <summary>Size of a KeyValue as a field of another message, with a tag of one byte.</summary>
    public static int KeyValueFieldSize(KeyVersion kv, bool keysOnly = false) => FieldSize(KeyValueSize(kv, keysOnly));

    /// <summary>Size of an Event message.</summary>
    /// <param name="change">The change.</param>
    /// <param name="previous">Sent as prev_kv if there is one.</param>
    public static int EventSize(KeyVersion change, KeyVersion? previous = null)
    {
        ArgumentNullException.ThrowIfNull(change);
        return (change.IsTombstone ? 2 : 0) + KeyValueFieldSize(change) + (previous is null ? 0 : KeyValueFieldSize(previous));
    }

    /// <summary>Writes an Event message into <paramref name="target"/>. Returns its size.</summary>
    public static int WriteEvent(Span<byte> target, KeyVersion change, KeyVersion? previous = null)
    {
        ArgumentNullException.ThrowIfNull(change);
        var at = 0;
        if (change.IsTombstone)
        {
            target[at++] = 0x08;
            target[at++] = 1;
        }
        at += WriteKeyValueField(target[at..], 0x12, change);
        return previous is null ? at : at + WriteKeyValueField(target[at..], 0x1a, previous);
    }

    /// <summary>Writes an Event message as a field: tag, length, message.</summary>
    public static void WriteEventField(IBufferWriter<byte> output, byte tag, KeyVersion change, KeyVersion? previous = null)
    {
        ArgumentNullException.ThrowIfNull(output);
        var size = EventSize(change, previous);
        var target = output.GetSpan(FieldSize(size));
        target[0] = tag;
        var at = WriteVarint(target, 1, (ulong)size);
        at += WriteEvent(target[at..], change, previous);
        output.Advance(at);
    }

    /// <summary>Size of the message a bbolt record holds: the KeyValue, or just the key for a tombstone.</summary>
    public static int RecordValueSize(KeyVersion record)
    {
        ArgumentNullException.ThrowIfNull(record);
        return record.IsTombstone ? BytesSize(record.Key) : KeyValueSize(record);
    }

    /// <summary>Writes the message a bbolt record holds. Returns its size.</summary>
    public static int WriteRecordValue(Span<byte> target, KeyVersion record)
    {
        ArgumentNullException.ThrowIfNull(record);
        return record.IsTombstone ? WriteBytes(target, 0, 0x0a, record.Key) : WriteKeyValue(target, record);
    }

    /// <summary>Writes a bbolt record's key: 8 bytes main, <c>_</c>, 8 bytes sub, big-endian; and <c>t</c> for a tombstone. Returns 17 or 18.</summary>
    public static int WriteRecordKey(Span<byte> target, KeyVersion record)
    {
        ArgumentNullException.ThrowIfNull(record);
        WriteRevision(target, record.Revision);
        if (!record.IsTombstone)
        {
            return RecordKeyBytes;
        }
        target[RecordKeyBytes] = (byte)'t';
        return RecordKeyBytes + 1;
    }

    /// <summary>Reads the message a bbolt record holds, ours or etcd's. O(bytes); allocates the version, its key and its value.</summary>
    /// <param name="message">The KeyValue message.</param>
    /// <param name="revision">The record's own revision.</param>
    /// <param name="tombstone">Whether the record is a delete's, of which only the key counts.</param>
    /// <param name="version">What it says.</param>
    /// <returns>False when it is no KeyValue message, or none that belongs to the record: no key, no version, another revision.</returns>
    public static bool TryReadRecord(ReadOnlySpan<byte> message, Revision revision, bool tombstone, [NotNullWhen(true)] out KeyVersion? version)
    {
        version = null;
        ReadOnlySpan<byte> key = [], value = [];
        long create = 0, mod = 0, versions = 0, lease = 0;
        while (!message.IsEmpty)
        {
            var read = TryReadVarint(ref message, out var tag) && (tag switch
            {
                0x0a => TryReadBytes(ref message, out key),
                0x10 => TryReadInt64(ref message, out create),
                0x18 => TryReadInt64(ref message, out mod),
                0x20 => TryReadInt64(ref message, out versions),
                0x2a => TryReadBytes(ref message, out value),
                0x30 => TryReadInt64(ref message, out lease),
                _ => TrySkip(ref message, tag),
            });
            if (!read)
            {
                return false;
            }
        }
        if (key.IsEmpty || (!tombstone && (versions <= 0 || mod != revision.Main)))
        {
            return false;
        }
        version = tombstone
            ? KeyVersion.Tombstone(key.ToArray(), revision)
            : new KeyVersion(key.ToArray(), value.ToArray(), revision, create, versions, new LeaseId(lease));
        return true;
    }

    /// <summary>Writes a revision as bbolt's records and marks have it, 17 bytes.</summary>
    public static void WriteRevision(Span<byte> target, Revision revision)
    {
        System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(target, revision.Main);
        target[8] = (byte)'_';
        System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(target[9..], revision.Sub);
    }

    /// <summary>What a record takes in a bbolt leaf: element header, key and message.</summary>
    public static int BoltBytes(KeyVersion record) =>
        BoltElementBytes + RecordKeyBytes + (record.IsTombstone ? 1 : 0) + RecordValueSize(record);

    /// <summary>Tag, length and <paramref name="size"/> bytes of a field with a tag of one byte.</summary>
    public static int FieldSize(int size) => 1 + VarintSize((ulong)size) + size;

    /// <summary>Size of an integer field with a tag of one byte; 0 for zero.</summary>
    public static int Int64Size(long value) => value == 0 ? 0 : 1 + VarintSize((ulong)value);

    /// <summary>Writes an integer field unless it is zero. Returns where the next goes.</summary>
    public static int WriteInt64(Span<byte> target, int at, byte tag, long value)
    {
        if (value == 0)
        {
            return at;
        }
        target[at] = tag;
        return WriteVarint(target, at + 1, (ulong)value);
    }

    /// <summary>Writes a varint at an offset. Returns where the next byte goes.</summary>
    public static int WriteVarint(Span<byte> target, int at, ulong value)
    {
        while (value >= 0x80)
        {
            target[at++] = (byte)(value | 0x80);
            value >>= 7;
        }
        target[at++] = (byte)value;
        return at;
    }

    private static bool TryReadVarint(scoped ref ReadOnlySpan<byte> message, out ulong value)
    {
        value = 0;
        for (var at = 0; at < message.Length && at < 10; at++)
        {
            value |= (ulong)(message[at] & 0x7f) << (7 * at);
            if (message[at] < 0x80)
            {
                message = message[(at + 1)..];
                return true;
            }
        }
        return false;
    }

    private static bool TryReadInt64(scoped ref ReadOnlySpan<byte> message, out long value)
    {
        var read = TryReadVarint(ref message, out var bits);
        value = (long)bits;
        return read;
    }

    private static bool TryReadBytes(scoped ref ReadOnlySpan<byte> message, out ReadOnlySpan<byte> bytes)
    {
        bytes = [];
        if (!TryReadVarint(ref message, out var length) || length > (ulong)message.Length)
        {
            return false;
        }
        bytes = message[..(int)length];
        message = message[(int)length..];
        return true;
    }

    /// <summary>Passes over a field that this version does not know. Groups, which no protocol of etcd has, are refused.</summary>
    private static bool TrySkip(scoped ref ReadOnlySpan<byte> message, ulong tag)
    {
        if (tag < 8 || tag > uint.MaxValue)
        {
            return false;                                      // no field has the number 0
        }
        switch (tag & 7)
        {
            case 0:
                return TryReadVarint(ref message, out _);
            case 2:
                return TryReadBytes(ref message, out _);
            case 1 or 5 when message.Length >= ((tag & 7) == 1 ? 8 : 4):
                message = message[((tag & 7) == 1 ? 8 : 4)..];
                return true;
            default:
                return false;
        }
    }

    private static int BytesSize(byte[] bytes) => bytes.Length == 0 ? 0 : FieldSize(bytes.Length);

    private static int WriteBytes(Span<byte> target, int at, byte tag, byte[] bytes)
    {
        if (bytes.Length == 0)
        {
            return at;
        }
        target[at] = tag;
        at = WriteVarint(target, at + 1, (ulong)bytes.Length);
        bytes.CopyTo(target[at..]);
        return at + bytes.Length;
    }
}
