namespace Kv.Load;

/// <summary>What one run of one workload against one server measured; NaN where a figure makes no sense for the workload.</summary>
/// <param name="OpsPerSecond">Operations, or events, a second.</param>
/// <param name="P50">Microseconds.</param>
/// <param name="P99">Microseconds.</param>
/// <param name="CpuMicroseconds">The server's user and system time an operation, from the kernel's accounting.</param>
/// <param name="BytesPerOp">Bytes written to the disk of the server's data an operation, by the whole machine.</param>
internal sealed record Result(double OpsPerSecond, double P50, double P99, double CpuMicroseconds, double BytesPerOp)
{
    /// <summary>Figures of the workload's own; every run of it gives the same names in the same order.</summary>
    public IReadOnlyList<Figure> Figures { get; init; } = [];

    /// <inheritdoc/>
    public override string ToString() =>
        FormattableString.Invariant($"{OpsPerSecond:0} ops/s, p50 {P50:0} µs, p99 {P99:0} µs, {CpuMicroseconds:0.0} µs CPU/op, {BytesPerOp:0} disk bytes/op")
        + string.Concat(Figures.Select(static figure => $", {figure}"));
}

/// <summary>One named figure beyond the usual ones.</summary>
/// <param name="Name">What it is, with its unit.</param>
/// <param name="Value">NaN when it could not be taken.</param>
/// <param name="AtLeast">The measurement was cut off: the true value is higher.</param>
internal readonly record struct Figure(string Name, double Value, bool AtLeast = false)
{
    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant($"{Name} {(AtLeast ? "≥ " : "")}{Value:0.00}");
}
