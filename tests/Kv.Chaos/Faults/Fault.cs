namespace Kv.Chaos.Faults;

/// <summary>Which member a fault is for. Decided when it strikes.</summary>
internal enum Target
{
    /// <summary>Whoever leads.</summary>
    Leader,

    /// <summary>One that does not lead.</summary>
    Follower,

    /// <summary>Any one.</summary>
    Any,
}

/// <summary>What goes wrong. The list is closed.</summary>
internal abstract record Fault
{
    private Fault() { }

    /// <summary>For the summary.</summary>
    public abstract string Kind { get; }

    /// <summary>kill -9, started again afterwards.</summary>
    public sealed record Kill(Target Target) : Fault
    {
        public override string Kind => $"kill -9 {Words(Target)}";
    }

    /// <summary>kill -9 of all at once, as when the power goes.</summary>
    public sealed record KillAll : Fault
    {
        public override string Kind => "kill -9 all";
    }

    /// <summary>SIGSTOP, SIGCONT afterwards: it wakes up and thinks that no time has passed.</summary>
    public sealed record Pause(Target Target) : Fault
    {
        public override string Kind => $"pause {Words(Target)}";
    }

    /// <summary>SIGTERM, and started again.</summary>
    public sealed record Restart(Target Target) : Fault
    {
        public override string Kind => $"restart {Words(Target)}";
    }

    /// <summary>All links of one member are cut, both ways; clients still reach it.</summary>
    public sealed record Isolate(Target Target, bool Reset) : Fault
    {
        public override string Kind => $"isolate {Words(Target)}{(Reset ? " by resets" : "")}";
    }

    /// <summary>One link is cut both ways: the third member hears both.</summary>
    public sealed record CutLink(Target Target) : Fault
    {
        public override string Kind => $"cut one link of {Words(Target)}";
    }

    /// <summary>A member is no longer heard by anyone, but hears all.</summary>
    public sealed record Mute(Target Target) : Fault
    {
        public override string Kind => $"mute {Words(Target)}";
    }

    /// <summary>A member hears nobody, but is heard.</summary>
    public sealed record Deafen(Target Target) : Fault
    {
        public override string Kind => $"deafen {Words(Target)}";
    }

    /// <summary>All links slow down.</summary>
    public sealed record SlowLinks(int Milliseconds) : Fault
    {
        public override string Kind => "slow links";
    }

    /// <summary>A member's links go and come back, again and again.</summary>
    public sealed record Flap(Target Target) : Fault
    {
        public override string Kind => $"flapping links of {Words(Target)}";
    }

    /// <summary>The small disk is filled; its member may end, and is started again when there is space.</summary>
    public sealed record FillDisk : Fault
    {
        public override string Kind => "disk full";
    }

    /// <summary>The leader is asked to hand over.</summary>
    public sealed record MoveLeader : Fault
    {
        public override string Kind => "move leader";
    }

    private static string Words(Target target) => target == Target.Any ? "one" : target.ToString().ToLowerInvariant();
}

/// <summary>A fault, how long it lasts, how long all is well afterwards, and whether the next one strikes while it lasts.</summary>
internal sealed record PlannedFault(Fault Fault, TimeSpan Lasts, TimeSpan Rest, bool Overlaps);
