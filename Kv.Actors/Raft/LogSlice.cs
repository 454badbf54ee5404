using System.Collections;

namespace Kv.Actors.Raft;

/// <summary>A run of entries without gaps: each index is the one before plus one, terms never fall.</summary>
/// <remarks>
/// A view of an array that nobody changes any more, so it may be kept, shared and sent as it is. The default value is the
/// empty run. Two slices are equal when they are the same view.
/// </remarks>
public readonly record struct LogSlice : IReadOnlyList<Entry>
{
    private readonly Entry[]? _items;
    private readonly int _offset;

    /// <summary>A view of a whole array, which the caller gives away. Contiguity is checked by the log it is appended to.</summary>
    public LogSlice(params Entry[] items)
        : this(items, 0, items.Length)
    {
    }

    internal LogSlice(Entry[] items, int offset, int count)
    {
        _items = items;
        _offset = offset;
        Count = count;
    }

    /// <summary>How many entries.</summary>
    public int Count { get; }

    /// <summary>The entry at a position from 0.</summary>
    public Entry this[int index] => AsSpan()[index];

    /// <summary>Index of the first entry, 0 when empty.</summary>
    public ulong FirstIndex => Count == 0 ? 0 : _items![_offset].Index;

    /// <summary>Index of the last entry, 0 when empty.</summary>
    public ulong LastIndex => Count == 0 ? 0 : _items![_offset + Count - 1].Index;

    /// <summary>The entries, in order.</summary>
    public ReadOnlySpan<Entry> AsSpan() => new(_items, _offset, Count);

    /// <summary>A part of the run, sharing the same array.</summary>
    public LogSlice Slice(int start, int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)start, (uint)Count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)(Count - start));
        return count == 0 ? default : new LogSlice(_items!, _offset + start, count);
    }

    /// <summary>Walks the entries without allocating.</summary>
    public ReadOnlySpan<Entry>.Enumerator GetEnumerator() => AsSpan().GetEnumerator();

    IEnumerator<Entry> IEnumerable<Entry>.GetEnumerator()
    {
        for (var i = 0; i < Count; i++) yield return _items![_offset + i];
    }

    IEnumerator IEnumerable.GetEnumerator() => ((IEnumerable<Entry>)this).GetEnumerator();

    /// <summary>First and last index.</summary>
    public override string ToString() => Count == 0 ? "[]" : $"[{FirstIndex}..{LastIndex}]";
}
