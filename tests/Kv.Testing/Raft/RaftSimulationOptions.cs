namespace Kv.Testing.Raft;

/// <summary>Which faults a simulation brings about, and how often. Times are in ticks of the nodes' clocks.</summary>
public sealed record RaftSimulationOptions
{
    /// <summary>First voters.</summary>
    public int Nodes { get; init; } = 3;

    /// <summary>Nodes that may be added later.</summary>
    public int Spares { get; init; } = 2;

    /// <summary>Probability that a message is lost.</summary>
    public double Drop { get; init; } = 0.05;

    /// <summary>Probability that a message arrives twice.</summary>
    public double Duplicate { get; init; } = 0.03;

    /// <summary>Probability that a message is much delayed.</summary>
    public double Late { get; init; } = 0.03;

    /// <summary>Mean time between partitions; 0 is never.</summary>
    public int PartitionEvery { get; init; } = 150;

    /// <summary>Mean time between crashes; 0 is never.</summary>
    public int CrashEvery { get; init; } = 200;

    /// <summary>Mean time between membership changes; 0 is never.</summary>
    public int ConfChangeEvery { get; init; } = 120;

    /// <summary>Mean time between leadership transfers; 0 is never.</summary>
    public int TransferEvery { get; init; } = 150;

    /// <summary>Mean time between a node's snapshots with compaction; 0 is never.</summary>
    public int SnapshotEvery { get; init; } = 60;

    /// <summary>Mean time between proposals.</summary>
    public int ProposeEvery { get; init; } = 2;

    /// <summary>Mean time between reads.</summary>
    public int ReadEvery { get; init; } = 4;

    /// <summary>Whether reads trust leases; null leaves it to the seed.</summary>
    public bool? Lease { get; init; }
}
