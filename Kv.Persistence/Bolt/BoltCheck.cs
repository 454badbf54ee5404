using System.Buffers.Binary;
using System.Collections;
using Kv.Persistence.Io;
using Kv.Persistence.Wal;

namespace Kv.Persistence.Bolt;

/// <summary>The structural check of <c>bbolt check</c>, and the checksum <c>etcdctl snapshot status</c> prints.</summary>
public static class BoltCheck
{
    private const int MaxProblems = 100;

    /// <summary>
    /// Verifies that every page is reached once or free once, that pages are of the right kind, and that keys ascend within
    /// and across pages. Reads every page; memory is two bits a page.
    /// </summary>
    /// <returns>What is wrong, at most 100 findings; empty for a sound database.</returns>
    public static IReadOnlyList<string> Check(BoltReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        return new Walk(reader).Run();
    }

    /// <summary>CRC-32C over bucket names, keys and values in order: the "hash" of <c>etcdctl snapshot status</c>.</summary>
    /// <param name="reader">The database.</param>
    /// <param name="records">How many records there are; its "total keys" up to etcd 3.5.</param>
    public static uint Hash(BoltReader reader, out long records)
    {
        ArgumentNullException.ThrowIfNull(reader);
        var crc = 0u;
        records = 0;
        foreach (var name in reader.BucketNames())
        {
            crc = Crc32C.Append(crc, name);
            var cursor = reader.Open(reader.Bucket(name)!);
            while (cursor.MoveNext())
            {
                crc = Crc32C.Append(Crc32C.Append(crc, cursor.Key), cursor.Value);
                records++;
            }
        }

        return crc;
    }

    private sealed class Walk(BoltReader reader)
    {
        private readonly List<string> _problems = [];
        private readonly BitArray _reached = new(checked((int)reader.Meta.HighWater));
        private readonly BitArray _free = new(checked((int)reader.Meta.HighWater));

        public List<string> Run()
        {
            _reached[0] = _reached[1] = true;
            var hasFreelist = reader.Meta.Freelist != BoltMeta.NoFreelist;
            Guard(() =>
            {
                if (hasFreelist) ReadFreelist();
                byte[] last = [];
                Tree(reader.Meta.Root, ref last, 0);
            });
            for (var page = 0; page < _reached.Count && hasFreelist && _problems.Count < MaxProblems; page++)
            {
                if (_reached[page] && _free[page]) _problems.Add($"page {page} is in use and free");
                if (!_reached[page] && !_free[page]) _problems.Add($"page {page} is neither in use nor free");
            }

            return _problems;
        }

        private void ReadFreelist()
        {
            byte[] buffer = [];
            var header = reader.ReadPage(reader.Meta.Freelist, ref buffer, out var length);
            Reach(header);
            if (header.Kind != BoltPageKind.Freelist) _problems.Add($"page {header.Id} is of kind {(int)header.Kind}, not a freelist");
            var (count, start) = ((long)header.Count, BoltPageHeader.Bytes);
            if (count == 0xFFFF)
            {
                count = (long)Math.Min(BinaryPrimitives.ReadUInt64LittleEndian(buffer.AsSpan(start)), int.MaxValue);
                start += 8;
            }

            if (start + (count * 8) > length) throw reader.Damaged(header.Id, $"the freelist claims {count} pages");
            for (var i = 0; i < count; i++)
            {
                var id = BinaryPrimitives.ReadUInt64LittleEndian(buffer.AsSpan(start + (i * 8)));
                if (id >= reader.Meta.HighWater) _problems.Add($"free page {id} is beyond the end");
                else if (_free[(int)id]) _problems.Add($"page {id} is free twice");
                else _free[(int)id] = true;
            }
        }

        private void Tree(ulong id, ref byte[] last, int depth)
        {
            if (_problems.Count >= MaxProblems) return;
            byte[] buffer = [];
            var header = reader.ReadPage(id, ref buffer, out var length);
            if (!Reach(header) || depth > 48) return;
            Page(header, buffer.AsMemory(0, length), ref last, depth);
        }

        private void Page(in BoltPageHeader header, ReadOnlyMemory<byte> page, ref byte[] last, int depth)
        {
            var isLeaf = header.Kind == BoltPageKind.Leaf;
            if (!isLeaf && header.Kind != BoltPageKind.Branch)
            {
                _problems.Add($"page {header.Id} is of kind {(int)header.Kind}");
                return;
            }

            for (var i = 0; i < header.Count && _problems.Count < MaxProblems; i++)
            {
                var at = BoltPageHeader.Bytes + (i * BoltElement.Bytes);
                if (at + BoltElement.Bytes > page.Length) throw reader.Damaged(header.Id, $"page {header.Id} claims {header.Count} elements");
                var element = page.Span.Slice(at, BoltElement.Bytes);
                var position = BinaryPrimitives.ReadUInt32LittleEndian(isLeaf ? element[4..] : element);
                var keyBytes = BinaryPrimitives.ReadUInt32LittleEndian(isLeaf ? element[8..] : element[4..]);
                var valueBytes = isLeaf ? BinaryPrimitives.ReadUInt32LittleEndian(element[12..]) : 0;
                if (at + (long)position + keyBytes + valueBytes > page.Length) throw reader.Damaged(header.Id, $"element {i} of page {header.Id} reaches over its end");
                var key = page.Slice(at + (int)position, (int)keyBytes);
                var order = last.AsSpan().SequenceCompareTo(key.Span);   // at first empty, so below every key
                if (isLeaf)
                {
                    // The first key of a leaf repeats its parent's key, so it may equal the last one seen; later ones must be above.
                    if (order > 0 || (order == 0 && i > 0)) _problems.Add($"key {i} of page {header.Id} is out of order");
                    last = key.ToArray();
                    if ((BinaryPrimitives.ReadUInt32LittleEndian(element) & BoltElement.BucketFlag) != 0)
                        Sub(header.Id, page.Span.Slice(at + (int)position + (int)keyBytes, (int)valueBytes), depth);
                    continue;
                }

                if (order > 0 || (order == 0 && i > 0)) _problems.Add($"child {i} of page {header.Id} is out of order");
                last = key.ToArray();
                Tree(BinaryPrimitives.ReadUInt64LittleEndian(element[8..]), ref last, depth + 1);
            }
        }

        private void Sub(ulong page, ReadOnlySpan<byte> value, int depth)
        {
            var bucket = BoltBucket.Parse(value) ?? throw reader.Damaged(page, "a bucket's record is too short");
            byte[] last = [];
            if (bucket.Inline is { } inline) Page(BoltPageHeader.Read(inline), inline, ref last, depth + 1);
            else Tree(bucket.Root, ref last, 0);
        }

        private bool Reach(in BoltPageHeader header)
        {
            var firstTime = true;
            for (var page = header.Id; page <= header.Id + header.Overflow; page++)
            {
                if (_reached[(int)page])
                {
                    _problems.Add($"page {page} is reached twice");
                    firstTime = false;
                }

                _reached[(int)page] = true;
            }

            return firstTime;
        }

        private void Guard(Action walk)
        {
            try
            {
                walk();
            }
            catch (DamagedFileException e)
            {
                _problems.Add(e.Message);
            }
        }
    }
}
