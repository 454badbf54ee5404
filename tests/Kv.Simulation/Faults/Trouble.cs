using Kv.Actors.Model;
using Kv.Simulation.Machines;

namespace Kv.Simulation.Faults;

/// <summary>Makes trouble at drawn moments until it is told to end, and then takes back whatever of it is left; counts what it did by kind.</summary>
internal sealed class Trouble
{
    private readonly SimWorld _world;
    private readonly Prng _random;
    private readonly SortedDictionary<string, int> _counts = new(StringComparer.Ordinal);
    private readonly List<(int Weight, Action<SimMachine> Make)> _makers = [];
    private readonly DiskTrouble _disks;
    private readonly NetworkTrouble _network;
    private readonly MemberTrouble _members;
    private readonly int _longestGap;
    private bool _ended;

    public Trouble(SimWorld world, FaultKinds kinds, Prng random)
    {
        (_world, _random) = (world, random);
        _disks = new DiskTrouble(world, random, Count);
        _network = new NetworkTrouble(world, random, Count);
        _members = new MemberTrouble(world, random, Count);
        _longestGap = 500 << random.NextInt(4);
        if (kinds.HasFlag(FaultKinds.Crashes)) _makers.AddRange([(3, Kill), (2, CutPower), (1, CutAllPower), (4, _disks.CutPowerWithin)]);
        if (kinds.HasFlag(FaultKinds.Disks)) _makers.AddRange([(2, _disks.FailSync), (1, _disks.FailAny), (1, _disks.Fill), (2, _disks.Stick), (2, _disks.Slow), (1, _disks.Rot)]);
        if (kinds.HasFlag(FaultKinds.Network)) _makers.AddRange([(3, _network.Isolate), (2, _network.CutOneWay), (2, _network.CutLink), (2, _network.Clog), (2, _network.Swizzle), (2, _network.Hide)]);
        if (kinds.HasFlag(FaultKinds.Members)) _makers.AddRange([(3, _members.Transfer), (3, _members.Add), (2, _members.Remove)]);
        if (kinds.HasFlag(FaultKinds.Time)) _makers.AddRange([(4, Pause), (1, JumpClock)]);
        if (kinds.HasFlag(FaultKinds.Stops)) _makers.AddRange([(3, Stop)]);
    }

    /// <summary>Faults by kind.</summary>
    public IReadOnlyDictionary<string, int> Counts => _counts;

    /// <summary>Begins.</summary>
    public void Begin()
    {
        _world.ProcessEnded = RestartSoon;
        _world.MembersChanged = _members.FollowAll;
        Next();
    }

    /// <summary>Makes no more trouble, and takes back what there is.</summary>
    public void End()
    {
        _ended = true;
        _world.Links.Heal();
        _disks.End();
        _members.End();
        foreach (var machine in _world.Machines)
        {
            machine.Resume();
            machine.Start();
        }
    }

    private void Next()
    {
        if (_makers.Count == 0) return;
        _world.Timeline.After(TimeSpan.FromMilliseconds(_random.NextInt(20, _longestGap)), () =>
        {
            if (_ended) return;
            var at = _random.NextInt(_makers.Sum(static maker => maker.Weight));
            foreach (var (weight, make) in _makers)
            {
                if ((at -= weight) >= 0) continue;
                var used = _world.Used;
                make(used[_random.NextInt(used.Count)]);
                break;
            }

            Next();
        });
    }

    private void Kill(SimMachine machine)
    {
        if (machine.Process is null) return;
        Count("kill", machine.Number);
        machine.Kill();
    }

    private void Stop(SimMachine machine)
    {
        if (machine.Process is not { Node: not null, IsStopping: false }) return;
        Count("orderly stop", machine.Number);
        machine.Stop();
    }

    private void CutPower(SimMachine machine)
    {
        Count("power failure", machine.Number);
        machine.PowerFail();
    }

    private void CutAllPower(SimMachine machine)
    {
        Count("power failure of all", 0);
        foreach (var each in _world.Machines) each.PowerFail();
    }

    private void Pause(SimMachine machine)
    {
        if (machine.Process is null || machine.IsPaused) return;
        Count("pause", machine.Number);
        machine.Pause();
        var process = machine.Process;
        _world.Timeline.After(TimeSpan.FromMilliseconds(_random.NextInt(10, 100 << _random.NextInt(8))), () =>
        {
            if (machine.Process == process) machine.Resume();
        });
    }

    private void JumpClock(SimMachine machine)
    {
        Count("clock jump", machine.Number);
        machine.Clock.Offset += TimeSpan.FromSeconds(_random.NextInt(-90_000, 90_000));
    }

    private void RestartSoon(SimMachine machine)
    {
        machine.Disk.FailAt = long.MaxValue;
        _world.Timeline.After(TimeSpan.FromMilliseconds(_random.NextInt(5, 4000)), machine.Start);
        _members.Follow(machine);
    }

    private void Count(string kind, int machine)
    {
        _counts[kind] = _counts.GetValueOrDefault(kind) + 1;
        _world.Happened(Happening.Fault, Fingerprint.Of(kind), machine, 0);
        _world.Trace?.Write(machine == 0 ? $"FAULT {kind}" : $"n{machine} FAULT {kind}");
    }
}
