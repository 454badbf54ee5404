using Kv.Actors.Model;

namespace Kv.Actors.Watch;

/// <summary>History as one published root sees it: never changes, readable from any thread, free to keep for a short while.</summary>
public interface IWatchHistory
{
    /// <summary>The root's revision.</summary>
    long CurrentRevision { get; }

    /// <summary>Events below it may be gone; those at it are here. 0 before the first compaction.</summary>
    long CompactRevision { get; }

    /// <summary>Changes held.</summary>
    int Count { get; }

    /// <summary>The change at a position, in order of revision. O(1).</summary>
    KeyVersion this[int index] { get; }

    /// <summary>Position of the first change with a main revision of at least <paramref name="main"/>; <see cref="Count"/> if there is
    /// none. O(log n).</summary>
    int IndexOf(long main);

    /// <summary>The version of the same key before <paramref name="change"/>; null when it was created by it, was deleted before it, or
    /// is compacted away.</summary>
    KeyVersion? Previous(KeyVersion change);
}
