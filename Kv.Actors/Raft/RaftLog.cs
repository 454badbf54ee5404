using static Kv.Actors.Raft.RaftBugException;

namespace Kv.Actors.Raft;

/// <summary>The log in memory, from the last compaction on, with the marks that move through it.</summary>
/// <remarks>
/// <code>
///  base      applied   applying   committed      last
///   │           │          │          │            │
///   ▼ first     ▼          ▼          ▼            ▼
///   · [e] [e]  [e]  [e]   [e]  [e]   [e]  [e] [e] [e]
///                                      ▲    ▲
///                                   stable  handed
/// </code>
/// <c>applied ≤ applying ≤ committed ≤ last</c> and <c>stable ≤ handed ≤ last</c>. Handed entries are on their way to the
/// journal, stable ones are in it. The base is the last entry a snapshot has replaced: only its term is kept. Entries sit in a
/// ring, so appending and compacting cost nothing per entry kept.
/// </remarks>
public sealed class RaftLog
{
    private Entry[] _ring = new Entry[64];
    private int _head;
    private int _count;
    private LogSlice _cached;
    private readonly List<ulong> _confChanges = [];        // where the log holds changes of the membership, ascending

    /// <summary>The last entry that is gone; 0 if none is.</summary>
    public ulong BaseIndex { get; private set; }

    /// <summary>The term of <see cref="BaseIndex"/>.</summary>
    public ulong BaseTerm { get; private set; }

    /// <summary>The first entry still here, if there is one.</summary>
    public ulong FirstIndex => BaseIndex + 1;

    /// <summary>The last entry, or the base.</summary>
    public ulong LastIndex => BaseIndex + (ulong)_count;

    /// <summary>The term of <see cref="LastIndex"/>.</summary>
    public ulong LastTerm => _count == 0 ? BaseTerm : EntryAt(_count - 1).Term;

    /// <summary>Known to be on a quorum; never falls.</summary>
    public ulong Committed { get; private set; }

    /// <summary>Handed out to be applied.</summary>
    public ulong Applying { get; private set; }

    /// <summary>Reported applied.</summary>
    public ulong Applied { get; private set; }

    /// <summary>Durable here.</summary>
    public ulong Stable { get; private set; }

    /// <summary>Handed out to be made durable.</summary>
    public ulong Handed { get; private set; }

    /// <summary>Bytes handed out to be applied and not reported applied.</summary>
    public long UnappliedBytes { get; private set; }

    /// <summary>The newest snapshot this node can send.</summary>
    public SnapshotMeta Snapshot { get; private set; } = SnapshotMeta.Empty;

    /// <summary>A leader's snapshot that has replaced the log but is not durable yet.</summary>
    public SnapshotMeta? PendingSnapshot { get; private set; }

    /// <summary>Whether entries wait to be handed to the journal.</summary>
    public bool HasUnhanded => Handed < LastIndex;

    /// <summary>The term of an entry; false if the entry is compacted or not there yet.</summary>
    public bool TryTerm(ulong index, out ulong term)
    {
        term = 0;
        if (index < BaseIndex || index > LastIndex) return false;
        term = index == BaseIndex ? BaseTerm : this[index].Term;
        return true;
    }

    /// <summary>Whether the entry is here and of that term.</summary>
    public bool Matches(ulong index, ulong term) => TryTerm(index, out var own) && own == term;

    /// <summary>An entry between <see cref="FirstIndex"/> and <see cref="LastIndex"/>.</summary>
    public Entry this[ulong index]
    {
        get
        {
            Assert(index > BaseIndex && index <= LastIndex, $"entry {index} is outside the log {FirstIndex}..{LastIndex}");
            return EntryAt((int)(index - FirstIndex));
        }
    }

    /// <summary>Whether a log that ends in (index, term) holds everything this one may have committed (Raft paper §5.4.1).</summary>
    public bool IsUpToDate(ulong index, ulong term) => term > LastTerm || (term == LastTerm && index >= LastIndex);

    /// <summary>Whether a log that ends in (index, term) holds more than this one.</summary>
    public bool IsBehind(ulong index, ulong term) => IsUpToDate(index, term) && (index != LastIndex || term != LastTerm);

    /// <summary>Adds the next entry.</summary>
    public void Append(Entry entry)
    {
        Assert(entry.Index == LastIndex + 1, $"entry {entry.Index} appended after {LastIndex}");
        Assert(entry.Term >= LastTerm, $"term {entry.Term} appended after term {LastTerm} at {LastIndex}");
        if (_count == _ring.Length) Resize(_ring.Length * 2);
        _ring[(_head + _count) & (_ring.Length - 1)] = entry;
        _count++;
        if (entry.IsConfChange) _confChanges.Add(entry.Index);
    }

    /// <summary>The first change of the membership among committed entries beyond <paramref name="index"/>; 0 if there is none.</summary>
    /// <remarks>Costs nothing while there is none: the log knows where its changes are.</remarks>
    public ulong FirstCommittedConfChange(ulong index)
    {
        var found = 0UL;
        for (var i = _confChanges.Count - 1; i >= 0 && _confChanges[i] > index; i--)
        {
            if (_confChanges[i] <= Committed) found = _confChanges[i];
        }

        return found;
    }

    /// <summary>A follower's append: cuts off a conflicting suffix, adds what is new, moves the commit mark.</summary>
    /// <param name="prevIndex">The entry before the first, at or above the commit mark.</param>
    /// <param name="prevTerm">Its term.</param>
    /// <param name="entries">What follows it.</param>
    /// <param name="commit">The leader's commit mark.</param>
    /// <param name="lastNew">The last entry now known to match the leader's log.</param>
    /// <returns>False if the entry before is missing or different: nothing has changed.</returns>
    public bool TryAppend(ulong prevIndex, ulong prevTerm, LogSlice entries, ulong commit, out ulong lastNew)
    {
        lastNew = prevIndex + (ulong)entries.Count;
        if (!Matches(prevIndex, prevTerm)) return false;
        var position = 0;
        while (position < entries.Count && Matches(entries[position].Index, entries[position].Term)) position++;
        if (position < entries.Count)
        {
            var from = entries[position].Index;
            Assert(from == prevIndex + (ulong)position + 1, $"entries after {prevIndex} have a gap at {from}");
            Assert(from > Committed, $"entry {from} conflicts with one committed up to {Committed}");
            TruncateFrom(from);
            for (; position < entries.Count; position++) Append(entries[position]);
        }

        CommitTo(Math.Min(commit, lastNew));
        return true;
    }

    /// <summary>Removes the entry and all after it; they must not be committed.</summary>
    public void TruncateFrom(ulong index)
    {
        if (index > LastIndex) return;
        Assert(index > Committed && index > BaseIndex, $"truncation from {index} would remove entries committed up to {Committed}");
        while (LastIndex >= index)
        {
            _count--;
            _ring[(_head + _count) & (_ring.Length - 1)] = null!;
        }

        _confChanges.RemoveAll(at => at >= index);
        Handed = Math.Min(Handed, LastIndex);
        Stable = Math.Min(Stable, LastIndex);
        if (_cached.LastIndex >= index) _cached = default;
    }

    /// <summary>
    /// The highest entry at or below <paramref name="index"/> whose term is at most <paramref name="term"/>: above it, logs that
    /// have that term at that index cannot match (etcd's and thesis §5.3's backtracking by terms).
    /// </summary>
    /// <returns>The index, with its term or 0 if it is compacted or not here.</returns>
    public (ulong Index, ulong Term) FindConflictByTerm(ulong index, ulong term)
    {
        for (; index > 0; index--)
        {
            if (!TryTerm(index, out var own)) return (index, 0);
            if (own <= term) return (index, own);
        }

        return (0, 0);
    }

    /// <summary>Raises the commit mark; a lower one changes nothing.</summary>
    public void CommitTo(ulong index)
    {
        if (index <= Committed) return;
        Assert(index <= LastIndex, $"commit {index} beyond the last entry {LastIndex}: was the log lost or cut?");
        Committed = index;
    }

    /// <summary>Entries from <paramref name="from"/> to <paramref name="to"/>, both included, as an array nobody else changes.</summary>
    public LogSlice Slice(ulong from, ulong to)
    {
        if (from > to) return default;
        Assert(from > BaseIndex && to <= LastIndex, $"slice {from}..{to} is outside the log {FirstIndex}..{LastIndex}");
        // Journal, every follower and the state machine ask for much the same run one after the other: one array serves them all.
        if (_cached.Count > 0 && from >= _cached.FirstIndex && to <= _cached.LastIndex)
        {
            return _cached.Slice((int)(from - _cached.FirstIndex), (int)(to - from + 1));
        }

        var items = new Entry[checked((int)(to - from + 1))];
        var start = (_head + (int)(from - FirstIndex)) & (_ring.Length - 1);
        var first = Math.Min(items.Length, _ring.Length - start);
        Array.Copy(_ring, start, items, 0, first);
        Array.Copy(_ring, 0, items, first, items.Length - first);
        return _cached = new LogSlice(items, 0, items.Length);
    }

    /// <summary>As much from <paramref name="from"/> up to <paramref name="to"/> as fits into the bytes, at least one entry if there is one.</summary>
    public LogSlice Slice(ulong from, ulong to, long maxBytes)
    {
        if (from > to) return default;
        var last = from;
        var bytes = (long)this[from].Size;
        while (last < to && (bytes += this[last + 1].Size) <= maxBytes) last++;
        return Slice(from, last);
    }

    /// <summary>Hands out everything the journal has not been given.</summary>
    public LogSlice HandOut()
    {
        var slice = Slice(Handed + 1, LastIndex);
        Handed = LastIndex;
        return slice;
    }

    /// <summary>What was handed out is durable now, save for what has been cut off since.</summary>
    public void HandedIsStable() => Stable = Handed;

    /// <summary>Whether committed entries may be handed out to be applied, given the budget for unapplied bytes.</summary>
    public bool CanApply(long maxUnappliedBytes) =>
        PendingSnapshot is null && Applying < Committed && (UnappliedBytes < maxUnappliedBytes || Applying == Applied);

    /// <summary>Hands out committed entries within the budget, at least one.</summary>
    public LogSlice HandOutCommitted(long maxUnappliedBytes)
    {
        if (!CanApply(maxUnappliedBytes)) return default;
        var slice = Slice(Applying + 1, Committed, maxUnappliedBytes - UnappliedBytes);
        foreach (var entry in slice) UnappliedBytes += entry.Size;
        Applying = slice.LastIndex;
        return slice;
    }

    /// <summary>Moves the applied mark; an older report changes nothing.</summary>
    /// <returns>The payload bytes of the entries that are newly applied.</returns>
    public long AppliedTo(ulong index)
    {
        if (index <= Applied) return 0;
        Assert(index <= Applying, $"applied {index}, but only {Applying} was handed out");
        if (index <= BaseIndex)
        {
            // A leader's snapshot has taken the place of what was being applied.
            Applied = index;
            return 0;
        }

        var payload = 0L;
        for (var i = Applied + 1; i <= index; i++)
        {
            var entry = this[i];
            UnappliedBytes -= entry.Size;
            payload += entry.Data.Length;
        }

        Applied = index;
        return payload;
    }

    /// <summary>Remembers the newest snapshot that can be sent; an older one changes nothing.</summary>
    public void SnapshotTaken(SnapshotMeta meta)
    {
        if (meta.Index <= Snapshot.Index) return;
        Assert(meta.Index <= Applied, $"snapshot at {meta.Index}, but applied only to {Applied}");
        Snapshot = meta;
    }

    /// <summary>Drops entries up to <paramref name="index"/>, which a snapshot must hold; what is gone already stays gone.</summary>
    public void Compact(ulong index)
    {
        if (index <= BaseIndex) return;
        Assert(index <= Snapshot.Index, $"compaction to {index} without a snapshot beyond {Snapshot.Index}");
        Assert(index <= Math.Min(Applied, Stable), $"compaction to {index}, but applied {Applied} and stable {Stable}");
        BaseTerm = this[index].Term;
        var drop = (int)(index - BaseIndex);
        for (var i = 0; i < drop; i++) _ring[(_head + i) & (_ring.Length - 1)] = null!;
        _head = (_head + drop) & (_ring.Length - 1);
        _count -= drop;
        BaseIndex = index;
        _confChanges.RemoveAll(at => at <= index);
        _cached = default;
        // A burst must not hold its memory for ever.
        if (_ring.Length > 1024 && _count < _ring.Length / 8) Resize(_ring.Length / 4);
    }

    /// <summary>A leader's snapshot takes the place of the whole log. Durable once <see cref="SnapshotIsStable"/> says so.</summary>
    public void Install(SnapshotMeta meta)
    {
        Assert(meta.Index > Committed, $"snapshot at {meta.Index} is behind the commit {Committed}");
        Reset(meta);
        PendingSnapshot = meta;
    }

    /// <summary>The pending snapshot is durable and about to be loaded; a newer one stays pending.</summary>
    public void SnapshotIsStable(SnapshotMeta meta)
    {
        if (!ReferenceEquals(PendingSnapshot, meta)) return;
        PendingSnapshot = null;
        Snapshot = meta;
        Applying = Applied = meta.Index;
        UnappliedBytes = 0;
    }

    /// <summary>Recovery: the log as a durable snapshot left it.</summary>
    internal void Recover(SnapshotMeta meta)
    {
        Reset(meta);
        Snapshot = meta;
        Applying = Applied = meta.Index;
        UnappliedBytes = 0;
    }

    /// <summary>Recovery: entries read from the journal, which replace any that start at the same index.</summary>
    internal void Recover(LogSlice entries)
    {
        if (entries.Count == 0) return;
        // A checkpoint may be newer than the events replayed after it: what it holds is not needed twice.
        var skip = entries.FirstIndex > BaseIndex ? 0 : (int)Math.Min(BaseIndex - entries.FirstIndex + 1, (ulong)entries.Count);
        entries = entries.Slice(skip, entries.Count - skip);
        if (entries.Count == 0) return;
        Assert(entries.FirstIndex <= LastIndex + 1, $"the journal has a gap: {entries.FirstIndex} follows {LastIndex}");
        TruncateFrom(entries.FirstIndex);
        foreach (var entry in entries) Append(entry);
        Stable = Handed = LastIndex;
    }

    /// <summary>Recovery: entries up to <paramref name="applied"/> are in the state machine already.</summary>
    internal void RecoverApplied(ulong applied)
    {
        Assert(applied >= Applied && applied <= Committed, $"applied {applied} is outside {Applied}..{Committed}");
        Applying = Applied = applied;
    }

    private void Reset(SnapshotMeta meta)
    {
        Array.Clear(_ring);
        _head = _count = 0;
        _confChanges.Clear();
        _cached = default;
        BaseIndex = Stable = Handed = meta.Index;
        BaseTerm = meta.Term;
        Committed = Math.Max(Committed, meta.Index);
    }

    private Entry EntryAt(int position) => _ring[(_head + position) & (_ring.Length - 1)];

    private void Resize(int length)
    {
        var ring = new Entry[length];
        for (var i = 0; i < _count; i++) ring[i] = EntryAt(i);
        (_ring, _head) = (ring, 0);
    }
}
