namespace Kv.Actors.Mvcc;

/// <summary>Children in key order, with the live keys below each.</summary>
/// <remarks>
/// <code>
///  separators   s0    s1    s2          child i holds the keys k with s(i) &lt;= k &lt; s(i+1)
///  children     c0    c1    c2          what lies below s0 is in c0 as well
///  live         12    40     7
/// </code>
/// </remarks>
internal sealed class BranchNode(long stamp) : KeyNode(stamp)
{
    internal readonly byte[][] Separators = new byte[Capacity][];
    internal readonly KeyNode[] Children = new KeyNode[Capacity];
    internal readonly int[] LiveBelow = new int[Capacity];

    internal override int Live => LiveBefore(Count);

    internal override byte[] KeyAt(int index) => Separators[index];

    /// <summary>Live keys in the first <paramref name="index"/> children.</summary>
    internal int LiveBefore(int index)
    {
        var sum = 0;
        foreach (var live in LiveBelow.AsSpan(0, index))
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
        if (index == 1 && separator.AsSpan().SequenceCompareTo(Separators[0]) <= 0)
        {
            // The first child took in keys below its bound and was split among them: the bound follows.
            Separators[0] = Children[0].KeyAt(0);
            MarkAnew();
        }
        InsertMark(index, separator);
        Array.Copy(Separators, index, Separators, index + 1, Count - index);
        Array.Copy(Children, index, Children, index + 1, Count - index);
        Array.Copy(LiveBelow, index, LiveBelow, index + 1, Count - index);
        Separators[index] = separator;
        Children[index] = child;
        LiveBelow[index] = child.Live;
        Count++;
    }

    internal void RemoveAt(int index)
    {
        RemoveMark(index);
        var after = Count - index - 1;
        Array.Copy(Separators, index + 1, Separators, index, after);
        Array.Copy(Children, index + 1, Children, index, after);
        Array.Copy(LiveBelow, index + 1, LiveBelow, index, after);
        Count--;
        Separators[Count] = null!;
        Children[Count] = null!;
    }

    internal override KeyNode Copy(long stamp)
    {
        var copy = new BranchNode(stamp);
        copy.CopyMarksFrom(this);
        Array.Copy(Separators, copy.Separators, Count);
        Array.Copy(Children, copy.Children, Count);
        Array.Copy(LiveBelow, copy.LiveBelow, Count);
        return copy;
    }

    internal override KeyNode SplitAt(int index, long stamp)
    {
        var right = new BranchNode(stamp) { Count = Count - index };
        Array.Copy(Separators, index, right.Separators, 0, right.Count);
        Array.Copy(Children, index, right.Children, 0, right.Count);
        Array.Copy(LiveBelow, index, right.LiveBelow, 0, right.Count);
        Array.Clear(Separators, index, right.Count);
        Array.Clear(Children, index, right.Count);
        Count = index;
        MarkAnew();
        right.MarkAnew();
        return right;
    }

    internal override void Absorb(KeyNode right, byte[] separator)
    {
        var other = (BranchNode)right;
        Array.Copy(other.Separators, 0, Separators, Count, other.Count);
        Array.Copy(other.Children, 0, Children, Count, other.Count);
        Array.Copy(other.LiveBelow, 0, LiveBelow, Count, other.Count);
        Separators[Count] = separator;      // the first child's own bound may have risen when an earlier child was dropped
        Count += other.Count;
        MarkAnew();
    }
}
