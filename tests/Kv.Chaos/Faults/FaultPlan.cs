namespace Kv.Chaos.Faults;

/// <summary>An endless plan of faults: the same for the same seed.</summary>
/// <param name="seed">Decides everything.</param>
/// <param name="canFillDisk">Whether there is a disk to fill.</param>
internal sealed class FaultPlan(int seed, bool canFillDisk)
{
    private readonly Random _random = new(seed);
    private bool _overlapped;

    /// <summary>The next one.</summary>
    public PlannedFault Next()
    {
        var fault = Draw();
        var lasts = TimeSpan.FromMilliseconds(_random.Next(1500, 6000));
        var rest = TimeSpan.FromMilliseconds(_random.Next(800, 4000));
        _overlapped = !_overlapped && _random.Next(4) == 0;        // never three at once: quorum has to come back now and then
        return new PlannedFault(fault, lasts, rest, _overlapped);
    }

    private Fault Draw() => _random.Next(canFillDisk ? 26 : 25) switch
    {
        0 or 1 or 2 or 3 => new Fault.Kill(Target.Leader),
        4 => new Fault.Kill(Target.Follower),
        5 or 6 => new Fault.KillAll(),
        7 or 8 or 9 => new Fault.Pause(Target.Leader),
        10 => new Fault.Pause(Target.Follower),
        11 => new Fault.Restart(Target.Leader),
        12 => new Fault.Restart(Target.Any),
        13 or 14 => new Fault.Isolate(Target.Leader, Reset: false),
        15 => new Fault.Isolate(Target.Leader, Reset: true),
        16 => new Fault.Isolate(Target.Follower, Reset: _random.Next(2) == 0),
        17 => new Fault.CutLink(Target.Leader),
        18 => new Fault.CutLink(Target.Follower),
        19 => new Fault.Mute(Target.Any),
        20 => new Fault.Deafen(Target.Any),
        21 => new Fault.Mute(Target.Leader),
        22 => new Fault.SlowLinks(_random.Next(10, 150)),
        23 => new Fault.Flap(Target.Any),
        24 => new Fault.MoveLeader(),
        _ => new Fault.FillDisk(),
    };
}
