using Kv.Persistence.Io;
using Kv.Persistence.Wal;
using Kv.Testing;

namespace Kv.Persistence.Tests.Wal;

public sealed class WalWriterTests
{
    private sealed class Watching : IWalObserver
    {
        public List<int> Commits { get; } = [];

        public List<int> Threads { get; } = [];

        public List<long> Gone { get; } = [];

        public TaskCompletionSource<Exception> Failure { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource<Exception> Housekeeping { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public SemaphoreSlim Removals { get; } = new(0);

        /// <summary>If set, the first commit waits for it.</summary>
        public SemaphoreSlim? Hold { get; init; }

        public SemaphoreSlim Holding { get; } = new(0);

        public void Committed(int records, int bytes, TimeSpan write, TimeSpan sync)
        {
            Commits.Add(records);
            Threads.Add(Environment.CurrentManagedThreadId);
            if (Hold is null || Commits.Count > 1) return;
            Holding.Release();
            Hold.Wait();
        }

        public void Rolled(long sequence, long sizeBytes)
        {
        }

        public void Removed(long sequence)
        {
            Gone.Add(sequence);
            Removals.Release();
        }

        public void HousekeepingFailed(Exception error) => Housekeeping.TrySetResult(error);

        public void Failed(Exception error) => Failure.TrySetResult(error);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public async Task Records_of_many_callers_are_all_durable_in_the_order_of_each(bool inline, bool complete)
    {
        var disk = new SimDisk(1);
        var options = WalFixture.Small with { SegmentBytes = 16384, WriteInline = inline, CompleteInline = complete, PrepareAhead = true };
        using (var writer = WalWriter.Open(disk, WalFixture.Directory, options))
        {
            await Task.WhenAll(Enumerable.Range(0, 8).Select(caller => Task.Run(async () =>
            {
                for (var i = 0; i < 100; i++) await writer.AppendAsync(1, BitConverter.GetBytes((caller * 1000) + i));
            })));
            await Task.Yield();   // the writer thread may be here, and cannot close the log
        }

        var values = WalFixture.Replay(disk, options).Select(b => BitConverter.ToInt32(b)).ToList();
        Assert.Equal(800, values.Count);
        for (var caller = 0; caller < 8; caller++)
            Assert.Equal(Enumerable.Range(caller * 1000, 100), values.Where(v => v / 1000 == caller));
    }

    [Fact]
    public async Task A_caller_writes_itself_what_is_short_and_only_while_it_may_wait()
    {
        var mayWait = true;
        var watching = new Watching();
        var options = WalFixture.Small with
        {
            FirstSegmentBytes = 65536, WriteInline = true, InlineBytes = WalRecord.Size(100), MayWait = () => mayWait,
        };
        using var writer = WalWriter.Open(new SimDisk(1), WalFixture.Directory, options, null, watching);

        async Task<bool> WritesItself(int bytes)
        {
            var caller = Environment.CurrentManagedThreadId;
            await writer.AppendAsync(1, new byte[bytes]);
            return watching.Threads[^1] == caller;
        }

        Assert.True(await WritesItself(100));
        Assert.False(await WritesItself(200));
        mayWait = false;
        Assert.False(await WritesItself(100));
        mayWait = true;
        // The writer thread may still be at its last write, and then takes this one as well.
        var itself = false;
        for (var tries = 0; tries < 1000 && !itself; tries++) itself = await WritesItself(1);
        Assert.True(itself);
        await Task.Yield();   // the writer thread may be here, and cannot close the log
    }

    [Fact]
    public async Task What_queues_up_during_a_sync_goes_out_as_one_write_and_one_sync()
    {
        var disk = new SimDisk(1);
        using var release = new SemaphoreSlim(0);
        var watching = new Watching { Hold = release };
        using var writer = WalWriter.Open(disk, WalFixture.Directory, WalFixture.Small with { FirstSegmentBytes = 65536 }, null, watching);
        var queued = new List<Task> { writer.AppendAsync(1, [1]).AsTask() };
        await watching.Holding.WaitAsync();   // the writer thread stands behind its first sync
        for (var i = 0; i < 50; i++) queued.Add(writer.AppendAsync(1, [2]).AsTask());
        var syncs = disk.Syncs;
        release.Release();
        await Task.WhenAll(queued);
        Assert.Equal([1, 50], watching.Commits);
        Assert.Equal(syncs + 1, disk.Syncs);
    }

    [Fact]
    public async Task A_lone_append_costs_exactly_one_sync()
    {
        var disk = new SimDisk(1);
        using var writer = WalWriter.Open(disk, WalFixture.Directory, WalFixture.Small with { FirstSegmentBytes = 1 << 20 });
        var before = disk.Syncs;
        for (var i = 0; i < 100; i++) await writer.AppendAsync(1, WalFixture.Payload(i, 256));
        Assert.Equal(before + 100, disk.Syncs);
    }

    [Fact]
    public async Task A_failed_sync_ends_the_log_and_is_never_retried()
    {
        var disk = new SimDisk(1);
        var watching = new Watching();
        using var writer = WalWriter.Open(disk, WalFixture.Directory, WalFixture.Small, null, watching);
        await writer.AppendAsync(1, "kept"u8);
        (disk.FailSyncsOnly, disk.FailAt) = (true, disk.Syncs + 1);
        var error = await Assert.ThrowsAsync<LogFailedException>(async () => await writer.AppendAsync(1, "lost"u8));
        Assert.Contains("EIO", error.Message, StringComparison.Ordinal);
        Assert.Contains("EIO", (await watching.Failure.Task).Message, StringComparison.Ordinal);
        var syncs = disk.Syncs;
        await Assert.ThrowsAsync<LogFailedException>(async () => await writer.AppendAsync(1, "refused"u8));
        Assert.Equal(syncs, disk.Syncs);
        Assert.NotNull(writer.Failure);
        writer.Dispose();
        disk.Crash(keepNothing: true);
        WalFixture.AssertSame(["kept"u8.ToArray()], WalFixture.Replay(disk), "after the failed sync");
    }

    [Fact]
    public async Task Everything_queued_fails_with_the_write_that_failed()
    {
        var disk = new SimDisk(1);
        using var writer = WalWriter.Open(disk, WalFixture.Directory, WalFixture.Small);
        disk.FailAt = disk.Operations + 1;
        var appends = Enumerable.Range(0, 20).Select(_ => Task.Run(async () => await writer.AppendAsync(1, [1]))).ToList();
        foreach (var append in appends) await Assert.ThrowsAsync<LogFailedException>(() => append);
    }

    [Fact]
    public async Task A_full_disk_is_told_as_such_and_the_log_opens_again_once_there_is_room()
    {
        var disk = new SimDisk(1);
        var watching = new Watching();
        var acknowledged = new List<byte[]>();
        using (var writer = WalWriter.Open(disk, WalFixture.Directory, WalFixture.Small with { PrepareAhead = true }, null, watching))
        {
            disk.CapacityBytes = 5000;   // two segments fit, a third does not
            var error = await Assert.ThrowsAsync<LogFailedException>(async () =>
            {
                for (var i = 0; i < 100; i++)
                {
                    await writer.AppendAsync(1, WalFixture.Payload(i, 300));
                    acknowledged.Add(WalFixture.Payload(i, 300));
                }
            });
            Assert.IsType<DiskFullException>(error.InnerException);
            Assert.Contains("no space left", error.Message, StringComparison.Ordinal);
            Assert.IsType<DiskFullException>(await watching.Housekeeping.Task);   // known before it was needed
        }

        Assert.InRange(acknowledged.Count, 8, 12);
        disk.CapacityBytes = long.MaxValue;
        WalFixture.AssertSame(acknowledged, WalFixture.Replay(disk), "after the disk was full");
    }

    [Fact]
    public async Task Segments_below_are_removed_and_the_log_still_opens()
    {
        var disk = new SimDisk(1);
        var watching = new Watching();
        long last;
        using (var writer = WalWriter.Open(disk, WalFixture.Directory, WalFixture.Small, null, watching))
        {
            for (var i = 0; writer.Next.Sequence < 5; i++) await writer.AppendAsync(1, WalFixture.Payload(i, 300));
            await writer.RemoveBelowAsync(4);
            for (var i = 0; i < 3; i++) await watching.Removals.WaitAsync();
            Assert.Equal([1, 2, 3], watching.Gone);
            Assert.Equal(4, writer.FirstSequence);
            await writer.RemoveBelowAsync(100);   // the current segment stays
            await watching.Removals.WaitAsync();
            last = writer.Next.Sequence;
        }

        Assert.Equal([Path.GetFileName(WalDirectory.SegmentPath("", last))], disk.List(WalFixture.Directory));
        Assert.NotEmpty(WalFixture.Replay(disk));
    }

    [Fact]
    public async Task Removal_crashed_at_every_operation_leaves_a_log_that_opens()
    {
        for (var crash = 1; crash < 15; crash++)
        {
            var disk = new SimDisk(crash);
            using (var log = WalLog.Open(disk, WalFixture.Directory, WalFixture.Small, null, null))
            {
                for (var i = 0; log.Next.Sequence < 5; i++) WalFixture.Commit(log, [WalFixture.Payload(i, 300)]);
            }

            disk.CrashAfter = disk.Operations + crash;
            try
            {
                using var writer = WalWriter.Open(disk, WalFixture.Directory, WalFixture.Small);
                await writer.RemoveBelowAsync(4);
            }
            catch (IOException)
            {
                // opening, or the note of the removal itself, was hit by the crash
            }

            disk.Crash();
            var replayed = WalFixture.Replay(disk);
            Assert.True(replayed.Count > 0, $"crash {crash}");
        }
    }

    [Fact]
    public async Task A_record_longer_than_a_segment_gets_one_of_its_own_size()
    {
        var disk = new SimDisk(1);
        byte[][] payloads = [WalFixture.Payload(1, 10), WalFixture.Payload(2, 100_000), WalFixture.Payload(3, 10)];
        using (var writer = WalWriter.Open(disk, WalFixture.Directory, WalFixture.Small))
        {
            foreach (var payload in payloads) await writer.AppendAsync(1, payload);
        }

        WalFixture.AssertSame(payloads, WalFixture.Replay(disk), "long record");
    }

    [Fact]
    public async Task A_reader_sees_what_was_durable_from_its_record_on_across_segments()
    {
        var disk = new SimDisk(1);
        using var writer = WalWriter.Open(disk, WalFixture.Directory, WalFixture.Small);
        var positions = new List<WalPosition>();
        for (var i = 0; i < 30; i++) positions.Add(await writer.AppendAsync(1, WalFixture.Payload(i, 300)));
        for (var from = 0; from < 30; from++)
        {
            using var reader = writer.Read(positions[from]);
            for (var i = from; i < 30; i++)
            {
                Assert.True(reader.TryRead(out var position, out _, out var payload));
                Assert.Equal(positions[i], position);
                Assert.True(payload.SequenceEqual(WalFixture.Payload(i, 300)));
            }

            Assert.False(reader.TryRead(out _, out _, out _));
        }
    }

    [Fact]
    public void A_second_opener_is_refused()
    {
        var disk = new SimDisk(1);
        using var writer = WalWriter.Open(disk, WalFixture.Directory, WalFixture.Small);
        Assert.Throws<DiskLockedException>(() => WalWriter.Open(disk, WalFixture.Directory, WalFixture.Small));
    }

    [Fact]
    public void A_directory_with_etcds_log_is_refused()
    {
        var disk = new SimDisk(1);
        disk.CreateDirectory(WalFixture.Directory);
        disk.Overwrite(WalFixture.Directory + "/0000000000000000-0000000000000000.wal", [1, 2, 3]);
        Assert.Contains("etcd", Assert.Throws<ForeignDirectoryException>(() => WalWriter.Open(disk, WalFixture.Directory, WalFixture.Small)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_out_of_bounds_name_the_bound()
    {
        var error = Assert.Throws<ArgumentException>(() => (WalFixture.Small with { SegmentBytes = 3 }).Validate());
        Assert.Equal("SegmentBytes must be between 512 and 1099511627776, not 3", error.Message);
    }
}
