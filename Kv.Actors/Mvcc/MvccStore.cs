using Kv.Actors.Model;

namespace Kv.Actors.Mvcc;

/// <summary>Keys, their versions and their history: one writer, any number of readers of <see cref="Root"/>.</summary>
/// <remarks>
/// A batch is any number of transactions and compaction steps followed by <see cref="Publish"/>. Within it the tree's nodes are
/// copied once each; nothing of it is seen by readers before it is published. See README.md for a worked example.
/// </remarks>
public sealed partial class MvccStore
{
    private readonly WriteTxn _txn;
    private List<KeyVersion> _fresh = [];
    private KeyTree _tree = new();
    private HistoryLog _history = new();
    private long _current = 1;
    private long _compact = -1;
    private long _finishedCompact = -1;
    private long _records;
    private long _recordBytes;
    private bool _changed;
    private volatile MvccRoot _root;

    /// <summary>An empty store at revision 1.</summary>
    public MvccStore()
    {
        _txn = new WriteTxn(this);
        _root = Snapshot();
        _tree.Seal();
    }

    /// <summary>The newest published state. Any thread may take it at any time.</summary>
    public MvccRoot Root => _root;

    /// <summary>Newest main revision, published or not. Writer only.</summary>
    public long CurrentRevision => _current;

    /// <summary>Compact revision, published or not. Writer only.</summary>
    public long CompactRevision => _compact;

    /// <summary>Counts and sizes, published or not. Writer only.</summary>
    public MvccStats Stats => new(_tree.Root.Live, _records, _recordBytes);

    /// <summary>Opens the one write transaction. It must be ended before another begins.</summary>
    public WriteTxn BeginTxn()
    {
        _txn.Begin(_current);
        return _txn;
    }

    /// <summary>Every change since this was last called, in revision order; also those that a compaction has removed since.</summary>
    public IReadOnlyList<KeyVersion> TakeChanges()
    {
        if (_fresh.Count == 0)
        {
            return [];
        }
        var taken = _fresh;
        _fresh = [];
        return taken;
    }

    /// <summary>Makes everything since the last call visible to readers, at once. Returns the root that shows it.</summary>
    public MvccRoot Publish()
    {
        if (_txn.IsOpen)
        {
            throw new InvalidOperationException($"published inside the transaction begun at revision {_current}");
        }
        if (_changed)
        {
            _changed = false;
            _root = Snapshot();
            _tree.Seal();
        }
        return _root;
    }

    /// <summary>Whether records of a checkpoint are being taken in: <see cref="EndRestore"/> is yet to come.</summary>
    public bool IsRestoring { get; private set; }

    /// <summary>Replaces all content by the records of a checkpoint and publishes it.</summary>
    /// <param name="records">In revision order. Those a compaction at <paramref name="compactRevision"/> would remove are dropped.</param>
    /// <param name="compactRevision">Compaction recorded last, finished or not; -1 if there was none.</param>
    /// <returns>The root that shows it: its revision is the last record's or the compaction's, whichever is later.</returns>
    /// <exception cref="InvalidDataException">Records out of order.</exception>
    public MvccRoot Restore(IEnumerable<KeyVersion> records, long compactRevision)
    {
        ArgumentNullException.ThrowIfNull(records);
        BeginRestore();
        foreach (var record in records)
        {
            Restore(record);
        }
        return EndRestore(compactRevision);
    }

    /// <summary>Lets go of all content, to be replaced by that of a checkpoint. Readers keep what they have.</summary>
    public void BeginRestore()
    {
        _tree = new KeyTree();
        _history = new HistoryLog();
        _jobs.Clear();
        (_records, _recordBytes, _current) = (0, 0, 0);
        IsRestoring = true;
    }

    /// <summary>Takes in the next record, in revision order. O(log n).</summary>
    /// <exception cref="InvalidDataException">It does not come after the one before.</exception>
    public void Restore(KeyVersion record)
    {
        ArgumentNullException.ThrowIfNull(record);
        if (!IsRestoring)
        {
            throw new InvalidOperationException($"record {record.Revision} of a checkpoint, and none is being restored");
        }
        var before = _history.View;
        var last = before.Count == 0 ? new Revision(0, 0) : before[before.Count - 1].Revision;
        if (record.Revision <= last)
        {
            throw new InvalidDataException($"record {record.Revision} follows {last}");
        }
        Append(record);
        _history.Add(record);
    }

    /// <summary>All records are in: drops what the compaction has removed, and publishes.</summary>
    /// <param name="compactRevision">Compaction recorded last, finished or not; -1 if there was none.</param>
    /// <returns>The root that shows it: its revision is the last record's or the compaction's, whichever is later.</returns>
    public MvccRoot EndRestore(long compactRevision)
    {
        var all = _history.View;
        _current = Math.Max(1, Math.Max(all.Count == 0 ? 0 : all[all.Count - 1].ModRevision, compactRevision));
        (_compact, _finishedCompact) = (compactRevision, compactRevision);
        if (all.IndexOf(compactRevision) is var kept and > 0)
        {
            _history = new HistoryLog();
            for (var i = kept; i < all.Count; i++)
            {
                _history.Add(all[i]);
            }
        }
        for (var (i, end) = (0, all.IndexOf(compactRevision + 1)); i < end; i++)
        {
            Trim(all[i].Key, compactRevision);
        }
        IsRestoring = false;
        _changed = true;
        return Publish();
    }

    private MvccRoot Snapshot() => new(_tree.Root, _history.View, _current, _compact, _finishedCompact, Stats);

    /// <summary>Adds a put to tree and history. Returns the live version it replaces.</summary>
    private KeyVersion? Put(byte[] key, byte[] value, Revision mod, LeaseId lease)
    {
        var slot = _tree.Open(key);
        if (slot is null)
        {
            var first = new KeyVersion(key, value, mod, mod.Main, 1, lease);
            _tree.Insert(first, live: true);
            Note(first);
            return null;
        }
        var newest = KeySlot.Newest(slot);
        var previous = newest.IsTombstone ? null : newest;
        var version = previous is null
            ? new KeyVersion(newest.Key, value, mod, mod.Main, 1, lease)
            : new KeyVersion(newest.Key, value, mod, previous.CreateRevision, previous.Version + 1, lease);
        _tree.Replace(KeySlot.With(slot, version), live: true);
        Note(version);
        return previous;
    }

    /// <summary>Marks a live key deleted.</summary>
    private void Delete(byte[] key, Revision mod)
    {
        var slot = _tree.Open(key) ?? throw new InvalidOperationException("deleted a key that is not there");
        var tombstone = KeyVersion.Tombstone(key, mod);
        _tree.Replace(KeySlot.With(slot, tombstone), live: false);
        Note(tombstone);
    }

    /// <summary>Adds a record of a checkpoint to the tree as it is.</summary>
    private void Append(KeyVersion record)
    {
        if (_tree.Open(record.Key) is { } slot)
        {
            _tree.Replace(KeySlot.With(slot, record), !record.IsTombstone);
        }
        else
        {
            _tree.Insert(record, !record.IsTombstone);
        }
        Count(record, 1);
    }

    private void Note(KeyVersion change)
    {
        _history.Add(change);
        _fresh.Add(change);
        Count(change, 1);
        _changed = true;
    }

    private void Count(KeyVersion record, int sign)
    {
        _records += sign;
        _recordBytes += sign * (long)KvWire.BoltBytes(record);
    }
}
