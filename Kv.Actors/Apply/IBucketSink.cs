namespace Kv.Actors.Apply;

/// <summary>Where buckets of records are written: a bbolt file, or memory in tests.</summary>
public interface IBucketSink
{
    /// <summary>Begins a bucket; the one before has ended. Names ascend.</summary>
    void BeginBucket(ReadOnlySpan<byte> name);

    /// <summary>Adds a record; keys ascend within a bucket.</summary>
    void Add(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value);

    /// <summary>Ends the bucket.</summary>
    void EndBucket();
}

/// <summary>Where buckets of records are read from.</summary>
public interface IBucketSource
{
    /// <summary>Before the first record of a bucket; null if there is no such bucket.</summary>
    IBucketCursor? Open(ReadOnlySpan<byte> name);
}

/// <summary>Walks the records of a bucket in key order.</summary>
public interface IBucketCursor
{
    /// <summary>The record's key; valid until the cursor moves.</summary>
    ReadOnlySpan<byte> Key { get; }

    /// <summary>The record's value; valid until the cursor moves.</summary>
    ReadOnlySpan<byte> Value { get; }

    /// <summary>To the next record, at first to the first; false at the end.</summary>
    bool MoveNext();
}
