using Kv.Actors.Model;

namespace Kv.Actors.Watch;

/// <summary>Bounds of one watch stream. Read from <c>kv.watch</c>.</summary>
/// <remarks><code>
///  key                       default           effect
///  queue-responses           1024              responses that may wait for the client; a stream over it, with one more for each of
///                                              its watchers, stops being pushed to and reads history when the client reads
///  queue-bytes               1 MiB             the same in bytes, counted with every value in full though values are shared
///  catch-up-revisions        1000              most revisions in one response read from history
///  catch-up-scan             20000             most changes looked at before others get a turn
///  progress-notify-interval  10 min            see --watch-progress-notify-interval; at least 100 ms
///  fragment-bytes            max-request-bytes + 512 KiB   responses from here on are split for watchers that allow it
/// </code></remarks>
public sealed record WatchLimits
{
    /// <summary>Responses that may wait, beyond one for each watcher.</summary>
    public int QueueResponses { get; init; } = 1024;

    /// <summary>Bytes that may wait.</summary>
    public long QueueBytes { get; init; } = 1024 * 1024;

    /// <summary>Most revisions in one response read from history.</summary>
    public int CatchUpRevisions { get; init; } = 1000;

    /// <summary>Most changes looked at in one go.</summary>
    public int CatchUpScan { get; init; } = 20_000;

    /// <summary>How often watchers that asked for it are told of progress.</summary>
    public TimeSpan ProgressNotifyInterval { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Size from which a response is split for a watcher that allows it.</summary>
    public int FragmentBytes { get; init; } = Limits.DefaultMaxRequestBytes + Limits.GrpcOverheadBytes;

    /// <summary>Returns this if every value is within its bounds.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Names the key and the value.</exception>
    public WatchLimits Validate()
    {
        Check(QueueResponses >= 1, "kv.watch.queue-responses", QueueResponses);
        Check(QueueBytes >= 1024, "kv.watch.queue-bytes", QueueBytes);
        Check(CatchUpRevisions >= 1, "kv.watch.catch-up-revisions", CatchUpRevisions);
        Check(CatchUpScan >= 1, "kv.watch.catch-up-scan", CatchUpScan);
        Check(ProgressNotifyInterval >= TimeSpan.FromMilliseconds(100), "kv.watch.progress-notify-interval", ProgressNotifyInterval);
        Check(FragmentBytes >= 1024, nameof(FragmentBytes), FragmentBytes);
        return this;
    }

    private static void Check(bool within, string key, object value)
    {
        if (!within)
        {
            throw new ArgumentOutOfRangeException(key, value, "out of bounds");
        }
    }
}
