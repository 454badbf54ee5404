using Kv.Actors.Model;
using Kv.Simulation.Machines;

namespace Kv.Simulation.Faults;

/// <summary>Makes trouble at drawn moments until it is told to end; counts what it did by kind.</summary>
internal sealed class Trouble(SimWorld world, Prng random)
{
    private readonly SortedDictionary<string, int> _counts = new(StringComparer.Ordinal);
    private bool _ended;

    /// <summary>Faults by kind.</summary>
    public IReadOnlyDictionary<string, int> Counts => _counts;

    /// <summary>Begins.</summary>
    public void Begin()
    {
        world.ProcessEnded = RestartSoon;
        Next();
    }

    /// <summary>Makes no more trouble, and takes back what there is.</summary>
    public void End()
    {
        _ended = true;
        world.Links.Heal();
        foreach (var machine in world.Machines)
        {
            machine.Resume();
            machine.Drive.Unstick();
            machine.Disk.CrashAfter = machine.Disk.FailAt = long.MaxValue;
            machine.Disk.CapacityBytes = long.MaxValue;
            machine.Start();
        }
    }

    private void Next() => world.Timeline.After(TimeSpan.FromMilliseconds(random.NextInt(100, 4000)), () =>
    {
        if (_ended) return;
        Do();
        Next();
    });

    private void Do()
    {
        var machine = world.Machines[random.NextInt(world.Machines.Count)];
        switch (random.NextInt(7))
        {
            case 0:
                Count("kill", machine);
                machine.Kill();
                break;
            case 1:
                Count("power failure", machine);
                machine.PowerFail();
                break;
            case 2 or 3:
                Count("power failure within a disk operation", machine);
                machine.Disk.CrashAfter = machine.Disk.Operations + random.NextInt(60);
                break;
            case 4:
                Count("failing sync", machine);
                machine.Disk.FailSyncsOnly = true;
                machine.Disk.FailAt = machine.Disk.Syncs + 1 + random.NextInt(20);
                break;
            case 5:
                Count("pause", machine);
                machine.Pause();
                world.Timeline.After(TimeSpan.FromMilliseconds(random.NextInt(10, 3000)), machine.Resume);
                break;
            default:
                Count("stuck disk", machine);
                machine.Drive.Stick();
                world.Timeline.After(TimeSpan.FromMilliseconds(random.NextInt(10, 3000)), machine.Drive.Unstick);
                break;
        }
    }

    private void RestartSoon(SimMachine machine)
    {
        if (machine.Disk.FailAt != long.MaxValue) machine.Disk.FailAt = long.MaxValue;
        world.Timeline.After(TimeSpan.FromMilliseconds(random.NextInt(5, 3000)), machine.Start);
    }

    private void Count(string kind, SimMachine machine)
    {
        _counts[kind] = _counts.GetValueOrDefault(kind) + 1;
        world.Happened(Happening.Fault, Fingerprint.Of(kind), machine.Number, 0);
        world.Trace?.Write($"n{machine.Number} fault: {kind}");
    }
}
