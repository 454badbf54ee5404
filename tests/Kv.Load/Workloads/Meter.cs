using System.Diagnostics;
using Kv.Load.Servers;

namespace Kv.Load.Workloads;

/// <summary>What a server has used between two moments.</summary>
internal sealed class Meter(Target target)
{
    private readonly long _started = Stopwatch.GetTimestamp();
    private readonly double _cpu = target.CpuSeconds();
    private readonly double _bytes = target.BytesWritten();

    /// <summary>Time since the meter was made.</summary>
    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(_started);

    /// <summary>The result of <paramref name="operations"/> done since the meter was made, or within <paramref name="elapsed"/> of it.</summary>
    public Result Take(long operations, Latencies latencies, TimeSpan? elapsed = null) => new(
        operations / (elapsed ?? Elapsed).TotalSeconds,
        latencies.Quantile(0.5),
        latencies.Quantile(0.99),
        (target.CpuSeconds() - _cpu) * 1e6 / operations,
        (target.BytesWritten() - _bytes) / operations);
}
