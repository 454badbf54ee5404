using System.Threading.Channels;
using Akka.Actor;
using Akka.Persistence;
using Kv.Persistence.Bolt;
using Kv.Persistence.Checkpoint;
using Kv.Persistence.Io;
using Kv.Persistence.Tests.Journal;
using Kv.Testing;

namespace Kv.Persistence.Tests.Checkpoint;

public sealed class CheckpointTests
{
    private const string Pid = "p";
    private static readonly DateTime Start = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    private sealed class Source(string value) : ICheckpointSource
    {
        public void WriteTo(BoltWriter writer)
        {
            writer.BeginBucket("key"u8);
            writer.Add("k"u8, System.Text.Encoding.UTF8.GetBytes(value));
            writer.EndBucket();
        }
    }

    [Fact]
    public void Every_cut_and_every_flipped_bit_of_a_checkpoint_is_noticed()
    {
        var disk = new SimDisk(1);
        var path = CheckpointFile.Write(disk, "/snap", new CheckpointInfo(Pid, 7, 9), new Source("v").WriteTo);
        var file = disk.ReadAll(path);
        using (var image = CheckpointFile.Open(disk, path)) Assert.Equal(new CheckpointInfo(Pid, 7, 9), image.Info);
        Assert.Equal("/snap/0000000000000007-0000000000000009-" + $"{Kv.Persistence.Wal.Crc32C.Of("p"u8):x8}.db", path);
        Assert.Equal(32, file.Length % 512);
        for (var length = 0; length < file.Length; length += 37) Refused(file[..length]);
        Refused(file[..^1]);
        Refused(file[..^32]);

        // Every bit of the parts that hold anything, every 64th of the zeros between.
        for (var bit = 0; bit < file.Length * 8; bit += file[bit / 8] == 0 && bit % 8 == 0 ? 64 : 1)
        {
            var flipped = file.ToArray();
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            Refused(flipped);
        }

        void Refused(byte[] damaged)
        {
            disk.Overwrite(path, damaged);
            Assert.Equal(path, Assert.Throws<DamagedFileException>(() => CheckpointFile.Open(disk, path)).File);
        }
    }

    [Fact]
    public void Power_loss_at_every_operation_leaves_the_old_checkpoint_or_the_new_one()
    {
        for (var crash = 0; crash < 40; crash++)
        {
            var disk = new SimDisk(crash);
            CheckpointFile.Write(disk, "/snap", new CheckpointInfo(Pid, 1, 1), new Source("old").WriteTo);
            disk.CrashAfter = disk.Operations + (crash % 20);
            var saved = true;
            try
            {
                CheckpointFile.Write(disk, "/snap", new CheckpointInfo(Pid, 2, 2), new Source("new").WriteTo);
            }
            catch (SimCrashException)
            {
                saved = false;
            }

            disk.Crash();
            CheckpointFile.RemoveLeftovers(disk, "/snap");
            var newest = CheckpointFile.List(disk, "/snap", Pid)[0];
            using var image = CheckpointFile.Open(disk, newest.Path);
            Assert.True(image.Info.SequenceNr == 2 || !saved, $"crash {crash}");
        }
    }

    [Fact]
    public void The_policy_keeps_write_amplification_and_replay_bounded()
    {
        var policy = new CheckpointPolicy(MinLogBytes: 100, LogToState: 0.5, MaxEvents: 10);
        Assert.False(policy.IsDue(99, 0, 9));
        Assert.True(policy.IsDue(100, 200, 9));
        Assert.False(policy.IsDue(100, 201, 9));
        Assert.True(policy.IsDue(0, 1000, 10));
    }

    // From here on the rules of Akka's snapshot store TCK, through its protocol's messages.
    private static async Task Save(Plugin plugin, long number, object snapshot)
    {
        plugin.Snapshots.Tell(new SaveSnapshot(new SnapshotMetadata(Pid, number, Start.AddSeconds(number)), snapshot), plugin.Probe);
        Assert.Equal(number, (await plugin.Expect<SaveSnapshotSuccess>()).Metadata.SequenceNr);
    }

    private static async Task<SelectedSnapshot?> Load(Plugin plugin, SnapshotSelectionCriteria criteria, long to = long.MaxValue, string pid = Pid)
    {
        plugin.Snapshots.Tell(new LoadSnapshot(pid, criteria, to), plugin.Probe);
        return (await plugin.Expect<LoadSnapshotResult>()).Snapshot;
    }

    [Fact]
    public async Task Snapshots_are_selected_by_number_and_time_and_survive_a_restart()
    {
        var disk = new SimDisk(1);
        await using (var plugin = new Plugin(disk))
        {
            Assert.Null(await Load(plugin, SnapshotSelectionCriteria.Latest));
            for (var i = 1; i <= 5; i++) await Save(plugin, i, $"s-{i}");
        }

        disk.Crash();
        await using var again = new Plugin(disk);
        Assert.Equal("s-5", (await Load(again, SnapshotSelectionCriteria.Latest))!.Snapshot);
        Assert.Equal("s-3", (await Load(again, new SnapshotSelectionCriteria(3)))!.Snapshot);
        Assert.Equal("s-2", (await Load(again, SnapshotSelectionCriteria.Latest, 2))!.Snapshot);
        Assert.Equal("s-3", (await Load(again, new SnapshotSelectionCriteria(long.MaxValue, Start.AddSeconds(3))))!.Snapshot);
        Assert.Null(await Load(again, new SnapshotSelectionCriteria(long.MaxValue, Start)));
        Assert.Null(await Load(again, SnapshotSelectionCriteria.Latest, pid: "other"));
        var loaded = await Load(again, SnapshotSelectionCriteria.Latest);
        Assert.Equal(new SnapshotMetadata(Pid, 5, Start.AddSeconds(5)), loaded!.Metadata);
    }

    [Fact]
    public async Task Snapshots_are_deleted_singly_with_or_without_time_and_by_criteria_and_overwritten()
    {
        await using var plugin = new Plugin(new SimDisk(1));
        for (var i = 1; i <= 5; i++) await Save(plugin, i, $"s-{i}");
        await Save(plugin, 5, "again");
        Assert.Equal("again", (await Load(plugin, SnapshotSelectionCriteria.Latest))!.Snapshot);
        plugin.Snapshots.Tell(new DeleteSnapshot(new SnapshotMetadata(Pid, 5, DateTime.MinValue)), plugin.Probe);
        await plugin.Expect<DeleteSnapshotSuccess>();
        Assert.Equal("s-4", (await Load(plugin, SnapshotSelectionCriteria.Latest))!.Snapshot);
        plugin.Snapshots.Tell(new DeleteSnapshots(Pid, new SnapshotSelectionCriteria(3)), plugin.Probe);
        await plugin.Expect<DeleteSnapshotsSuccess>();
        Assert.Equal("s-4", (await Load(plugin, SnapshotSelectionCriteria.Latest))!.Snapshot);
        Assert.Null(await Load(plugin, new SnapshotSelectionCriteria(3)));
    }

    /// <summary>Begins a save only when told to, and says that one is there to begin.</summary>
    private sealed class HeldSaves : Workers
    {
        private readonly Channel<Action> _held = Channel.CreateUnbounded<Action>();

        public int Waiting => _held.Reader.Count;

        public override Task<T> Run<T>(string name, Func<T> work, CancellationToken cancel)
        {
            if (name != "checkpoint") return base.Run(name, work, cancel);
            var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
            _held.Writer.TryWrite(() => done.SetResult(work()));
            return done.Task;
        }

        public async Task Begin()
        {
            using var patience = new CancellationTokenSource(Plugin.Patience);
            (await _held.Reader.ReadAsync(patience.Token))();
        }
    }

    /// <summary>Akka gives a save up after its call-timeout and lets it run on: the next one of the same number must not meet it.</summary>
    [Fact]
    public async Task Saves_of_one_id_are_done_one_after_the_other_in_the_order_they_were_asked_for()
    {
        var workers = new HeldSaves();
        await using var plugin = new Plugin(new SimDisk(1), workers);
        foreach (var (state, second) in new[] { ("first", 2), ("second", 1) })
            plugin.Snapshots.Tell(new SaveSnapshot(new SnapshotMetadata(Pid, 7, Start.AddSeconds(second)), state), plugin.Probe);
        Assert.Null(await Load(plugin, SnapshotSelectionCriteria.Latest));   // whatever was asked for before has begun now, if it ever does at once
        Assert.Equal(1, workers.Waiting);
        await workers.Begin();
        await plugin.Expect<SaveSnapshotSuccess>();
        Assert.Equal("first", (await Load(plugin, SnapshotSelectionCriteria.Latest))!.Snapshot);
        await workers.Begin();
        await plugin.Expect<SaveSnapshotSuccess>();
        Assert.Equal("second", (await Load(plugin, SnapshotSelectionCriteria.Latest))!.Snapshot);
    }

    [Fact]
    public async Task Many_saves_of_one_number_at_once_leave_the_last()
    {
        var disk = new SimDisk(1);
        await using var plugin = new Plugin(disk);
        for (var round = 0; round < 50; round++)
        {
            for (var i = 1; i <= 4; i++) plugin.Snapshots.Tell(new SaveSnapshot(new SnapshotMetadata(Pid, 7, Start.AddTicks(i)), $"{round}-{i}"), plugin.Probe);
            for (var i = 1; i <= 4; i++) await plugin.Expect<SaveSnapshotSuccess>();
            Assert.Equal($"{round}-4", (await Load(plugin, SnapshotSelectionCriteria.Latest))!.Snapshot);
            Assert.Single(CheckpointFile.List(disk, "/snap", Pid));
        }
    }

    [Fact]
    public async Task Checkpoints_come_back_as_images_two_are_kept_and_a_damaged_one_is_passed_over()
    {
        var disk = new SimDisk(1);
        await using var plugin = new Plugin(disk);
        for (var i = 1; i <= 4; i++) await Save(plugin, i, new Source($"v{i}"));
        var files = CheckpointFile.List(disk, "/snap", Pid);
        Assert.Equal([4, 3], files.Select(f => f.SequenceNr));
        using (var image = Assert.IsType<CheckpointImage>((await Load(plugin, SnapshotSelectionCriteria.Latest))!.Snapshot))
            Assert.Equal("v4"u8.ToArray(), image.Reader.Get(image.Reader.Bucket("key"u8)!, "k"u8));
        Damage(disk, 4);
        using var older = Assert.IsType<CheckpointImage>((await Load(plugin, SnapshotSelectionCriteria.Latest))!.Snapshot);
        Assert.Equal("v3"u8.ToArray(), older.Reader.Get(older.Reader.Bucket("key"u8)!, "k"u8));
    }

    [Fact]
    public async Task A_damaged_checkpoint_does_not_take_the_place_of_one_to_fall_back_to()
    {
        var disk = new SimDisk(1);
        await using var plugin = new Plugin(disk);
        for (var i = 1; i <= 2; i++) await Save(plugin, i, new Source($"v{i}"));
        Damage(disk, 2);
        Assert.Equal(1, (await LoadAndLetGo(plugin))!.SequenceNr);
        for (var i = 3; i <= 4; i++)
        {
            await Save(plugin, i, new Source($"v{i}"));
            Damage(disk, i);
            Assert.Equal(1, (await LoadAndLetGo(plugin))!.SequenceNr);         // the good one is still there
        }

        Assert.Single(disk.List("/snap"), static name => name.EndsWith(CheckpointFile.BrokenSuffix, StringComparison.Ordinal));
        using (var last = Assert.IsType<CheckpointImage>((await Load(plugin, SnapshotSelectionCriteria.Latest))!.Snapshot)) Assert.True(last.IsFallback);   // and is told at later starts
        await Save(plugin, 5, new Source("v5"));
        using (var next = Assert.IsType<CheckpointImage>((await Load(plugin, SnapshotSelectionCriteria.Latest))!.Snapshot)) Assert.False(next.IsFallback);
        await Save(plugin, 6, new Source("v6"));
        Assert.Equal([6, 5], CheckpointFile.List(disk, "/snap", Pid).Select(static f => f.SequenceNr));
    }

    private static void Damage(SimDisk disk, long sequenceNr)
    {
        var file = CheckpointFile.List(disk, "/snap", Pid).Single(f => f.SequenceNr == sequenceNr).Path;
        var bytes = disk.ReadAll(file);
        bytes[5000] ^= 1;
        disk.Overwrite(file, bytes);
    }

    private static async Task<SnapshotMetadata?> LoadAndLetGo(Plugin plugin)
    {
        var loaded = await Load(plugin, SnapshotSelectionCriteria.Latest);
        (loaded?.Snapshot as CheckpointImage)?.Dispose();
        return loaded?.Metadata;
    }
}
