using Kv.Load.Servers;

namespace Kv.Load.Workloads;

/// <summary>One thing to measure.</summary>
/// <param name="Name">As the command line and the table call it.</param>
/// <param name="About">One line for the help.</param>
/// <param name="Prepare">Fills the server before the first run; null when an empty one serves.</param>
/// <param name="Run">Measures for about the given time and leaves the server usable for another run.</param>
internal sealed record Workload(
    string Name,
    string About,
    Func<Target, Task>? Prepare,
    Func<Target, TimeSpan, Task<Result>> Run)
{
    /// <summary>Each run wants a server that has just started on an empty folder; such a run is not preceded by a warm-up.</summary>
    public bool Fresh { get; init; }

    /// <summary>A run starts and stops the server itself, so that a warm-up means nothing and an endpoint alone is not enough.</summary>
    public bool OwnsProcess { get; init; }

    /// <summary>Means something of a cluster too.</summary>
    public bool InCluster { get; init; }

    /// <summary>Means nothing of a server alone.</summary>
    public bool ClusterOnly { get; init; }

    /// <summary>Whether it can be run on a server of that many members.</summary>
    public bool Suits(int members) => members == 1 ? !ClusterOnly : InCluster || ClusterOnly;
}
