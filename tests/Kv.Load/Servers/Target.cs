using System.Globalization;
using System.Net;

namespace Kv.Load.Servers;

/// <summary>A server to measure: where it is, and what the kernel and its own <c>/metrics</c> say of it.</summary>
internal abstract class Target
{
    private const double TicksPerSecond = 100;                  // USER_HZ, fixed for user space on Linux
    private static readonly HttpClient Http = new();

    /// <summary>As the table shows it.</summary>
    public abstract string Name { get; }

    /// <summary>Where clients reach it; of a cluster, its leader.</summary>
    public abstract IPEndPoint Client { get; }

    /// <summary>Where connections go, one after the other: every member's address, the leader's first.</summary>
    public virtual IReadOnlyList<IPEndPoint> Clients => [Client];

    /// <summary>Its process on this machine, or null when that is not known: the kernel's figures are NaN then.</summary>
    protected abstract int? ProcessId { get; }

    /// <summary>The folder it keeps its data in, or null when that is not known.</summary>
    public abstract string? Folder { get; }

    /// <summary>User and system time used so far, in seconds, counted in hundredths; of a cluster, all members' together.</summary>
    public virtual double CpuSeconds()
    {
        if (ProcessId is not { } id)
        {
            return double.NaN;
        }
        var stat = File.ReadAllText($"/proc/{id}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (double.Parse(fields[11], CultureInfo.InvariantCulture) + double.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond;
    }

    /// <summary>Bytes written so far to the disk that holds its data, by anyone; NaN when that disk is not known.</summary>
    /// <remarks>
    /// Not <c>write_bytes</c> of <c>/proc/PID/io</c>: that counts whole folios of the page cache as they become dirty. In
    /// a file that was preallocated in large writes a folio has up to 1 MiB, so a synced record of 300 bytes counts as
    /// 1 MiB there, while one or two sectors reach the disk.
    /// </remarks>
    public double BytesWritten() => BlockDevice.BytesWritten(Folder);

    /// <summary>Resident memory in bytes; of a cluster, the largest member's.</summary>
    public virtual double ResidentBytes() => Field("status", "VmRSS:") * 1024;

    /// <summary>The most memory it ever had resident, in bytes; of a cluster, the largest member's.</summary>
    public virtual double PeakResidentBytes() => Field("status", "VmHWM:") * 1024;

    /// <summary>The value of an unlabelled metric at <c>/metrics</c>, or NaN when it is not there.</summary>
    public async Task<double> MetricAsync(string name)
    {
        var text = await Http.GetStringAsync(new Uri($"http://{Client}/metrics"));
        foreach (var line in text.Split('\n'))
        {
            if (line.StartsWith(name + " ", StringComparison.Ordinal))
            {
                return double.Parse(line[(name.Length + 1)..], CultureInfo.InvariantCulture);
            }
        }
        return double.NaN;
    }

    private double Field(string file, string name)
    {
        if (ProcessId is not { } id)
        {
            return double.NaN;
        }
        foreach (var line in File.ReadLines($"/proc/{id}/{file}"))
        {
            if (line.StartsWith(name, StringComparison.Ordinal))
            {
                return double.Parse(line.AsSpan(name.Length).Trim().ToString().Split(' ')[0], CultureInfo.InvariantCulture);
            }
        }
        throw new InvalidOperationException($"/proc/{id}/{file} has no {name}");
    }
}

/// <summary>A server that somebody else started.</summary>
/// <param name="client">Where it is.</param>
/// <param name="processId">Its process, when it runs on this machine and its CPU time and memory are wanted.</param>
/// <param name="folder">Its data folder, when it is on this machine and what is written to its disk is wanted.</param>
internal sealed class RunningServer(IPEndPoint client, int? processId, string? folder) : Target
{
    /// <inheritdoc/>
    public override string Name => Client.ToString();

    /// <inheritdoc/>
    public override IPEndPoint Client => client;

    /// <inheritdoc/>
    public override string? Folder => folder;

    /// <inheritdoc/>
    protected override int? ProcessId => processId;
}
