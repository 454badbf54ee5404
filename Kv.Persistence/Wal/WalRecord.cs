using System.Buffers.Binary;

namespace Kv.Persistence.Wal;

/// <summary>What stands at a place in a segment.</summary>
public enum WalRead
{
    /// <summary>A whole record whose checksums hold.</summary>
    Record,

    /// <summary>Sixteen zero bytes, or no room for a header: nothing was written here.</summary>
    End,

    /// <summary>A header that no writer of this format wrote at this place.</summary>
    BadHeader,

    /// <summary>A good header whose payload or place in the chain does not fit its checksum.</summary>
    BadPayload,
}

/// <summary>Where a record stands, with what is needed to verify it when read on its own.</summary>
/// <param name="Sequence">The segment's number.</param>
/// <param name="Offset">Of the record's header in the segment file, bytes.</param>
/// <param name="Index">Running number of the record in the log, from 0; the log's own records count too.</param>
/// <param name="PreviousCrc">The chain's value before the record.</param>
public readonly record struct WalPosition(long Sequence, long Offset, long Index, uint PreviousCrc);

/// <summary>The fixed part of a record.</summary>
/// <param name="Length">Payload bytes.</param>
/// <param name="Crc">The chain's value after the record.</param>
/// <param name="Type">The caller's, 1..127; 128 and above are the log's own.</param>
/// <param name="Back">Bytes from the start of the write that carried this record to the record.</param>
public readonly record struct WalHeader(int Length, uint Crc, byte Type, int Back);

/// <summary>One WAL record. Little-endian; padded so that every header starts on 16 bytes and lies within one disk sector.</summary>
/// <remarks><code>
///  offset  size  field
///       0     4  length   payload bytes, without header and end marks
///       4     4  crc      CRC-32C of bytes 8..15 and the payload, seeded with the previous record's crc
///       8     1  type     the caller's 1..127; 128 seal, 129 removal
///       9     3  back     from the start of the write that carried the record, in units of 16 bytes
///      12     4  mark     CRC-32C of segment sequence (8), record offset (8), length (4), type and back (4)
///      16     n  payload
///    16+n  1-16  end      0xE5 up to the next multiple of 16, at least once
/// </code>
/// The mark ties a header to its place, so a record that landed elsewhere is not taken for one, and a header can be
/// recognised even when what stands before it is damaged. <c>back</c> tells which records went out in one write: only
/// the last write can be torn, so a record of a later write after a bad one proves that the bad one was once durable.
/// The end mark is not zero, so a record whose end was never written shows it.
/// </remarks>
public static class WalRecord
{
    /// <summary>Bytes before the payload.</summary>
    public const int HeaderBytes = 16;

    /// <summary>Records start at multiples of this.</summary>
    public const int Alignment = 16;

    /// <summary>Fills a record from the end of its payload to the next multiple of 16.</summary>
    public const byte EndMark = 0xE5;

    /// <summary>Written at the end of a full segment, once its successor is durable.</summary>
    public const byte SealType = 128;

    /// <summary>Payload: 8 bytes, the lowest segment sequence still needed. Written before segments are removed.</summary>
    public const byte RemovalType = 129;

    /// <summary>Highest type a caller may use.</summary>
    public const byte MaxCallerType = 127;

    /// <summary>Bytes of records in one write at most, besides its first record: what <c>back</c> can express.</summary>
    public const int MaxBackBytes = 0xFFFFFF * Alignment;

    /// <summary>Longest payload, 1 GiB.</summary>
    public const int MaxPayloadBytes = 1 << 30;

    /// <summary>Bytes a record with a payload of <paramref name="payload"/> bytes takes.</summary>
    public static int Size(int payload) => (HeaderBytes + payload + Alignment) & -Alignment;

    /// <summary>Completes a record whose payload already stands at <c>record[16..]</c>: header before it, end marks after it.</summary>
    /// <param name="record">Exactly <see cref="Size"/> bytes.</param>
    /// <param name="length">Payload bytes.</param>
    /// <param name="type">What kind of record.</param>
    /// <param name="back">Bytes since the start of this write, a multiple of 16.</param>
    /// <param name="at">Where the record will stand; <see cref="WalPosition.PreviousCrc"/> seeds its checksum.</param>
    /// <returns>The chain's value after the record.</returns>
    public static uint Complete(Span<byte> record, int length, byte type, int back, in WalPosition at)
    {
        record[(HeaderBytes + length)..].Fill(EndMark);
        BinaryPrimitives.WriteInt32LittleEndian(record, length);
        BinaryPrimitives.WriteUInt32LittleEndian(record[8..], type | ((uint)(back / Alignment) << 8));
        BinaryPrimitives.WriteUInt32LittleEndian(record[12..], Mark(record, at.Sequence, at.Offset));
        var crc = Crc32C.Append(at.PreviousCrc, record[8..(HeaderBytes + length)]);
        BinaryPrimitives.WriteUInt32LittleEndian(record[4..], crc);
        return crc;
    }

    /// <summary>Reads the header that should stand at <paramref name="offset"/> of segment <paramref name="sequence"/>; looks at 16 bytes.</summary>
    public static WalRead ReadHeader(ReadOnlySpan<byte> header, long sequence, long offset, out WalHeader result)
    {
        result = default;
        if (header.Length < HeaderBytes) return WalRead.End;
        if (BinaryPrimitives.ReadUInt64LittleEndian(header) == 0 && BinaryPrimitives.ReadUInt64LittleEndian(header[8..]) == 0) return WalRead.End;
        if (BinaryPrimitives.ReadUInt32LittleEndian(header[12..]) != Mark(header, sequence, offset)) return WalRead.BadHeader;
        var length = BinaryPrimitives.ReadInt32LittleEndian(header);
        if (length is < 0 or > MaxPayloadBytes) return WalRead.BadHeader;
        var typeAndBack = BinaryPrimitives.ReadUInt32LittleEndian(header[8..]);
        result = new WalHeader(
            length, BinaryPrimitives.ReadUInt32LittleEndian(header[4..]), (byte)typeAndBack, (int)(typeAndBack >> 8) * Alignment);
        return WalRead.Record;
    }

    /// <summary>Verifies a whole record against its header and the chain.</summary>
    /// <param name="record">Exactly <see cref="Size"/> bytes, header included.</param>
    /// <param name="header">As <see cref="ReadHeader"/> gave it.</param>
    /// <param name="previousCrc">The chain's value before the record.</param>
    public static bool Verify(ReadOnlySpan<byte> record, in WalHeader header, uint previousCrc)
    {
        var end = HeaderBytes + header.Length;
        return Crc32C.Append(previousCrc, record[8..end]) == header.Crc && !record[end..].ContainsAnyExcept(EndMark);
    }

    /// <summary>The chain's value after a seal at <paramref name="at"/>, known before the seal is written.</summary>
    public static uint SealCrc(in WalPosition at)
    {
        Span<byte> seal = stackalloc byte[Size(0)];
        return Complete(seal, 0, SealType, 0, at);
    }

    private static uint Mark(ReadOnlySpan<byte> header, long sequence, long offset)
    {
        Span<byte> input = stackalloc byte[24];
        BinaryPrimitives.WriteInt64LittleEndian(input, sequence);
        BinaryPrimitives.WriteInt64LittleEndian(input[8..], offset);
        header[..4].CopyTo(input[16..]);
        header[8..12].CopyTo(input[20..]);
        return Crc32C.Of(input);
    }
}
