using Kv.Actors.Cluster;
using Kv.Actors.Raft;
using Kv.Persistence.Bolt;
using Kv.Persistence.Checkpoint;
using Kv.Persistence.Io;

namespace Kv.Actors.Apply;

/// <summary>Where snapshots received from a leader lie until a checkpoint of this member's own takes their place.</summary>
/// <param name="disk">The disk.</param>
/// <param name="directory">A directory of it.</param>
public sealed class SnapshotShelf(IDisk disk, string directory)
{
    private string? _verified;

    /// <summary>The directory.</summary>
    public string Directory => directory;

    /// <summary>The disk.</summary>
    public IDisk Disk => disk;

    /// <summary>Where the snapshot of an entry lies, or would.</summary>
    public string PathOf(SnapshotMeta meta) => $"{directory}/{SnapshotFile.NameOf(meta.Index, meta.Term)}";

    /// <summary>A snapshot has just come, and was found to be what was sent while it came: opening it need not read all of it, in this run.</summary>
    public void MarkVerified(SnapshotMeta meta) => Volatile.Write(ref _verified, PathOf(meta));

    /// <summary>Opens a received snapshot.</summary>
    /// <exception cref="DamagedFileException">It is not what was received.</exception>
    public BoltReader Open(SnapshotMeta meta)
    {
        var path = PathOf(meta);
        return SnapshotFile.Open(disk, path, verify: path != Volatile.Read(ref _verified));
    }

    /// <summary>The members that a received snapshot lists.</summary>
    public MemberSet MembersOf(SnapshotMeta meta)
    {
        using var reader = Open(meta);
        return RootImage.MembersIn(new BoltBucketSource(reader));
    }

    /// <summary>Removes those that no start can need: all up to the older of the two checkpoints that are kept.</summary>
    /// <returns>How many.</returns>
    public int RemoveUpTo(ulong index)
    {
        var removed = 0;
        foreach (var (path, at) in SnapshotFile.List(disk, directory))
        {
            if (at <= index)
            {
                disk.Delete(path);
                removed++;
            }
        }
        return removed;
    }

    /// <summary>Removes what was written to be sent and is left from an earlier run.</summary>
    public void RemoveLeftovers()
    {
        foreach (var name in disk.List(directory))
        {
            if (name.EndsWith(SnapshotFile.ImageSuffix, StringComparison.Ordinal))
            {
                disk.Delete($"{directory}/{name}");
            }
        }
    }
}
