namespace Kv.Actors.Mvcc;

/// <summary>The writer's ordered tree over raw byte keys: a B+ tree that counts its live keys and shares nodes with published roots.</summary>
/// <remarks>
/// Every node carries the stamp of the batch that made it. A change copies the nodes on its path that carry an older stamp and
/// changes the others in place, so thousands of puts in one batch copy each node once:
/// <code>
///  published root, stamp 1      R1 ── A1 B1 C1
///  put into B, stamp 2          R2 ── A1 B2 C1        R1 still shows A1 B1 C1
///  put into B again             R2 ── A1 B2 C1        nothing copied
///  Seal(), put into C           R3 ── A1 B2 C3
/// </code>
/// One thread changes a tree; nodes reached from a root taken before <see cref="Seal"/> never change again.
/// A change is <see cref="Open"/> followed by one of <see cref="Insert"/>, <see cref="Replace"/> and <see cref="Remove"/>. All O(log n).
/// </remarks>
internal sealed class KeyTree
{
    /// <summary>Enough for any tree: even branches of two children would hold 2^32 leaves.</summary>
    internal const int MaxDepth = 32;

    private readonly BranchNode[] _path = new BranchNode[MaxDepth];
    private readonly int[] _at = new int[MaxDepth];
    private int _depth;
    private long _stamp = 1;
    private LeafNode _leaf;
    private int _index;
    private bool _found;

    public KeyTree()
    {
        _leaf = new LeafNode(_stamp);
        Root = _leaf;
    }

    /// <summary>The tree as it is now; later changes may show in it until <see cref="Seal"/>.</summary>
    public KeyNode Root { get; private set; }

    /// <summary>Keeps everything reached from <see cref="Root"/> as it is for good; later changes copy.</summary>
    public void Seal() => _stamp++;

    /// <summary>The slot of <paramref name="key"/>, or null.</summary>
    public static object? Find(KeyNode root, ReadOnlySpan<byte> key)
    {
        while (root is BranchNode branch)
        {
            root = branch.Children[branch.ChildOf(key)];
        }
        var leaf = (LeafNode)root;
        var index = leaf.LowerBound(key, out var found);
        return found ? leaf.Slots[index] : null;
    }

    /// <summary>Live keys below <paramref name="key"/>.</summary>
    public static long LiveBelow(KeyNode root, ReadOnlySpan<byte> key)
    {
        var rank = 0L;
        while (root is BranchNode branch)
        {
            var child = branch.ChildOf(key);
            rank += branch.LiveBefore(child);
            root = branch.Children[child];
        }
        var leaf = (LeafNode)root;
        return rank + leaf.LiveBefore(leaf.LowerBound(key, out _));
    }

    /// <summary>Walks to <paramref name="key"/>, making the way there changeable. Returns its slot, or null when it is not there.</summary>
    public object? Open(ReadOnlySpan<byte> key)
    {
        var node = Root = Own(Root);
        _depth = 0;
        while (node is BranchNode branch)
        {
            var child = branch.ChildOf(key);
            _path[_depth] = branch;
            _at[_depth] = child;
            _depth++;
            node = branch.Children[child] = Own(branch.Children[child]);
        }
        _leaf = (LeafNode)node;
        _index = _leaf.LowerBound(key, out _found);
        return _found ? _leaf.Slots[_index] : null;
    }

    /// <summary>Gives the key opened another slot.</summary>
    public void Replace(object slot, bool live)
    {
        Require(_found);
        var change = (live ? 1 : 0) - (_leaf.IsLive(_index) ? 1 : 0);
        _leaf.Replace(_index, slot, live);
        if (change != 0)
        {
            for (var level = 0; level < _depth; level++)
            {
                _path[level].AddLive(_at[level], change);
            }
        }
    }

    /// <summary>Adds the key opened, which is not there yet.</summary>
    public void Insert(object slot, bool live)
    {
        Require(!_found);
        KeyNode node = _leaf;
        var (target, index, right) = Room(node, _index);
        ((LeafNode)target).Insert(index, slot, live);
        for (var level = _depth - 1; level >= 0; level--)
        {
            var branch = _path[level];
            if (right is null)
            {
                branch.AddLive(_at[level], live ? 1 : 0);
                continue;
            }
            branch.SetLive(_at[level], node.Live);
            var added = right;
            (target, index, right) = Room(branch, _at[level] + 1);
            ((BranchNode)target).Insert(index, added.KeyAt(0), added);
            node = branch;
        }
        if (right is not null)
        {
            var root = new BranchNode(_stamp);
            root.Insert(0, node.KeyAt(0), node);
            root.Insert(1, right.KeyAt(0), right);
            Root = root;
        }
        _found = true;
        _depth = -1;        // the way is stale now: open again
    }

    /// <summary>Takes the key opened out of the tree.</summary>
    public void Remove()
    {
        Require(_found);
        var live = _leaf.IsLive(_index) ? 1 : 0;
        _leaf.RemoveAt(_index);
        KeyNode node = _leaf;
        for (var level = _depth - 1; level >= 0; level--)
        {
            var branch = _path[level];
            var at = _at[level];
            branch.AddLive(at, -live);
            if (node.Count == 0)
            {
                branch.RemoveAt(at);
            }
            else if (node.Count < KeyNode.MergeBelow)
            {
                MergeAround(branch, at);
            }
            node = branch;
        }
        while (Root is BranchNode { Count: <= 1 } root)
        {
            Root = root.Count == 0 ? new LeafNode(_stamp) : root.Children[0];
        }
        _depth = -1;
    }

    private KeyNode Own(KeyNode node) => node.Stamp == _stamp ? node : node.Copy(_stamp);

    /// <summary>Where an entry meant for <paramref name="index"/> goes, and the new right half if the node had to be split.</summary>
    /// <remarks>Appending to a full node leaves it full and begins an empty one, so that ascending keys fill the tree.</remarks>
    private (KeyNode Target, int Index, KeyNode? Right) Room(KeyNode node, int index)
    {
        if (node.Count < KeyNode.Capacity)
        {
            return (node, index, null);
        }
        var right = node.SplitAt(index == KeyNode.Capacity ? index : KeyNode.Capacity / 2, _stamp);
        return right.Count == 0 || index > node.Count ? (right, index - node.Count, right) : (node, index, right);
    }

    private void MergeAround(BranchNode branch, int at)
    {
        var left = at > 0 ? at - 1 : at;
        var right = left + 1;
        if (right >= branch.Count || branch.Children[left].Count + branch.Children[right].Count > KeyNode.Capacity * 3 / 4)
        {
            return;
        }
        var into = branch.Children[left] = Own(branch.Children[left]);
        into.Absorb(branch.Children[right], branch.Separators[right]);
        branch.AddLive(left, branch.LiveBelow[right]);
        branch.RemoveAt(right);
    }

    private void Require(bool condition)
    {
        if (!condition || _depth < 0)
        {
            throw new InvalidOperationException($"tree changed without opening the key: depth {_depth}, found {_found}");
        }
    }
}
