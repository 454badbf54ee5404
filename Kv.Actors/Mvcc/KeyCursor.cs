using System.Runtime.CompilerServices;
using Kv.Actors.Model;

namespace Kv.Actors.Mvcc;

/// <summary>Walks the slots of a key range, dead keys included. Starts before the first: <c>while (cursor.MoveNext()) … cursor.Slot</c>.</summary>
/// <remarks>Good for as long as the root is not changed. Finding the start costs O(log n), each step O(1) amortised.</remarks>
internal struct KeyCursor
{
    private readonly byte[]? _end;
    private Path _path;
    private Steps _at;
    private int _depth;
    private LeafNode? _leaf;
    private int _index;
    private int _stop;
    private bool _last;

    internal KeyCursor(KeyNode root, KeyRange range)
    {
        if (range.IsEmpty)
        {
            return;
        }
        _end = range.IsSingle || range.IsFromKey ? null : range.End;
        Descend(root, range.Key);
        _index = _leaf!.LowerBound(range.Key, out var found) - 1;
        if (range.IsSingle)
        {
            _stop = found ? _index + 2 : _index + 1;
            _last = true;
            return;
        }
        Bound();
    }

    /// <summary>The slot the cursor stands on.</summary>
    internal readonly object Slot => _leaf!.Slots[_index];

    /// <summary>Whether the key the cursor stands on is live in the root's newest state.</summary>
    internal readonly bool IsLive => _leaf!.IsLive(_index);

    /// <summary>Steps to the next slot in ascending order; false at the end.</summary>
    internal bool MoveNext()
    {
        while (_leaf is not null)
        {
            if (++_index < _stop)
            {
                return true;
            }
            if (_last || !NextLeaf())
            {
                _leaf = null;
            }
        }
        return false;
    }

    /// <summary>A cursor that stands behind the last slot of <paramref name="range"/>, for <see cref="MovePrevious"/>.</summary>
    internal static KeyCursor AtEnd(KeyNode root, KeyRange range)
    {
        var cursor = default(KeyCursor);
        if (range.IsFromKey)
        {
            cursor.DescendLast(root);
            return cursor;
        }
        var bound = range.IsSingle ? range.Key : range.End!;
        cursor.Descend(root, bound);
        cursor._index = cursor._leaf!.LowerBound(bound, out var found) + (range.IsSingle && found ? 1 : 0);
        return cursor;
    }

    /// <summary>Steps to the slot before, with no regard to the range's start: the caller knows how many there are.</summary>
    internal bool MovePrevious()
    {
        while (_leaf is not null)
        {
            if (--_index >= 0)
            {
                return true;
            }
            if (!PreviousLeaf())
            {
                _leaf = null;
            }
        }
        return false;
    }

    private void Descend(KeyNode node, ReadOnlySpan<byte> key)
    {
        while (node is BranchNode branch)
        {
            var child = branch.ChildOf(key);
            _path[_depth] = branch;
            _at[_depth] = child;
            _depth++;
            node = branch.Children[child];
        }
        _leaf = (LeafNode)node;
    }

    private void DescendLast(KeyNode node)
    {
        while (node is BranchNode branch)
        {
            _path[_depth] = branch;
            _at[_depth] = branch.Count - 1;
            _depth++;
            node = branch.Children[branch.Count - 1];
        }
        _leaf = (LeafNode)node;
        _index = _leaf.Count;
    }

    private bool NextLeaf()
    {
        var level = _depth - 1;
        while (level >= 0 && _at[level] + 1 >= _path[level].Count)
        {
            level--;
        }
        if (level < 0)
        {
            return false;
        }
        _at[level]++;
        _depth = level + 1;
        var node = _path[level].Children[_at[level]];
        while (node is BranchNode branch)
        {
            _path[_depth] = branch;
            _at[_depth] = 0;
            _depth++;
            node = branch.Children[0];
        }
        _leaf = (LeafNode)node;
        _index = -1;
        Bound();
        return true;
    }

    private bool PreviousLeaf()
    {
        var level = _depth - 1;
        while (level >= 0 && _at[level] == 0)
        {
            level--;
        }
        if (level < 0)
        {
            return false;
        }
        _at[level]--;
        _depth = level + 1;
        DescendLast(_path[level].Children[_at[level]]);
        return true;
    }

    /// <summary>Finds where in this leaf the range ends; most leaves are decided by their last key alone.</summary>
    private void Bound()
    {
        var leaf = _leaf!;
        _stop = leaf.Count;
        if (_end is not null && leaf.Count > 0 && leaf.KeyAt(leaf.Count - 1).AsSpan().SequenceCompareTo(_end) >= 0)
        {
            _stop = leaf.LowerBound(_end, out _);
            _last = true;
        }
    }

    [InlineArray(KeyTree.MaxDepth)]
    private struct Path
    {
        private BranchNode _first;
    }

    [InlineArray(KeyTree.MaxDepth)]
    private struct Steps
    {
        private int _first;
    }
}
