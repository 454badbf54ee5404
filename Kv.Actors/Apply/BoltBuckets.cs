using Kv.Persistence.Bolt;

namespace Kv.Actors.Apply;

/// <summary>Buckets written to a bbolt file. The writer is finished by whoever made it.</summary>
/// <param name="writer">Nothing else writes to it meanwhile.</param>
public sealed class BoltBucketSink(BoltWriter writer) : IBucketSink
{
    /// <inheritdoc/>
    public void BeginBucket(ReadOnlySpan<byte> name) => writer.BeginBucket(name);

    /// <inheritdoc/>
    public void Add(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => writer.Add(key, value);

    /// <inheritdoc/>
    public void EndBucket() => writer.EndBucket();
}

/// <summary>Buckets read from a bbolt file, ours or etcd's. Damage is thrown as the reader throws it.</summary>
/// <param name="reader">Not closed here.</param>
public sealed class BoltBucketSource(BoltReader reader) : IBucketSource
{
    /// <inheritdoc/>
    public IBucketCursor? Open(ReadOnlySpan<byte> name) => reader.Bucket(name) is { } bucket ? new Cursor(reader.Open(bucket)) : null;

    private sealed class Cursor(BoltCursor cursor) : IBucketCursor
    {
        public ReadOnlySpan<byte> Key => cursor.Key;

        public ReadOnlySpan<byte> Value => cursor.Value;

        public bool MoveNext() => cursor.MoveNext();
    }
}
