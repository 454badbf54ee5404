using Kv.Actors.Model;

namespace Kv.Actors.Mvcc;

/// <summary>A state that can be read: a published root, or a transaction that sees its own writes.</summary>
public interface IKvReader
{
    /// <summary>Newest main revision seen here.</summary>
    long CurrentRevision { get; }

    /// <summary>Reads below this fail; -1 if nothing was ever compacted.</summary>
    long CompactRevision { get; }

    /// <summary>The key's newest version, or null when it does not exist. O(log n).</summary>
    KeyVersion? Get(ReadOnlySpan<byte> key);

    /// <summary>Reads a range. Errors: <see cref="KvError.FutureRev"/>, <see cref="KvError.Compacted"/>.</summary>
    Outcome<RangeResult> Range(in RangeQuery query);
}
