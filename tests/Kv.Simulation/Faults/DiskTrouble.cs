using Kv.Actors.Model;
using Kv.Persistence.Checkpoint;
using Kv.Simulation.Machines;
using Kv.Testing;

namespace Kv.Simulation.Faults;

/// <summary>What disks do.</summary>
internal sealed class DiskTrouble(SimWorld world, Prng random, Action<string, int> count)
{
    private readonly List<(SimMachine Machine, SimDisk Disk, string Path, int Offset, byte Was, byte[] Around)> _rotten = [];

    /// <summary>Power goes away in the middle of one of the next operations, which then may be half done.</summary>
    public void CutPowerWithin(SimMachine machine)
    {
        count("power failure within a disk operation", machine.Number);
        machine.Disk.CrashAfter = machine.Disk.Operations + random.NextInt(60);
    }

    /// <summary>One of the next syncs fails, and what it was for is gone.</summary>
    public void FailSync(SimMachine machine)
    {
        count("failing sync", machine.Number);
        machine.Disk.FailSyncsOnly = true;
        machine.Disk.FailAt = machine.Disk.Syncs + 1 + random.NextInt(20);
    }

    /// <summary>One of the next operations fails.</summary>
    public void FailAny(SimMachine machine)
    {
        count("EIO", machine.Number);
        machine.Disk.FailSyncsOnly = false;
        machine.Disk.FailAt = machine.Disk.Operations + 1 + random.NextInt(40);
    }

    /// <summary>Others have filled the disk; they make room again later.</summary>
    public void Fill(SimMachine machine)
    {
        count("full disk", machine.Number);
        machine.Disk.CapacityBytes = machine.Disk.UsedBytes + random.NextInt(20_000);
        var disk = machine.Disk;
        world.Timeline.After(TimeSpan.FromMilliseconds(random.NextInt(100, 8000)), () => disk.CapacityBytes = long.MaxValue);
    }

    /// <summary>Nothing comes back for a while.</summary>
    public void Stick(SimMachine machine)
    {
        count("stuck disk", machine.Number);
        machine.Drive.Stick();
        world.Timeline.After(TimeSpan.FromMilliseconds(random.NextInt(10, 100 << random.NextInt(9))), machine.Drive.Unstick);
    }

    /// <summary>Everything takes long for a while.</summary>
    public void Slow(SimMachine machine)
    {
        count("slow disk", machine.Number);
        machine.Drive.Slowest = TimeSpan.FromMilliseconds(5 << random.NextInt(7));
        world.Timeline.After(TimeSpan.FromMilliseconds(random.NextInt(500, 8000)), machine.Drive.BeNormal);
    }

    /// <summary>One bit of one file turns while its machine is down; only one machine's at a time, so that a majority has good copies.</summary>
    public void Rot(SimMachine machine)
    {
        if (world.Members.All.Count(static member => !member.IsLearner) < 3 || _rotten.Exists(rot => rot.Machine != machine)) return;
        machine.PowerFail();
        var disk = machine.Disk;
        var files = disk.Files().Where(static path => path.EndsWith(".kvwal", StringComparison.Ordinal) || path.EndsWith(".db", StringComparison.Ordinal)).ToList();
        // Not where the log ends: damage there is taken for a write torn by a crash, and cut off.
        if (files.Where(static path => path.EndsWith(".kvwal", StringComparison.Ordinal)).Max(StringComparer.Ordinal) is { } newest) files.Remove(newest);
        if (files.Count == 0) return;
        var path = files[random.NextInt(files.Count)];
        var bytes = disk.ReadAll(path);
        if (bytes.Length == 0) return;
        var (offset, bit) = (random.NextInt(bytes.Length), (byte)(1 << random.NextInt(8)));
        count("bit rot", machine.Number);
        world.Trace?.Write($"n{machine.Number} {path} at {offset}");
        var was = bytes[offset];
        bytes[offset] ^= bit;
        disk.Overwrite(path, bytes);
        machine.IsRotten = true;
        _rotten.Add((machine, disk, path, offset, was, Around(bytes, offset)));
    }

    /// <summary>Disks are whole again; what rotted is put back, as from a copy.</summary>
    public void End()
    {
        foreach (var machine in world.Machines)
        {
            machine.Drive.Unstick();
            machine.Drive.BeNormal();
            machine.Disk.CrashAfter = machine.Disk.FailAt = machine.Disk.CapacityBytes = long.MaxValue;
        }

        foreach (var (machine, disk, path, offset, was, around) in Enumerable.Reverse(_rotten))      // the last first: two may lie close together
        {
            if (machine.IsServing || machine.Disk != disk) continue;
            machine.Kill();
            if (disk.FileExists(path + CheckpointFile.BrokenSuffix)) disk.Rename(path + CheckpointFile.BrokenSuffix, path);
            if (!disk.FileExists(path)) continue;
            var bytes = disk.ReadAll(path);
            if (offset >= bytes.Length || !Around(bytes, offset).AsSpan().SequenceEqual(around)) continue;     // written over since
            bytes[offset] = was;
            disk.Overwrite(path, bytes);
        }

        _rotten.Clear();
    }

    private static byte[] Around(byte[] bytes, int offset) => bytes[Math.Max(0, offset - 64)..Math.Min(bytes.Length, offset + 64)];
}
