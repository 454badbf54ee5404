using Akka.Configuration;
using Akka.Event;

namespace Akka.Remote;

/// <summary>Says how surprising the present silence is, given the gaps between heartbeats so far.</summary>
/// <remarks>
/// phi = -log10 of the chance that a gap as long as the present one, less the pause allowed, comes from a normal distribution
/// with the mean and deviation of the gaps seen (Hayashibara et al., "The phi accrual failure detector", 2004). With threshold 8
/// one alarm in 10^8 is false. Example: gaps of 1 s, deviation 0.1 s, pause 3 s: phi is 0.3 after 4 s and 8 after 4.55 s.
/// </remarks>
public class PhiAccrualFailureDetector : FailureDetector
{
    private readonly double _threshold;
    private readonly int _maxSampleSize;
    private readonly double _minStdDeviationMillis;
    private readonly double _pauseMillis;
    private readonly double _firstEstimateMillis;
    private readonly Clock _clock;
    private readonly EventStream _events;
    private readonly Lock _lock = new();
    private HeartbeatHistory _history;
    private long? _last;

    /// <summary>From its parts; the estimate stands for gaps before there are any.</summary>
    public PhiAccrualFailureDetector(double threshold, int maxSampleSize, TimeSpan minStdDeviation, TimeSpan acceptableHeartbeatPause, TimeSpan firstHeartbeatEstimate, Clock clock = null)
        : this(clock)
    {
        if (threshold <= 0) throw new ArgumentOutOfRangeException(nameof(threshold), "failure-detector.threshold must be > 0");
        if (maxSampleSize <= 0) throw new ArgumentOutOfRangeException(nameof(maxSampleSize), "failure-detector.max-sample-size must be > 0");
        if (minStdDeviation <= TimeSpan.Zero) throw new ArgumentOutOfRangeException(nameof(minStdDeviation), "failure-detector.min-std-deviation must be > 0");
        if (firstHeartbeatEstimate <= TimeSpan.Zero) throw new ArgumentOutOfRangeException(nameof(firstHeartbeatEstimate), "failure-detector.heartbeat-interval must be > 0");
        _threshold = threshold;
        _maxSampleSize = maxSampleSize;
        _minStdDeviationMillis = minStdDeviation.TotalMilliseconds;
        _pauseMillis = acceptableHeartbeatPause.TotalMilliseconds;
        _firstEstimateMillis = firstHeartbeatEstimate.TotalMilliseconds;
    }

    /// <summary>From a section.</summary>
    public PhiAccrualFailureDetector(Config config, EventStream ev)
        : this(
            (config.IsNullOrEmpty() ? throw ConfigurationException.NullOrEmptyConfig<PhiAccrualFailureDetector>() : config).GetDouble("threshold"),
            config.GetInt("max-sample-size"),
            config.GetTimeSpan("min-std-deviation"),
            config.GetTimeSpan("acceptable-heartbeat-pause"),
            config.GetTimeSpan("heartbeat-interval")) => _events = ev;

    /// <summary>With a clock alone.</summary>
    protected PhiAccrualFailureDetector(Clock clock) => _clock = clock ?? DefaultClock;

    /// <summary>What is watched, for logs.</summary>
    public string Address { get; set; } = "N/A";

    /// <inheritdoc/>
    public override bool IsAvailable
    {
        get
        {
            lock (_lock) return Phi(_clock()) < _threshold;
        }
    }

    /// <inheritdoc/>
    public override bool IsMonitoring
    {
        get
        {
            lock (_lock) return _last is not null;
        }
    }

    internal double CurrentPhi
    {
        get
        {
            lock (_lock) return Phi(_clock());
        }
    }

    /// <inheritdoc/>
    public override void HeartBeat()
    {
        var now = _clock();
        lock (_lock)
        {
            if (_last is not { } last)
            {
                // Two gaps of wide deviation stand in until there are real ones.
                _history = new HeartbeatHistory(_maxSampleSize);
                _history.Add(_firstEstimateMillis * 0.75);
                _history.Add(_firstEstimateMillis * 1.25);
            }
            else if (Phi(now) < _threshold)
            {
                // A gap that counted as a failure stays out: it would make the detector deaf.
                var gap = now - last;
                if (gap >= _pauseMillis / 3 * 2) _events?.Publish(new Warning(ToString(), GetType(), $"heartbeat interval is growing too large for address {Address}: {gap} millis"));
                _history.Add(gap);
            }

            _last = now;
        }
    }

    private double Phi(long now)
    {
        if (_last is not { } last) return 0;
        var deviation = Math.Max(_history.StdDeviation, _minStdDeviationMillis);
        var y = (now - last - _history.Mean - _pauseMillis) / deviation;
        // A logistic curve close to the normal distribution's: 1 / (1 + e^(-1.5976 y - 0.070566 y^3)).
        var e = Math.Exp(-y * (1.5976 + (0.070566 * y * y)));
        return y > 0 ? -Math.Log10(e / (1.0 + e)) : -Math.Log10(1.0 - (1.0 / (1.0 + e)));
    }

    /// <summary>The last gaps, in a ring; mean and deviation in O(1).</summary>
    private sealed class HeartbeatHistory(int capacity)
    {
        private readonly Queue<double> _gaps = new();
        private double _sum;
        private double _squares;

        public double Mean => _sum / _gaps.Count;

        public double StdDeviation => Math.Sqrt(Math.Max(0, (_squares / _gaps.Count) - (Mean * Mean)));

        public void Add(double gap)
        {
            if (_gaps.Count >= capacity)
            {
                var oldest = _gaps.Dequeue();
                _sum -= oldest;
                _squares -= oldest * oldest;
            }

            _gaps.Enqueue(gap);
            _sum += gap;
            _squares += gap * gap;
        }
    }
}
