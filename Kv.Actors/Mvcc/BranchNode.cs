namespace Kv.Actors.Mvcc;

/// <summary>Children in key order, with the live keys below each.</summary>
/// <remarks>
/// <code>
///  separators   s0    s1    s2          child i holds the keys k with s(i) &lt;= k &lt; s(i+1)
///  children     c0    c1    c2          what lies below s0 is in c0 as well
///  live         12    40     7
/// </code>
/// </remarks>
internal sealed class BranchNode : KeyNode
{
    internal readonly KeyNode[] Children = new KeyNode[Capacity];
    private byte[][] _separators;
    private int[] _live;
    private bool _liveBorrowed;

    internal BranchNode(long stamp)
        : base(stamp)
    {
        _separators = new byte[Capacity][];
        _live = new int[Capacity];
    }

    private BranchNode(long stamp, BranchNode original)
        : base(stamp, original)
    {
        _separators = original._separators;
        _live = original._live;
        _liveBorrowed = true;
        Array.Copy(original.Children, Children, Count);
    }

    internal ReadOnlySpan<byte[]> Separators => _separators.AsSpan(0, Count);

    /// <summary>Live keys below each child.</summary>
    internal ReadOnlySpan<int> LiveBelow => _live.AsSpan(0, Count);

    internal override int Live => LiveBefore(Count);

    internal override byte[] KeyAt(int index) => _separators[index];

    /// <summary>Live keys in the first <paramref name="index"/> children.</summary>
    internal int LiveBefore(int index)
    {
        var sum = 0;
        foreach (var live in _live.AsSpan(0, index))
        {
            sum += live;
        }
        return sum;
    }

    /// <summary>The child that holds <paramref name="key"/>, if any does.</summary>
    internal int ChildOf(ReadOnlySpan<byte> key)
    {
        var index = LowerBound(key, out var found);
        return found ? index : Math.Max(0, index - 1);
    }

    internal void Insert(int index, byte[] separator, KeyNode child)
    {
        if (index == 1 && separator.AsSpan().SequenceCompareTo(_separators[0]) <= 0)
        {
            // The first child took in keys below its bound and was split among them: the bound follows.
            OwnKeys();
            _separators[0] = Children[0].KeyAt(0);
            MarkAnew();
        }
        InsertMark(index, separator);
        OwnLive();
        Array.Copy(_separators, index, _separators, index + 1, Count - index);
        Array.Copy(Children, index, Children, index + 1, Count - index);
        Array.Copy(_live, index, _live, index + 1, Count - index);
        _separators[index] = separator;
        Children[index] = child;
        _live[index] = child.Live;
        Count++;
    }

    internal void RemoveAt(int index)
    {
        RemoveMark(index);
        OwnLive();
        var after = Count - index - 1;
        Array.Copy(_separators, index + 1, _separators, index, after);
        Array.Copy(Children, index + 1, Children, index, after);
        Array.Copy(_live, index + 1, _live, index, after);
        Count--;
        _separators[Count] = null!;
        Children[Count] = null!;
    }

    internal override KeyNode Copy(long stamp) => new BranchNode(stamp, this);

    internal override KeyNode SplitAt(int index, long stamp)
    {
        OwnKeys();
        OwnLive();
        var right = new BranchNode(stamp) { Count = Count - index };
        Array.Copy(_separators, index, right._separators, 0, right.Count);
        Array.Copy(Children, index, right.Children, 0, right.Count);
        Array.Copy(_live, index, right._live, 0, right.Count);
        Array.Clear(_separators, index, right.Count);
        Array.Clear(Children, index, right.Count);
        Count = index;
        MarkAnew();
        right.MarkAnew();
        return right;
    }

    internal override void Absorb(KeyNode right, byte[] separator)
    {
        OwnKeys();
        OwnLive();
        var other = (BranchNode)right;
        Array.Copy(other._separators, 0, _separators, Count, other.Count);
        Array.Copy(other.Children, 0, Children, Count, other.Count);
        Array.Copy(other._live, 0, _live, Count, other.Count);
        _separators[Count] = separator;      // the first child's own bound may have risen when an earlier child was dropped
        Count += other.Count;
        MarkAnew();
    }

    /// <summary>Counts live keys that came or went below a child.</summary>
    internal void AddLive(int child, int change)
    {
        if (change != 0)
        {
            OwnLive();
            _live[child] += change;
        }
    }

    /// <summary>Counts a child anew after it was split.</summary>
    internal void SetLive(int child, int live)
    {
        OwnLive();
        _live[child] = live;
    }

    protected override void CloneKeys() => _separators = (byte[][])_separators.Clone();

    private void OwnLive()
    {
        if (_liveBorrowed)
        {
            _liveBorrowed = false;
            _live = (int[])_live.Clone();
        }
    }
}
