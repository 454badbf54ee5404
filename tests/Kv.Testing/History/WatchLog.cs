namespace Kv.Testing.History;

/// <summary>One event: a put shows the key as it is now, a delete only key and mod revision.</summary>
public sealed record WatchEvent(bool IsDelete, KeyRecord Now, KeyRecord? Previous)
{
    /// <inheritdoc/>
    public override string ToString() => IsDelete ? $"delete {Now.Key} @{Now.ModRevision}" : $"put {Now}";
}

/// <summary>One answer on a watch: events, or a progress notice when there are none.</summary>
/// <param name="At">When it reached the client.</param>
/// <param name="HeaderRevision">The header's revision.</param>
/// <param name="Events">What happened.</param>
/// <param name="Fragment">More of the same revision follow in the next answer.</param>
public sealed record WatchBatch(Moment At, long HeaderRevision, IReadOnlyList<WatchEvent> Events, bool Fragment = false);

/// <summary>One watch on one member, from its creation to its end.</summary>
public sealed class WatchSession(string connection, long start)
{
    private readonly List<WatchBatch> _batches = [];

    /// <summary>Which start of which member it was on.</summary>
    public string Connection { get; } = connection;

    /// <summary>First revision it asked for.</summary>
    public long Start { get; } = start;

    /// <summary>What it was sent, in order.</summary>
    public IReadOnlyList<WatchBatch> Batches => _batches;

    /// <summary>The revision of the compaction that ended it because its start had been compacted away; 0 otherwise.</summary>
    public long CompactRevision { get; set; }

    /// <summary>Keeps an answer.</summary>
    public void Add(WatchBatch batch) => _batches.Add(batch);
}

/// <summary>What one client saw of a range of keys, over as many watches as it took. Filled by one thread; read when it has ended.</summary>
/// <param name="name">Who: for reading only.</param>
/// <param name="key">Start of the range.</param>
/// <param name="end">End of the range, as in <see cref="KvRequest.Range"/>.</param>
/// <param name="prevKv">Whether it asked for previous states.</param>
public sealed class WatchLog(string name, string key, string? end = null, bool prevKv = false)
{
    private readonly List<WatchSession> _sessions = [];

    /// <summary>Who.</summary>
    public string Name { get; } = name;

    /// <summary>Start of the range.</summary>
    public string Key { get; } = key;

    /// <summary>End of the range.</summary>
    public string? End { get; } = end;

    /// <summary>Whether it asked for previous states.</summary>
    public bool PrevKv { get; } = prevKv;

    /// <summary>Its watches, one after the other.</summary>
    public IReadOnlyList<WatchSession> Sessions => _sessions;

    /// <summary>All events of all its watches.</summary>
    public IEnumerable<WatchEvent> Events => _sessions.SelectMany(static s => s.Batches).SelectMany(static b => b.Events);

    /// <summary>The next revision to ask for: behind all that was seen, and behind what was compacted.</summary>
    public long Next { get; private set; } = 1;

    /// <summary>It begins there, not at the first revision: what was before is none of its business.</summary>
    public void StartAt(long revision) => Next = revision;

    /// <summary>It watches anew, from <see cref="Next"/> on, or from where the caller says.</summary>
    public WatchSession Open(string connection, long? start = null)
    {
        Next = start ?? Next;
        var session = new WatchSession(connection, Next);
        _sessions.Add(session);
        return session;
    }

    /// <summary>An answer reached it on its newest watch.</summary>
    public void Add(WatchBatch batch)
    {
        _sessions[^1].Add(batch);
        if (batch.Events.Count > 0 && !batch.Fragment)
        {
            Next = Math.Max(Next, batch.Events[^1].Now.ModRevision + 1);
        }
        else if (batch.Events.Count == 0)
        {
            Next = Math.Max(Next, batch.HeaderRevision + 1);
        }
    }

    /// <summary>Its newest watch was ended by that compaction. The next goes on behind it: a delete at the compacted revision itself leaves nothing behind.</summary>
    public void Compacted(long revision)
    {
        _sessions[^1].CompactRevision = revision;
        Next = Math.Max(Next, revision + 1);
    }
}
