using Kv.Actors.Mvcc;
using Kv.Persistence.Bolt;

namespace Kv.Actors.Apply;

/// <summary>A leader's snapshot, loaded while it comes: when its last piece is there, so is the store.</summary>
/// <remarks>
/// Keys are nearly all of a snapshot, and their records come in revision order, as a store takes them in. Which leaves belong to the bucket
/// of keys is known only at the end, so a guess is made, and checked then:
/// <code>
///  page       3        4        5        6        7        8
///  leaf of    auth     key      key      lease    meta     buckets
///  taken      –        ✓        ✓        –        –        –           by the form of its records
///  TakeStore           4        5                                     the bucket's own leaves: the same, so the guess was right
/// </code>
/// Until then nobody sees the store. A guess that was wrong, or bytes that are no pages, cost the time and nothing else: the file is loaded as
/// any other. One caller at a time.
/// </remarks>
public sealed class SnapshotStage
{
    private readonly BoltLeafStream _pages = new();
    private readonly List<ulong> _leaves = [];
    private readonly MvccStore _store = new();

    /// <summary>Nothing has come.</summary>
    public SnapshotStage() => _store.BeginRestore();

    /// <summary>It is of no use: what came cannot be what it was taken for.</summary>
    public bool IsSpoilt { get; private set; }

    /// <summary>Takes the next piece of the body, as <see cref="Kv.Persistence.Checkpoint.SnapshotFile"/> travels. O(bytes), O(log n) for each record.</summary>
    /// <param name="piece">Not kept.</param>
    public void Append(ReadOnlySpan<byte> piece)
    {
        if (IsSpoilt)
        {
            return;
        }
        try
        {
            _pages.Append(piece, Take);
        }
        catch (InvalidDataException)
        {
            IsSpoilt = true;                                   // the whole file says better what is wrong with it
        }
    }

    /// <summary>The store with all keys, restoring still: <see cref="MvccStore.EndRestore"/> is the caller's. To be called once, at the end.</summary>
    /// <param name="whole">What came, whole and verified. Its branch pages are read.</param>
    /// <returns>Null when the guess was wrong.</returns>
    public MvccStore? TakeStore(BoltReader whole)
    {
        ArgumentNullException.ThrowIfNull(whole);
        return !IsSpoilt && whole.Bucket(EtcdSchema.KeyBucket) is { Inline: null } bucket && whole.LeafPages(bucket).SequenceEqual(_leaves) ? _store : null;
    }

    private void Take(BoltLeaf leaf)
    {
        if (leaf.Count == 0 || !leaf.TryRead(0, out var first, out _) || !EtcdSchema.IsRecordKey(first))
        {
            return;
        }
        for (var i = 0; i < leaf.Count; i++)
        {
            if (!leaf.TryRead(i, out var key, out var value) || !EtcdSchema.TryReadRecord(key, value, out var version))
            {
                throw new InvalidDataException($"page {leaf.Id} has a record that is no key's");
            }
            _store.Restore(version);
        }
        _leaves.Add(leaf.Id);
    }
}
