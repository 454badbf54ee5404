using System.Buffers.Binary;

namespace Kv.Persistence.Wal;

/// <summary>The first 64 bytes of a segment file. Little-endian. Durable before the file gets its final name.</summary>
/// <remarks><code>
///  offset  size  field
///       0     8  magic         "KVWALSEG"
///       8     4  version       1
///      12     4  header bytes  64
///      16     8  sequence      1, 2, 3 ...; also in the file's name
///      24     8  first index   number of the segment's first record in the log
///      32     8  size          of the file in bytes: a shorter file has been cut
///      40     4  previous crc  the chain's value at the end of the segment before, its seal included; 0 in the first
///      44    16  log id        drawn when the log is made; the same in all its segments
///      60     4  crc           CRC-32C of bytes 0..59
/// </code></remarks>
/// <param name="Sequence">The segment's number.</param>
/// <param name="FirstIndex">Index of its first record.</param>
/// <param name="Size">Bytes of the file.</param>
/// <param name="PreviousCrc">Seed of the chain.</param>
/// <param name="LogId">Which log it belongs to.</param>
public readonly record struct SegmentHeader(long Sequence, long FirstIndex, long Size, uint PreviousCrc, Guid LogId)
{
    /// <summary>Bytes of the header; the first record follows at once.</summary>
    public const int Bytes = 64;

    /// <summary>The only version there is so far.</summary>
    public const int CurrentVersion = 1;

    private static ReadOnlySpan<byte> Magic => "KVWALSEG"u8;

    /// <summary>Writes the header into <paramref name="target"/>, <see cref="Bytes"/> long.</summary>
    public void Write(Span<byte> target)
    {
        Magic.CopyTo(target);
        BinaryPrimitives.WriteInt32LittleEndian(target[8..], CurrentVersion);
        BinaryPrimitives.WriteInt32LittleEndian(target[12..], Bytes);
        BinaryPrimitives.WriteInt64LittleEndian(target[16..], Sequence);
        BinaryPrimitives.WriteInt64LittleEndian(target[24..], FirstIndex);
        BinaryPrimitives.WriteInt64LittleEndian(target[32..], Size);
        BinaryPrimitives.WriteUInt32LittleEndian(target[40..], PreviousCrc);
        LogId.TryWriteBytes(target[44..], bigEndian: true, out _);
        BinaryPrimitives.WriteUInt32LittleEndian(target[60..], Crc32C.Of(target[..60]));
    }

    /// <summary>Reads a header.</summary>
    /// <returns>Null if it is good; otherwise what is wrong with it, to be put behind "is damaged at offset 0".</returns>
    /// <param name="source">The first bytes of the file.</param>
    /// <param name="header">The header, if it is good.</param>
    /// <param name="version">The version found when the magic fits, otherwise 0; a version other than ours is no damage.</param>
    public static string? Read(ReadOnlySpan<byte> source, out SegmentHeader header, out int version)
    {
        header = default;
        version = 0;
        if (source.Length < Bytes) return $"{source.Length} bytes where a header of {Bytes} is expected";
        if (!source[..8].SequenceEqual(Magic)) return "it does not begin as a segment does";
        var crc = BinaryPrimitives.ReadUInt32LittleEndian(source[60..]);
        var found = BinaryPrimitives.ReadInt32LittleEndian(source[8..]);
        if (found == CurrentVersion || crc == Crc32C.Of(source[..60])) version = found;
        if (crc != Crc32C.Of(source[..60])) return $"header checksum {crc:x8} where {Crc32C.Of(source[..60]):x8} is expected";
        header = new SegmentHeader(
            BinaryPrimitives.ReadInt64LittleEndian(source[16..]),
            BinaryPrimitives.ReadInt64LittleEndian(source[24..]),
            BinaryPrimitives.ReadInt64LittleEndian(source[32..]),
            BinaryPrimitives.ReadUInt32LittleEndian(source[40..]),
            new Guid(source[44..60], bigEndian: true));
        return null;
    }
}
