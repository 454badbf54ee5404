namespace Kv.Persistence.Bolt;

/// <summary>A leaf page with what belongs to it, out of a database that is not whole yet.</summary>
/// <param name="page">Its bytes, overflow included; valid until the visitor returns.</param>
public readonly ref struct BoltLeaf(ReadOnlySpan<byte> page)
{
    private readonly ReadOnlySpan<byte> _page = page;
    private readonly BoltPageHeader _header = BoltPageHeader.Read(page);

    /// <summary>Page number.</summary>
    public ulong Id => _header.Id;

    /// <summary>Records.</summary>
    public int Count => _header.Count;

    /// <summary>A record.</summary>
    /// <returns>False when it is a bucket, or reaches over the end of the page.</returns>
    public bool TryRead(int index, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value) =>
        BoltElement.TryReadLeaf(_page, index, out var flags, out key, out value) && (flags & BoltElement.BucketFlag) == 0;
}

/// <summary>Takes a leaf; the next page is looked at when it returns.</summary>
public delegate void BoltLeafVisitor(BoltLeaf leaf);

/// <summary>Takes a database apart while it comes, front to back: its leaves are there long before the meta pages that say which belong to what.</summary>
/// <remarks>
/// <code>
///  pages    2 freelist │ 3 leaf │ 4 leaf + overflow 5 │ 6 branch │ …
///  pieces   ├─────────────┤├───────────┤├─────────┤      cut anywhere
///  visited              3            4
/// </code>
/// What it shows is what the pages say of themselves. Whether a leaf is part of a bucket only the whole database tells
/// (<see cref="BoltReader.LeafPages"/>).
/// </remarks>
/// <param name="pageSize">Bytes of a page; of ours, <see cref="BoltWriter.DefaultPageSize"/>.</param>
public sealed class BoltLeafStream(int pageSize = BoltWriter.DefaultPageSize)
{
    private const int MostPageBytes = 64 << 20;               // a damaged length must not have all memory set aside
    private byte[] _rest = [];
    private int _restBytes;
    private ulong _next = 2;                                   // behind the two meta pages

    /// <summary>Takes the next bytes, the first being those behind the two meta pages. O(bytes).</summary>
    /// <param name="piece">Not kept.</param>
    /// <param name="visit">Called for each leaf that is whole now, in order.</param>
    /// <exception cref="InvalidDataException">They are no pages in a row, or one is larger than 64 MiB; nothing is to be given to it any more.</exception>
    public void Append(ReadOnlySpan<byte> piece, BoltLeafVisitor visit)
    {
        ArgumentNullException.ThrowIfNull(visit);
        while (_restBytes > 0 && !piece.IsEmpty)
        {
            var wanted = _restBytes < BoltPageHeader.Bytes ? BoltPageHeader.Bytes : BytesOf(_rest.AsSpan(0, _restBytes));
            var more = (int)Math.Min(wanted - _restBytes, piece.Length);
            if (_restBytes + more > _rest.Length) Array.Resize(ref _rest, (int)Math.Min(wanted, Math.Max(_restBytes + more, _rest.Length * 2L)));
            piece[..more].CopyTo(_rest.AsSpan(_restBytes));
            _restBytes += more;
            piece = piece[more..];
            if (_restBytes < BoltPageHeader.Bytes || _restBytes < BytesOf(_rest.AsSpan(0, _restBytes))) continue;
            Visit(_rest.AsSpan(0, _restBytes), visit);
            _restBytes = 0;
        }

        while (piece.Length >= BoltPageHeader.Bytes && piece.Length >= BytesOf(piece))
        {
            var bytes = (int)BytesOf(piece);
            Visit(piece[..bytes], visit);
            piece = piece[bytes..];
        }

        if (piece.IsEmpty) return;
        if (_rest.Length < piece.Length) _rest = new byte[Math.Max(piece.Length, pageSize)];
        piece.CopyTo(_rest);
        _restBytes = piece.Length;
    }

    private void Visit(ReadOnlySpan<byte> page, BoltLeafVisitor visit)
    {
        _next += (ulong)(page.Length / pageSize);
        if (BoltPageHeader.Read(page).Kind == BoltPageKind.Leaf) visit(new BoltLeaf(page));
    }

    /// <summary>Bytes of the page that begins here, with its overflow: of one record, if there is any.</summary>
    private long BytesOf(ReadOnlySpan<byte> page)
    {
        var header = BoltPageHeader.Read(page);
        var bytes = (header.Overflow + 1L) * pageSize;
        return header.Id == _next && bytes <= MostPageBytes
            ? bytes
            : throw new InvalidDataException($"page {_next} says it is page {header.Id} with {header.Overflow} more");
    }
}
