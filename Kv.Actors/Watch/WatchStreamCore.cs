using Kv.Actors.Model;

namespace Kv.Actors.Watch;

/// <summary>One client stream with its watchers, as a function of its inputs: requests, pushes from the hub, and the client's readiness
/// to read.</summary>
/// <remarks>
/// <para>Answers and events go into one queue, in the order the client must see them. While the queue is below its bound, live watchers
/// are pushed to. A push that finds it full turns every live watcher into a cursor at that revision: from then on the stream holds the
/// queue as it is and one number, and reads on from history when the client has taken what waits. Caught up, its watchers join the hub
/// again; the hub names the revision it had pushed up to, the rest up to there is read at once, and nothing is missing or twice.</para>
/// <para>Not thread-safe, no clock. What is for the hub lies in <see cref="Outbox"/> after each call; the shell sends it in order.</para>
/// Source: reference, watch semantics §1 to §7.
/// </remarks>
public sealed class WatchStreamCore
{
    /// <summary>Refuses a negative start revision.</summary>
    public const string CompactedReason = "etcdserver: mvcc: required revision has been compacted";

    /// <summary>Refuses a range that selects nothing.</summary>
    public const string EmptyRangeReason = "mvcc: watcher range is empty";

    /// <summary>Refuses an id in use.</summary>
    public const string DuplicateIdReason = "mvcc: duplicate watch ID provided on the WatchStream";

    private const int ResponseOverheadBytes = 64;
    private static readonly WatchHeader LargestHeader = new(ulong.MaxValue, ulong.MaxValue, ulong.MaxValue);

    private readonly WatchLimits _limits;
    private readonly Dictionary<long, WatchCursor> _watchers = [];
    private readonly Queue<WatchResponse> _queue = new();
    private readonly Queue<CatchUp> _behind = new();
    private readonly List<WatchCursor> _touched = [];
    private long _nextId;

    /// <param name="limits">Bounds.</param>
    public WatchStreamCore(WatchLimits limits)
    {
        ArgumentNullException.ThrowIfNull(limits);
        _limits = limits;
    }

    /// <summary>What the hub is to be told, in order. The shell empties it.</summary>
    public List<WatchHubCommand> Outbox { get; } = [];

    /// <summary>Watchers whose id is taken, those ended by a compaction included.</summary>
    public int WatcherCount => _watchers.Count;

    /// <summary>Responses that wait for the client.</summary>
    public int QueuedResponses => _queue.Count;

    /// <summary>About how many bytes wait, shared values counted in full.</summary>
    public long QueuedBytes { get; private set; }

    /// <summary>Events among the responses that wait.</summary>
    public long QueuedEvents { get; private set; }

    /// <summary>Whether some watchers have history to read.</summary>
    public bool IsBehind => _behind.Count > 0;

    /// <summary>Whether nothing more is taken in: pushes turn into cursors, and the client's next request has to wait.</summary>
    public bool IsFull => QueuedBytes >= _limits.QueueBytes || _queue.Count >= _limits.QueueResponses + _watchers.Count;

    /// <summary>A create request; exactly one answer is queued.</summary>
    /// <param name="spec">What is asked for.</param>
    /// <param name="current">The store's published revision.</param>
    public void Create(WatchSpec spec, long current)
    {
        ArgumentNullException.ThrowIfNull(spec);
        var id = spec.WatchId;
        if (spec.StartRevision < 0)
        {
            Refuse(CompactedReason, current);
            return;
        }
        if (spec.Range.IsEmpty)
        {
            Refuse(EmptyRangeReason, current);
            return;
        }
        if (id == 0)
        {
            while (_watchers.ContainsKey(_nextId))
            {
                _nextId++;
            }
            id = _nextId++;
        }
        else if (_watchers.ContainsKey(id))
        {
            Refuse(DuplicateIdReason, current);
            return;
        }
        var next = spec.StartRevision == 0 ? current + 1 : spec.StartRevision;
        var cursor = new WatchCursor(id, spec, next, WatchState.Behind);
        _watchers.Add(id, cursor);
        Enqueue(WatchResponse.Created(id, current));
        if (next > current)
        {
            Join([cursor]);
        }
        else
        {
            _behind.Enqueue(new CatchUp([cursor], next));
        }
    }

    /// <summary>Answers a create request that the gateway refused.</summary>
    public void Refuse(string reason, long current) => Enqueue(WatchResponse.Refused(reason, current));

    /// <summary>A cancel request: one answer if the id is taken, none otherwise.</summary>
    public void Cancel(long watchId, long current)
    {
        if (!_watchers.Remove(watchId, out var cursor))
        {
            return;
        }
        cursor.State = WatchState.Closed;
        if (cursor.KnownToHub)
        {
            Outbox.Add(new WatchHubCommand.Remove(cursor));
        }
        Enqueue(WatchResponse.Canceled(watchId, current));
    }

    /// <summary>A manual progress request: answered behind all events, if every watcher is live by then; otherwise not at all.</summary>
    public void RequestProgress(long current)
    {
        foreach (var cursor in _watchers.Values)
        {
            if (cursor.State == WatchState.Behind)
            {
                return;
            }
        }
        if (_watchers.Count > 0)
        {
            Outbox.Add(new WatchHubCommand.AskProgress(current, Periodic: false));
        }
    }

    /// <summary>The progress interval has passed.</summary>
    public void ProgressTick(long current)
    {
        foreach (var cursor in _watchers.Values)
        {
            if (cursor.Spec.ProgressNotify)
            {
                Outbox.Add(new WatchHubCommand.AskProgress(current, Periodic: true));
                return;
            }
        }
    }

    /// <summary>The hub's answer: it has pushed everything up to <paramref name="revision"/> before.</summary>
    public void OnProgress(long revision, bool periodic)
    {
        if (!periodic)
        {
            if (AllReached(revision))
            {
                Enqueue(WatchResponse.Progress(-1, revision));
            }
            return;
        }
        foreach (var cursor in _watchers.Values)
        {
            if (cursor.Spec.ProgressNotify)
            {
                if (cursor.State == WatchState.Live && cursor.Next <= revision + 1 && !cursor.SawEvent && !IsFull)
                {
                    Enqueue(WatchResponse.Progress(cursor.Id, revision));
                }
                cursor.SawEvent = false;
            }
        }
    }

    /// <summary>Events from the hub, in order of revision. If the queue is full, the rest is left to history.</summary>
    public void OnPush(ReadOnlySpan<WatchMatch> matches)
    {
        foreach (var (cursor, batch, part) in matches)
        {
            if (cursor.State != WatchState.Live || batch.Revision < cursor.Next)
            {
                continue;
            }
            if (IsFull)
            {
                FallBehind(batch.Revision);
                return;
            }
            var response = part is null
                ? WatchResponse.Of(cursor.Id, batch.Revision, batch, cursor.Spec.PrevKv)
                : WatchResponse.Of(cursor.Id, batch.Revision, part, cursor.Spec.PrevKv);
            EnqueueEvents(cursor, response, batch.Revision + 1);
        }
    }

    /// <summary>The hub pushes to <paramref name="cursors"/> after <paramref name="root"/>'s revision: what they lack up to there is read
    /// now, or, if that is too much, they fall behind once more.</summary>
    public void OnJoined(IReadOnlyList<WatchCursor> cursors, IWatchHistory root)
    {
        ArgumentNullException.ThrowIfNull(root);
        var joining = Only(cursors, WatchState.Joining);
        if (joining.Length == 0)
        {
            return;
        }
        var next = Least(joining);
        var revision = root.CurrentRevision;
        if (next <= revision)
        {
            var gap = new CatchUp(joining, next);
            if (!Read(gap, root, revision))
            {
                joining = Only(joining, WatchState.Joining);
                SetState(joining, WatchState.Behind);
                Outbox.Add(new WatchHubCommand.Leave(joining));
                _behind.Enqueue(new CatchUp(joining, gap.Next));
                return;
            }
        }
        SetState(Only(joining, WatchState.Joining), WatchState.Live);
    }

    /// <summary>History was replaced after <paramref name="revision"/>, up to which everything was pushed: live watchers read on.</summary>
    public void OnLeft(long revision) => FallBehind(revision + 1);

    /// <summary>Reads history for watchers that are behind, as far as the queue's bound allows. Call it when the client wants more.</summary>
    /// <returns>Whether it stopped for having looked at enough: with nothing queued, call again after others had a turn.</returns>
    public bool ReadHistory(IWatchHistory history)
    {
        ArgumentNullException.ThrowIfNull(history);
        for (var turns = _behind.Count; turns > 0 && !IsFull; turns--)
        {
            var group = _behind.Dequeue();
            var behind = Only(group.Cursors, WatchState.Behind);
            if (behind.Length == 0)
            {
                continue;
            }
            if (!Read(group, history, history.CurrentRevision))
            {
                _behind.Enqueue(group);
                continue;
            }
            behind = Only(behind, WatchState.Behind);
            foreach (var cursor in behind)
            {
                cursor.Next = Math.Max(cursor.Next, group.Next);
            }
            Join(behind);
        }
        return _behind.Count > 0 && !IsFull;
    }

    /// <summary>Takes what waits, up to about <paramref name="maxBytes"/> and at least one response; null when nothing waits.</summary>
    public WatchBunch? Take(long maxBytes)
    {
        if (_queue.Count == 0)
        {
            return null;
        }
        if (QueuedBytes <= maxBytes)
        {
            var all = _queue.ToArray();
            _queue.Clear();
            QueuedBytes = 0;
            QueuedEvents = 0;
            Shrink();
            return new WatchBunch(all);
        }
        var some = new List<WatchResponse>();
        var bytes = 0L;
        while (_queue.TryPeek(out var response) && (some.Count == 0 || bytes + Cost(response) <= maxBytes))
        {
            bytes += Cost(response);
            QueuedEvents -= response.Count;
            some.Add(_queue.Dequeue());
        }
        QueuedBytes -= bytes;
        return new WatchBunch([.. some]);
    }

    private static long Cost(in WatchResponse response) => ResponseOverheadBytes + WatchWire.EventBytes(response);

    private static long Least(WatchCursor[] cursors)
    {
        var least = long.MaxValue;
        foreach (var cursor in cursors)
        {
            least = Math.Min(least, cursor.Next);
        }
        return least;
    }

    private static WatchCursor[] Only(IReadOnlyList<WatchCursor> cursors, WatchState state)
    {
        var count = 0;
        for (var i = 0; i < cursors.Count; i++)
        {
            count += cursors[i].State == state ? 1 : 0;
        }
        if (count == cursors.Count && cursors is WatchCursor[] all)
        {
            return all;
        }
        var only = new WatchCursor[count];
        for (int i = 0, at = 0; at < count; i++)
        {
            if (cursors[i].State == state)
            {
                only[at++] = cursors[i];
            }
        }
        return only;
    }

    private static void SetState(WatchCursor[] cursors, WatchState state)
    {
        foreach (var cursor in cursors)
        {
            cursor.State = state;
        }
    }

    /// <summary>Whether every watcher is live and has been sent all up to <paramref name="revision"/>; false when there is none.</summary>
    private bool AllReached(long revision)
    {
        var any = false;
        foreach (var cursor in _watchers.Values)
        {
            if (cursor.State == WatchState.Compacted)
            {
                continue;
            }
            if (cursor.State != WatchState.Live || cursor.Next > revision + 1)
            {
                return false;
            }
            any = true;
        }
        return any;
    }

    private void Join(WatchCursor[] cursors)
    {
        if (cursors.Length == 0)
        {
            return;
        }
        foreach (var cursor in cursors)
        {
            cursor.State = WatchState.Joining;
            cursor.KnownToHub = true;
        }
        Outbox.Add(new WatchHubCommand.Join(cursors));
    }

    private void FallBehind(long next)
    {
        WatchCursor[] live = [.. _watchers.Values];
        live = Only(live, WatchState.Live);
        if (live.Length == 0)
        {
            return;
        }
        foreach (var cursor in live)
        {
            cursor.State = WatchState.Behind;
            cursor.Next = Math.Max(cursor.Next, next);
        }
        Outbox.Add(new WatchHubCommand.Leave(live));
        _behind.Enqueue(new CatchUp(live, next));
    }

    /// <summary>Reads on for a group, cancels those whose next revision is compacted, and queues what the others get.</summary>
    /// <returns>Whether the group has read all up to <paramref name="upTo"/>.</returns>
    private bool Read(CatchUp group, IWatchHistory history, long upTo)
    {
        var compacted = history.CompactRevision;
        if (group.Next < compacted)
        {
            foreach (var cursor in group.Cursors)
            {
                if (cursor.State is WatchState.Behind or WatchState.Joining && Math.Max(cursor.Next, group.Next) < compacted)
                {
                    EndByCompaction(cursor, compacted);
                }
            }
            group.SkipTo(compacted);
        }
        group.Read(history, upTo, _limits, _limits.QueueBytes - QueuedBytes, _touched);
        foreach (var cursor in _touched)
        {
            var run = cursor.Run!;
            cursor.Run = null;
            var batch = run[0].Batch;
            var response = run.Count == batch.Count && run[^1].Batch == batch
                ? WatchResponse.Of(cursor.Id, history.CurrentRevision, batch, cursor.Spec.PrevKv)
                : WatchResponse.Of(cursor.Id, history.CurrentRevision, new EventRun([.. run]), cursor.Spec.PrevKv);
            EnqueueEvents(cursor, response, group.Next);
        }
        _touched.Clear();
        return group.Next > upTo;
    }

    private void EndByCompaction(WatchCursor cursor, long compactRevision)
    {
        cursor.State = WatchState.Compacted;
        if (cursor.KnownToHub)
        {
            cursor.KnownToHub = false;
            Outbox.Add(new WatchHubCommand.Remove(cursor));
        }
        Enqueue(WatchResponse.Compacted(cursor.Id, compactRevision));
    }

    private void EnqueueEvents(WatchCursor cursor, in WatchResponse response, long next)
    {
        cursor.Next = Math.Max(cursor.Next, next);
        cursor.SawEvent = true;
        if (!cursor.Spec.Fragment)
        {
            Enqueue(response);
            return;
        }
        var before = _queue.Count;
        Fragmenter.Split(response, _limits.FragmentBytes, LargestHeader, _queue);
        QueuedEvents += response.Count;
        QueuedBytes += WatchWire.EventBytes(response) + ((_queue.Count - before) * ResponseOverheadBytes);
    }

    private void Enqueue(in WatchResponse response)
    {
        _queue.Enqueue(response);
        QueuedEvents += response.Count;
        QueuedBytes += Cost(response);
    }

    /// <summary>A stream that was busy once and is idle now gives the memory back.</summary>
    private void Shrink()
    {
        if (_queue.Capacity > 64 + (2 * _watchers.Count))
        {
            _queue.TrimExcess(4);
        }
    }
}
