namespace Akka.Cluster.SBR;

/// <summary>Settings of keep-oldest.</summary>
public sealed class KeepOldestSettings
{
    /// <summary>From its parts.</summary>
    public KeepOldestSettings(bool downIfAlone, string role)
    {
        DownIfAlone = downIfAlone;
        Role = role;
    }

    /// <summary>Whether the oldest goes when it is alone on its side.</summary>
    public bool DownIfAlone { get; }

    /// <summary>Whom to count; null for all.</summary>
    public string Role { get; }
}
