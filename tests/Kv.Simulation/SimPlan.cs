using System.Globalization;

namespace Kv.Simulation;

/// <summary>Kinds of faults that a plan allows.</summary>
[Flags]
internal enum FaultKinds
{
    /// <summary>None: everything must simply work.</summary>
    None = 0,

    /// <summary>Processes are killed, machines lose power, at any moment and within disk operations.</summary>
    Crashes = 1,

    /// <summary>Disks fail, fill up, stick and are slow.</summary>
    Disks = 2,

    /// <summary>Messages are lost, repeated, late; links are cut, one way or both, and clogged.</summary>
    Network = 4,

    /// <summary>Processes stand still; wall clocks jump.</summary>
    Time = 8,

    /// <summary>Members are added, promoted, removed and replaced, leadership is handed over.</summary>
    Members = 16,

    /// <summary>Processes are told to end, as an upgrade does.</summary>
    Stops = 32,

    /// <summary>All of them.</summary>
    All = Crashes | Disks | Network | Time | Members | Stops,
}

/// <summary>What is the same for many seeds: how many members, how long the trouble lasts, which faults, and what is planted.</summary>
/// <param name="Members">Members that found the cluster.</param>
/// <param name="Trouble">How long faults go on.</param>
/// <param name="Faults">Which.</param>
/// <param name="Plant">Puts a fault of the product's own into a world before it starts; null to leave it as it is.</param>
internal sealed record SimPlan(int Members, TimeSpan Trouble, FaultKinds Faults = FaultKinds.All, Action<SimWorld>? Plant = null)
{
    /// <summary>Three members.</summary>
    public static SimPlan Cluster { get; } = new(3, TimeSpan.FromSeconds(40));

    /// <summary>One member.</summary>
    public static SimPlan Alone { get; } = new(1, TimeSpan.FromSeconds(40));

    /// <summary>Machines beside the founders', for members that are added.</summary>
    public int Spares => Members >= 3 && Faults.HasFlag(FaultKinds.Members) ? 2 : 0;

    /// <summary>What to say on the command line for this plan.</summary>
    public string Arguments =>
        (Members == 3 ? "" : string.Create(CultureInfo.InvariantCulture, $" --members {Members}"))
        + (Trouble == Cluster.Trouble ? "" : string.Create(CultureInfo.InvariantCulture, $" --trouble {Trouble.TotalSeconds}"))
        + (Faults == FaultKinds.All ? "" : $" --faults {Faults.ToString().Replace(" ", "", StringComparison.Ordinal).ToLowerInvariant()}");

    private bool PrintMembers(System.Text.StringBuilder text)
    {
        text.Append(CultureInfo.InvariantCulture, $"Members = {Members}, Trouble = {Trouble}, Faults = {Faults}");
        return true;
    }
}
