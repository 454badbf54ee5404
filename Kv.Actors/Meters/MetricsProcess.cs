using System.Globalization;

namespace Kv.Actors.Meters;

/// <summary>The process's own metrics, under the names that Prometheus's client libraries use; read from <c>/proc</c> where there is one.</summary>
public static class MetricsProcess
{
    private static readonly double _start =
        (System.Diagnostics.Process.GetCurrentProcess().StartTime.ToUniversalTime() - DateTime.UnixEpoch).TotalSeconds;

    /// <summary>Adds <c>process_*</c>, <c>os_fd_*</c> and <c>dotnet_*</c>.</summary>
    public static void Register(MetricsRegistry registry)
    {
        ArgumentNullException.ThrowIfNull(registry);
        registry.CounterFrom("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", () => Environment.CpuUsage.TotalTime.TotalSeconds);
        registry.GaugeFrom("process_resident_memory_bytes", "Resident memory size in bytes.", () => Environment.WorkingSet);
        registry.GaugeFrom("process_virtual_memory_bytes", "Virtual memory size in bytes.", static () => VirtualBytes());
        registry.GaugeFrom("process_start_time_seconds", "Start time of the process since unix epoch in seconds.", () => _start);
        registry.GaugeFrom("process_open_fds", "Number of open file descriptors.", static () => OpenFiles());
        registry.GaugeFrom("process_max_fds", "Maximum number of open file descriptors.", static () => FileLimit());
        registry.GaugeFrom("os_fd_used", "The number of used file descriptors.", static () => OpenFiles());
        registry.GaugeFrom("os_fd_limit", "The file descriptor limit.", static () => FileLimit());
        registry.GaugeFrom("dotnet_gc_heap_bytes", "Bytes in the managed heap.", static () => GC.GetTotalMemory(false));
        registry.CounterFrom("dotnet_gc_pause_seconds_total", "Time that the garbage collector kept the process paused.", static () => GC.GetTotalPauseDuration().TotalSeconds);
        registry.CounterFrom("dotnet_gc_allocated_bytes_total", "Bytes ever allocated.", static () => GC.GetTotalAllocatedBytes());
        registry.GaugeFrom("dotnet_threadpool_threads", "Threads in the pool.", static () => ThreadPool.ThreadCount);
        registry.GaugeFrom("dotnet_threadpool_queue_length", "Work items waiting for a pool thread.", static () => ThreadPool.PendingWorkItemCount);
        registry.CounterFrom("dotnet_gc_gen2_collections_total", "Full garbage collections.", static () => GC.CollectionCount(2));
    }

    /// <summary>Open file descriptors; NaN where the system has no <c>/proc</c>.</summary>
    public static double OpenFiles() => OperatingSystem.IsLinux() ? Directory.EnumerateFileSystemEntries("/proc/self/fd").Count() - 1 : double.NaN;

    /// <summary>How many file descriptors the process may have open; infinity without a limit, NaN where the system has no <c>/proc</c>.</summary>
    public static double FileLimit()
    {
        if (!OperatingSystem.IsLinux())
        {
            return double.NaN;
        }

        foreach (var line in File.ReadLines("/proc/self/limits"))
        {
            if (line.StartsWith("Max open files", StringComparison.Ordinal))
            {
                var soft = line["Max open files".Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0];
                return soft == "unlimited" ? double.PositiveInfinity : double.Parse(soft, CultureInfo.InvariantCulture);
            }
        }

        return double.NaN;
    }

    /// <summary>The first field of <c>statm</c>, in pages.</summary>
    private static double VirtualBytes() => OperatingSystem.IsLinux()
        ? double.Parse(File.ReadAllText("/proc/self/statm").Split(' ')[0], CultureInfo.InvariantCulture) * Environment.SystemPageSize
        : double.NaN;
}
