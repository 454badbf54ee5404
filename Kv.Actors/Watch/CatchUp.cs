using Kv.Actors.Model;

namespace Kv.Actors.Watch;

/// <summary>Watchers of one stream that read history together, from one revision on.</summary>
internal sealed class CatchUp(WatchCursor[] cursors, long next)
{
    private const int TreeFrom = 8;
    private readonly List<WatchCursor> _found = [];
    private IntervalTree<WatchCursor>? _tree;

    /// <summary>The watchers. Those no longer <see cref="WatchState.Behind"/> or <see cref="WatchState.Joining"/> are passed over.</summary>
    public WatchCursor[] Cursors { get; } = cursors;

    /// <summary>The next revision to read. A watcher may need less: what is below its own next is not sent to it.</summary>
    public long Next { get; private set; } = next;

    /// <summary>Goes on from <paramref name="revision"/>: what was below it is compacted, and nobody here needs it.</summary>
    public void SkipTo(long revision) => Next = Math.Max(Next, revision);

    /// <summary>Reads on, whole revisions only, and leaves in each watcher's <see cref="WatchCursor.Run"/> what it is to get.</summary>
    /// <param name="history">What to read.</param>
    /// <param name="upTo">The last revision to read.</param>
    /// <param name="limits">Bounds of revisions and changes.</param>
    /// <param name="budgetBytes">No further revision is begun once this much was found.</param>
    /// <param name="touched">Gets the watchers with a run, in the order of their first event.</param>
    public void Read(IWatchHistory history, long upTo, WatchLimits limits, long budgetBytes, List<WatchCursor> touched)
    {
        var index = history.IndexOf(Next);
        var (start, count, revisions) = (index, history.Count, 0);
        while (budgetBytes > 0 && revisions < limits.CatchUpRevisions && index - start < limits.CatchUpScan)
        {
            if (index >= count || history[index].ModRevision > upTo)
            {
                Next = upTo + 1;
                return;
            }
            var revision = history[index].ModRevision;
            var end = index + 1;
            while (end < count && history[end].ModRevision == revision)
            {
                end++;
            }
            var bytes = ReadRevision(history, index, end, touched);
            revisions += bytes > 0 ? 1 : 0;
            budgetBytes -= bytes;
            Next = revision + 1;
            index = end;
        }
        if (index >= count || history[index].ModRevision > upTo)
        {
            Next = upTo + 1;
        }
    }

    private static EventBatch Collect(IWatchHistory history, int from, int to)
    {
        var events = new KeyVersion[to - from];
        for (var i = from; i < to; i++)
        {
            events[i - from] = history[i];
        }
        return new EventBatch(events);
    }

    private long ReadRevision(IWatchHistory history, int from, int to, List<WatchCursor> touched)
    {
        EventBatch? batch = null;
        WatchCursor? first = null;
        var bytes = 0L;
        for (var i = from; i < to; i++)
        {
            var change = history[i];
            foreach (var cursor in Watching(change.Key))
            {
                if (cursor.State is not (WatchState.Behind or WatchState.Joining)
                    || change.ModRevision < cursor.Next || !cursor.Spec.Wants(change))
                {
                    continue;
                }
                batch ??= Collect(history, from, to);
                first ??= cursor;
                if (cursor != first)
                {
                    batch.Share();
                }
                if (cursor.Spec.PrevKv)
                {
                    batch.LookUpPrevious(history);
                }
                if (cursor.Run is null)
                {
                    cursor.Run = [];
                    touched.Add(cursor);
                }
                cursor.Run.Add(new EventRef(batch, i - from));
                bytes += batch.BytesOf(i - from, cursor.Spec.PrevKv);
            }
        }
        return bytes;
    }

    /// <summary>Few watchers are asked one by one; for many a tree is built, once.</summary>
    private List<WatchCursor> Watching(byte[] key)
    {
        _found.Clear();
        if (Cursors.Length <= TreeFrom)
        {
            foreach (var cursor in Cursors)
            {
                if (cursor.Spec.Range.Contains(key))
                {
                    _found.Add(cursor);
                }
            }
            return _found;
        }
        if (_tree is null)
        {
            _tree = new IntervalTree<WatchCursor>();
            foreach (var cursor in Cursors)
            {
                _tree.Add(cursor.Spec.Range, cursor);
            }
        }
        _tree.Stab(key, _found);
        return _found;
    }
}
