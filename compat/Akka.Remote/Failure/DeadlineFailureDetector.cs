using Akka.Configuration;
using Akka.Event;

namespace Akka.Remote;

/// <summary>Dead once nothing came for one interval and the pause allowed.</summary>
public class DeadlineFailureDetector : FailureDetector
{
    private readonly Clock _clock;
    private readonly long _deadlineMillis;
    private long _last = long.MinValue;

    /// <summary>Without an interval.</summary>
    [Obsolete("Use DeadlineFailureDetector(acceptableHeartbeatPause, heartbeatInterval, clock) instead. [1.1.2]")]
    public DeadlineFailureDetector(TimeSpan acceptableHeartbeatPause, Clock clock = null)
        : this(acceptableHeartbeatPause, TimeSpan.Zero, clock)
    {
    }

    /// <summary>Both must be more than nothing.</summary>
    public DeadlineFailureDetector(TimeSpan acceptableHeartbeatPause, TimeSpan heartbeatInterval, Clock clock = null)
    {
        if (acceptableHeartbeatPause <= TimeSpan.Zero)
            throw new ArgumentOutOfRangeException(nameof(acceptableHeartbeatPause), "failure-detector.acceptable-heartbeat-pause must be > 0s");
        if (heartbeatInterval <= TimeSpan.Zero)
            throw new ArgumentOutOfRangeException(nameof(heartbeatInterval), "failure-detector.heartbeat-interval must be > 0s");
        _clock = clock ?? DefaultClock;
        _deadlineMillis = (long)(acceptableHeartbeatPause + heartbeatInterval).TotalMilliseconds;
    }

    /// <summary>From a section.</summary>
    public DeadlineFailureDetector(Config config, EventStream eventStream)
        : this(config.GetTimeSpan("acceptable-heartbeat-pause"), config.GetTimeSpan("heartbeat-interval"))
    {
    }

    /// <inheritdoc/>
    public override bool IsAvailable
    {
        get
        {
            var last = Volatile.Read(ref _last);
            return last == long.MinValue || last + _deadlineMillis > _clock();
        }
    }

    /// <inheritdoc/>
    public override bool IsMonitoring => Volatile.Read(ref _last) != long.MinValue;

    /// <inheritdoc/>
    public override void HeartBeat() => Volatile.Write(ref _last, _clock());
}
