using Akka.Configuration;
using Akka.Event;

namespace Akka.Remote;

/// <summary>
/// Suspicion as a number, after Hayashibara and others, "The φ accrual failure detector" (2004):
/// φ = -log10(chance that a heartbeat comes still later than now), with the intervals so far taken as normally distributed.
/// </summary>
/// <remarks><code>
///  threshold 8   about one false suspicion in 10^8 heartbeats, were the intervals really normal
///  pause         is added to the mean: so much silence is forgiven before φ begins to rise
///  first         the first heartbeat stands for two intervals, estimate ± a quarter, so that there is a deviation at all
/// </code></remarks>
public class PhiAccrualFailureDetector : FailureDetector
{
    private readonly Lock _lock = new();
    private readonly double _threshold;
    private readonly double _minDeviation;
    private readonly double _pause;
    private readonly long _firstEstimate;
    private readonly Clock _clock;
    private readonly EventStream _events;
    private readonly HeartbeatHistory _history;
    private long? _latest;

    /// <summary>From its parts.</summary>
    public PhiAccrualFailureDetector(double threshold, int maxSampleSize, TimeSpan minStdDeviation, TimeSpan acceptableHeartbeatPause, TimeSpan firstHeartbeatEstimate, Clock clock = null)
        : this(clock)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threshold);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxSampleSize);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(minStdDeviation, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(acceptableHeartbeatPause, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(firstHeartbeatEstimate, TimeSpan.Zero);
        _threshold = threshold;
        _minDeviation = minStdDeviation.TotalMilliseconds;
        _pause = acceptableHeartbeatPause.TotalMilliseconds;
        _firstEstimate = (long)firstHeartbeatEstimate.TotalMilliseconds;
        _history = new HeartbeatHistory(maxSampleSize);
    }

    /// <summary>From <c>threshold</c>, <c>max-sample-size</c>, <c>min-std-deviation</c>, <c>acceptable-heartbeat-pause</c> and <c>heartbeat-interval</c>.</summary>
    public PhiAccrualFailureDetector(Config config, EventStream ev)
        : this(
            Checked(config).GetDouble("threshold"),
            config.GetInt("max-sample-size"),
            config.GetTimeSpan("min-std-deviation"),
            config.GetTimeSpan("acceptable-heartbeat-pause"),
            config.GetTimeSpan("heartbeat-interval"),
            DefaultClock) => _events = ev;

    /// <summary>For those below.</summary>
    protected PhiAccrualFailureDetector(Clock clock) => _clock = clock ?? DefaultClock;

    /// <summary>Who is watched, for the log.</summary>
    public string Address { get; set; } = "N/A";

    /// <inheritdoc/>
    public override bool IsAvailable
    {
        get
        {
            lock (_lock) return AvailableAt(_clock());
        }
    }

    /// <inheritdoc/>
    public override bool IsMonitoring
    {
        get
        {
            lock (_lock) return _latest is not null;
        }
    }

    /// <summary>The suspicion now; 0 before the first heartbeat.</summary>
    internal double CurrentPhi
    {
        get
        {
            lock (_lock) return PhiAt(_clock());
        }
    }

    /// <inheritdoc/>
    public override void HeartBeat()
    {
        long? slow = null;
        lock (_lock)
        {
            var now = _clock();
            if (_latest is not { } latest)
            {
                _history.Clear();
                _history.Add(_firstEstimate - (_firstEstimate / 4));
                _history.Add(_firstEstimate + (_firstEstimate / 4));
            }
            else if (AvailableAt(now))
            {
                // The first interval after a failure is no sample of the normal course: it would widen the deviation for long.
                _history.Add(now - latest);
                if (now - latest >= _pause * 2 / 3) slow = now - latest;
            }

            _latest = now;
        }

        if (slow is { } interval)
            _events?.Publish(new Warning(nameof(PhiAccrualFailureDetector), GetType(), $"heartbeat interval is growing too large for address {Address}: {interval} millis"));
    }

    /// <summary>φ after <paramref name="silence"/> ms, for a mean and deviation in ms.</summary>
    /// <remarks>The tail of the normal distribution by a logistic curve, which is within 0.00014 of it: cheap, and finite far out.</remarks>
    internal static double Phi(double silence, double mean, double deviation)
    {
        var z = (silence - mean) / deviation;
        var tail = Math.Exp(-z * (1.5976 + (0.070566 * z * z)));
        return silence > mean ? -Math.Log10(tail / (1 + tail)) : -Math.Log10(1 - (1 / (1 + tail)));
    }

    private static Config Checked(Config config) =>
        config.IsNullOrEmpty() ? throw ConfigurationException.NullOrEmptyConfig<PhiAccrualFailureDetector>() : config;

    private bool AvailableAt(long now) => PhiAt(now) < _threshold;

    private double PhiAt(long now) => _latest is { } latest
        ? Phi(now - latest, _history.Mean + _pause, Math.Max(_history.StandardDeviation, _minDeviation))
        : 0;
}
