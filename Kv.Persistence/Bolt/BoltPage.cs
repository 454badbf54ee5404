using System.Buffers.Binary;

namespace Kv.Persistence.Bolt;

/// <summary>What a page holds; bbolt's flag values.</summary>
[Flags]
public enum BoltPageKind
{
    /// <summary>No kind: not a page in use.</summary>
    None = 0,

    /// <summary>First keys and page ids of child pages.</summary>
    Branch = 0x01,

    /// <summary>Keys and values, or keys and buckets.</summary>
    Leaf = 0x02,

    /// <summary>One of the two roots of the file.</summary>
    Meta = 0x04,

    /// <summary>Ids of pages not in use.</summary>
    Freelist = 0x10,
}

/// <summary>The first 16 bytes of every page. Little-endian, as bbolt writes on the machines it runs on.</summary>
/// <remarks><code>
///  offset  size  field
///       0     8  id        page number; times page size = place in the file
///       8     2  flags     BoltPageKind
///      10     2  count     elements; in a freelist 0xFFFF = the true count is the first of the ids
///      12     4  overflow  pages that follow and belong to this one
/// </code></remarks>
/// <param name="Id">Page number.</param>
/// <param name="Kind">What it holds.</param>
/// <param name="Count">Elements.</param>
/// <param name="Overflow">Further pages.</param>
public readonly record struct BoltPageHeader(ulong Id, BoltPageKind Kind, int Count, uint Overflow)
{
    /// <summary>Bytes of the header.</summary>
    public const int Bytes = 16;

    /// <summary>Reads it.</summary>
    public static BoltPageHeader Read(ReadOnlySpan<byte> page) => new(
        BinaryPrimitives.ReadUInt64LittleEndian(page),
        (BoltPageKind)BinaryPrimitives.ReadUInt16LittleEndian(page[8..]),
        BinaryPrimitives.ReadUInt16LittleEndian(page[10..]),
        BinaryPrimitives.ReadUInt32LittleEndian(page[12..]));

    /// <summary>Writes it.</summary>
    public void Write(Span<byte> page)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(page, Id);
        BinaryPrimitives.WriteUInt16LittleEndian(page[8..], (ushort)Kind);
        BinaryPrimitives.WriteUInt16LittleEndian(page[10..], (ushort)Count);
        BinaryPrimitives.WriteUInt32LittleEndian(page[12..], Overflow);
    }
}

/// <summary>One element of a leaf or branch page: 16 bytes behind the page header, the bytes they speak of behind all elements.</summary>
/// <remarks><code>
///  leaf                                       branch
///  0  4  flags  1 = the value is a bucket     0  4  pos    from this element to its key
///  4  4  pos    from this element to its key  4  4  ksize
///  8  4  ksize                                8  8  pgid   the child page
/// 12  4  vsize  the value follows the key
/// </code></remarks>
public static class BoltElement
{
    /// <summary>Bytes of an element.</summary>
    public const int Bytes = 16;

    /// <summary>Leaf flag: the value is a bucket header, perhaps with an inline page behind it.</summary>
    public const uint BucketFlag = 1;

    /// <summary>Bytes of a bucket header: root page id (8, 0 = inline) and sequence (8).</summary>
    public const int BucketBytes = 16;

    /// <summary>Longest key bbolt takes.</summary>
    public const int MaxKeyBytes = 32768;

    /// <summary>Reads a record of a leaf.</summary>
    /// <param name="page">All of the page, with its header.</param>
    /// <param name="index">Below the page's count.</param>
    /// <returns>False when it reaches over the end of the page.</returns>
    public static bool TryReadLeaf(ReadOnlySpan<byte> page, int index, out uint flags, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value)
    {
        flags = 0;
        key = value = default;
        var at = BoltPageHeader.Bytes + ((long)index * Bytes);
        if (at + Bytes > page.Length) return false;
        var element = page.Slice((int)at, Bytes);
        flags = BinaryPrimitives.ReadUInt32LittleEndian(element);
        var (keyBytes, valueBytes) = (BinaryPrimitives.ReadUInt32LittleEndian(element[8..]), BinaryPrimitives.ReadUInt32LittleEndian(element[12..]));
        at += BinaryPrimitives.ReadUInt32LittleEndian(element[4..]);
        if (at + keyBytes + valueBytes > page.Length) return false;
        key = page.Slice((int)at, (int)keyBytes);
        value = page.Slice((int)at + (int)keyBytes, (int)valueBytes);
        return true;
    }

    /// <summary>Writes a leaf element.</summary>
    public static void WriteLeaf(Span<byte> element, uint flags, int position, int keyBytes, int valueBytes)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(element, flags);
        BinaryPrimitives.WriteInt32LittleEndian(element[4..], position);
        BinaryPrimitives.WriteInt32LittleEndian(element[8..], keyBytes);
        BinaryPrimitives.WriteInt32LittleEndian(element[12..], valueBytes);
    }

    /// <summary>Writes a branch element.</summary>
    public static void WriteBranch(Span<byte> element, int position, int keyBytes, ulong child)
    {
        BinaryPrimitives.WriteInt32LittleEndian(element, position);
        BinaryPrimitives.WriteInt32LittleEndian(element[4..], keyBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(element[8..], child);
    }
}

/// <summary>The content of a meta page, behind its page header. There are two; the valid one with the higher transaction counts.</summary>
/// <remarks><code>
///  offset  size  field
///       0     4  magic      0xED0CDAED
///       4     4  version    2
///       8     4  page size
///      12     4  flags      0
///      16    16  root       bucket header of the bucket of buckets
///      32     8  freelist   its page id; 0xFFFFFFFFFFFFFFFF = not kept
///      40     8  pgid       one above the last page of the file
///      48     8  txid       transaction; page = txid mod 2
///      56     8  checksum   FNV-1a, 64 bits, of bytes 0..55
/// </code></remarks>
/// <param name="PageSize">Bytes of a page.</param>
/// <param name="Root">Root page of the bucket of buckets.</param>
/// <param name="RootSequence">Its sequence.</param>
/// <param name="Freelist">Page id of the freelist.</param>
/// <param name="HighWater">One above the last page.</param>
/// <param name="Transaction">Transaction id.</param>
public readonly record struct BoltMeta(int PageSize, ulong Root, ulong RootSequence, ulong Freelist, ulong HighWater, ulong Transaction)
{
    /// <summary>Bytes behind the page header.</summary>
    public const int Bytes = 64;

    /// <summary>First four bytes.</summary>
    public const uint Magic = 0xED0CDAED;

    /// <summary>bbolt's file format.</summary>
    public const uint Version = 2;

    /// <summary>Freelist value of a file that keeps none.</summary>
    public const ulong NoFreelist = ulong.MaxValue;

    /// <summary>Writes it behind a page header.</summary>
    public void Write(Span<byte> target)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(target, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(target[4..], Version);
        BinaryPrimitives.WriteInt32LittleEndian(target[8..], PageSize);
        BinaryPrimitives.WriteUInt32LittleEndian(target[12..], 0);
        BinaryPrimitives.WriteUInt64LittleEndian(target[16..], Root);
        BinaryPrimitives.WriteUInt64LittleEndian(target[24..], RootSequence);
        BinaryPrimitives.WriteUInt64LittleEndian(target[32..], Freelist);
        BinaryPrimitives.WriteUInt64LittleEndian(target[40..], HighWater);
        BinaryPrimitives.WriteUInt64LittleEndian(target[48..], Transaction);
        BinaryPrimitives.WriteUInt64LittleEndian(target[56..], Fnv1A(target[..56]));
    }

    /// <summary>Reads it from behind a page header.</summary>
    /// <returns>Null if it is good, otherwise what is wrong.</returns>
    public static string? Read(ReadOnlySpan<byte> source, out BoltMeta meta)
    {
        meta = default;
        if (source.Length < Bytes) return "the file is too small for a meta page";
        if (BinaryPrimitives.ReadUInt32LittleEndian(source) != Magic) return "no bbolt database";
        var version = BinaryPrimitives.ReadUInt32LittleEndian(source[4..]);
        if (version != Version) return $"bbolt format version {version} where {Version} is expected";
        var checksum = BinaryPrimitives.ReadUInt64LittleEndian(source[56..]);
        if (checksum != Fnv1A(source[..56])) return $"meta checksum {checksum:x16} where {Fnv1A(source[..56]):x16} is expected";
        var pageSize = BinaryPrimitives.ReadInt32LittleEndian(source[8..]);
        if (pageSize is < 512 or > 1 << 20 || (pageSize & (pageSize - 1)) != 0) return $"page size {pageSize}";
        meta = new BoltMeta(
            pageSize,
            BinaryPrimitives.ReadUInt64LittleEndian(source[16..]),
            BinaryPrimitives.ReadUInt64LittleEndian(source[24..]),
            BinaryPrimitives.ReadUInt64LittleEndian(source[32..]),
            BinaryPrimitives.ReadUInt64LittleEndian(source[40..]),
            BinaryPrimitives.ReadUInt64LittleEndian(source[48..]));
        return null;
    }

    /// <summary>FNV-1a, 64 bits.</summary>
    public static ulong Fnv1A(ReadOnlySpan<byte> data)
    {
        var hash = 0xcbf29ce484222325UL;
        foreach (var b in data) hash = (hash ^ b) * 0x100000001b3UL;
        return hash;
    }
}
