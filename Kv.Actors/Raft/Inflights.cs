using static Kv.Actors.Raft.RaftBugException;

namespace Kv.Actors.Raft;

/// <summary>Append messages on their way to one follower: a window bounded by count and by bytes.</summary>
/// <remarks>
/// A ring of (last index, bytes), oldest first. Example with room for 3:
/// <code>
///  Add(5, 10) Add(9, 20)   (5,10) (9,20)          count 2, bytes 30
///  Add(12, 5)              (5,10) (9,20) (12,5)   full
///  FreeUpTo(9)             (12,5)                 count 1, bytes 5
/// </code>
/// The ring starts small and doubles: most followers keep up.
/// </remarks>
/// <param name="maxCount">Messages; at least 1.</param>
/// <param name="maxBytes">Bytes of entries; 0 is no limit. The message that crosses it is still let through.</param>
public sealed class Inflights(int maxCount, long maxBytes)
{
    private (ulong Index, long Bytes)[] _ring = new (ulong, long)[Math.Min(maxCount, 8)];
    private int _head;

    /// <summary>Messages without an answer.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes in them.</summary>
    public long Bytes { get; private set; }

    /// <summary>No further message may be sent.</summary>
    public bool IsFull => Count == maxCount || (maxBytes > 0 && Bytes >= maxBytes);

    /// <summary>A message was sent whose last entry is <paramref name="index"/>; indexes only rise.</summary>
    public void Add(ulong index, long bytes)
    {
        Assert(!IsFull, $"append up to {index} sent into a full window of {Count} messages, {Bytes} bytes");
        if (Count == _ring.Length)
        {
            var ring = new (ulong, long)[Math.Min(maxCount, _ring.Length * 2)];
            for (var i = 0; i < Count; i++) ring[i] = _ring[(_head + i) % _ring.Length];
            (_ring, _head) = (ring, 0);
        }

        _ring[(_head + Count) % _ring.Length] = (index, bytes);
        Count++;
        Bytes += bytes;
    }

    /// <summary>Everything up to <paramref name="index"/> has arrived.</summary>
    public void FreeUpTo(ulong index)
    {
        while (Count > 0 && _ring[_head].Index <= index)
        {
            Bytes -= _ring[_head].Bytes;
            _head = (_head + 1) % _ring.Length;
            Count--;
        }
    }

    /// <summary>Forgets all of them.</summary>
    public void Clear() => (_head, Count, Bytes) = (0, 0, 0);
}
