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
        var size = 1 + SizeOfVarint((ulong)headerBytes) + headerBytes
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
        var at = 1 + WriteVarint(output[1..], (ulong)SizeOfHeader(header, response.Revision));
        at += WriteField(output[at..], 0x08, header.ClusterId);
        at += WriteField(output[at..], 0x10, header.MemberId);
        at += WriteField(output[at..], 0x18, (ulong)response.Revision);
        at += WriteField(output[at..], 0x20, header.RaftTerm);
        at += WriteField(output[at..], 0x10, (ulong)response.WatchId);
        at += WriteField(output[at..], 0x18, response.IsCreated ? 1UL : 0);
        at += WriteField(output[at..], 0x20, response.IsCanceled ? 1UL : 0);
        at += WriteField(output[at..], 0x28, (ulong)response.CompactRevision);
        if (response.CancelReason.Length > 0)
        {
            output[at++] = 0x32;
            at += WriteVarint(output[at..], (ulong)Encoding.UTF8.GetByteCount(response.CancelReason));
            at += Encoding.UTF8.GetBytes(response.CancelReason, output[at..]);
        }
        at += WriteField(output[at..], 0x38, response.IsFragment ? 1UL : 0);
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
    internal static int SizeOfEvent(KeyVersion change, KeyVersion? previous) => 1 + SizeOfBody(SizeOfEventBody(change, previous));

    /// <summary>Writes one event as field 11 of a response.</summary>
    internal static int WriteEvent(Span<byte> output, KeyVersion change, KeyVersion? previous)
    {
        output[0] = 0x5A;
        var at = 1 + WriteVarint(output[1..], (ulong)SizeOfEventBody(change, previous));
        at += WriteField(output[at..], 0x08, change.IsTombstone ? 1UL : 0);
        at += WriteKeyValue(output[at..], 0x12, change);
        if (previous is not null)
        {
            at += WriteKeyValue(output[at..], 0x1A, previous);
        }
        return at;
    }

    private static int SizeOfEventBody(KeyVersion change, KeyVersion? previous) =>
        (change.IsTombstone ? 2 : 0) + 1 + SizeOfBody(SizeOfKeyValue(change))
        + (previous is null ? 0 : 1 + SizeOfBody(SizeOfKeyValue(previous)));

    private static int SizeOfKeyValue(KeyVersion kv) =>
        SizeOfBytes(kv.Key.Length) + SizeOfField((ulong)kv.CreateRevision) + SizeOfField((ulong)kv.ModRevision)
        + SizeOfField((ulong)kv.Version) + SizeOfBytes(kv.Value.Length) + SizeOfField((ulong)kv.Lease.Value);

    private static int WriteKeyValue(Span<byte> output, byte tag, KeyVersion kv)
    {
        output[0] = tag;
        var at = 1 + WriteVarint(output[1..], (ulong)SizeOfKeyValue(kv));
        at += WriteBytes(output[at..], 0x0A, kv.Key);
        at += WriteField(output[at..], 0x10, (ulong)kv.CreateRevision);
        at += WriteField(output[at..], 0x18, (ulong)kv.ModRevision);
        at += WriteField(output[at..], 0x20, (ulong)kv.Version);
        at += WriteBytes(output[at..], 0x2A, kv.Value);
        return at + WriteField(output[at..], 0x30, (ulong)kv.Lease.Value);
    }

    private static int SizeOfHeader(in WatchHeader header, long revision) =>
        SizeOfField(header.ClusterId) + SizeOfField(header.MemberId) + SizeOfField((ulong)revision) + SizeOfField(header.RaftTerm);

    private static int SizeOfField(ulong value) => value == 0 ? 0 : 1 + SizeOfVarint(value);

    private static int SizeOfBytes(int length) => length == 0 ? 0 : 1 + SizeOfBody(length);

    private static int SizeOfBody(int length) => SizeOfVarint((ulong)length) + length;

    private static int SizeOfVarint(ulong value) => ((63 - System.Numerics.BitOperations.LeadingZeroCount(value | 1)) / 7) + 1;

    private static int WriteField(Span<byte> output, byte tag, ulong value)
    {
        if (value == 0)
        {
            return 0;
        }
        output[0] = tag;
        return 1 + WriteVarint(output[1..], value);
    }

    private static int WriteBytes(Span<byte> output, byte tag, byte[] bytes)
    {
        if (bytes.Length == 0)
        {
            return 0;
        }
        output[0] = tag;
        var at = 1 + WriteVarint(output[1..], (ulong)bytes.Length);
        bytes.CopyTo(output[at..]);
        return at + bytes.Length;
    }

    private static int WriteVarint(Span<byte> output, ulong value)
    {
        var at = 0;
        while (value >= 0x80)
        {
            output[at++] = (byte)(value | 0x80);
            value >>= 7;
        }
        output[at++] = (byte)value;
        return at;
    }
}
