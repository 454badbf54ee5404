using Kv.Actors.Apply;
using Kv.Actors.Cluster;
using Kv.Actors.Model;
using Kv.Actors.Node;
using Kv.Actors.Watch;
using Kv.Simulation.Judges;
using Kv.Simulation.Machines;

namespace Kv.Simulation;

/// <summary>Machines, network, clients and time of one seed. One thread runs all of it; the same seed gives the same history.</summary>
internal sealed class SimWorld
{
    private ulong _membersAt;

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
        Machines = [.. Enumerable.Range(1, setup.Plan.Members + setup.Plan.Spares).Select(number => new SimMachine(this, number, random.Fork()))];
    }

    public SimSetup Setup { get; }

    public Prng Random { get; }

    public Trace? Trace { get; }

    public SimLinks Links { get; }

    public Timeline Timeline { get; } = new();

    public Fingerprint Fingerprint { get; } = new();

    public IReadOnlyList<SimMachine> Machines { get; }

    /// <summary>Those that somebody wants a member on: what clients know, and what trouble comes to.</summary>
    public IReadOnlyList<SimMachine> Used => [.. Machines.Where(static machine => machine.IsUsed)];

    /// <summary>Who belongs to the cluster, as of the newest state that any member has had: committed, so it stays when that member is gone.</summary>
    public MemberSet Members { get; private set; } = MemberSet.Empty;

    /// <summary>Is told when <see cref="Members"/> are others.</summary>
    public Action MembersChanged { get; set; } = static () => { };

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

    /// <summary>How a client's snapshot is opened: a planted fault opens another.</summary>
    public Func<KvNode, Task<Stream>> OpenSnapshot { get; set; } = static node => node.OpenSnapshotAsync(CancellationToken.None);

    /// <summary>The thread that everything runs on.</summary>
    public int ThreadId { get; } = Environment.CurrentManagedThreadId;

    /// <summary>Everything that happens comes by here.</summary>
    public void Happened(Happening what, long a, long b, long c)
    {
        Fingerprint.Add(what, a, b, c);
        Trace?.Hash(Fingerprint.Value);
    }

    /// <summary>The member that has a machine's address, whatever is on that machine; null when none has.</summary>
    public ClusterMember? MemberOn(SimMachine machine) => Members.All.FirstOrDefault(member => member.PeerUrls.Contains(machine.Url));

    /// <summary>Whether what is on a machine is the member that has its address, and not one from before, or none.</summary>
    public bool IsMember(SimMachine machine) => MemberOn(machine) is { } member && machine.Self == member.Id;

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

    private void NoteMembers(SimProcess process)
    {
        if (process.Node?.Roots.Current is not { } root || root.AppliedIndex <= _membersAt) return;
        _membersAt = root.AppliedIndex;
        if (ReferenceEquals(root.Members, Members)) return;
        Members = root.Members;
        MembersChanged();
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
                    NoteMembers(process);
                    if (machine.Disk.HasCrashed) break;
                }

                machine.LookAfter();
            }
        }
    }
}
