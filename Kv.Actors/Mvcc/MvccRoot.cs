using Kv.Actors.Model;

namespace Kv.Actors.Mvcc;

/// <summary>The store as it was after some batch. Immutable: any thread may read it for as long as it likes, without a lock.</summary>
public sealed class MvccRoot : IKvReader
{
    private readonly KeyNode _tree;

    internal MvccRoot(KeyNode tree, History history, long current, long compact, long finishedCompact, MvccStats stats)
    {
        _tree = tree;
        History = history;
        CurrentRevision = current;
        CompactRevision = compact;
        FinishedCompactRevision = finishedCompact;
        Stats = stats;
    }

    /// <inheritdoc/>
    public long CurrentRevision { get; }

    /// <inheritdoc/>
    public long CompactRevision { get; }

    /// <summary>The last compaction whose records are all gone; -1 if there is none. Never shows in any answer.</summary>
    public long FinishedCompactRevision { get; }

    /// <summary>Counts and sizes.</summary>
    public MvccStats Stats { get; }

    /// <summary>Changes in revision order, from the compact revision on.</summary>
    public History History { get; }

    /// <inheritdoc/>
    public KeyVersion? Get(ReadOnlySpan<byte> key) =>
        KeyTree.Find(_tree, key) is { } slot && KeySlot.Newest(slot) is { IsTombstone: false } newest ? newest : null;

    /// <inheritdoc/>
    public Outcome<RangeResult> Range(in RangeQuery query) => RangeReader.Read(_tree, CurrentRevision, CompactRevision, query);

    /// <summary>Live keys of a range now. O(log n).</summary>
    public long Count(KeyRange range) => RangeReader.CountLive(_tree, range);

    /// <summary>The state before a change: what a watch sends as the previous key-value.</summary>
    /// <returns>Null if the key did not exist just before, or that was compacted.</returns>
    public KeyVersion? Previous(KeyVersion change)
    {
        ArgumentNullException.ThrowIfNull(change);
        var before = change.ModRevision - 1;
        if (before < CompactRevision || KeyTree.Find(_tree, change.Key) is not { } slot)
        {
            return null;
        }
        return KeySlot.LiveAt(slot, before);
    }

    /// <summary>Changes from main revision <paramref name="from"/> on. See <see cref="Mvcc.History.Read"/>.</summary>
    public HistorySlice ReadHistory(long from, int maxRecords, long maxBytes) => History.Read(from, maxRecords, maxBytes);

    /// <summary>Every record that a finished compaction leaves, in revision order: what checkpoints hold.</summary>
    /// <remarks>
    /// Records at or below the compact revision are gathered from the tree and sorted, O(keys log keys) on the caller's
    /// thread; later ones come from history as they are. How far a compaction has got does not show.
    /// </remarks>
    public IEnumerable<KeyVersion> Records()
    {
        foreach (var kept in CompactedRecords())
        {
            yield return kept;
        }
        var history = History;
        for (var i = history.IndexOf(CompactRevision + 1); i < history.Count; i++)
        {
            yield return history[i];
        }
    }

    /// <summary>Records at or below the compact revision that outlive the compaction, in revision order.</summary>
    /// <param name="liveAt">If given, only the puts that are still their key's state at this revision.</param>
    internal KeyVersion[] CompactedRecords(long? liveAt = null)
    {
        if (CompactRevision <= 0)
        {
            return [];
        }
        var kept = new List<KeyVersion>(_tree.Live);
        var cursor = new KeyCursor(_tree, KeyRange.All);
        while (cursor.MoveNext())
        {
            if (KeySlot.At(cursor.Slot, CompactRevision) is { } newest
                && KeySlot.IsKept(newest, CompactRevision)
                && (liveAt is not { } revision || ReferenceEquals(KeySlot.LiveAt(cursor.Slot, revision), newest)))
            {
                kept.Add(newest);
            }
        }
        var records = kept.ToArray();
        Array.Sort(records, static (a, b) => a.Revision.CompareTo(b.Revision));
        return records;
    }

    /// <summary>Whether any key is live at a revision. Stops at the first.</summary>
    internal bool AnyLiveAt(long revision)
    {
        var cursor = new KeyCursor(_tree, KeyRange.All);
        while (cursor.MoveNext())
        {
            if (KeySlot.LiveAt(cursor.Slot, revision) is not null)
            {
                return true;
            }
        }
        return false;
    }
}
