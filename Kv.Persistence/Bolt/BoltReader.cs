using System.Buffers.Binary;
using Kv.Persistence.Io;

namespace Kv.Persistence.Bolt;

/// <summary>The bytes of a database, wherever they are.</summary>
public abstract class BoltSource : IDisposable
{
    /// <summary>What to call it in messages: a path.</summary>
    public abstract string Name { get; }

    /// <summary>Bytes there are, perhaps with something behind the database.</summary>
    public abstract long Length { get; }

    /// <summary>Fills <paramref name="buffer"/> from <paramref name="offset"/>; returns fewer bytes only at the end.</summary>
    public abstract int Read(Span<byte> buffer, long offset);

    /// <summary>Over a file, which is closed with the source.</summary>
    public static BoltSource From(IDiskFile file) => new FileSource(file);

    /// <summary>Over memory.</summary>
    public static BoltSource From(ReadOnlyMemory<byte> bytes, string name = "memory") => new MemorySource(bytes, name);

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Closes what is open underneath.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }

    private sealed class FileSource(IDiskFile file) : BoltSource
    {
        public override string Name => file.Path;

        public override long Length { get; } = file.Length;

        public override int Read(Span<byte> buffer, long offset) => file.Read(buffer, offset);

        protected override void Dispose(bool disposing)
        {
            file.Dispose();
            base.Dispose(disposing);
        }
    }

    private sealed class MemorySource(ReadOnlyMemory<byte> bytes, string name) : BoltSource
    {
        public override string Name => name;

        public override long Length => bytes.Length;

        public override int Read(Span<byte> buffer, long offset)
        {
            if (offset >= bytes.Length) return 0;
            var part = bytes.Span[(int)offset..];
            if (part.Length > buffer.Length) part = part[..buffer.Length];
            part.CopyTo(buffer);
            return part.Length;
        }
    }
}

/// <summary>A bucket: the root of a tree of records, or a page of them inside its own record.</summary>
/// <param name="Root">Page id of the root; 0 for an inline bucket.</param>
/// <param name="Sequence">bbolt's counter, unused by etcd.</param>
/// <param name="Inline">The page of an inline bucket, otherwise null.</param>
public sealed record BoltBucket(ulong Root, ulong Sequence, byte[]? Inline)
{
    /// <summary>Reads the value of a bucket's record.</summary>
    internal static BoltBucket? Parse(ReadOnlySpan<byte> value)
    {
        if (value.Length < BoltElement.BucketBytes) return null;
        var root = BinaryPrimitives.ReadUInt64LittleEndian(value);
        if (root == 0 && value.Length < BoltElement.BucketBytes + BoltPageHeader.Bytes) return null;
        return new BoltBucket(
            root, BinaryPrimitives.ReadUInt64LittleEndian(value[8..]), root == 0 ? value[BoltElement.BucketBytes..].ToArray() : null);
    }
}

/// <summary>Reads a bbolt database, ours or etcd's. Every offset and length is checked, for the file may come from anywhere.</summary>
/// <remarks>bbolt keeps no checksum of pages: what the pages say is verified by whoever knows the whole file's (see <c>CheckpointFile</c>).</remarks>
public sealed class BoltReader : IDisposable
{
    private readonly BoltSource _source;

    /// <summary>Opens a database; takes the valid meta page with the higher transaction.</summary>
    /// <param name="source">Closed with the reader, and when this constructor throws.</param>
    /// <exception cref="DamagedFileException">It is none, or both meta pages are bad.</exception>
    public BoltReader(BoltSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        _source = source;
        try
        {
            Meta = ReadMeta();
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    /// <summary>Name of the file.</summary>
    public string Name => _source.Name;

    /// <summary>The meta page in force.</summary>
    public BoltMeta Meta { get; }

    /// <summary>Bytes of the database, without what follows it in the file.</summary>
    public long Bytes => (long)Meta.HighWater * Meta.PageSize;

    /// <summary>The bucket of buckets.</summary>
    public BoltBucket Root => new(Meta.Root, Meta.RootSequence, null);

    /// <summary>Names of the buckets, in order.</summary>
    public IReadOnlyList<byte[]> BucketNames()
    {
        var names = new List<byte[]>();
        var cursor = Open(Root);
        while (cursor.MoveNext())
        {
            if (cursor.IsBucket) names.Add(cursor.Key.ToArray());
        }

        return names;
    }

    /// <summary>Finds a bucket; null if there is none of that name. O(depth) pages.</summary>
    public BoltBucket? Bucket(ReadOnlySpan<byte> name)
    {
        var cursor = Open(Root);
        return cursor.Seek(name) && cursor.IsBucket && cursor.Key.SequenceEqual(name) ? cursor.Bucket() : null;
    }

    /// <summary>A cursor over the records of a bucket, before the first of them.</summary>
    public BoltCursor Open(BoltBucket bucket) => new(this, bucket);

    /// <summary>The pages that hold a bucket's records, in key order. Reads the branches above them, and one leaf.</summary>
    /// <remarks>O(branch pages). All leaves of a bbolt tree are equally deep; of a file where they are not, some of these are no leaves.</remarks>
    public IEnumerable<ulong> LeafPages(BoltBucket bucket)
    {
        ArgumentNullException.ThrowIfNull(bucket);
        return bucket.Inline is null ? new BoltCursor(this, bucket).LeafPages() : [];
    }

    /// <summary>Looks one record up; null if it is not there.</summary>
    public byte[]? Get(BoltBucket bucket, ReadOnlySpan<byte> key)
    {
        var cursor = Open(bucket);
        return cursor.Seek(key) && cursor.Key.SequenceEqual(key) ? cursor.Value.ToArray() : null;
    }

    /// <inheritdoc/>
    public void Dispose() => _source.Dispose();

    /// <summary>Reads a page with its overflow into <paramref name="buffer"/>, made larger if need be.</summary>
    internal BoltPageHeader ReadPage(ulong id, ref byte[] buffer, out int length)
    {
        var pageSize = Meta.PageSize;
        if (id < 2 || id >= Meta.HighWater) throw Damaged(id, $"page {id} is referred to, the database has {Meta.HighWater}");
        if (buffer.Length < pageSize) buffer = new byte[pageSize];
        ReadExactly(buffer.AsSpan(0, pageSize), id);
        var header = BoltPageHeader.Read(buffer);
        if (header.Id != id) throw Damaged(id, $"page {id} says it is page {header.Id}");
        if (header.Overflow >= Meta.HighWater - id || (header.Overflow + 1L) * pageSize > Array.MaxLength)
            throw Damaged(id, $"page {id} claims {header.Overflow} overflow pages, the database has {Meta.HighWater} pages");
        length = (int)(header.Overflow + 1) * pageSize;
        if (length > pageSize)
        {
            if (buffer.Length < length) Array.Resize(ref buffer, length);
            ReadExactly(buffer.AsSpan(pageSize, length - pageSize), id + 1);
        }

        return header;
    }

    internal DamagedFileException Damaged(ulong page, string reason) => new(Name, (long)Math.Min(page, long.MaxValue / 65536UL) * Meta.PageSize, reason);

    private void ReadExactly(Span<byte> buffer, ulong page)
    {
        if (_source.Read(buffer, (long)page * Meta.PageSize) < buffer.Length) throw Damaged(page, $"the file ends inside page {page}");
    }

    private BoltMeta ReadMeta()
    {
        Span<byte> buffer = stackalloc byte[BoltPageHeader.Bytes + BoltMeta.Bytes];
        var read = _source.Read(buffer, 0);
        var problem = BoltMeta.Read(buffer[Math.Min(read, BoltPageHeader.Bytes)..read], out var first);
        if (problem is null)
        {
            read = _source.Read(buffer, first.PageSize);
            var otherProblem = BoltMeta.Read(buffer[Math.Min(read, BoltPageHeader.Bytes)..read], out var second);
            return Checked(otherProblem is null && second.PageSize == first.PageSize && second.Transaction > first.Transaction ? second : first);
        }

        // Without the first meta page the page size is unknown: the second stands at one of the sizes bbolt uses.
        for (var size = 1024; size <= 65536; size *= 2)
        {
            read = _source.Read(buffer, size);
            if (BoltMeta.Read(buffer[Math.Min(read, BoltPageHeader.Bytes)..read], out var second) is null && second.PageSize == size) return Checked(second);
        }

        throw new DamagedFileException(Name, 0, problem);
    }

    private BoltMeta Checked(in BoltMeta meta)
    {
        if (meta.HighWater < 3 || meta.HighWater > (ulong)(_source.Length / meta.PageSize))
            throw new DamagedFileException(Name, _source.Length, $"it has {_source.Length} bytes, its {meta.HighWater} pages of {meta.PageSize} need more");
        return meta;
    }
}
