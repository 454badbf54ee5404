using System.Runtime.InteropServices;
using Kv.Actors.Model;

namespace Kv.Actors.Watch;

/// <summary>Events of one revision that one watcher is to get.</summary>
/// <param name="Cursor">The watcher.</param>
/// <param name="Batch">The revision's events, shared.</param>
/// <param name="Part">Which of them; null for all.</param>
public readonly record struct WatchMatch(WatchCursor Cursor, EventBatch Batch, EventRun? Part);

/// <summary>All watchers that want to be pushed to, of all streams: turns each change into what each stream is to be told, looking at
/// each change once.</summary>
/// <remarks>
/// Not thread-safe; the hub owns it. A watcher that fell behind stays in the tree and is passed over, so that falling behind and joining
/// again cost the same however many there are. O(log ranges + matches) for each change.
/// </remarks>
/// <typeparam name="TStream">What names a stream, by reference.</typeparam>
public sealed class WatchMatcher<TStream>
    where TStream : class
{
    private readonly IntervalTree<Registration> _tree = new();
    private readonly Dictionary<TStream, Subscriber> _streams = [];
    private readonly List<Registration> _found = [];
    private readonly List<Registration> _touched = [];
    private readonly List<Subscriber> _interested = [];

    /// <summary>Watchers known, live or not.</summary>
    public int Count => _tree.Count;

    /// <summary>Watchers pushed to now.</summary>
    public int LiveCount { get; private set; }

    /// <summary>Streams with at least one watcher.</summary>
    public int StreamCount => _streams.Count;

    /// <summary>Pushes to these watchers of <paramref name="stream"/> from the next match on; new ones are taken up first.</summary>
    /// <returns>Whether the stream was unknown until now.</returns>
    public bool Join(TStream stream, IReadOnlyList<WatchCursor> cursors)
    {
        ArgumentNullException.ThrowIfNull(cursors);
        ref var subscriber = ref CollectionsMarshal.GetValueRefOrAddDefault(_streams, stream, out var known);
        subscriber ??= new Subscriber(stream);
        for (var i = 0; i < cursors.Count; i++)
        {
            var cursor = cursors[i];
            if (cursor.HubMark is not Registration registration)
            {
                registration = new Registration(cursor, subscriber);
                registration.Entry = _tree.Add(cursor.Spec.Range, registration);
                cursor.HubMark = registration;
                subscriber.Registrations.Add(registration);
            }
            SetLive(registration, true);
        }
        return !known;
    }

    /// <summary>Stops pushing to these watchers until they join again.</summary>
    public void Leave(IReadOnlyList<WatchCursor> cursors)
    {
        ArgumentNullException.ThrowIfNull(cursors);
        for (var i = 0; i < cursors.Count; i++)
        {
            if (cursors[i].HubMark is Registration registration)
            {
                SetLive(registration, false);
            }
        }
    }

    /// <summary>Stops pushing to every watcher there is: history was replaced. Streams are told by the caller.</summary>
    public IEnumerable<TStream> LeaveAll()
    {
        foreach (var subscriber in _streams.Values)
        {
            foreach (var registration in subscriber.Registrations)
            {
                SetLive(registration, false);
            }
        }
        return _streams.Keys;
    }

    /// <summary>Forgets a watcher; unknown ones are fine.</summary>
    public void Remove(WatchCursor cursor)
    {
        ArgumentNullException.ThrowIfNull(cursor);
        if (cursor.HubMark is Registration registration)
        {
            Drop(registration);
            registration.Subscriber.Registrations.Remove(registration);
        }
    }

    /// <summary>Forgets a stream and all its watchers; unknown ones are fine.</summary>
    public void RemoveStream(TStream stream)
    {
        if (_streams.Remove(stream, out var subscriber))
        {
            foreach (var registration in subscriber.Registrations)
            {
                Drop(registration);
            }
        }
    }

    /// <summary>Matches changes, whole revisions in ascending order, and hands <paramref name="tell"/> for each interested stream all its
    /// matches in order of revision.</summary>
    /// <param name="changes">The changes.</param>
    /// <param name="root">Where previous versions are looked up.</param>
    /// <param name="tell">Called once a stream.</param>
    public void Match(IReadOnlyList<KeyVersion> changes, IWatchHistory root, Action<TStream, WatchMatch[]> tell)
    {
        ArgumentNullException.ThrowIfNull(changes);
        ArgumentNullException.ThrowIfNull(tell);
        if (_tree.Count == 0)
        {
            return;
        }
        for (var from = 0; from < changes.Count;)
        {
            var to = from + 1;
            while (to < changes.Count && changes[to].ModRevision == changes[from].ModRevision)
            {
                to++;
            }
            if (to == from + 1)
            {
                MatchOne(changes[from], root);
            }
            else
            {
                MatchMany(changes, from, to, root);
            }
            from = to;
        }
        foreach (var subscriber in _interested)
        {
            var matches = subscriber.Pending.ToArray();
            subscriber.Pending.Clear();
            tell(subscriber.Stream, matches);
        }
        _interested.Clear();
    }

    private void SetLive(Registration registration, bool live)
    {
        LiveCount += (live ? 1 : 0) - (registration.Live ? 1 : 0);
        registration.Live = live;
    }

    private void Drop(Registration registration)
    {
        SetLive(registration, false);
        registration.Cursor.HubMark = null;
        _tree.Remove(registration.Entry!);
    }

    private void MatchOne(KeyVersion change, IWatchHistory root)
    {
        _found.Clear();
        _tree.Stab(change.Key, _found);
        EventBatch? batch = null;
        var watchers = 0;
        foreach (var registration in _found)
        {
            if (registration.Wants(change))
            {
                batch ??= new EventBatch([change]);
                watchers++;
                Add(registration, batch, null, root);
            }
        }
        if (watchers > 1)
        {
            batch!.Share();
        }
    }

    private void MatchMany(IReadOnlyList<KeyVersion> changes, int from, int to, IWatchHistory root)
    {
        for (var i = from; i < to; i++)
        {
            _found.Clear();
            _tree.Stab(changes[i].Key, _found);
            foreach (var registration in _found)
            {
                if (registration.Wants(changes[i]))
                {
                    if (registration.Selected is null)
                    {
                        registration.Selected = [];
                        _touched.Add(registration);
                    }
                    registration.Selected.Add(i - from);
                }
            }
        }
        if (_touched.Count == 0)
        {
            return;
        }
        var events = new KeyVersion[to - from];
        for (var i = from; i < to; i++)
        {
            events[i - from] = changes[i];
        }
        var batch = new EventBatch(events);
        if (_touched.Count > 1)
        {
            batch.Share();
        }
        foreach (var registration in _touched)
        {
            var selected = registration.Selected!;
            EventRun? part = null;
            if (selected.Count < events.Length)
            {
                var refs = new EventRef[selected.Count];
                for (var i = 0; i < refs.Length; i++)
                {
                    refs[i] = new EventRef(batch, selected[i]);
                }
                part = new EventRun(refs);
            }
            registration.Selected = null;
            Add(registration, batch, part, root);
        }
        _touched.Clear();
    }

    private void Add(Registration registration, EventBatch batch, EventRun? part, IWatchHistory root)
    {
        if (registration.Cursor.Spec.PrevKv)
        {
            batch.LookUpPrevious(root);
        }
        var subscriber = registration.Subscriber;
        if (subscriber.Pending.Count == 0)
        {
            _interested.Add(subscriber);
        }
        subscriber.Pending.Add(new WatchMatch(registration.Cursor, batch, part));
    }

    private sealed class Subscriber(TStream stream)
    {
        public TStream Stream { get; } = stream;

        public HashSet<Registration> Registrations { get; } = [];

        public List<WatchMatch> Pending { get; } = [];
    }

    private sealed class Registration(WatchCursor cursor, Subscriber subscriber)
    {
        public WatchCursor Cursor { get; } = cursor;

        public Subscriber Subscriber { get; } = subscriber;

        public IntervalTree<Registration>.Entry? Entry { get; set; }

        public bool Live { get; set; }

        /// <summary>Events of the revision being matched; null outside.</summary>
        public List<int>? Selected { get; set; }

        public bool Wants(KeyVersion change) =>
            Live && change.ModRevision >= Cursor.Spec.StartRevision && Cursor.Spec.Wants(change);
    }
}
