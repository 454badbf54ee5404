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
    private readonly Prng _random;

    public SimMachine(SimWorld world, int number, Prng random)
    {
        World = world;
        Number = number;
        _random = random;
        Clock = new SimClock(this);
        Drive = new SimDrive(this, random.Fork());
        Disk = new SimDisk(random.NextInt(int.MaxValue), random.NextBool(0.5) ? 512 : 4096)
        {
            Observer = (path, what, offset, length) => world.Happened(Happening.Disk, number, Fingerprint.Of(what) ^ Fingerprint.Of(path), (offset << 20) ^ length),
        };
    }

    public SimWorld World { get; }

    /// <summary>From 1.</summary>
    public int Number { get; }

    public SimDisk Disk { get; }

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

    /// <summary>Whether a process runs and its node has told the cluster of itself.</summary>
    public bool IsServing { get; private set; }

    /// <summary>Starts a process on what is on the disk.</summary>
    public void Start()
    {
        if (Process is not null) return;
        Starts++;
        IsPaused = false;
        var process = Process = new SimProcess(this, _random.Fork());
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
        IsPaused = true;
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
        if (Disk.HasCrashed)
        {
            PowerFail();
        }
        else if (Process?.Node is { Ended.IsCompleted: true } node)
        {
            Exited(Process, node.Ended.Result.Reason);
        }
    }

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
            var published = await node.PublishAsync();
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
            // A node that fails half-way waits for its actor system, which ends on the pool: the watch over the start takes that.
            if (Environment.CurrentManagedThreadId != World.ThreadId) return;
            World.Trace?.Write($"n{Number}: {e}");
            Exited(process, e.Message);
        }
    }

    private void Exited(SimProcess process, string why)
    {
        if (process.IsGone) return;
        LastExit = why;
        World.Trace?.Write($"n{Number} exits: {why}");
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
