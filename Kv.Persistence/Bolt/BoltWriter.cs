using System.Buffers.Binary;

namespace Kv.Persistence.Bolt;

/// <summary>Writes a bbolt database from sorted records, front to back, holding one page of each tree level in memory.</summary>
/// <remarks><code>
///  writer.BeginBucket("key"u8);            page  0  meta
///  writer.Add(k1, v1); ...                       1  meta
///  writer.EndBucket();                           2  freelist, empty
///  writer.BeginBucket("lease"u8); ...            3  leaf ┐
///  writer.EndBucket();                           4  leaf ├ bucket "key", bottom up
///  writer.Finish();                              5  branch ┘
///                                                6  leaf   bucket "lease"
///                                                7  leaf   the bucket of buckets
/// </code>
/// The two meta pages are written last, over the zeros that hold their place: until <see cref="Finish"/> has run the
/// file is no database. Buckets may come in any order; records must ascend within their bucket.
/// </remarks>
public sealed class BoltWriter
{
    /// <summary>Bytes of a page unless told otherwise.</summary>
    public const int DefaultPageSize = 4096;

    private readonly Stream _stream;
    private readonly int _pageSize;
    private readonly long _start;
    private readonly List<Level> _levels = [];
    private readonly SortedDictionary<byte[], ulong> _buckets = new(KeyOrder.Instance);
    private byte[] _page;
    private byte[]? _bucket;
    private byte[] _lastKey = new byte[64];
    private int _lastKeyBytes = -1;
    private ulong _nextPage = 3;
    private bool _finished;

    /// <summary>Begins a database at the stream's position.</summary>
    /// <param name="stream">Can seek; buffered well, for pages are written one by one. Not closed here.</param>
    /// <param name="pageSize">A power of two; etcd's tools expect 4096.</param>
    public BoltWriter(Stream stream, int pageSize = DefaultPageSize)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (!stream.CanSeek) throw new ArgumentException("the meta pages are written last, so the stream must seek", nameof(stream));
        if (pageSize is < 1024 or > 65536 || (pageSize & (pageSize - 1)) != 0) throw new ArgumentException($"page size {pageSize}", nameof(pageSize));
        _stream = stream;
        _pageSize = pageSize;
        _start = stream.Position;
        _page = new byte[pageSize];
        stream.Write(_page);
        stream.Write(_page);
        new BoltPageHeader(2, BoltPageKind.Freelist, 0, 0).Write(_page);
        stream.Write(_page);
    }

    /// <summary>Records written so far, over all buckets.</summary>
    public long Records { get; private set; }

    /// <summary>Bytes of the database so far, whole pages; after <see cref="Finish"/> of all of it.</summary>
    public long Bytes => (long)_nextPage * _pageSize;

    /// <summary>Begins a bucket. The one before must have ended.</summary>
    /// <param name="name">Not empty, not used before.</param>
    public void BeginBucket(ReadOnlySpan<byte> name)
    {
        if (_bucket is not null || _finished) throw new InvalidOperationException("the bucket before has not ended, or the database is finished");
        if (name.Length is 0 or > BoltElement.MaxKeyBytes) throw new ArgumentException($"a bucket name of {name.Length} bytes");
        var key = name.ToArray();
        if (_buckets.ContainsKey(key)) throw new ArgumentException($"bucket {System.Text.Encoding.UTF8.GetString(name)} has been written already");
        _bucket = key;
        _lastKeyBytes = -1;
    }

    /// <summary>Adds a record. O(key + value).</summary>
    /// <param name="key">1..32768 bytes, above the one before.</param>
    /// <param name="value">May be empty.</param>
    public void Add(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => value.CopyTo(Reserve(key, value.Length));

    /// <summary>Adds a record whose value the caller writes in place.</summary>
    /// <returns>The value's bytes, zero; to be filled before the next call.</returns>
    public Span<byte> Reserve(ReadOnlySpan<byte> key, int valueBytes)
    {
        if (_bucket is null) throw new InvalidOperationException("no bucket has begun");
        if (key.Length is 0 or > BoltElement.MaxKeyBytes) throw new ArgumentException($"a key of {key.Length} bytes; 1 to {BoltElement.MaxKeyBytes} are possible");
        if (_lastKeyBytes >= 0 && _lastKey.AsSpan(0, _lastKeyBytes).SequenceCompareTo(key) >= 0)
            throw new ArgumentException($"key {Convert.ToHexString(key)} does not come after {Convert.ToHexString(_lastKey.AsSpan(0, _lastKeyBytes))}");
        if (_lastKey.Length < key.Length) _lastKey = new byte[key.Length];
        key.CopyTo(_lastKey);
        _lastKeyBytes = key.Length;
        Records++;
        return AddLeaf(0, key, valueBytes);
    }

    /// <summary>Ends the bucket and writes what is left of its tree.</summary>
    public void EndBucket()
    {
        if (_bucket is null) throw new InvalidOperationException("no bucket has begun");
        _buckets.Add(_bucket, WriteTree());
        _bucket = null;
    }

    /// <summary>Writes the bucket of buckets and the meta pages, and leaves the stream at the end of the database.</summary>
    public void Finish()
    {
        if (_bucket is not null || _finished) throw new InvalidOperationException("a bucket has not ended, or the database is finished already");
        _finished = true;
        foreach (var (name, root) in _buckets) BinaryPrimitives.WriteUInt64LittleEndian(AddLeaf(BoltElement.BucketFlag, name, BoltElement.BucketBytes), root);
        var top = WriteTree();
        _stream.Position = _start;
        for (var id = 0UL; id < 2; id++)
        {
            Array.Clear(_page);
            new BoltPageHeader(id, BoltPageKind.Meta, 0, 0).Write(_page);
            new BoltMeta(_pageSize, top, 0, 2, _nextPage, id).Write(_page.AsSpan(BoltPageHeader.Bytes));
            _stream.Write(_page, 0, _pageSize);
        }

        _stream.Position = _start + Bytes;
    }

    private Span<byte> AddLeaf(uint flags, ReadOnlySpan<byte> key, int valueBytes)
    {
        var leaf = LevelAt(0);
        if (leaf.Count > 0 && leaf.BytesWith(key.Length + valueBytes) > _pageSize) Flush(0);
        return leaf.Add(key, valueBytes, flags);
    }

    private void AddBranch(int depth, byte[] firstKey, ulong child)
    {
        var branch = LevelAt(depth);

        // At least two children, however long their keys (overflow pages hold them): else the tree would only get higher.
        if (branch.Count > 1 && branch.BytesWith(firstKey.Length) > _pageSize) Flush(depth);
        branch.Add(firstKey, 0, child);
    }

    private void Flush(int depth)
    {
        var key = _levels[depth].FirstKey();
        AddBranch(depth + 1, key, WritePage(depth));
    }

    /// <summary>Writes the unfinished pages from the leaves up.</summary>
    /// <returns>The root's page id.</returns>
    private ulong WriteTree()
    {
        LevelAt(0);
        for (var depth = 0; ; depth++)
        {
            var isTop = depth + 1 == _levels.Count || _levels[depth + 1].Count == 0;
            if (isTop) return WritePage(depth);
            Flush(depth);
        }
    }

    private ulong WritePage(int depth)
    {
        var level = _levels[depth];
        var pages = (level.Bytes + _pageSize - 1) / _pageSize;
        var length = pages * _pageSize;
        if (_page.Length < length) _page = new byte[length];
        var page = _page.AsSpan(0, length);
        new BoltPageHeader(_nextPage, depth == 0 ? BoltPageKind.Leaf : BoltPageKind.Branch, level.Count, (uint)(pages - 1)).Write(page);
        level.Compose(page, isLeaf: depth == 0);
        _stream.Write(page);
        var id = _nextPage;
        _nextPage += (ulong)pages;
        return id;
    }

    private Level LevelAt(int depth)
    {
        while (_levels.Count <= depth) _levels.Add(new Level());
        return _levels[depth];
    }

    /// <summary>The page under construction on one level of a tree.</summary>
    private sealed class Level
    {
        private (int KeyBytes, int ValueBytes, ulong FlagsOrChild)[] _elements = new (int, int, ulong)[64];
        private byte[] _data = new byte[4096];
        private int _dataBytes;

        public int Count { get; private set; }

        public int Bytes => BoltPageHeader.Bytes + (Count * BoltElement.Bytes) + _dataBytes;

        public long BytesWith(int more) => Bytes + BoltElement.Bytes + (long)more;

        public byte[] FirstKey() => _data[.._elements[0].KeyBytes];

        public Span<byte> Add(ReadOnlySpan<byte> key, int valueBytes, ulong flagsOrChild)
        {
            var needed = _dataBytes + (long)key.Length + valueBytes;
            if (needed > Array.MaxLength - 65536) throw new ArgumentException($"a value of {valueBytes} bytes");
            if (Count == _elements.Length) Array.Resize(ref _elements, Count * 2);
            if (needed > _data.Length) Array.Resize(ref _data, (int)Math.Max(needed, Math.Min(_data.Length * 2L, 1 << 20)));
            _elements[Count++] = (key.Length, valueBytes, flagsOrChild);
            key.CopyTo(_data.AsSpan(_dataBytes));
            var value = _data.AsSpan(_dataBytes + key.Length, valueBytes);
            value.Clear();
            _dataBytes = (int)needed;
            return value;
        }

        /// <summary>Lays elements and data out behind the page header, clears the rest, and empties the level.</summary>
        public void Compose(Span<byte> page, bool isLeaf)
        {
            var element = BoltPageHeader.Bytes;
            var data = element + (Count * BoltElement.Bytes);
            _data.AsSpan(0, _dataBytes).CopyTo(page[data..]);
            page[(data + _dataBytes)..].Clear();
            for (var i = 0; i < Count; i++)
            {
                var (keyBytes, valueBytes, flagsOrChild) = _elements[i];
                if (isLeaf) BoltElement.WriteLeaf(page[element..], (uint)flagsOrChild, data - element, keyBytes, valueBytes);
                else BoltElement.WriteBranch(page[element..], data - element, keyBytes, flagsOrChild);
                element += BoltElement.Bytes;
                data += keyBytes + valueBytes;
            }

            Count = 0;
            _dataBytes = 0;
        }
    }

    private sealed class KeyOrder : IComparer<byte[]>
    {
        public static readonly KeyOrder Instance = new();

        public int Compare(byte[]? x, byte[]? y) => x.AsSpan().SequenceCompareTo(y);
    }
}
