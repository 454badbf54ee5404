using Kv.Chaos.Servers;

namespace Kv.Chaos;

/// <summary>What to run.</summary>
internal sealed record ChaosOptions
{
    /// <summary>Whose members.</summary>
    public ServerKind Kind { get; init; } = ServerKind.KvActors;

    /// <summary>Kv.Gateway.dll of another build; this one's when left out.</summary>
    public string? Build { get; init; }

    /// <summary>How long faults strike, all rounds together.</summary>
    public TimeSpan Time { get; init; } = TimeSpan.FromSeconds(100);

    /// <summary>Faults strike this long before everything is healed and judged; then the next round begins on the same cluster.</summary>
    public TimeSpan Round { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Decides on faults, and on what clients ask; the next round has the next seed.</summary>
    public int Seed { get; init; }

    /// <summary>Clients that read and write.</summary>
    public int Workers { get; init; } = 8;

    /// <summary>How long a client rests between two requests.</summary>
    public TimeSpan Pace { get; init; } = TimeSpan.FromMilliseconds(25);

    /// <summary>Whether disks are filled, where root is at hand.</summary>
    public bool FillDisk { get; init; } = true;

    /// <summary>Whether anything is broken at all.</summary>
    public bool Faults { get; init; } = true;

    /// <summary>Where logs and the history go when something is found; a folder in the temporary one when left out.</summary>
    public string? KeepIn { get; init; }

    /// <summary>Told of progress, a line at a time.</summary>
    public Action<string> Log { get; init; } = static _ => { };
}
