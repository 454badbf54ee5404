using Kv.Actors.Apply;
using Kv.Actors.Model;
using Kv.Actors.Node;
using Kv.Actors.Watch;
using Kv.Simulation.Judges;
using Kv.Simulation.Machines;

namespace Kv.Simulation;

/// <summary>Machines, network, clients and time of one seed. One thread runs all of it; the same seed gives the same history.</summary>
internal sealed class SimWorld
{
    /// <summary>Machines with empty disks, none started.</summary>
    /// <param name="setup">What the seed makes of it.</param>
    /// <param name="random">The seed's chance.</param>
    /// <param name="trace">Gets a readable line for each thing of note; null where nobody reads.</param>
    public SimWorld(SimSetup setup, Prng random, Trace? trace = null)
    {
        Setup = setup;
        Random = random;
        Trace = trace;
        if (trace is not null) trace.Timeline = Timeline;
        Links = new SimLinks(this, random.Fork());
        Machines = [.. Enumerable.Range(1, setup.Plan.Members).Select(number => new SimMachine(this, number, random.Fork()))];
    }

    public SimSetup Setup { get; }

    public Prng Random { get; }

    public Trace? Trace { get; }

    public SimLinks Links { get; }

    public Timeline Timeline { get; } = new();

    public Fingerprint Fingerprint { get; } = new();

    public IReadOnlyList<SimMachine> Machines { get; }

    /// <summary>Looks after every turn, and at every message.</summary>
    public StepJudge? Judge { get; set; }

    /// <summary>Is told when a machine's process is gone.</summary>
    public Action<SimMachine> ProcessEnded { get; set; } = static _ => { };

    /// <summary>Sees each message before it becomes bytes, and says what is sent in its place: planted faults change it.</summary>
    public Func<SimProcess, SimMachine, object, IEnumerable<object>> Rewrite { get; set; } = static (_, _, message) => [message];

    /// <summary>The highest revision that anybody asked to compact at.</summary>
    public long CompactedTo { get; set; }

    /// <summary>Called after each turn of a process, before the judge looks.</summary>
    public Action<SimProcess> AfterTurn { get; set; } = static _ => { };

    /// <summary>HOCON over everything else: names what is planted.</summary>
    public string PlantedHocon { get; set; } = "";

    /// <summary>Whether a watcher's client is given a response: a planted fault loses one.</summary>
    public Func<WatchResponse, bool> Passes { get; set; } = static _ => true;

    /// <summary>How a client's linearizable read gets its root: a planted fault takes another.</summary>
    public Func<KvNode, Task<Outcome<StoreRoot>>> ReadFrom { get; set; } = static node => node.Reads.LinearizableAsync(CancellationToken.None).AsTask();

    /// <summary>The thread that everything runs on.</summary>
    public int ThreadId { get; } = Environment.CurrentManagedThreadId;

    /// <summary>Everything that happens comes by here.</summary>
    public void Happened(Happening what, long a, long b, long c)
    {
        Fingerprint.Add(what, a, b, c);
        Trace?.Hash(Fingerprint.Value);
    }

    /// <summary>Whether a machine belongs to the cluster, as whoever has applied most says.</summary>
    public bool IsMember(SimMachine machine)
    {
        var newest = Machines.Select(static each => each.Process?.Node?.Roots.Current).OfType<StoreRoot>().MaxBy(static root => root.AppliedIndex);
        return newest is null || newest.Members.Count == 0 || newest.Members.All.Any(member => member.PeerUrls.Contains(SimRoutes.UrlOf(machine.Number)));
    }

    /// <summary>Lets time pass until something is so, at most that much.</summary>
    /// <returns>Whether it is so.</returns>
    public bool RunUntil(Func<bool> done, TimeSpan span)
    {
        var until = Timeline.Now + span.Ticks;
        Settle();
        while (!done())
        {
            if (!Timeline.RunNext(until)) return done();
            Settle();
        }

        return true;
    }

    /// <summary>Runs every turn that is ready, until none is.</summary>
    private void Settle()
    {
        for (var again = true; again;)
        {
            again = false;
            foreach (var machine in Machines)
            {
                while (machine.Process is { Ready: true } process)
                {
                    again = true;
                    process.RunOne();
                    AfterTurn(process);
                    Judge?.Look(machine);
                    if (machine.Disk.HasCrashed) break;
                }

                machine.LookAfter();
            }
        }
    }
}
