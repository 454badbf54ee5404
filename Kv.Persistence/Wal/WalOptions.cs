namespace Kv.Persistence.Wal;

/// <summary>How a log is kept. Defaults suit a node; <see cref="Validate"/> names what is out of bounds.</summary>
public sealed record WalOptions
{
    /// <summary>Bytes of a segment file, 64 MiB unless told. A record that needs more gets a segment of its own size.</summary>
    public long SegmentBytes { get; init; } = 64L << 20;

    /// <summary>Bytes of a new log's first segment: small, because a node waits for it to be filled before it can start.</summary>
    public long FirstSegmentBytes { get; init; } = 1L << 20;

    /// <summary>Longest payload taken, bytes.</summary>
    public int MaxRecordBytes { get; init; } = 256 << 20;

    /// <summary>Bytes that may wait for the disk; past it a caller waits inside <c>AppendAsync</c>. One record may go over it.</summary>
    public int MaxQueuedBytes { get; init; } = 64 << 20;

    /// <summary>Prepare the next segment in the background, so that the log never waits for a file to be filled.</summary>
    public bool PrepareAhead { get; init; } = true;

    /// <summary>
    /// Let the thread that appends to an idle log write and sync itself instead of waking the writer thread: saves two
    /// thread switches, and blocks that thread for one sync. Only for callers that are dedicated threads.
    /// </summary>
    public bool WriteInline { get; init; }

    /// <summary>Longest write that <see cref="WriteInline"/> is for, headers included: whoever has more to write has enough to do meanwhile.</summary>
    public int InlineBytes { get; init; } = int.MaxValue;

    /// <summary>Asked before each inline write whether the caller's thread may wait for the disk now; null is always.</summary>
    public Func<bool>? MayWait { get; init; }

    /// <summary>
    /// Run what awaits an append on the writer thread, between two commits: saves a thread switch, and delays the next
    /// commit by as long as that code runs: it must be short and must not wait. Off: continuations go to the thread pool.
    /// </summary>
    public bool CompleteInline { get; init; }

    /// <summary>Identity given to a log that does not exist yet. Drawn by the caller, as chance comes from outside.</summary>
    public Guid NewLogId { get; init; }

    /// <summary>Measures syncs; the log reads no other clock.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Smallest segment: tests use it to roll often.</summary>
    public const long MinSegmentBytes = 512;

    /// <summary>Who writes: two threads of the log's own, or whoever these workers let take the steps.</summary>
    public Workers Workers { get; init; } = Workers.Threads;

    /// <summary>Checks the bounds.</summary>
    /// <exception cref="ArgumentException">Names the option, its bounds and its value.</exception>
    public void Validate()
    {
        Check(nameof(SegmentBytes), SegmentBytes, MinSegmentBytes, 1L << 40);
        Check(nameof(FirstSegmentBytes), FirstSegmentBytes, MinSegmentBytes, 1L << 40);
        Check(nameof(MaxRecordBytes), MaxRecordBytes, 1, WalRecord.MaxPayloadBytes);
        Check(nameof(MaxQueuedBytes), MaxQueuedBytes, 1, 512 << 20);
        Check(nameof(InlineBytes), InlineBytes, 0, int.MaxValue);
    }

    private static void Check(string name, long value, long min, long max)
    {
        if (value < min || value > max) throw new ArgumentException($"{name} must be between {min} and {max}, not {value}");
    }
}

/// <summary>What the log tells its host. Called on the log's own threads; must return quickly and not throw.</summary>
public interface IWalObserver
{
    /// <summary>One write and one sync are done.</summary>
    /// <param name="records">Records in the write.</param>
    /// <param name="bytes">Bytes written, headers and padding included.</param>
    /// <param name="write">Time the write took.</param>
    /// <param name="sync">Time the sync took.</param>
    void Committed(int records, int bytes, TimeSpan write, TimeSpan sync);

    /// <summary>The log goes on in a new segment.</summary>
    void Rolled(long sequence, long sizeBytes);

    /// <summary>A segment below the checkpoint has been removed.</summary>
    void Removed(long sequence);

    /// <summary>Preparing the next segment or removing an old one failed. The log goes on until it needs the room.</summary>
    void HousekeepingFailed(Exception error);

    /// <summary>A write or sync failed. The log takes nothing more; the process must stop. Called once.</summary>
    void Failed(Exception error);
}

/// <summary>What opening a log found.</summary>
/// <param name="Segments">Segment files.</param>
/// <param name="Records">Records replayed, the log's own included.</param>
/// <param name="Bytes">Their bytes.</param>
/// <param name="CutFile">The segment whose torn end was cut off; null if it ended cleanly.</param>
/// <param name="CutOffset">Where the cut is.</param>
/// <param name="CutBytes">Bytes from the cut to the last byte that was not zero.</param>
/// <param name="CutReason">What was wrong there.</param>
public sealed record WalRecovery(int Segments, long Records, long Bytes, string? CutFile, long CutOffset, long CutBytes, string? CutReason);

/// <summary>One record on its way to whoever replays the log.</summary>
/// <param name="position">Where it stands.</param>
/// <param name="type">Its type, 1..127: the log's own are not shown.</param>
/// <param name="payload">Valid during the call.</param>
public delegate void WalVisitor(in WalPosition position, byte type, ReadOnlySpan<byte> payload);
