using Kv.Actors.Model;

namespace Kv.Actors.Mvcc;

public sealed partial class MvccStore
{
    /// <summary>Records looked at in one step unless told otherwise: about a millisecond.</summary>
    public const int DefaultCompactBudget = 1000;

    private readonly Queue<CompactJob> _jobs = new();

    /// <summary>Whether steps are left to do.</summary>
    public bool IsCompacting => _jobs.Count > 0;

    /// <summary>The last compaction whose records are all gone; -1 if there is none. Physical compactions wait for it.</summary>
    public long FinishedCompactRevision => _finishedCompact;

    /// <summary>Records a compaction: reads below <paramref name="revision"/> fail from here on. O(history chunks).</summary>
    /// <remarks>
    /// What becomes superfluous is removed by <see cref="CompactStep"/>: only keys changed since the last compaction are
    /// visited, as no other key can have become so.
    /// <code>
    ///  compacted at 6       key   versions                    left
    ///                       a     put 2, put 5, put 9         put 5, put 9
    ///                       b     put 3, delete 4             nothing
    ///                       c     put 2, delete 6             delete 6, for a watch that starts at 6
    /// </code>
    /// </remarks>
    /// <returns><see cref="KvError.Compacted"/> at or below the last one, <see cref="KvError.FutureRev"/> above the current revision.</returns>
    public KvError Compact(long revision)
    {
        if (revision <= _compact)
        {
            return KvError.Compacted;
        }
        if (revision > _current)
        {
            return KvError.FutureRev;
        }
        // The last compaction's own revision comes again: tombstones exactly at it were spared.
        var history = _history.View;
        _jobs.Enqueue(new CompactJob(history, history.IndexOf(_compact), history.IndexOf(revision + 1), revision));
        _compact = revision;
        _history.DropBelow(revision);
        _changed = true;
        return KvError.None;
    }

    /// <summary>Removes what compactions recorded so far made superfluous, a little at a time; between batches.</summary>
    /// <param name="records">Changes to look at in this step.</param>
    /// <returns>Whether more is left to do.</returns>
    public bool CompactStep(int records = DefaultCompactBudget)
    {
        while (records > 0 && _jobs.TryPeek(out var job))
        {
            while (records > 0 && job.Next < job.End)
            {
                Trim(job.History[job.Next++].Key, job.Revision);
                records--;
            }
            if (job.Next == job.End)
            {
                _jobs.Dequeue();
                _finishedCompact = job.Revision;
                _changed = true;
            }
        }
        return IsCompacting;
    }

    /// <summary>Takes away the versions of a key that a compaction at <paramref name="revision"/> does not keep.</summary>
    private void Trim(byte[] key, long revision)
    {
        if (KeyTree.Find(_tree.Root, key) is not { } slot)
        {
            return;
        }
        var superseded = KeySlot.Superseded(slot, revision);
        if (superseded == 0)
        {
            return;
        }
        _tree.Open(key);
        _changed = true;
        if (slot is KeyVersion only)
        {
            Count(only, -1);
            _tree.Remove();
            return;
        }
        var history = (KeyHistory)slot;
        for (var i = 0; i < superseded; i++)
        {
            Count(history[i], -1);
        }
        if (history.Without(superseded) is { } left)
        {
            _tree.Replace(left, !KeySlot.Newest(left).IsTombstone);
        }
        else
        {
            _tree.Remove();
        }
    }

    private sealed class CompactJob(History history, int next, int end, long revision)
    {
        public History History => history;

        public int Next { get; set; } = next;

        public int End => end;

        public long Revision => revision;
    }
}
