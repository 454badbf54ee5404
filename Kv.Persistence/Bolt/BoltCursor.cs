using System.Buffers.Binary;
using Kv.Persistence.Io;

namespace Kv.Persistence.Bolt;

/// <summary>Walks the records of one bucket in key order, holding one page a level.</summary>
public sealed class BoltCursor
{
    private const int MaxDepth = 48;
    private readonly BoltReader _reader;
    private readonly BoltBucket _bucket;
    private readonly List<Level> _levels = [];
    private int _depth = -1;            // of the leaf in _levels; -1 before the first record
    private bool _ended;

    internal BoltCursor(BoltReader reader, BoltBucket bucket)
    {
        _reader = reader;
        _bucket = bucket;
    }

    /// <summary>The record's key. Valid until the cursor moves.</summary>
    public ReadOnlySpan<byte> Key => _levels[_depth].Key(_reader);

    /// <summary>The record's value; for a bucket its header. Valid until the cursor moves.</summary>
    public ReadOnlySpan<byte> Value => _levels[_depth].Value(_reader);

    /// <summary>True if the record is a bucket.</summary>
    public bool IsBucket => (_levels[_depth].Flags() & BoltElement.BucketFlag) != 0;

    /// <summary>The bucket the record is.</summary>
    /// <exception cref="DamagedFileException">Its header is too short.</exception>
    public BoltBucket Bucket() => BoltBucket.Parse(Value) ?? throw _reader.Damaged(_levels[_depth].PageId, "a bucket's record is too short");

    /// <summary>Moves to the next record, at first to the first.</summary>
    /// <returns>False past the last.</returns>
    public bool MoveNext()
    {
        if (_ended) return false;
        if (_depth < 0)
        {
            Descend(0, _bucket.Root);
        }
        else
        {
            _levels[_depth].Index++;
        }

        return Settle();
    }

    /// <summary>Moves to the first record whose key is at or above <paramref name="key"/>.</summary>
    /// <returns>False if there is none.</returns>
    public bool Seek(ReadOnlySpan<byte> key)
    {
        _ended = false;
        var page = _bucket.Root;
        for (_depth = 0; ; _depth++)
        {
            var level = Load(_depth, page);
            var found = level.LowerBound(_reader, key, out var exact);
            if (level.IsLeaf)
            {
                level.Index = found;
                return Settle();
            }

            level.Index = exact ? found : Math.Max(found - 1, 0);
            page = level.Child(_reader);
        }
    }

    /// <summary>Ids of all leaves, from the first; the cursor is of no other use then.</summary>
    internal IEnumerable<ulong> LeafPages()
    {
        Descend(0, _bucket.Root);
        if (_depth == 0)
        {
            yield return _levels[0].PageId;
            yield break;
        }

        var above = _depth - 1;                                // the lowest branches: their children are not read
        while (true)
        {
            var branch = _levels[above];
            for (branch.Index = 0; branch.Index < branch.Count; branch.Index++) yield return branch.Child(_reader);
            var depth = above;
            do
            {
                if (--depth < 0) yield break;
            }
            while (++_levels[depth].Index >= _levels[depth].Count);
            for (; depth < above; depth++)
            {
                var lower = Load(depth + 1, _levels[depth].Child(_reader));
                if (lower.IsLeaf) throw _reader.Damaged(lower.PageId, "a leaf stands where a branch is expected");
                lower.Index = 0;
            }
        }
    }

    private void Descend(int depth, ulong page)
    {
        for (_depth = depth; ; _depth++)
        {
            var level = Load(_depth, page);
            level.Index = 0;
            if (level.IsLeaf) return;
            page = level.Child(_reader);
        }
    }

    /// <summary>Goes on to the next leaf while the current one has no record left.</summary>
    private bool Settle()
    {
        while (_levels[_depth].Index >= _levels[_depth].Count)
        {
            do
            {
                if (_depth == 0)
                {
                    _ended = true;
                    return false;
                }

                _depth--;
            }
            while (++_levels[_depth].Index >= _levels[_depth].Count);

            Descend(_depth + 1, _levels[_depth].Child(_reader));
        }

        return true;
    }

    private Level Load(int depth, ulong page)
    {
        if (depth >= MaxDepth) throw _reader.Damaged(page, $"the tree is deeper than {MaxDepth} pages, so it goes in circles");
        if (_levels.Count == depth) _levels.Add(new Level());
        var level = _levels[depth];
        if (depth == 0 && _bucket.Inline is { } inline) level.SetInline(_reader, inline);
        else level.Read(_reader, page);
        return level;
    }

    private sealed class Level
    {
        private byte[] _buffer = [];
        private int _length;

        public int Index { get; set; }

        public int Count { get; private set; }

        public bool IsLeaf { get; private set; }

        public ulong PageId { get; private set; }

        public void Read(BoltReader reader, ulong page) => Set(reader, reader.ReadPage(page, ref _buffer, out _length), page);

        public void SetInline(BoltReader reader, byte[] inline)
        {
            _buffer = inline;
            _length = inline.Length;
            Set(reader, BoltPageHeader.Read(inline), 0);
        }

        private void Set(BoltReader reader, in BoltPageHeader header, ulong page)
        {
            PageId = page;
            Count = header.Count;
            IsLeaf = header.Kind == BoltPageKind.Leaf;
            if (!IsLeaf && header.Kind != BoltPageKind.Branch) throw reader.Damaged(page, $"page {page} is of kind {(int)header.Kind} where a branch or leaf is expected");
            if (!IsLeaf && Count == 0) throw reader.Damaged(page, $"branch page {page} has no children");
            if (BoltPageHeader.Bytes + (Count * BoltElement.Bytes) > _length) throw reader.Damaged(page, $"page {page} claims {Count} elements");
        }

        public int LowerBound(BoltReader reader, ReadOnlySpan<byte> key, out bool exact)
        {
            var (low, high) = (0, Count);
            exact = false;
            while (low < high)
            {
                Index = (low + high) / 2;
                var order = Key(reader).SequenceCompareTo(key);
                if (order == 0) exact = true;
                if (order < 0) low = Index + 1;
                else high = Index;
            }

            return low;
        }

        public uint Flags() => BinaryPrimitives.ReadUInt32LittleEndian(Element());

        public ulong Child(BoltReader reader)
        {
            Key(reader);   // checks the element
            return BinaryPrimitives.ReadUInt64LittleEndian(Element()[8..]);
        }

        public ReadOnlySpan<byte> Key(BoltReader reader)
        {
            if (!IsLeaf) return BranchKey(reader);
            ReadLeaf(reader, out var key, out _);
            return key;
        }

        public ReadOnlySpan<byte> Value(BoltReader reader)
        {
            ReadLeaf(reader, out _, out var value);
            return value;
        }

        private ReadOnlySpan<byte> Element() => _buffer.AsSpan(BoltPageHeader.Bytes + (Index * BoltElement.Bytes), BoltElement.Bytes);

        private void ReadLeaf(BoltReader reader, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value)
        {
            if (!BoltElement.TryReadLeaf(_buffer.AsSpan(0, _length), Index, out _, out key, out value)) throw TooLong(reader);
        }

        private ReadOnlySpan<byte> BranchKey(BoltReader reader)
        {
            var start = BoltPageHeader.Bytes + ((long)Index * BoltElement.Bytes) + BinaryPrimitives.ReadUInt32LittleEndian(Element());
            var bytes = BinaryPrimitives.ReadUInt32LittleEndian(Element()[4..]);
            return start + bytes <= _length ? _buffer.AsSpan((int)start, (int)bytes) : throw TooLong(reader);
        }

        private DamagedFileException TooLong(BoltReader reader) => reader.Damaged(PageId, $"element {Index} of page {PageId} reaches over the end of the page");
    }
}
