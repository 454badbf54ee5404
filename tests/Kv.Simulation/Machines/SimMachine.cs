using Kv.Actors.Meters;
using Kv.Actors.Model;
using Kv.Actors.Node;
using Kv.Actors.Raft;
using Kv.Testing;

namespace Kv.Simulation.Machines;

/// <summary>A computer with a disk, a clock and at most one process: it can be started, killed, cut from power, and paused.</summary>
internal sealed class SimMachine
{
    private static readonly TimeSpan _longestBoot = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan _longestStop = TimeSpan.FromSeconds(20);
    private readonly Prng _random;
    private JudgedException? _wrong;

    public SimMachine(SimWorld world, int number, Prng random)
    {
        World = world;
        Number = number;
        Url = SimRoutes.UrlOf(number);
        _random = random;
        Clock = new SimClock(this);
        Drive = new SimDrive(this, random.Fork());
        Disk = NewDisk();
        IsUsed = number <= world.Setup.Plan.Members;
    }

    public SimWorld World { get; }

    /// <summary>From 1.</summary>
    public int Number { get; }

    /// <summary>Its peer URL, whoever is on it.</summary>
    public string Url { get; }

    public SimDisk Disk { get; private set; }

    /// <summary>Whether somebody wants a member on it: a founder's from the start, a spare's once a member with its address was added.</summary>
    public bool IsUsed { get; private set; }

    /// <summary>Whether what is on its disk was told to found the cluster; what is put on it later joins.</summary>
    public bool Founds { get; private set; } = true;

    /// <summary>Machines whose addresses a first start is told of: the founders', or those of all members there are now.</summary>
    public IEnumerable<int> InitialMembers => Founds
        ? Enumerable.Range(1, World.Setup.Plan.Members)
        : World.Machines.Where(machine => World.MemberOn(machine) is not null).Select(static machine => machine.Number);

    /// <summary>Which member it is, as its node said when it had started; none until then.</summary>
    public NodeId? Self { get; private set; }

    public SimClock Clock { get; }

    public SimDrive Drive { get; }

    /// <summary>What runs on it, if anything.</summary>
    public SimProcess? Process { get; private set; }

    /// <summary>Whether its process stands still; its disk and the network do not.</summary>
    public bool IsPaused { get; private set; }

    /// <summary>The process whose Raft a judge looked at last.</summary>
    public SimProcess? RaftLooked { get; set; }

    /// <summary>The membership that its Raft went by when a judge looked last.</summary>
    public ConfState? ConfLooked { get; set; }

    /// <summary>Processes that were started here.</summary>
    public int Starts { get; private set; }

    /// <summary>Why the last process stopped by itself.</summary>
    public string? LastExit { get; private set; }

    /// <summary>Whether bits have turned on its disk.</summary>
    public bool IsRotten { get; set; }

    /// <summary>Whether a process runs and its node has told the cluster of itself.</summary>
    public bool IsServing { get; private set; }

    /// <summary>Takes an empty disk and starts a member that joins.</summary>
    public void Install()
    {
        Kill();
        World.Trace?.Write($"n{Number} is set up anew, to join");
        World.Happened(Happening.Start, Number, -1, 0);
        (Disk, IsUsed, Founds, Self, IsRotten) = (NewDisk(), true, false, null, false);
        Start();
    }

    /// <summary>Its member was removed for good: nobody starts it any more.</summary>
    public void Retire()
    {
        Kill();
        World.Trace?.Write($"n{Number} is given up");
        World.Happened(Happening.Stop, Number, -1, 0);
        IsUsed = false;
    }

    /// <summary>Starts a process on what is on the disk.</summary>
    public void Start()
    {
        if (Process is not null || !IsUsed) return;
        Starts++;
        IsPaused = false;
        var process = Process = new SimProcess(this, _random.Fork()) { WasHeldUp = Drive.IsStuck };
        World.Happened(Happening.Start, Number, Starts, 0);
        World.Trace?.Write($"n{Number} starts, run {Starts}");
        process.Queue(() => { _ = BootAsync(process); });
        World.Timeline.After(_longestBoot, () =>
        {
            if (process is { IsGone: false, Node: null }) Exited(process, "it did not start");
        });
    }

    /// <summary>Kill -9: the process is gone, the disk keeps what was written.</summary>
    public void Kill()
    {
        if (Process is null) return;
        World.Trace?.Write($"n{Number} killed");
        Disk.Kill();
        End();
    }

    /// <summary>As a service manager does: the process is told to end, hands over and closes what it has; if that takes too long it is killed.</summary>
    public void Stop()
    {
        if (Process is not { Node: { } node, IsStopping: false } process) return;
        (process.IsStopping, IsServing) = (true, false);
        World.Trace?.Write($"n{Number} is told to end");
        process.Queue(() => { _ = node.DisposeAsync().AsTask(); });
        World.Timeline.After(_longestStop, () =>
        {
            if (!process.IsGone) Kill();
        });
    }

    /// <summary>No power: the process is gone, and of what was not synced any part.</summary>
    public void PowerFail()
    {
        World.Trace?.Write($"n{Number} loses power");
        Disk.Crash();
        End();
    }

    /// <summary>The process stands still until <see cref="Resume"/>.</summary>
    public void Pause()
    {
        if (Process is null) return;
        (IsPaused, Process.WasHeldUp) = (true, true);
        World.Trace?.Write($"n{Number} stands still");
    }

    /// <summary>The process goes on, with everything that has come meanwhile.</summary>
    public void Resume()
    {
        if (!IsPaused) return;
        IsPaused = false;
        World.Trace?.Write($"n{Number} goes on");
    }

    /// <summary>Looks whether the process has stopped by itself, or the machine with it.</summary>
    public void LookAfter()
    {
        if (_wrong is not null) throw _wrong;
        if (Disk.HasCrashed)
        {
            PowerFail();
        }
        else if (Process is { HasStopped: true } stopped)
        {
            // Its actors are gone. What is left, freeing names and the lock, is done on the pool and changes nothing that anybody sees.
            if (!stopped.IsStopping) HasReason(stopped, "its start failed");
            Exited(stopped, stopped.IsStopping ? null : "its start failed");
        }
        else if (Process is { IsStopping: false, Node: { Ended.IsCompleted: true } node })
        {
            if (!node.Ended.Result.IsRemoved) HasReason(Process, node.Ended.Result.Reason);
            Exited(Process, node.Ended.Result.Reason);
        }
    }

    /// <summary>A process that ends by itself has a disk that failed it, was held up, or could not join yet. Otherwise the fault is its own.</summary>
    private void HasReason(SimProcess process, string why)
    {
        var joins = !Founds && Self is null;
        if (IsRotten || joins || process.WasHeldUp || Disk.HasCrashed || Disk.Failures > process.DiskFailures) return;
        _wrong ??= new JudgedException($"ended by itself: n{Number}, whose disk has not failed, and should have kept what was synced: {why}");
    }

    private SimDisk NewDisk() => new(_random.NextInt(int.MaxValue), _random.NextBool(0.5) ? 512 : 4096)
    {
        Observer = (path, what, offset, length) => World.Happened(Happening.Disk, Number, Fingerprint.Of(what) ^ Fingerprint.Of(path), (offset << 20) ^ length),
    };

    private async Task BootAsync(SimProcess process)
    {
        try
        {
            var node = await KvNode.StartAsync(World.Setup.HoconOf(process), new Metrics(new MetricsRegistry()), new NodeEnvironment
            {
                Disk = Disk,
                Clock = Clock,
                Workers = new SimWorkers(process),
                Inspect = core => process.Raft = core,
                Routes = new SimRoutes(process),
                Seed = _random.NextULong(),
            });
            process.Node = node;
            Self = node.Status.Self;
            var published = await node.PublishAsync();
            if (process.IsStopping) return;
            if (published == KvError.None)
            {
                IsServing = true;
                World.Trace?.Write($"n{Number} serves");
            }
            else
            {
                Exited(process, $"it could not be published: {published}");
            }
        }
#pragma warning disable CA1031 // as in the product's process: whatever keeps the node from starting ends the process with its message
        catch (Exception e)
#pragma warning restore CA1031
        {
            // A node that fails half-way waits for its actor system, which ends on the pool: LookAfter has seen that its actors are gone.
            if (Environment.CurrentManagedThreadId != World.ThreadId) return;
            World.Trace?.Write($"n{Number}: {e}");
            if (!e.Message.StartsWith(NodeEnd.Removed.Reason, StringComparison.Ordinal)) HasReason(process, e.Message);
            Exited(process, e.Message);
        }
    }

    /// <param name="process">Which.</param>
    /// <param name="why">Null when it was told to.</param>
    private void Exited(SimProcess process, string? why)
    {
        if (process.IsGone) return;
        LastExit = why ?? LastExit;
        World.Trace?.Write($"n{Number} exits: {why ?? "in order"}");
        if (Disk.HasCrashed) Disk.Crash();
        else Disk.Kill();
        End();
    }

    private void End()
    {
        if (Process is not { } process) return;
        World.Happened(Happening.Stop, Number, Starts, 0);
        Process = null;
        (IsPaused, IsServing) = (false, false);
        process.End();
        World.ProcessEnded(this);
    }
}
