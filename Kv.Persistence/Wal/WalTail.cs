using Kv.Persistence.Io;

namespace Kv.Persistence.Wal;

/// <summary>Decides what the place is where the last segment stops making sense: its clean end, a write that a crash tore, or damage.</summary>
/// <remarks>
/// Only the last write can be torn, because the next one begins after its sync. So everything below must hold for a tear,
/// and otherwise bytes that were once durable have changed:
/// <list type="number">
/// <item>no record header beyond the place belongs to a later write (its <c>back</c> does not reach the place);</item>
/// <item>a header that is there but bad has nothing behind it (sectors are written whole, and a header lies in one);</item>
/// <item>a good header with a bad payload shows a hole: its end mark, or a whole sector of it, is still zero.</item>
/// </list>
/// </remarks>
internal static class WalTail
{
    private const int SectorBytes = 512;
    private const int ScanBytes = 128 << 10;

    /// <summary>Looks at the rest of the segment from the place where reading stopped.</summary>
    /// <param name="segment">The log's last segment; its <see cref="WalSegment.Next"/> is the place.</param>
    /// <param name="read">What reading gave there.</param>
    /// <param name="header">The header, after <see cref="WalRead.BadPayload"/>.</param>
    /// <returns>Bytes up to the last one that is not zero: 0 for a clean end, otherwise what a crash tore and must be cut off.</returns>
    /// <exception cref="DamagedFileException">It is no tear.</exception>
    public static long Inspect(WalSegment segment, WalRead read, in WalHeader header)
    {
        var place = segment.Next.Offset;
        var used = 0L;
        var laterWrite = -1L;
        for (var offset = place; offset < segment.Header.Size;)
        {
            var chunk = segment.Peek(offset, ScanBytes);
            if (chunk.Length == 0) break;
            var last = chunk.LastIndexOfAnyExcept((byte)0);
            if (last >= 0)
            {
                used = offset + last + 1 - place;
                if (laterWrite < 0) laterWrite = FindLaterWrite(segment.Header.Sequence, chunk, offset, place);
            }

            offset += chunk.Length;
        }

        if (laterWrite >= 0)
            throw Damaged(segment, $"{segment.Problem ?? "zeros"}, but a record written later stands at offset {laterWrite}");
        if (read == WalRead.BadHeader && used > WalRecord.HeaderBytes)
            throw Damaged(segment, $"{segment.Problem}, with {used} bytes behind it that no crash explains");
        if (read == WalRead.BadPayload && !HasHole(segment, place, header))
            throw Damaged(segment, $"{segment.Problem}, and none of it is missing as after a crash");
        return used;
    }

    private static long FindLaterWrite(long sequence, ReadOnlySpan<byte> chunk, long offset, long place)
    {
        for (var i = 0; i + WalRecord.HeaderBytes <= chunk.Length; i += WalRecord.Alignment)
        {
            if (offset + i == place) continue;
            var read = WalRecord.ReadHeader(chunk.Slice(i, WalRecord.HeaderBytes), sequence, offset + i, out var header);
            if (read == WalRead.Record && offset + i - header.Back > place) return offset + i;
        }

        return -1;
    }

    private static bool HasHole(WalSegment segment, long place, in WalHeader header)
    {
        var record = segment.Peek(place, WalRecord.Size(header.Length));
        if (record.Length < WalRecord.Size(header.Length)) return true;
        if (record[(WalRecord.HeaderBytes + header.Length)..].Contains((byte)0)) return true;
        for (var start = WalRecord.HeaderBytes; start < record.Length;)
        {
            var end = (int)Math.Min(record.Length, ((place + start) / SectorBytes * SectorBytes) + SectorBytes - place);
            if (!record[start..end].ContainsAnyExcept((byte)0)) return true;
            start = end;
        }

        return false;
    }

    private static DamagedFileException Damaged(WalSegment segment, string reason) => new(segment.Path, segment.Next.Offset, reason);
}
