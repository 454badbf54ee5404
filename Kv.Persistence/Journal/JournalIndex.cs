using Kv.Persistence.Wal;

namespace Kv.Persistence.Journal;

/// <summary>Which events of which persistence id are where: sparse, one entry per 64 KiB of log and id.</summary>
/// <remarks>
/// Replay seeks to the entry at or before the first number wanted and reads on from there, so a few bytes of memory per
/// 64 KiB of log are enough. Example, entries of one id after events 1..5 in small records and 6 in a far one:
/// <code>
///  (first 1, segment 1 offset 64), (first 6, segment 1 offset 70000)     replay from 4 begins at 64 and skips 1..3
/// </code>
/// Not safe for several threads; the journal holds a lock around it.
/// </remarks>
public sealed class JournalIndex
{
    private const long EntryEveryBytes = 64 << 10;
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    /// <summary>Notes a record of events.</summary>
    /// <param name="persistenceId">Whose.</param>
    /// <param name="first">Lowest number in the record.</param>
    /// <param name="last">Highest number in it.</param>
    /// <param name="position">Where it stands. Positions only grow.</param>
    public void Add(string persistenceId, long first, long last, in WalPosition position)
    {
        var entry = Of(persistenceId);
        entry.Highest = Math.Max(entry.Highest, last);
        if (entry.Places.Count == 0
            || entry.Places[^1].Position.Sequence != position.Sequence
            || position.Offset - entry.Places[^1].Position.Offset >= EntryEveryBytes)
        {
            entry.Places.Add(new Place(first, position));
        }

        entry.LastPosition = position;
    }

    /// <summary>Notes that events up to a number are deleted, and the highest number there ever was.</summary>
    /// <param name="persistenceId">Whose.</param>
    /// <param name="deletedTo">Inclusive.</param>
    /// <param name="highest">Survives the deletion of all events.</param>
    /// <param name="position">Where the deletion is noted: it must stay there as long as it is the newest one.</param>
    public void Delete(string persistenceId, long deletedTo, long highest, in WalPosition position)
    {
        var entry = Of(persistenceId);
        entry.Highest = Math.Max(entry.Highest, highest);
        entry.DeletedTo = Math.Max(entry.DeletedTo, deletedTo);
        entry.DeletionSequence = position.Sequence;

        // A place is done with once the one after it begins at or below the first event that is left.
        var done = 0;
        while (done + 1 < entry.Places.Count && entry.Places[done + 1].First <= entry.DeletedTo + 1) done++;
        if (entry.DeletedTo >= entry.Highest) done = entry.Places.Count;
        entry.Places.RemoveRange(0, done);
    }

    /// <summary>Highest number ever stored; 0 if none.</summary>
    public long Highest(string persistenceId) => _entries.TryGetValue(persistenceId, out var entry) ? entry.Highest : 0;

    /// <summary>Events up to this number are deleted; 0 if none.</summary>
    public long DeletedTo(string persistenceId) => _entries.TryGetValue(persistenceId, out var entry) ? entry.DeletedTo : 0;

    /// <summary>Where to begin reading for events from <paramref name="from"/> on, and where the last one stands.</summary>
    /// <returns>False if no event is left. O(log n).</returns>
    public bool TryFind(string persistenceId, long from, out WalPosition begin, out WalPosition last)
    {
        (begin, last) = (default, default);
        if (!_entries.TryGetValue(persistenceId, out var entry) || entry.Places.Count == 0) return false;
        var (low, high) = (0, entry.Places.Count);
        while (high - low > 1)
        {
            var middle = (low + high) / 2;
            if (entry.Places[middle].First <= from) low = middle;
            else high = middle;
        }

        (begin, last) = (entry.Places[low].Position, entry.LastPosition);
        return true;
    }

    /// <summary>The lowest segment that any event still there stands in; <paramref name="current"/> if there is none.</summary>
    public long NeededFrom(long current)
    {
        foreach (var entry in _entries.Values)
        {
            if (entry.Places.Count > 0) current = Math.Min(current, entry.Places[0].Position.Sequence);
        }

        return current;
    }

    /// <summary>Ids whose newest deletion is noted below <paramref name="sequence"/>: to be noted again before that goes. Sorted.</summary>
    public IReadOnlyList<(string PersistenceId, long DeletedTo, long Highest)> DeletionsBelow(long sequence)
    {
        var found = new List<(string, long, long)>();
        foreach (var (id, entry) in _entries)
        {
            if (entry.DeletedTo > 0 && entry.DeletionSequence < sequence) found.Add((id, entry.DeletedTo, entry.Highest));
        }

        found.Sort((a, b) => string.CompareOrdinal(a.Item1, b.Item1));
        return found;
    }

    private Entry Of(string persistenceId)
    {
        if (!_entries.TryGetValue(persistenceId, out var entry)) _entries.Add(persistenceId, entry = new Entry());
        return entry;
    }

    private sealed class Entry
    {
        public long Highest;
        public long DeletedTo;
        public long DeletionSequence;
        public WalPosition LastPosition;
        public readonly List<Place> Places = [];
    }

    private readonly record struct Place(long First, WalPosition Position);
}
