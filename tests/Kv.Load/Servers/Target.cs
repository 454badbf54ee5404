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

    /// <summary>Where clients reach it.</summary>
    public abstract IPEndPoint Client { get; }

    /// <summary>Its process on this machine, or null when that is not known: the kernel's figures are NaN then.</summary>
    protected abstract int? ProcessId { get; }

    /// <summary>The folder it keeps its data in, or null when that is not known.</summary>
    public abstract string? Folder { get; }

    /// <summary>User and system time used so far, in seconds, counted in hundredths.</summary>
    public double CpuSeconds()
    {
        if (ProcessId is not { } id)
        {
            return double.NaN;
        }
        var stat = File.ReadAllText($"/proc/{id}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (double.Parse(fields[11], CultureInfo.InvariantCulture) + double.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond;
    }

    /// <summary>Bytes it caused to be written to storage.</summary>
    public double BytesWritten() => Field("io", "write_bytes:");

    /// <summary>Resident memory in bytes.</summary>
    public double ResidentBytes() => Field("status", "VmRSS:") * 1024;

    /// <summary>The most memory it ever had resident, in bytes.</summary>
    public double PeakResidentBytes() => Field("status", "VmHWM:") * 1024;

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
internal sealed class RunningServer(IPEndPoint client, int? processId) : Target
{
    /// <inheritdoc/>
    public override string Name => Client.ToString();

    /// <inheritdoc/>
    public override IPEndPoint Client => client;

    /// <inheritdoc/>
    public override string? Folder => null;

    /// <inheritdoc/>
    protected override int? ProcessId => processId;
}
