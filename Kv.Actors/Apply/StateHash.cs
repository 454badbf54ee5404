using Kv.Actors.Model;
using Kv.Actors.Mvcc;
using Kv.Persistence.Wal;

namespace Kv.Actors.Apply;

/// <summary>A hash of the key-value state.</summary>
/// <param name="Hash">CRC-32C.</param>
/// <param name="CompactRevision">Compact revision it was taken under; -1 for none.</param>
/// <param name="HashRevision">Revision hashed.</param>
public readonly record struct KvHash(uint Hash, long CompactRevision, long HashRevision);

/// <summary>Hashes that members compare: equal at equal revision and compact revision, byte for byte as etcd computes them.</summary>
public static class StateHash
{
    /// <summary>Hashes the records up to a revision, on the caller's thread. O(records), and a sort of those below the compact revision.</summary>
    /// <remarks>
    /// CRC-32C over the bucket's name <c>key</c>, then key and value of each record in revision order. Left out are: what a
    /// compaction removes or will remove; of what it keeps, puts that are not their key's state at the revision hashed, unless
    /// no key is live there at all; and tombstones exactly at the compact revision. How far a compaction has got does not show.
    /// </remarks>
    /// <param name="root">The state.</param>
    /// <param name="revision">0 for the newest.</param>
    /// <param name="hash">Set when there is no error.</param>
    /// <returns><see cref="KvError.Compacted"/>, <see cref="KvError.FutureRev"/> or none.</returns>
    public static KvError HashKv(MvccRoot root, long revision, out KvHash hash)
    {
        ArgumentNullException.ThrowIfNull(root);
        hash = default;
        if (revision > 0 && revision < root.CompactRevision)
        {
            return KvError.Compacted;
        }
        if (revision > root.CurrentRevision)
        {
            return KvError.FutureRev;
        }
        var at = revision == 0 ? root.CurrentRevision : revision;
        hash = Hash(root, at, root.AnyLiveAt(at));
        return KvError.None;
    }

    /// <summary>The hash that goes with a compaction: of all up to its revision, under the compact revision before it.</summary>
    /// <remarks>Here a delete exactly at the revision counts as a state to keep, as etcd's compactor sees it.</remarks>
    /// <param name="before">The state just before the compaction was recorded.</param>
    /// <param name="revision">What is compacted: above the compact revision of <paramref name="before"/>, at most its current one.</param>
    public static KvHash HashCompaction(MvccRoot before, long revision)
    {
        ArgumentNullException.ThrowIfNull(before);
        return Hash(before, revision, before.AnyLiveAt(revision) || HasDeleteAt(before.History, revision));
    }

    private static bool HasDeleteAt(History history, long revision)
    {
        for (var i = history.IndexOf(revision); i < history.Count && history[i].ModRevision == revision; i++)
        {
            if (history[i].IsTombstone)
            {
                return true;
            }
        }
        return false;
    }

    private static KvHash Hash(MvccRoot root, long at, bool onlyLive)
    {
        var crc = Crc32C.Of("key"u8);
        var buffer = new byte[512];
        foreach (var record in root.CompactedRecords(onlyLive ? at : null))
        {
            if (record.ModRevision <= at && !(record.IsTombstone && record.ModRevision == root.CompactRevision))
            {
                crc = Feed(crc, record, ref buffer);
            }
        }
        var history = root.History;
        for (var i = history.IndexOf(root.CompactRevision + 1); i < history.Count && history[i].ModRevision <= at; i++)
        {
            crc = Feed(crc, history[i], ref buffer);
        }
        return new KvHash(crc, root.CompactRevision, at);
    }

    private static uint Feed(uint crc, KeyVersion record, ref byte[] buffer)
    {
        var size = KvWire.BoltBytes(record);
        if (buffer.Length < size)
        {
            buffer = new byte[Math.Max(size, buffer.Length * 2)];
        }
        var key = KvWire.WriteRecordKey(buffer, record);
        var value = KvWire.WriteRecordValue(buffer.AsSpan(key), record);
        return Crc32C.Append(crc, buffer.AsSpan(0, key + value));
    }
}
