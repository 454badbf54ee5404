using Kv.Actors.Model;

namespace Kv.Actors.Mvcc;

/// <summary>Answers range queries from a tree.</summary>
/// <remarks>
/// At the newest revision a count is O(log n) and a limited list costs what it returns, forwards and backwards. At an older
/// revision every key of the range is looked at, as the tree counts only what lives now. Sorting by anything but the key, and
/// bounds on revisions, fetch the whole range first. Source: reference, range field semantics.
/// </remarks>
internal static class RangeReader
{
    internal static Outcome<RangeResult> Read(KeyNode root, long current, long compact, in RangeQuery query)
    {
        var revision = query.Revision <= 0 ? current : query.Revision;
        if (revision > current)
        {
            return KvError.FutureRev;
        }
        if (revision < compact)
        {
            return KvError.Compacted;
        }
        if (query.Keys.IsSingle)
        {
            return ReadOne(root, current, revision, query);
        }
        if (query.CountOnly)
        {
            var all = revision == current ? CountLive(root, query.Keys) : CountAt(root, query.Keys, revision);
            return new RangeResult([], 0, all, more: false, current);
        }
        var whole = query.HasBounds || !query.IsNaturalOrder;
        if (revision == current && !query.HasBounds && query is { Order: RangeOrder.Descend, Target: RangeTarget.Key })
        {
            return ReadBackwards(root, current, query);
        }
        var want = whole || query.Limit <= 0 || query.Limit == long.MaxValue ? long.MaxValue : query.Limit + 1;
        long count;
        KeyVersion[] kvs;
        int length;
        if (revision == current)
        {
            count = CountLive(root, query.Keys);
            kvs = new KeyVersion[Math.Min(want, count)];
            length = TakeLive(root, query.Keys, kvs);
        }
        else
        {
            (kvs, length, count) = TakeAt(root, query.Keys, revision, want);
        }
        if (query.HasBounds)
        {
            length = Filter(kvs, length, query);
        }
        if (query.Target != RangeTarget.Key || query.Order == RangeOrder.Descend)
        {
            Array.Sort(kvs, 0, length, Comparer<KeyVersion>.Create(OrderOf(query.Target, query.Order == RangeOrder.Descend)));
        }
        var more = query.Limit > 0 && length > query.Limit;
        return new RangeResult(kvs, more ? (int)query.Limit : length, count, more, current);
    }

    /// <summary>Live keys of a range in the root's newest state. O(log n).</summary>
    internal static long CountLive(KeyNode root, KeyRange range)
    {
        if (range.IsSingle)
        {
            return KeyTree.Find(root, range.Key) is { } slot && !KeySlot.Newest(slot).IsTombstone ? 1 : 0;
        }
        if (range.IsEmpty)
        {
            return 0;
        }
        var end = range.IsFromKey ? root.Live : KeyTree.LiveBelow(root, range.End);
        return end - KeyTree.LiveBelow(root, range.Key);
    }

    /// <summary>Live keys of a range at a revision. Looks at each.</summary>
    internal static long CountAt(KeyNode root, KeyRange range, long revision)
    {
        var count = 0L;
        var cursor = new KeyCursor(root, range);
        while (cursor.MoveNext())
        {
            if (KeySlot.LiveAt(cursor.Slot, revision) is not null)
            {
                count++;
            }
        }
        return count;
    }

    private static RangeResult ReadOne(KeyNode root, long current, long revision, in RangeQuery query)
    {
        var slot = KeyTree.Find(root, query.Keys.Key);
        var found = slot is null ? null : KeySlot.LiveAt(slot, revision);
        if (found is null)
        {
            return new RangeResult([], 0, 0, more: false, current);
        }
        return query.CountOnly || !query.Accepts(found)
            ? new RangeResult([], 0, 1, more: false, current)
            : new RangeResult([found], 1, 1, more: false, current);
    }

    private static RangeResult ReadBackwards(KeyNode root, long current, in RangeQuery query)
    {
        var count = CountLive(root, query.Keys);
        var take = query.Limit > 0 ? Math.Min(query.Limit, count) : count;
        var kvs = new KeyVersion[take];
        var length = 0;
        if (take > 0)
        {
            var cursor = KeyCursor.AtEnd(root, query.Keys);
            while (length < kvs.Length && cursor.MovePrevious())
            {
                if (cursor.IsLive)
                {
                    kvs[length++] = KeySlot.Newest(cursor.Slot);
                }
            }
        }
        return new RangeResult(kvs, length, count, take < count, current);
    }

    private static int TakeLive(KeyNode root, KeyRange range, KeyVersion[] into)
    {
        var length = 0;
        if (into.Length == 0)
        {
            return 0;
        }
        var cursor = new KeyCursor(root, range);
        while (cursor.MoveNext())
        {
            if (cursor.IsLive)
            {
                into[length] = KeySlot.Newest(cursor.Slot);
                if (++length == into.Length)
                {
                    break;
                }
            }
        }
        return length;
    }

    private static (KeyVersion[] Kvs, int Length, long Count) TakeAt(KeyNode root, KeyRange range, long revision, long want)
    {
        var kvs = new KeyVersion[16];
        var length = 0;
        var count = 0L;
        var cursor = new KeyCursor(root, range);
        while (cursor.MoveNext())
        {
            if (KeySlot.LiveAt(cursor.Slot, revision) is not { } version)
            {
                continue;
            }
            count++;
            if (length < want)
            {
                if (length == kvs.Length)
                {
                    Array.Resize(ref kvs, length * 2);
                }
                kvs[length++] = version;
            }
        }
        return (kvs, length, count);
    }

    private static int Filter(KeyVersion[] kvs, int length, in RangeQuery query)
    {
        var kept = 0;
        for (var i = 0; i < length; i++)
        {
            if (query.Accepts(kvs[i]))
            {
                kvs[kept++] = kvs[i];
            }
        }
        return kept;
    }

    /// <summary>Ties go by key, ascending: the reference leaves them open, and two nodes should still answer alike.</summary>
    private static Comparison<KeyVersion> OrderOf(RangeTarget target, bool descend)
    {
        Comparison<KeyVersion> by = target switch
        {
            RangeTarget.Version => static (a, b) => a.Version.CompareTo(b.Version),
            RangeTarget.Create => static (a, b) => a.CreateRevision.CompareTo(b.CreateRevision),
            RangeTarget.Mod => static (a, b) => a.ModRevision.CompareTo(b.ModRevision),
            RangeTarget.Value => static (a, b) => a.Value.AsSpan().SequenceCompareTo(b.Value),
            _ => static (a, b) => a.Key.AsSpan().SequenceCompareTo(b.Key),
        };
        return (a, b) =>
        {
            var order = descend ? by(b, a) : by(a, b);
            return order != 0 ? order : a.Key.AsSpan().SequenceCompareTo(b.Key);
        };
    }
}
