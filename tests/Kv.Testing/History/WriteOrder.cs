namespace Kv.Testing.History;

/// <summary>One key changed by one revision.</summary>
public sealed record KeyChange(long Revision, KeyRecord? Now, KeyRecord? Previous, Operation By)
{
    /// <summary>The key.</summary>
    public string Key => (Now ?? Previous)!.Key;

    /// <inheritdoc/>
    public override string ToString() => $"{(Now is { } now ? $"put {now}" : $"delete {Key}")} @{Revision} by [{By}]";
}

/// <summary>What every revision did, as the checker's order of operations has it: the measure for watches, leases and reads of the past.</summary>
public sealed class WriteOrder
{
    private readonly Dictionary<long, IReadOnlyList<KeyChange>> _changes = [];
    private readonly KvState _initial;

    private WriteOrder(KvState initial) => (_initial, First, Last, Final) = (initial, initial.Revision, initial.Revision, initial);

    /// <summary>Revision of the store that the history began with.</summary>
    public long First { get; }

    /// <summary>Newest revision.</summary>
    public long Last { get; private set; }

    /// <summary>The store at <see cref="Last"/>.</summary>
    public KvState Final { get; private set; }

    /// <summary>Runs the operations once more, in the order that was found.</summary>
    public static WriteOrder From(IEnumerable<Operation> order, KvState? initial = null)
    {
        var (writes, model) = (new WriteOrder(initial ?? KvState.Empty), new KvModel());
        var state = writes._initial;
        foreach (var operation in order)
        {
            var (next, _) = model.Apply(state, operation.Request);
            if (next.Revision > state.Revision)
            {
                writes._changes.Add(next.Revision, Changes(state, next, operation));
            }
            state = next;
        }
        (writes.Last, writes.Final) = (state.Revision, state);
        return writes;
    }

    /// <summary>What a revision changed, in order of keys; nothing for a revision outside the history.</summary>
    public IReadOnlyList<KeyChange> At(long revision) => _changes.GetValueOrDefault(revision, []);

    /// <summary>What the revisions of [from, to] changed in a range, in order.</summary>
    public IEnumerable<KeyChange> Between(long from, long to, string key, string? end)
    {
        for (var revision = Math.Max(from, First + 1); revision <= Math.Min(to, Last); revision++)
        {
            foreach (var change in At(revision))
            {
                if (KeySpan.Contains(key, end, change.Key))
                {
                    yield return change;
                }
            }
        }
    }

    /// <summary>The store at each of the revisions, which must ascend: one pass over the history.</summary>
    public IEnumerable<KvState> StatesAt(IEnumerable<long> ascending)
    {
        var state = _initial;
        foreach (var revision in ascending)
        {
            while (state.Revision < Math.Min(revision, Last))
            {
                var next = state.Revision + 1;
                foreach (var change in At(next))
                {
                    state = change.Now is { } now ? state.With(now) : state.Without(change.Previous!);
                }
                state = state.WithRevision(next);
            }
            yield return state;
        }
    }

    private static List<KeyChange> Changes(KvState before, KvState after, Operation by)
    {
        var changes = new List<KeyChange>();
        foreach (var now in after.Keys.Values.Where(k => k.ModRevision == after.Revision))
        {
            changes.Add(new KeyChange(after.Revision, now, before.Keys.GetValueOrDefault(now.Key), by));
        }
        foreach (var gone in before.Keys.Values.Where(k => !after.Keys.ContainsKey(k.Key)))
        {
            changes.Add(new KeyChange(after.Revision, null, gone, by));
        }
        changes.Sort(static (a, b) => string.CompareOrdinal(a.Key, b.Key));
        return changes;
    }
}
