namespace Akka.Remote;

/// <summary>The newest intervals between heartbeats, with their mean and deviation at O(1) for each new one.</summary>
/// <param name="maxSamples">How many are kept; an older one makes room.</param>
internal sealed class HeartbeatHistory(int maxSamples)
{
    private readonly List<long> _intervals = [];
    private int _oldest;
    private long _sum;
    private long _squares;

    internal double Mean => (double)_sum / _intervals.Count;

    internal double StandardDeviation
    {
        get
        {
            var mean = Mean;
            return Math.Sqrt(Math.Max(0, ((double)_squares / _intervals.Count) - (mean * mean)));
        }
    }

    internal void Add(long interval)
    {
        _sum += interval;
        _squares += interval * interval;
        if (_intervals.Count < maxSamples)
        {
            _intervals.Add(interval);
            return;
        }

        var gone = _intervals[_oldest];
        _sum -= gone;
        _squares -= gone * gone;
        _intervals[_oldest] = interval;
        _oldest = (_oldest + 1) % maxSamples;
    }

    internal void Clear()
    {
        _intervals.Clear();
        _oldest = 0;
        _sum = _squares = 0;
    }
}
