namespace Kv.Testing.History;

/// <summary>What answers and watch events give away about single revisions, gathered before the search so that it need not guess.</summary>
/// <remarks>
/// Sound as pruning: an order of operations that goes against a hint goes against the answer that the hint was taken from.
/// <list type="bullet">
/// <item>An acknowledged write that shows its revision owns it: nothing else may produce that revision.</item>
/// <item>A key state with mod revision r, shown by anyone, is what revision r put there; a delete event at r says that r removed the key.</item>
/// <item>An event shows what its key held before: no revision in between changed it.</item>
/// <item>A watch answer that is no fragment has all that its revisions did in the watched range: no other key of it may change then.</item>
/// <item>Where a watch went on to later revisions without a word, a write of unknown fate is not believed to have changed what it watched.
/// An acknowledged one is: then the watch is to blame.</item>
/// </list>
/// </remarks>
public sealed class RevisionHints
{
    private readonly Dictionary<long, Operation> _owners = [];
    private readonly Dictionary<long, Dictionary<string, (KeyRecord? State, string Source)>> _seen = [];

    private readonly Dictionary<long, List<(WatchLog Watch, HashSet<string> Changed)>> _whole = [];
    private readonly Dictionary<string, SortedList<long, long>> _still = [];       // from the revision of a state to that of the next one
    private readonly List<(WatchLog Watch, SortedList<long, long> Spans)> _silent = [];        // between these, both seen or asked for

    private RevisionHints() { }

    /// <summary>Why no order can exist, when two sources contradict each other.</summary>
    public string? Conflict { get; private set; }

    /// <summary>Highest revision that anyone saw come to be: an order that ends below it has left a change out.</summary>
    public long Highest { get; private set; }

    /// <summary>Gathers them.</summary>
    public static RevisionHints From(IEnumerable<Operation> operations, IEnumerable<WatchLog> watches)
    {
        var hints = new RevisionHints();
        foreach (var operation in operations)
        {
            if (operation is not { Fate: Fate.Known, Answer: { } answer })
            {
                continue;
            }
            if (answer is { Changed: true, Revision: > 0 })
            {
                hints.Own(answer.Revision, operation);
            }
            foreach (var shown in answer.Shown)
            {
                hints.See(shown.ModRevision, shown.Key, shown, operation);
            }
        }
        foreach (var watch in watches)
        {
            foreach (var e in watch.Events)
            {
                hints.See(e.Now.ModRevision, e.Now.Key, e.IsDelete ? null : e.Now, watch.Name);
                if (e.Previous is { } previous)
                {
                    hints.See(previous.ModRevision, previous.Key, previous, watch.Name);
                    hints.Still(previous.Key, previous.ModRevision, e.Now.ModRevision);
                }
            }
            hints.SeeWhole(watch);
            hints.SeeSilence(watch);
        }
        return hints;
    }

    /// <summary>The acknowledged write that produced a revision, if it is known.</summary>
    public Operation? OwnerOf(long revision) => _owners.GetValueOrDefault(revision);

    /// <summary>Whether an operation may have turned a store into the next state, as far as anyone saw.</summary>
    public bool Allow(Operation operation, KvState before, KvState next)
    {
        if (_owners.TryGetValue(next.Revision, out var owner) && !ReferenceEquals(owner, operation))
        {
            return false;
        }
        foreach (var (key, spans) in _still)
        {
            if (IsWithin(spans, next.Revision) && before.Keys.GetValueOrDefault(key) != next.Keys.GetValueOrDefault(key))
            {
                return false;
            }
        }
        if (operation.Fate == Fate.Unknown && _silent.Exists(view => IsWithin(view.Spans, next.Revision) && !IsAll(view.Watch, [], before, next)))
        {
            return false;
        }
        if (!_seen.TryGetValue(next.Revision, out var keys))
        {
            return true;
        }
        foreach (var (key, (seen, _)) in keys)
        {
            var now = next.Keys.GetValueOrDefault(key);
            if (seen is null ? now is not null : now != seen)
            {
                return false;
            }
        }
        return !_whole.TryGetValue(next.Revision, out var views) || views.TrueForAll(view => IsAll(view.Watch, view.Changed, before, next));
    }

    /// <summary>What was seen of a revision, for people.</summary>
    public string Describe(long revision) => !_seen.TryGetValue(revision, out var keys)
        ? $"nobody saw what revision {revision} did"
        : $"revision {revision} was seen to " + string.Join(", ", keys.OrderBy(static k => k.Key, StringComparer.Ordinal)
            .Select(static k => (k.Value.State is { } state ? $"put {state.Key}={state.Value}" : $"delete {k.Key}") + $" (by {k.Value.Source})"));

    private static bool IsAll(WatchLog watch, HashSet<string> changed, KvState before, KvState next) =>
        next.In(watch.Key, watch.End).All(key => key.ModRevision != next.Revision || changed.Contains(key.Key))
        && before.In(watch.Key, watch.End).All(key => next.Keys.ContainsKey(key.Key) || changed.Contains(key.Key));

    /// <summary>Whether one of the spans, which do not overlap, holds the revision between its ends.</summary>
    private static bool IsWithin(SortedList<long, long> spans, long revision)
    {
        var (low, high) = (0, spans.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = spans.Keys[middle] < revision ? (middle + 1, high) : (low, middle);
        }
        return low > 0 && revision < spans.Values[low - 1];
    }

    private void SeeSilence(WatchLog watch)
    {
        foreach (var session in watch.Sessions)
        {
            var (spans, last) = (new SortedList<long, long>(), session.Start - 1);
            foreach (var revision in session.Batches.SelectMany(static b => b.Events).Select(static e => e.Now.ModRevision))
            {
                if (revision > last + 1)
                {
                    spans.Add(last, revision);
                }
                last = Math.Max(last, revision);
            }
            if (spans.Count > 0)
            {
                _silent.Add((watch, spans));
            }
        }
    }

    private void Still(string key, long from, long to)
    {
        if (!_still.TryGetValue(key, out var spans))
        {
            _still.Add(key, spans = []);
        }
        spans[from] = Math.Max(to, spans.GetValueOrDefault(from));
    }

    private void SeeWhole(WatchLog watch)
    {
        foreach (var session in watch.Sessions)
        {
            var begun = false;                                                   // the answer before was a fragment: this one has its rest
            foreach (var batch in session.Batches)
            {
                if (!begun && !batch.Fragment)
                {
                    foreach (var revision in batch.Events.GroupBy(static e => e.Now.ModRevision))
                    {
                        if (!_whole.TryGetValue(revision.Key, out var views))
                        {
                            _whole.Add(revision.Key, views = []);
                        }
                        views.Add((watch, [.. revision.Select(static e => e.Now.Key)]));
                    }
                }
                begun = batch.Fragment;
            }
        }
    }

    private void Own(long revision, Operation operation)
    {
        if (!_owners.TryAdd(revision, operation))
        {
            Conflict ??= $"two writes were acknowledged with revision {revision}:\n  {_owners[revision]}\n  {operation}";
        }
        Highest = Math.Max(Highest, revision);
    }

    private void See(long revision, string key, KeyRecord? state, object source)
    {
        if (revision == 0)
        {
            return;
        }
        Highest = Math.Max(Highest, revision);
        if (!_seen.TryGetValue(revision, out var keys))
        {
            _seen.Add(revision, keys = []);
        }
        var name = source as string ?? ((Operation)source).Client;
        if (!keys.TryAdd(key, (state, name)) && keys[key].State != state)
        {
            var other = keys[key];
            Conflict ??= $"revision {revision} left {key} in two states:\n  {other.State?.ToString() ?? "deleted"} (seen by {other.Source})\n"
                + $"  {state?.ToString() ?? "deleted"} (seen by {(source is Operation operation ? operation.ToString() : name)})";
        }
    }
}
