namespace Kv.Actors.Raft;

/// <summary>Reads that wait for one heartbeat round (thesis §6.4). Leader only.</summary>
/// <remarks>
/// Reads that come between two heartbeats share a position: the number of the batch. A heartbeat seals the batch and carries its
/// position; once a quorum has answered that position or a later one, all reads up to it are confirmed together.
/// <code>
///  Add(7) Add(8)   waiting 7@1 8@1
///  Seal() = 1      the heartbeat says 1
///  Add(9)          waiting 7@1 8@1 9@2
///  Confirm(1)      7 and 8 are answered
/// </code>
/// Positions never repeat while the process lives, so a late answer from an earlier term confirms nothing.
/// </remarks>
public sealed class ReadIndexQueue
{
    private readonly Queue<Waiting> _waiting = [];
    private ulong _open = 1;

    /// <summary>A read and where its answer goes.</summary>
    /// <param name="From">The node that asked.</param>
    /// <param name="Context">Its number for the read.</param>
    /// <param name="Index">The commit index when it came.</param>
    /// <param name="Position">Its batch.</param>
    public readonly record struct Waiting(ulong From, ulong Context, ulong Index, ulong Position);

    /// <summary>Reads without an answer.</summary>
    public int Count => _waiting.Count;

    /// <summary>Whether some came after the last heartbeat.</summary>
    public bool HasUnsealed { get; private set; }

    /// <summary>A read came.</summary>
    public void Add(ulong from, ulong context, ulong index)
    {
        _waiting.Enqueue(new Waiting(from, context, index, _open));
        HasUnsealed = true;
    }

    /// <summary>The position for the heartbeats about to leave: the latest batch, or 0 if nothing waits.</summary>
    /// <param name="evenIfNoneCame">Give each call a position of its own, reads or not.</param>
    public ulong Seal(bool evenIfNoneCame = false)
    {
        if (HasUnsealed || evenIfNoneCame)
        {
            HasUnsealed = false;
            _open++;
        }

        return _waiting.Count == 0 && !evenIfNoneCame ? 0 : _open - 1;
    }

    /// <summary>Takes the next read at or below a confirmed position.</summary>
    public bool TryConfirm(ulong position, out Waiting read)
    {
        read = default;
        if (!_waiting.TryPeek(out var first) || first.Position > position) return false;
        read = _waiting.Dequeue();
        return true;
    }

    /// <summary>Forgets all reads, not the positions used.</summary>
    public void Clear()
    {
        Seal();
        _waiting.Clear();
    }
}
