namespace Kv.Actors.Peers;

/// <summary>Bounds of the traffic between members; <c>kv.peer</c> in <c>hocon/reference.conf</c> explains each.</summary>
public sealed record PeerLimits
{
    /// <summary>Time between two pings to a member.</summary>
    public TimeSpan PingInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>A member that says nothing for so long is lost.</summary>
    public TimeSpan LostAfter { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Bytes in bulk under way to one member.</summary>
    public long WindowBytes { get; init; } = 512 * 1024;

    /// <summary>Bytes in bulk that wait for one member.</summary>
    public long QueueBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>Calls to other members that may wait for their answers.</summary>
    public int MaxCalls { get; init; } = 10_000;

    /// <summary>How long a call may take.</summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(7);

    /// <summary>Bytes in one piece of a snapshot.</summary>
    public int SnapshotChunkBytes { get; init; } = 128 * 1024;

    /// <summary>Pieces of a snapshot under way.</summary>
    public int SnapshotWindowChunks { get; init; } = 4;

    /// <summary>A transfer in which nothing arrives for so long is given up.</summary>
    public TimeSpan SnapshotTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Members heard of that are not in this member's own list yet, for it lags.</summary>
    public int MaxGuests { get; init; } = 16;
}
