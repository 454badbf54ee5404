using Kv.Actors.Model;
using Kv.Simulation.Machines;

namespace Kv.Simulation.Faults;

/// <summary>What networks do. A lone machine has none but the way to its clients.</summary>
internal sealed class NetworkTrouble(SimWorld world, Prng random, Action<string, int> count)
{
    /// <summary>A machine alone on its side.</summary>
    public void Isolate(SimMachine machine)
    {
        count("partition", machine.Number);
        foreach (var link in Around(machine)) Cut(link);
    }

    /// <summary>A machine hears nobody, or nobody hears it.</summary>
    public void CutOneWay(SimMachine machine)
    {
        count("one-way partition", machine.Number);
        var hears = random.NextBool(0.5);
        foreach (var other in Others(machine)) Cut(hears ? world.Links[machine.Number, other.Number] : world.Links[other.Number, machine.Number]);
    }

    /// <summary>Two machines lose each other; both still hear the rest.</summary>
    public void CutLink(SimMachine machine)
    {
        if (Others(machine) is not { Count: > 0 } others) return;
        count("cut link", machine.Number);
        var other = others[random.NextInt(others.Count)];
        Cut(world.Links[machine.Number, other.Number]);
        if (random.NextBool(0.7)) Cut(world.Links[other.Number, machine.Number]);
    }

    /// <summary>A link holds everything back, and lets it all through at once later.</summary>
    public void Clog(SimMachine machine)
    {
        if (Others(machine) is not { Count: > 0 } others) return;
        count("clogged link", machine.Number);
        Clog(world.Links[machine.Number, others[random.NextInt(others.Count)].Number], random.NextInt(50, 6000));
    }

    /// <summary>All links of some machines clog one by one, and open again in another order.</summary>
    public void Swizzle(SimMachine machine)
    {
        count("swizzle", machine.Number);
        foreach (var link in Around(machine).Where(_ => random.NextBool(0.8)).ToList())
        {
            world.Timeline.After(TimeSpan.FromMilliseconds(random.NextInt(0, 2000)), () => Clog(link, random.NextInt(2000, 7000)));
        }
    }

    /// <summary>Clients do not reach a machine that its peers reach.</summary>
    public void Hide(SimMachine machine)
    {
        count("cut off from clients", machine.Number);
        world.Links.Hide(machine);
        world.Timeline.After(TimeSpan.FromMilliseconds(random.NextInt(100, 8000)), () => world.Links.Show(machine));
    }

    private void Cut(SimLink link)
    {
        link.IsCut = true;
        world.Timeline.After(TimeSpan.FromMilliseconds(random.NextInt(100, 200 << random.NextInt(7))), () => link.IsCut = false);
    }

    private void Clog(SimLink link, int milliseconds)
    {
        link.IsClogged = true;
        world.Timeline.After(TimeSpan.FromMilliseconds(milliseconds), () => SimLinks.Unclog(link));
    }

    private List<SimMachine> Others(SimMachine machine) => [.. world.Used.Where(other => other != machine)];

    private IEnumerable<SimLink> Around(SimMachine machine) =>
        Others(machine).SelectMany(other => new[] { world.Links[machine.Number, other.Number], world.Links[other.Number, machine.Number] });
}
