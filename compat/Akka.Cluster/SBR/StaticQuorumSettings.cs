namespace Akka.Cluster.SBR;

/// <summary>Settings of static-quorum.</summary>
public sealed class StaticQuorumSettings
{
    /// <summary>From its parts.</summary>
    public StaticQuorumSettings(int size, string role)
    {
        Size = size;
        Role = role;
    }

    /// <summary>How many must be reachable.</summary>
    public int Size { get; }

    /// <summary>Whom to count; null for all.</summary>
    public string Role { get; }
}
