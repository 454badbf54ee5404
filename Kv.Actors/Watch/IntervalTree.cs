using Kv.Actors.Model;

namespace Kv.Actors.Watch;

/// <summary>Which values watch a key: single keys in a hash table, ranges in a balanced tree ordered by start, each node knowing the
/// furthest end below it.</summary>
/// <remarks>
/// <para>Values of the same range share one node. Add and Remove are O(log n) in distinct ranges, O(1) for single keys. Stab is O(1)
/// for single keys and O(log n + found) for ranges that nest or lie apart, which is what prefixes do.</para>
/// <code>
///  Add [a,c) x     [a,c) furthest c
///  Add [b,h) y     [a,c) furthest h  -> right [b,h) furthest h
///  Add b z         and in the table: b -> z
///  Stab b          z, x, y
///  Stab g          y: at [a,c) the end is passed but the furthest is not, so the right side is looked at
/// </code>
/// <para>An AVL tree. Ends compare with "no end" last; an empty range must not be added. Not thread-safe.</para>
/// </remarks>
public sealed class IntervalTree<T>
{
    private readonly Dictionary<byte[], Entry> _keys = new(KeyBytes.Comparer);
    private Node? _root;

    /// <summary>Values held.</summary>
    public int Count { get; private set; }

    /// <summary>Distinct ranges of more than one key; for tests and metrics.</summary>
    public int RangeCount { get; private set; }

    /// <summary>Adds <paramref name="value"/> under <paramref name="range"/>; the answer takes it out again.</summary>
    public Entry Add(KeyRange range, T value)
    {
        if (range.IsEmpty)
        {
            throw new ArgumentException("an empty range selects nothing", nameof(range));
        }
        Count++;
        var entry = new Entry(range, value);
        if (range.IsSingle)
        {
            if (_keys.TryGetValue(range.Key, out var head))
            {
                entry.Range = head.Range;                  // one array for all who watch the key
                entry.InsertAfter(head);
            }
            else
            {
                _keys.Add(range.Key, entry);
            }
            return entry;
        }
        var end = range.IsFromKey ? null : range.End;
        _root = Insert(_root, range.Key, end, entry);
        return entry;
    }

    /// <summary>Takes out what <see cref="Add"/> answered, once.</summary>
    public void Remove(Entry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        Count--;
        if (entry.Range.IsSingle)
        {
            if (entry.Previous is not null)
            {
                entry.Unlink();
            }
            else
            {
                _keys.Remove(entry.Range.Key);
                if (entry.Next is { } next)
                {
                    entry.Unlink();
                    _keys.Add(next.Range.Key, next);
                }
            }
            return;
        }
        var node = entry.Node!;
        if (node.Values == entry)
        {
            node.Values = entry.Next;
        }
        entry.Unlink();
        if (node.Values is null)
        {
            RangeCount--;
            _root = Delete(_root, node.Start, node.End);
        }
    }

    /// <summary>Appends every value whose range holds <paramref name="key"/> to <paramref name="found"/>.</summary>
    public void Stab(byte[] key, List<T> found)
    {
        ArgumentNullException.ThrowIfNull(found);
        if (_keys.TryGetValue(key, out var entry))
        {
            Take(entry, found);
        }
        if (_root is not null)
        {
            Stab(_root, key, found);
        }
    }

    /// <summary>Whether order, balance and furthest ends hold everywhere. O(n); for tests.</summary>
    public bool IsConsistent() => IsConsistent(_root, null, null);

    private static void Take(Entry? entry, List<T> found)
    {
        for (; entry is not null; entry = entry.Next)
        {
            found.Add(entry.Value);
        }
    }

    private static void Stab(Node node, ReadOnlySpan<byte> key, List<T> found)
    {
        while (true)
        {
            if (node.Furthest is not null && node.Furthest.AsSpan().SequenceCompareTo(key) <= 0)
            {
                return;                                    // everything below ends at or before the key
            }
            if (node.Left is not null)
            {
                Stab(node.Left, key, found);
            }
            if (node.Start.AsSpan().SequenceCompareTo(key) > 0)
            {
                return;                                    // here and to the right everything starts after the key
            }
            if (node.End is null || key.SequenceCompareTo(node.End) < 0)
            {
                Take(node.Values, found);
            }
            if (node.Right is null)
            {
                return;
            }
            node = node.Right;
        }
    }

    private static int CompareEnds(byte[]? left, byte[]? right)
    {
        if (left is null || right is null)
        {
            return (left is null ? 1 : 0) - (right is null ? 1 : 0);
        }
        return left.AsSpan().SequenceCompareTo(right);
    }

    private static int Compare(byte[] start, byte[]? end, Node node)
    {
        var order = start.AsSpan().SequenceCompareTo(node.Start);
        return order != 0 ? order : CompareEnds(end, node.End);
    }

    private static Node? DeleteFirst(Node node, Node first)
    {
        if (node == first)
        {
            return node.Right;
        }
        node.Left = DeleteFirst(node.Left!, first);
        return Balance(node);
    }

    private static Node? Delete(Node? node, byte[] start, byte[]? end)
    {
        if (node is null)
        {
            throw new InvalidOperationException("a range was removed that the interval tree does not hold");
        }
        var order = Compare(start, end, node);
        if (order < 0)
        {
            node.Left = Delete(node.Left, start, end);
        }
        else if (order > 0)
        {
            node.Right = Delete(node.Right, start, end);
        }
        else if (node.Left is null || node.Right is null)
        {
            return node.Left ?? node.Right;
        }
        else
        {
            var first = node.Right;
            while (first.Left is not null)
            {
                first = first.Left;
            }
            var right = DeleteFirst(node.Right, first);
            first.Right = right;
            first.Left = node.Left;
            node = first;
        }
        return Balance(node);
    }

    private static Node Balance(Node node)
    {
        var lean = Height(node.Left) - Height(node.Right);
        if (lean > 1)
        {
            if (Height(node.Left!.Left) < Height(node.Left.Right))
            {
                node.Left = RotateLeft(node.Left);
            }
            return RotateRight(node);
        }
        if (lean < -1)
        {
            if (Height(node.Right!.Right) < Height(node.Right.Left))
            {
                node.Right = RotateRight(node.Right);
            }
            return RotateLeft(node);
        }
        Refresh(node);
        return node;
    }

    private static Node RotateLeft(Node node)
    {
        var top = node.Right!;
        node.Right = top.Left;
        top.Left = node;
        Refresh(node);
        Refresh(top);
        return top;
    }

    private static Node RotateRight(Node node)
    {
        var top = node.Left!;
        node.Left = top.Right;
        top.Right = node;
        Refresh(node);
        Refresh(top);
        return top;
    }

    private static int Height(Node? node) => node?.Height ?? 0;

    private static void Refresh(Node node)
    {
        node.Height = 1 + Math.Max(Height(node.Left), Height(node.Right));
        node.Furthest = node.End;
        if (node.Left is not null && CompareEnds(node.Left.Furthest, node.Furthest) > 0)
        {
            node.Furthest = node.Left.Furthest;
        }
        if (node.Right is not null && CompareEnds(node.Right.Furthest, node.Furthest) > 0)
        {
            node.Furthest = node.Right.Furthest;
        }
    }

    private static bool IsConsistent(Node? node, Node? after, Node? before)
    {
        if (node is null)
        {
            return true;
        }
        var (height, furthest) = (node.Height, node.Furthest);
        Refresh(node);
        return height == node.Height && CompareEnds(furthest, node.Furthest) == 0
            && Math.Abs(Height(node.Left) - Height(node.Right)) <= 1
            && (after is null || Compare(node.Start, node.End, after) > 0)
            && (before is null || Compare(node.Start, node.End, before) < 0)
            && node.Values is not null
            && IsConsistent(node.Left, after, node) && IsConsistent(node.Right, node, before);
    }

    private Node Insert(Node? node, byte[] start, byte[]? end, Entry entry)
    {
        if (node is null)
        {
            RangeCount++;
            var added = new Node(start, end) { Values = entry };
            entry.Node = added;
            Refresh(added);
            return added;
        }
        var order = Compare(start, end, node);
        if (order == 0)
        {
            entry.Node = node;
            entry.InsertAfter(node.Values!);
            return node;
        }
        if (order < 0)
        {
            node.Left = Insert(node.Left, start, end, entry);
        }
        else
        {
            node.Right = Insert(node.Right, start, end, entry);
        }
        return Balance(node);
    }

    /// <summary>A value in the tree, linked to the others of its range.</summary>
    public sealed class Entry
    {
        internal Entry(KeyRange range, T value)
        {
            Range = range;
            Value = value;
        }

        /// <summary>The value.</summary>
        public T Value { get; }

        internal KeyRange Range { get; set; }

        internal Node? Node { get; set; }

        internal Entry? Next { get; private set; }

        internal Entry? Previous { get; private set; }

        internal void InsertAfter(Entry head)
        {
            Next = head.Next;
            Previous = head;
            if (head.Next is not null)
            {
                head.Next.Previous = this;
            }
            head.Next = this;
        }

        internal void Unlink()
        {
            if (Previous is not null)
            {
                Previous.Next = Next;
            }
            if (Next is not null)
            {
                Next.Previous = Previous;
            }
            Next = null;
            Previous = null;
        }
    }

    /// <summary>A range of more than one key.</summary>
    internal sealed class Node(byte[] start, byte[]? end)
    {
        public byte[] Start { get; } = start;

        /// <summary>Null is no end.</summary>
        public byte[]? End { get; } = end;

        public byte[]? Furthest { get; set; }

        public int Height { get; set; }

        public Entry? Values { get; set; }

        public Node? Left { get; set; }

        public Node? Right { get; set; }
    }
}
