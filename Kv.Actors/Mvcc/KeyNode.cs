using System.Buffers.Binary;

namespace Kv.Actors.Mvcc;

/// <summary>A node of <see cref="KeyTree"/>: up to 64 entries in key order, found without touching the keys themselves where possible.</summary>
/// <remarks>
/// Besides its keys a node holds a mark for each: the eight bytes that follow what all its keys have in common, read as a
/// big-endian number. A search runs over the marks, which lie side by side, and looks at keys only where marks are equal.
/// <code>
///  keys     /pods/a/1   /pods/a/2   /pods/b
///  shared   /pods/                                  6 bytes
///  marks    "a/1"       "a/2"       "b"             padded with zeros to 8 bytes
/// </code>
/// A node may be changed in place only while its stamp is the tree's; otherwise it belongs to a published root and is copied.
/// A copy goes on using the original's marks until a key comes or goes: overwriting a key, the common case, copies slots alone.
/// </remarks>
internal abstract class KeyNode
{
    internal const int Capacity = 64;

    /// <summary>A node with fewer entries joins a neighbour if both fit into three quarters of one.</summary>
    internal const int MergeBelow = Capacity / 4;

    internal readonly long Stamp;
    internal int Count;
    private ulong[] _marks;
    private bool _borrowed;
    private int _shared;

    protected KeyNode(long stamp)
    {
        Stamp = stamp;
        _marks = new ulong[Capacity];
    }

    /// <summary>A copy of <paramref name="original"/>, which belongs to a published root and does not change any more.</summary>
    protected KeyNode(long stamp, KeyNode original)
    {
        Stamp = stamp;
        Count = original.Count;
        _marks = original._marks;
        _shared = original._shared;
        _borrowed = true;
    }

    /// <summary>Keys below whose newest version is a put.</summary>
    internal abstract int Live { get; }

    internal abstract byte[] KeyAt(int index);

    internal abstract KeyNode Copy(long stamp);

    /// <summary>Moves the entries from <paramref name="index"/> on into a new node.</summary>
    internal abstract KeyNode SplitAt(int index, long stamp);

    /// <summary>Appends all of <paramref name="right"/>, whose keys are at or above <paramref name="separator"/>; it is not used afterwards.</summary>
    internal abstract void Absorb(KeyNode right, byte[] separator);

    /// <summary>Index of the first entry at or above <paramref name="key"/>; <paramref name="found"/> when it is equal.</summary>
    internal int LowerBound(ReadOnlySpan<byte> key, out bool found)
    {
        found = false;
        if (Count == 0)
        {
            return 0;
        }
        var shared = _shared;
        if (shared > 0)
        {
            var head = key.Length < shared ? key : key[..shared];
            var order = head.SequenceCompareTo(KeyAt(0).AsSpan(0, shared));
            if (order != 0)
            {
                return order < 0 ? 0 : Count;
            }
        }
        var mark = MarkOf(key, shared);
        var marks = _marks;
        var low = 0;
        var high = Count;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (marks[middle] < mark)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }
        if (low == Count || marks[low] != mark)
        {
            return low;
        }
        return AmongEqualMarks(low, mark, key[shared..], out found);
    }

    /// <summary>Makes room in the marks for <paramref name="key"/> at <paramref name="index"/>. Call before the entry itself is inserted.</summary>
    protected void InsertMark(int index, byte[] key)
    {
        OwnKeys();
        if (Count == 0)
        {
            _shared = key.Length;
        }
        else if (_shared > 0)
        {
            var common = KeyAt(0).AsSpan(0, _shared).CommonPrefixLength(key);
            if (common < _shared)
            {
                _shared = common;
                MarkAll();
            }
        }
        Array.Copy(_marks, index, _marks, index + 1, Count - index);
        _marks[index] = MarkOf(key, _shared);
    }

    /// <summary>Takes the mark at <paramref name="index"/> out. The entries' own count has not changed yet.</summary>
    protected void RemoveMark(int index)
    {
        OwnKeys();
        Array.Copy(_marks, index + 1, _marks, index, Count - index - 1);
    }

    /// <summary>Finds the longest common beginning anew and marks all keys by it; after a split or a merge.</summary>
    protected void MarkAnew()
    {
        OwnKeys();
        _shared = Count == 0 ? 0 : KeyAt(0).AsSpan().CommonPrefixLength(KeyAt(Count - 1));
        MarkAll();
    }

    /// <summary>Makes what the keys are found by this node's own, before keys come or go.</summary>
    protected void OwnKeys()
    {
        if (_borrowed)
        {
            _borrowed = false;
            _marks = (ulong[])_marks.Clone();
            CloneKeys();
        }
    }

    /// <summary>Copies whatever else a copy goes on using of its original.</summary>
    protected virtual void CloneKeys()
    {
    }

    private int AmongEqualMarks(int low, ulong mark, ReadOnlySpan<byte> rest, out bool found)
    {
        var high = low + 1;
        while (high < Count && _marks[high] == mark)
        {
            high++;
        }
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            var order = KeyAt(middle).AsSpan(_shared).SequenceCompareTo(rest);
            if (order == 0)
            {
                found = true;
                return middle;
            }
            if (order < 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }
        found = false;
        return low;
    }

    private void MarkAll()
    {
        for (var i = 0; i < Count; i++)
        {
            _marks[i] = MarkOf(KeyAt(i), _shared);
        }
    }

    private static ulong MarkOf(ReadOnlySpan<byte> key, int from)
    {
        var rest = key[from..];
        if (rest.Length >= 8)
        {
            return BinaryPrimitives.ReadUInt64BigEndian(rest);
        }
        var mark = 0UL;
        for (var i = 0; i < rest.Length; i++)
        {
            mark |= (ulong)rest[i] << (56 - (8 * i));
        }
        return mark;
    }
}
