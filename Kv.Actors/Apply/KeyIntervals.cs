using Kv.Actors.Model;

namespace Kv.Actors.Apply;

/// <summary>A union of key ranges that answers whether it contains a key. Sorted and merged when asked after a change.</summary>
/// <remarks>
/// <code>
///  add [a,c) [b,d) {x}     asked: [a,d) [x,x00)        contains c: the last start at or below c is a, and c is below d
/// </code>
/// </remarks>
internal sealed class KeyIntervals
{
    private List<(byte[] Start, byte[] End)> _ranges = [];
    private bool _sorted = true;

    /// <param name="range">With an end.</param>
    internal void Add(KeyRange range)
    {
        if (range.IsEmpty)
        {
            return;
        }
        _ranges.Add((range.Key, range.IsSingle ? [.. range.Key, 0] : range.End!));
        _sorted = false;
    }

    internal void Add(KeyIntervals other)
    {
        if (other._ranges.Count > 0)
        {
            _ranges.AddRange(other._ranges);
            _sorted = false;
        }
    }

    internal bool Contains(ReadOnlySpan<byte> key)
    {
        if (!_sorted)
        {
            Merge();
        }
        var low = 0;
        var high = _ranges.Count;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (_ranges[middle].Start.AsSpan().SequenceCompareTo(key) <= 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }
        return low > 0 && key.SequenceCompareTo(_ranges[low - 1].End) < 0;
    }

    private void Merge()
    {
        _ranges.Sort(static (a, b) => a.Start.AsSpan().SequenceCompareTo(b.Start));
        var merged = new List<(byte[] Start, byte[] End)>(_ranges.Count);
        foreach (var range in _ranges)
        {
            if (merged.Count == 0 || range.Start.AsSpan().SequenceCompareTo(merged[^1].End) > 0)
            {
                merged.Add(range);
                continue;
            }
            if (range.End.AsSpan().SequenceCompareTo(merged[^1].End) > 0)
            {
                merged[^1] = (merged[^1].Start, range.End);
            }
        }
        _ranges = merged;
        _sorted = true;
    }
}
