using Kv.Actors.Model;

namespace Kv.Actors.Mvcc;

/// <summary>All versions of one key that compaction has left, oldest first; two at least when made.</summary>
/// <remarks>
/// The array is shared by the histories of successive roots and only ever appended to; each sees as many as it counts:
/// <code>
///  root at 5   count 2 ─┐
///  root at 8   count 3 ─┴► [ put 2 ][ put 5 ][ delete 8 ][   ]
///  compacted at 6, root at 8   count 2 ──► [ put 5 ][ delete 8 ]          a new array; older roots keep theirs
/// </code>
/// A generation is a run of puts up to its tombstone; it needs no structure of its own, as versions carry their create revision.
/// Immutable to readers. Lookups are O(log versions).
/// </remarks>
internal sealed class KeyHistory
{
    private readonly KeyVersion[] _versions;
    private readonly int _count;

    internal KeyHistory(KeyVersion first, KeyVersion second)
    {
        _versions = [first, second];
        _count = 2;
    }

    private KeyHistory(KeyVersion[] versions, int count)
    {
        _versions = versions;
        _count = count;
    }

    internal byte[] Key => _versions[0].Key;

    internal int Count => _count;

    internal KeyVersion Newest => _versions[_count - 1];

    internal KeyVersion this[int index] => _versions[index];

    /// <summary>Index of the newest version at or before <paramref name="revision"/>; -1 if all are later.</summary>
    internal int IndexAt(long revision)
    {
        var low = 0;
        var high = _count;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (_versions[middle].ModRevision <= revision)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }
        return low - 1;
    }

    internal KeyVersion? At(long revision)
    {
        var index = IndexAt(revision);
        return index < 0 ? null : _versions[index];
    }

    /// <summary>This history and one more. Call on the newest history of a key only: the array has one line of descent.</summary>
    internal KeyHistory With(KeyVersion version)
    {
        var versions = _versions;
        if (_count == versions.Length)
        {
            versions = new KeyVersion[_count * 2];
            Array.Copy(_versions, versions, _count);
        }
        versions[_count] = version;
        return new KeyHistory(versions, _count + 1);
    }

    /// <summary>The slot without its <paramref name="oldest"/> first versions; null when none is left.</summary>
    internal object? Without(int oldest)
    {
        var left = _count - oldest;
        if (left <= 1)
        {
            return left == 0 ? null : _versions[oldest];
        }
        var versions = new KeyVersion[left];
        Array.Copy(_versions, oldest, versions, 0, left);
        return new KeyHistory(versions, left);
    }
}
