using System.Buffers;
using Kv.Actors.Model;
using Kv.Actors.Mvcc;

namespace Kv.Actors.Apply;

/// <summary>A RangeResponse that is written straight from the store's versions: no message object for any key.</summary>
/// <remarks>
/// <code>
///  RangeResponse    1 header { 1 cluster_id  2 member_id  3 revision  4 raft_term }   2 kvs   3 more   4 count
/// </code>
/// </remarks>
/// <param name="result">What the range found.</param>
/// <param name="keysOnly">Leave values out.</param>
public sealed class RangeReply(RangeResult result, bool keysOnly)
{
    private int _size = -1;

    /// <summary>What the range found.</summary>
    public RangeResult Result => result;

    /// <summary>Cluster that answers; set before the size is asked for, as all header fields.</summary>
    public ulong ClusterId { get; set; }

    /// <summary>Member that answers.</summary>
    public ulong MemberId { get; set; }

    /// <summary>Term of the member that answers.</summary>
    public ulong RaftTerm { get; set; }

    /// <summary>Bytes of the message. O(keys) the first time.</summary>
    public int Size()
    {
        if (_size >= 0)
        {
            return _size;
        }
        var size = (long)KvWire.FieldSize(HeaderSize()) + (result.More ? 2 : 0) + KvWire.Int64Size(result.Count);
        foreach (var kv in result.Kvs)
        {
            size += KvWire.KeyValueFieldSize(kv, keysOnly);
        }
        return _size = checked((int)size);
    }

    /// <summary>Writes the message, <see cref="Size"/> bytes, into <paramref name="output"/>.</summary>
    public void WriteTo(IBufferWriter<byte> output)
    {
        ArgumentNullException.ThrowIfNull(output);
        var head = output.GetSpan(64);
        output.Advance(WriteHead(head));
        foreach (var kv in result.Kvs)
        {
            var target = output.GetSpan(KvWire.KeyValueFieldSize(kv, keysOnly));
            output.Advance(KvWire.WriteKeyValueField(target, 0x12, kv, keysOnly));
        }
        var tail = output.GetSpan(16);
        output.Advance(WriteTail(tail));
    }

    /// <summary>Writes the message into <paramref name="target"/>, which has room for <see cref="Size"/> bytes. Returns the size.</summary>
    public int WriteTo(Span<byte> target)
    {
        var at = WriteHead(target);
        foreach (var kv in result.Kvs)
        {
            at += KvWire.WriteKeyValueField(target[at..], 0x12, kv, keysOnly);
        }
        return at + WriteTail(target[at..]);
    }

    private int HeaderSize() =>
        KvWire.Int64Size((long)ClusterId) + KvWire.Int64Size((long)MemberId) + KvWire.Int64Size(result.Revision) + KvWire.Int64Size((long)RaftTerm);

    private int WriteHead(Span<byte> target)
    {
        target[0] = 0x0a;
        var at = KvWire.WriteVarint(target, 1, (ulong)HeaderSize());
        at = KvWire.WriteInt64(target, at, 0x08, (long)ClusterId);
        at = KvWire.WriteInt64(target, at, 0x10, (long)MemberId);
        at = KvWire.WriteInt64(target, at, 0x18, result.Revision);
        return KvWire.WriteInt64(target, at, 0x20, (long)RaftTerm);
    }

    private int WriteTail(Span<byte> target)
    {
        var at = KvWire.WriteInt64(target, 0, 0x18, result.More ? 1 : 0);
        return KvWire.WriteInt64(target, at, 0x20, result.Count);
    }
}
