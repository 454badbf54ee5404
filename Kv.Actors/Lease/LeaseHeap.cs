using Kv.Actors.Model;

namespace Kv.Actors.Lease;

/// <summary>Leases by the moment they are due, earliest first; any one can be moved or taken out where it stands.</summary>
/// <remarks>
/// A binary min-heap in one array, and for each handle the position of its node, so that an update sifts from there.
/// Handles are reused after <see cref="Remove"/>. Add, Update and Remove are O(log n), TryPeek is O(1).
/// <code>
///  Add(7, 50) -> 0    nodes [50#0]
///  Add(8, 20) -> 1    nodes [20#1, 50#0]         positions [1, 0]
///  Update(1, 90)      nodes [50#0, 90#1]         positions [0, 1]
///  Remove(0)          nodes [90#1]               handle 0 is free
/// </code>
/// </remarks>
public sealed class LeaseHeap
{
    private Node[] _nodes = new Node[16];
    private Slot[] _slots = new Slot[16];
    private int _slotsUsed;
    private int _freeSlot = -1;

    /// <summary>Leases held.</summary>
    public int Count { get; private set; }

    /// <summary>Adds <paramref name="lease"/>; the answer is its handle until it is removed.</summary>
    public int Add(LeaseId lease, MonotonicTime due)
    {
        if (Count == _nodes.Length)
        {
            Array.Resize(ref _nodes, Count * 2);
        }
        var handle = TakeSlot();
        _slots[handle].Lease = lease;
        SiftUp(Count++, new Node(due, handle));
        return handle;
    }

    /// <summary>Moves the lease of <paramref name="handle"/> to <paramref name="due"/>.</summary>
    public void Update(int handle, MonotonicTime due) => Settle(_slots[handle].Position, new Node(due, handle));

    /// <summary>Takes the lease of <paramref name="handle"/> out and frees the handle.</summary>
    public void Remove(int handle)
    {
        var position = _slots[handle].Position;
        var last = _nodes[--Count];
        if (position != Count)
        {
            Settle(position, last);
        }
        _slots[handle] = new Slot { Position = _freeSlot };
        _freeSlot = handle;
    }

    /// <summary>The earliest lease, without taking it out; false when there is none.</summary>
    public bool TryPeek(out LeaseId lease, out MonotonicTime due)
    {
        if (Count == 0)
        {
            (lease, due) = (LeaseId.None, MonotonicTime.Never);
            return false;
        }
        (lease, due) = (_slots[_nodes[0].Handle].Lease, _nodes[0].Due);
        return true;
    }

    /// <summary>Takes everything out.</summary>
    public void Clear()
    {
        (_nodes, _slots) = (new Node[16], new Slot[16]);
        (Count, _slotsUsed, _freeSlot) = (0, 0, -1);
    }

    /// <summary>Whether every node is due no earlier than its parent and every position is right. O(n); for tests.</summary>
    public bool IsConsistent()
    {
        for (var i = 0; i < Count; i++)
        {
            if ((i > 0 && _nodes[i].Due < _nodes[(i - 1) / 2].Due) || _slots[_nodes[i].Handle].Position != i)
            {
                return false;
            }
        }
        return true;
    }

    private int TakeSlot()
    {
        if (_freeSlot >= 0)
        {
            var free = _freeSlot;
            _freeSlot = _slots[free].Position;
            return free;
        }
        if (_slotsUsed == _slots.Length)
        {
            Array.Resize(ref _slots, _slotsUsed * 2);
        }
        return _slotsUsed++;
    }

    private void Settle(int position, Node node)
    {
        if (position > 0 && node.Due < _nodes[(position - 1) / 2].Due)
        {
            SiftUp(position, node);
        }
        else
        {
            SiftDown(position, node);
        }
    }

    private void SiftUp(int position, Node node)
    {
        while (position > 0)
        {
            var parent = (position - 1) / 2;
            if (_nodes[parent].Due <= node.Due)
            {
                break;
            }
            Put(position, _nodes[parent]);
            position = parent;
        }
        Put(position, node);
    }

    private void SiftDown(int position, Node node)
    {
        while (true)
        {
            var child = (2 * position) + 1;
            if (child >= Count)
            {
                break;
            }
            if (child + 1 < Count && _nodes[child + 1].Due < _nodes[child].Due)
            {
                child++;
            }
            if (node.Due <= _nodes[child].Due)
            {
                break;
            }
            Put(position, _nodes[child]);
            position = child;
        }
        Put(position, node);
    }

    private void Put(int position, Node node)
    {
        _nodes[position] = node;
        _slots[node.Handle].Position = position;
    }

    private readonly record struct Node(MonotonicTime Due, int Handle);

    /// <summary>For a handle in use, its lease and where its node stands; for a free one, the next free handle.</summary>
    private struct Slot
    {
        public LeaseId Lease;
        public int Position;
    }
}
