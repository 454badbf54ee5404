using Kv.Actors.Raft;

namespace Kv.Actors.Peers;

/// <summary>What goes to one member in bulk, entries mostly: only so much is under way at a time, so that a heartbeat finds little ahead of it.</summary>
/// <remarks>
/// The receiver credits what has arrived. Only some messages ask for that (<c>sequence</c> above 0): the first after
/// <see cref="CreditBytes"/>, so that small ones cost no answers.
/// <code>
///  window 100        Add(60)   under way 60               goes out
///                    Add(60)   under way 120              goes out: there was room
///                    Add(10)   under way 120, waiting 10  over the window
///                    Credit    under way 0                the 10 goes out
/// </code>
/// What waits is bounded: past that everything waiting is dropped, and Raft has to probe again.
/// </remarks>
/// <param name="windowBytes">Bytes under way beyond which nothing more is sent.</param>
/// <param name="queueBytes">Bytes that may wait.</param>
public sealed class PeerLane(long windowBytes, long queueBytes)
{
    /// <summary>Bytes after which a message asks for credit.</summary>
    public const long CreditBytes = 32 * 1024;

    private readonly Queue<(RaftMessage Message, long Bytes)> _waiting = new();
    private readonly Queue<(ulong Sequence, long Bytes)> _underWay = new();
    private long _unmarked;

    /// <summary>The last sequence given.</summary>
    public ulong Sequence { get; private set; }

    /// <summary>Bytes sent and not credited.</summary>
    public long UnderWayBytes { get; private set; }

    /// <summary>Bytes that wait.</summary>
    public long WaitingBytes { get; private set; }

    /// <summary>Whether a message belongs here: entries and what must not overtake them. Everything else is small and goes ahead.</summary>
    public static bool IsBulk(RaftMessage message) => message is RaftMessage.Append or RaftMessage.Propose;

    /// <summary>Takes a message in.</summary>
    /// <returns>False when too much waits: all that waited is dropped, this message with it.</returns>
    public bool TryAdd(RaftMessage message)
    {
        var bytes = SizeOf(message);
        if (WaitingBytes + bytes > queueBytes && _waiting.Count > 0)
        {
            DropWaiting();
            return false;
        }
        _waiting.Enqueue((message, bytes));
        WaitingBytes += bytes;
        return true;
    }

    /// <summary>The next message to send now, if the window has room.</summary>
    /// <param name="message">The message.</param>
    /// <param name="sequence">Its sequence when it is to be credited, else 0.</param>
    public bool TryNext([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out RaftMessage? message, out ulong sequence)
    {
        (message, sequence) = (null, 0);
        if (UnderWayBytes >= windowBytes || !_waiting.TryDequeue(out var next))
        {
            return false;
        }
        message = next.Message;
        WaitingBytes -= next.Bytes;
        UnderWayBytes += next.Bytes;
        _unmarked += next.Bytes;
        if (_unmarked >= CreditBytes || UnderWayBytes >= windowBytes)
        {
            sequence = ++Sequence;
            _underWay.Enqueue((sequence, _unmarked));
            _unmarked = 0;
        }
        return true;
    }

    /// <summary>Everything up to this sequence has arrived, or is lost.</summary>
    public void Credit(ulong through)
    {
        while (_underWay.TryPeek(out var oldest) && oldest.Sequence <= through)
        {
            UnderWayBytes -= oldest.Bytes;
            _underWay.Dequeue();
        }
    }

    /// <summary>The member is out of reach: whatever is under way or waits is taken as lost.</summary>
    public void Reset()
    {
        DropWaiting();
        _underWay.Clear();
        UnderWayBytes = _unmarked = 0;
    }

    private void DropWaiting()
    {
        _waiting.Clear();
        WaitingBytes = 0;
    }

    /// <summary>About how many bytes a message takes. O(entries).</summary>
    public static long SizeOf(RaftMessage message)
    {
        var bytes = 64L;
        if (message is RaftMessage.Append append)
        {
            foreach (var entry in append.Entries)
            {
                bytes += entry.Size;
            }
        }
        else if (message is RaftMessage.Propose propose)
        {
            foreach (var entry in propose.Entries)
            {
                bytes += entry.Size;
            }
        }
        return bytes;
    }
}
