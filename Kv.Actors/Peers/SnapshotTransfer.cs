using Kv.Actors.Model;

namespace Kv.Actors.Peers;

/// <summary>One snapshot on its way to one member, as the sender sees it: what the receiver has, and what is under way.</summary>
/// <remarks>
/// The receiver answers each piece with how much it has without a gap. An answer that repeats itself tells of a loss: everything
/// from there on is sent again. What is sent may still grow: whole pieces go as they come, a shorter one and then the tail when all is there.
/// <code>
///  10 bytes, piece 2, window 4      Acknowledge(0)   send 0, 2
///                                   Acknowledge(2)   send 4
///                                   Acknowledge(2)   2 was lost: send 2, 4
///                                   Acknowledge(10)  send the tail, at 10
/// </code>
/// </remarks>
/// <param name="chunkBytes">Bytes of a piece.</param>
/// <param name="windowBytes">Bytes under way.</param>
/// <param name="now">When it begins.</param>
public sealed class SnapshotTransfer(int chunkBytes, long windowBytes, MonotonicTime now)
{
    private static readonly TimeSpan RewindPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan StalePause = TimeSpan.FromMilliseconds(500);
    private MonotonicTime _rewoundAt = new(long.MinValue / 2);
    private long _there;
    private long _sent;
    private bool _whole;
    private bool _tailSent;

    /// <summary>When it began.</summary>
    public MonotonicTime Started { get; } = now;

    /// <summary>The last time the receiver had more than before.</summary>
    public MonotonicTime ProgressAt { get; private set; } = now;

    /// <summary>The last time the receiver said anything.</summary>
    public MonotonicTime HeardAt { get; private set; } = now;

    /// <summary>Bytes the receiver has.</summary>
    public long Acknowledged { get; private set; } = -1;

    /// <summary>There is more to send.</summary>
    /// <param name="body">Bytes all in all, and whether nothing comes after them but the tail.</param>
    public void Grow((long Bytes, bool IsWhole) body) => (_there, _whole) = (Math.Max(_there, body.Bytes), _whole || body.IsWhole);

    /// <summary>The receiver has everything up to <paramref name="offset"/> and wants what follows.</summary>
    public void Acknowledge(long offset, MonotonicTime at)
    {
        HeardAt = at;
        if (offset < 0 || offset > _there || (offset < Acknowledged && at.Since(ProgressAt) < StalePause))
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
            (_sent, _tailSent) = (offset, false);              // something was lost, or all of it, or it has more than this sender sent
            _rewoundAt = at;
        }
        Acknowledged = offset;
    }

    /// <summary>The next piece to send, if there is one and the window has room.</summary>
    /// <param name="offset">Where it begins.</param>
    /// <param name="bytes">How long it is; 0 for the tail.</param>
    public bool TryNext(out long offset, out int bytes)
    {
        (offset, bytes) = (_sent, (int)Math.Min(chunkBytes, _there - _sent));
        if (Acknowledged < 0 || _sent - Acknowledged >= windowBytes || _tailSent || (bytes < chunkBytes && !_whole))
        {
            return false;
        }
        _sent += bytes;
        _tailSent = bytes == 0;
        return true;
    }
}
