using Kv.Actors.Model;

namespace Kv.Actors.Apply;

/// <summary>
/// Decides when to compact by itself, and to which revision. Fed with the time and the current revision; whoever owns it
/// proposes what it answers and tells it how that went.
/// </summary>
/// <remarks>
/// <code>
/// periodic, keep 1h: a sample every 6 min (I/10, where I = min(period, 1h)), as many as span the period
///   0:00  sample  …  0:54  sample        nothing yet: history is younger than the period
///   1:00  compact to the sample of 0:00   then every I, to the revision of one period ago
/// revision, keep 1000: every 5 min compact to current - 1000
/// </code>
/// Only the leader's should be asked: on other members call <see cref="Pause"/>, and the samples go on being taken.
/// </remarks>
public sealed class AutoCompactor
{
    /// <summary>How often the revision mode looks.</summary>
    public static readonly TimeSpan RevisionInterval = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan _longestInterval = TimeSpan.FromHours(1);

    private readonly TimeSpan _period;          // zero in revision mode
    private readonly long _keepRevisions;       // zero in periodic mode
    private readonly TimeSpan _interval;        // between two compactions
    private readonly TimeSpan _step;            // between two looks
    private readonly Queue<long> _samples = [];
    private readonly int _sampleLimit;
    private MonotonicTime _nextLook;
    private MonotonicTime _lastLook;
    private MonotonicTime _lastSuccess;
    private TimeSpan _wait;                     // since the last success: the whole period first, the interval afterwards
    private long _lastRevision;
    private bool _paused;

    private AutoCompactor(TimeSpan period, long keepRevisions, MonotonicTime now)
    {
        _period = period;
        _keepRevisions = keepRevisions;
        _interval = keepRevisions > 0 ? RevisionInterval : period < _longestInterval ? period : _longestInterval;
        _step = keepRevisions > 0 ? RevisionInterval : Longer(_interval / 10, TimeSpan.FromMilliseconds(1));
        _wait = keepRevisions > 0 ? TimeSpan.Zero : period;
        _sampleLimit = keepRevisions > 0 ? 0 : checked((int)(period / _step)) + 1;
        _lastSuccess = now;
        _nextLook = keepRevisions > 0 ? now.Plus(_step) : now;
    }

    /// <summary>Keeps the history of the last <paramref name="period"/>, which is longer than zero.</summary>
    public static AutoCompactor Periodic(TimeSpan period, MonotonicTime now)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(period, TimeSpan.Zero);
        return new AutoCompactor(period, 0, now);
    }

    /// <summary>Keeps the last <paramref name="revisions"/> revisions, at least 1.</summary>
    public static AutoCompactor Revisions(long revisions, MonotonicTime now)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(revisions, 1);
        return new AutoCompactor(TimeSpan.Zero, revisions, now);
    }

    /// <summary><c>periodic</c> or <c>revision</c>, as log lines name it.</summary>
    public string Mode => _keepRevisions > 0 ? "revision" : "periodic";

    /// <summary>When <see cref="Look"/> wants to be called next.</summary>
    public MonotonicTime NextLook => _nextLook;

    /// <summary>Answers nothing until <see cref="Resume"/>: another member leads.</summary>
    public void Pause() => _paused = true;

    /// <summary>This member leads.</summary>
    public void Resume() => _paused = false;

    /// <summary>Looks at the current revision at <paramref name="now"/>; before <see cref="NextLook"/> it does nothing.</summary>
    /// <returns>The revision to compact to, or null. After proposing it, call <see cref="Succeeded"/>; after a failure nothing, and the next look tries again.</returns>
    public long? Look(MonotonicTime now, long currentRevision)
    {
        if (now < _nextLook)
        {
            return null;
        }

        _lastLook = now;
        _nextLook = now.Plus(_step);
        var target = _keepRevisions > 0 ? currentRevision - _keepRevisions : OldestSample(currentRevision);
        return _paused || target <= 0 || target == _lastRevision || now.Since(_lastSuccess) < _wait ? null : target;
    }

    /// <summary>The store is compacted to <paramref name="revision"/>, by us or by someone before us.</summary>
    public void Succeeded(long revision)
    {
        _lastRevision = revision;
        _lastSuccess = _lastLook;                  // not the time of the answer: a slow disk must not move the rhythm
        if (_period > TimeSpan.Zero)
        {
            _wait = _interval;
        }
    }

    /// <summary>
    /// Takes a sample and gives the oldest that spans the period. The first look of the loop samples "now", so after n steps there
    /// are n + 1 samples and the oldest is n steps old.
    /// </summary>
    private long OldestSample(long currentRevision)
    {
        _samples.Enqueue(currentRevision);
        if (_samples.Count > _sampleLimit)
        {
            _samples.Dequeue();
        }

        return _samples.Peek();
    }

    private static TimeSpan Longer(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
