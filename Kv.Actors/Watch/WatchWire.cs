using System.Buffers;
using System.Text;
using Kv.Actors.Model;

namespace Kv.Actors.Watch;

/// <summary>What a response header says besides the revision.</summary>
/// <param name="ClusterId">The cluster.</param>
/// <param name="MemberId">The member that answers.</param>
/// <param name="RaftTerm">Its term.</param>
public readonly record struct WatchHeader(ulong ClusterId, ulong MemberId, ulong RaftTerm);

/// <summary>Writes <c>etcdserverpb.WatchResponse</c> messages without making any: byte for byte what the generated classes write.</summary>
/// <remarks><code>
///  WatchResponse   0A len header   10 watch_id   18 created   20 canceled   28 compact_revision
///                  32 len cancel_reason   38 fragment   5A len event ...
///  header          08 cluster_id   10 member_id   18 revision   20 raft_term
///  event           08 type   12 len kv   1A len prev_kv
///  kv              0A len key   10 create   18 mod   20 version   2A len value   30 lease
/// </code>Fields that are zero, false or empty are left out, but an event's kv and a header are always there.</remarks>
public static class WatchWire
{
    /// <summary>Bytes of the message, without any framing.</summary>
    public static int SizeOf(in WatchResponse response, in WatchHeader header)
    {
        var headerBytes = SizeOfHeader(header, response.Revision);
        var size = 1 + KvWire.VarintSize((ulong)headerBytes) + headerBytes
            + SizeOfField((ulong)response.WatchId)
            + (response.IsCreated ? 2 : 0)
            + (response.IsCanceled ? 2 : 0)
            + SizeOfField((ulong)response.CompactRevision)
            + SizeOfBytes(Encoding.UTF8.GetByteCount(response.CancelReason))
            + (response.IsFragment ? 2 : 0);
        return checked((int)(size + EventBytes(response)));
    }

    /// <summary>Writes the message into <paramref name="output"/> and advances it.</summary>
    /// <returns>Bytes written: <see cref="SizeOf"/>.</returns>
    public static int Write(IBufferWriter<byte> output, in WatchResponse response, in WatchHeader header)
    {
        ArgumentNullException.ThrowIfNull(output);
        var size = SizeOf(response, header);
        var written = Write(output.GetSpan(size), response, header);
        if (written != size)
        {
            throw new InvalidOperationException($"a watch response of {size} bytes took {written}");
        }
        output.Advance(size);
        return size;
    }

    /// <summary>Writes the message; <paramref name="output"/> holds at least <see cref="SizeOf"/> bytes.</summary>
    /// <returns>Bytes written.</returns>
    public static int Write(Span<byte> output, in WatchResponse response, in WatchHeader header)
    {
        output[0] = 0x0A;
        var at = KvWire.WriteVarint(output, 1, (ulong)SizeOfHeader(header, response.Revision));
        at = KvWire.WriteInt64(output, at, 0x08, (long)header.ClusterId);
        at = KvWire.WriteInt64(output, at, 0x10, (long)header.MemberId);
        at = KvWire.WriteInt64(output, at, 0x18, response.Revision);
        at = KvWire.WriteInt64(output, at, 0x20, (long)header.RaftTerm);
        at = KvWire.WriteInt64(output, at, 0x10, response.WatchId);
        at = KvWire.WriteInt64(output, at, 0x18, response.IsCreated ? 1 : 0);
        at = KvWire.WriteInt64(output, at, 0x20, response.IsCanceled ? 1 : 0);
        at = KvWire.WriteInt64(output, at, 0x28, response.CompactRevision);
        if (response.CancelReason.Length > 0)
        {
            output[at++] = 0x32;
            at = KvWire.WriteVarint(output, at, (ulong)Encoding.UTF8.GetByteCount(response.CancelReason));
            at += Encoding.UTF8.GetBytes(response.CancelReason, output[at..]);
        }
        at = KvWire.WriteInt64(output, at, 0x38, response.IsFragment ? 1 : 0);
        if (response.WholeBatch is { } batch)
        {
            return at + batch.WriteAll(output[at..], response.PrevKv);
        }
        for (var i = 0; i < response.Count; i++)
        {
            var (part, index) = response[i];
            at += part.Write(output[at..], index, response.PrevKv);
        }
        return at;
    }

    /// <summary>Bytes the events of a response take, tags and lengths included.</summary>
    public static long EventBytes(in WatchResponse response)
    {
        if (response.WholeBatch is { } batch)
        {
            return batch.Bytes(response.PrevKv);
        }
        var sum = 0L;
        for (var i = 0; i < response.Count; i++)
        {
            var (part, index) = response[i];
            sum += part.BytesOf(index, response.PrevKv);
        }
        return sum;
    }

    /// <summary>Bytes of one event as field 11 of a response.</summary>
    internal static int SizeOfEvent(KeyVersion change, KeyVersion? previous) => KvWire.FieldSize(KvWire.EventSize(change, previous));

    /// <summary>Writes one event as field 11 of a response.</summary>
    internal static int WriteEvent(Span<byte> output, KeyVersion change, KeyVersion? previous)
    {
        output[0] = 0x5A;
        var at = KvWire.WriteVarint(output, 1, (ulong)KvWire.EventSize(change, previous));
        return at + KvWire.WriteEvent(output[at..], change, previous);
    }

    private static int SizeOfHeader(in WatchHeader header, long revision) =>
        SizeOfField(header.ClusterId) + SizeOfField(header.MemberId) + SizeOfField((ulong)revision) + SizeOfField(header.RaftTerm);

    private static int SizeOfField(ulong value) => KvWire.Int64Size((long)value);

    private static int SizeOfBytes(int length) => length == 0 ? 0 : KvWire.FieldSize(length);
}
