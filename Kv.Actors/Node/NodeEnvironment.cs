using Kv.Actors.Raft;
using Kv.Persistence;
using Kv.Persistence.Io;

namespace Kv.Actors.Node;

/// <summary>What a node stands on besides its settings. A process takes it as it is; tests and the simulation put their own in its place.</summary>
public sealed record NodeEnvironment
{
    /// <summary>The machine: its disk, its clock, its network.</summary>
    public static NodeEnvironment Real { get; } = new();

    /// <summary>Where files live.</summary>
    public IDisk Disk { get; init; } = PhysicalDisk.Instance;

    /// <summary>Wall and monotonic time.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>The way to other members; null is Akka.Remote, on the peer URLs of the settings.</summary>
    public IPeerRoutes? Routes { get; init; }

    /// <summary>Who runs what is no actor's turn: threads and the pool, unless a simulation runs everything on one thread.</summary>
    public Workers Workers { get; init; } = Workers.Threads;

    /// <summary>Is shown Raft's core when it starts, for judges that look at it after every step; they must not change it.</summary>
    public Action<RaftCore>? Inspect { get; init; }

    /// <summary>What chance begins from; null takes the time.</summary>
    public ulong? Seed { get; init; }
}
