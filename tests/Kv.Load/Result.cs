namespace Kv.Load;

/// <summary>What one run of one workload against one server measured.</summary>
/// <param name="OpsPerSecond">Operations, or events, a second.</param>
/// <param name="P50">Microseconds.</param>
/// <param name="P99">Microseconds.</param>
/// <param name="CpuMicroseconds">The server's user and system time an operation, from the kernel's accounting.</param>
/// <param name="BytesPerOp">Bytes the server wrote to storage an operation.</param>
/// <param name="Extra">A figure of the workload's own, under the name the workload gives it; NaN when it has none.</param>
internal readonly record struct Result(double OpsPerSecond, double P50, double P99, double CpuMicroseconds, double BytesPerOp, double Extra = double.NaN);
