using Kv.Actors.Model;

namespace Kv.Actors.Peers;

/// <summary>One snapshot on its way to one member, as the sender sees it: what the receiver has, and what is under way.</summary>
/// <remarks>
/// The receiver answers each piece with how much it has without a gap. An answer that repeats itself tells of a loss: everything
/// from there on is sent again.
/// <code>
///  length 10, piece 2, window 4     Acknowledge(0)   send 0, 2
///                                   Acknowledge(2)   send 4
///                                   Acknowledge(2)   2 was lost: send 2, 4
/// </code>
/// </remarks>
/// <param name="length">Bytes of the file.</param>
/// <param name="chunkBytes">Bytes of a piece.</param>
/// <param name="windowBytes">Bytes under way.</param>
/// <param name="now">When it begins.</param>
public sealed class SnapshotTransfer(long length, int chunkBytes, long windowBytes, MonotonicTime now)
{
    private static readonly TimeSpan RewindPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan StalePause = TimeSpan.FromMilliseconds(500);
    private MonotonicTime _rewoundAt = new(long.MinValue / 2);
    private long _sent;

    /// <summary>When it began.</summary>
    public MonotonicTime Started { get; } = now;

    /// <summary>The last time the receiver had more than before.</summary>
    public MonotonicTime ProgressAt { get; private set; } = now;

    /// <summary>The last time the receiver said anything.</summary>
    public MonotonicTime HeardAt { get; private set; } = now;

    /// <summary>Bytes the receiver has.</summary>
    public long Acknowledged { get; private set; } = -1;

    /// <summary>The receiver has everything up to <paramref name="offset"/> and wants what follows.</summary>
    public void Acknowledge(long offset, MonotonicTime at)
    {
        HeardAt = at;
        if (offset < 0 || offset > length || (offset < Acknowledged && at.Since(ProgressAt) < StalePause))
        {
            return;                                            // a late answer; a receiver that began anew says so again
        }
        var (repeated, anew) = (offset == Acknowledged && at.Since(_rewoundAt) >= RewindPause, offset < Acknowledged);
        if (offset > Acknowledged || anew)
        {
            ProgressAt = at;
        }
        if (repeated || anew || offset > _sent)
        {
            _sent = offset;                                    // something was lost, or all of it, or it has more than this sender sent
            _rewoundAt = at;
        }
        Acknowledged = offset;
    }

    /// <summary>The next piece to send, if the window has room.</summary>
    public bool TryNext(out long offset, out int bytes)
    {
        (offset, bytes) = (_sent, (int)Math.Min(chunkBytes, length - _sent));
        if (Acknowledged < 0 || bytes <= 0 || _sent - Acknowledged >= windowBytes)
        {
            return false;
        }
        _sent += bytes;
        return true;
    }
}
