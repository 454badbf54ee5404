using Kv.Persistence.Io;
using Kv.Persistence.Wal;
using Kv.Testing;

namespace Kv.Persistence.Tests.Wal;

/// <summary>Power loss at any operation: what was acknowledged is there, and what was not is a whole-record prefix of one write.</summary>
public sealed class WalCrashTests
{
    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    public void Power_loss_at_every_single_operation_loses_nothing_acknowledged(int sectorBytes)
    {
        var total = Run(new SimDisk(0, sectorBytes), 7, long.MaxValue, rounds: 1);
        for (var crash = 0; crash < total; crash++)
        {
            for (var seed = 1; seed <= 3; seed++) Run(new SimDisk((crash * 10) + seed, sectorBytes), 7, crash, rounds: 1);
        }
    }

    [Fact]
    public void Repeated_power_loss_under_random_load_loses_nothing_acknowledged()
    {
        for (var seed = 1; seed <= 250; seed++) Run(new SimDisk(seed, seed % 2 == 0 ? 512 : 4096), seed, crash: -1, rounds: 5);
    }

    [Fact]
    public void Losing_everything_unsynced_is_the_plain_case()
    {
        for (var seed = 1; seed <= 50; seed++) Run(new SimDisk(seed), seed, crash: -1, rounds: 3, keepNothing: true);
    }

    /// <summary>Simulation seed 20, one member: a failed sync, a restart that read the write back from memory, more writes, then no power.</summary>
    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    public void What_a_failed_sync_left_in_memory_is_made_durable_before_anything_follows_it(int sectorBytes)
    {
        for (var failing = 1; failing <= 30; failing++)
        {
            var disk = new SimDisk(failing, sectorBytes) { FailSyncsOnly = true };
            var options = WalFixture.Small with { SegmentBytes = 1 << 16, FirstSegmentBytes = 1 << 16 };
            var number = 0;
            try
            {
                using var log = WalLog.Open(disk, WalFixture.Directory, options, null, null);
                disk.FailAt = disk.Syncs + failing;
                while (true) WalFixture.Commit(log, [WalFixture.Payload(number++, 100), WalFixture.Payload(number++, 300)]);
            }
            catch (IOException)
            {
                disk.Kill();       // the process ends, the machine does not
            }

            var expected = new List<byte[]>();
            using (var log = WalLog.Open(disk, WalFixture.Directory, options, (in WalPosition _, byte _, ReadOnlySpan<byte> payload) => expected.Add(payload.ToArray()), null))
            {
                Assert.Equal(number, expected.Count);
                expected.Add(WalFixture.Payload(number, 50));
                WalFixture.Commit(log, [expected[^1]]);
            }

            disk.Crash(keepNothing: true);
            WalFixture.AssertSame(expected, WalFixture.Replay(disk, options), $"failing sync {failing}");
        }
    }

    [Fact]
    public void A_segment_whose_directory_was_not_synced_is_not_lost_with_what_is_written_to_it_later()
    {
        for (var failing = 1L; failing <= 60; failing++)
        {
            var disk = new SimDisk((int)failing);
            var number = 0;
            try
            {
                using var log = WalLog.Open(disk, WalFixture.Directory, WalFixture.Small, null, null);
                disk.FailAt = disk.Operations + failing;
                while (true) WalFixture.Commit(log, [WalFixture.Payload(number++, 400)]);
            }
            catch (IOException)
            {
                disk.Kill();
            }

            var expected = new List<byte[]>();
            using (var log = WalLog.Open(disk, WalFixture.Directory, WalFixture.Small, (in WalPosition _, byte _, ReadOnlySpan<byte> payload) => expected.Add(payload.ToArray()), null))
            {
                expected.Add(WalFixture.Payload(number, 50));
                WalFixture.Commit(log, [expected[^1]]);
            }

            disk.Crash(keepNothing: true);
            WalFixture.AssertSame(expected, WalFixture.Replay(disk), $"failing operation {failing}");
        }
    }

    /// <summary>Commits random batches, crashing as told, and checks the log after each crash.</summary>
    /// <returns>Operations the disk did.</returns>
    private static long Run(SimDisk disk, int loadSeed, long crash, int rounds, bool keepNothing = false)
    {
        var random = new Random(loadSeed);
        var durable = new List<byte[]>();
        var number = 0;
        for (var round = 0; round < rounds; round++)
        {
            var context = $"disk seed {disk.Seed}, load seed {loadSeed}, crash {crash}, round {round}";
            disk.CrashAfter = crash < 0 ? disk.Operations + random.Next(120) : crash;
            IReadOnlyList<byte[]> inFlight = [];
            try
            {
                using var log = WalLog.Open(disk, WalFixture.Directory, WalFixture.Small, null, null);
                for (var commit = 0; commit < 25; commit++)
                {
                    inFlight = [.. Enumerable.Range(0, random.Next(1, 5)).Select(_ => WalFixture.Payload(number++, random.Next(4) == 0 ? random.Next(2500) : random.Next(120)))];
                    WalFixture.Commit(log, inFlight);
                    durable.AddRange(inFlight);
                    inFlight = [];
                }
            }
            catch (SimCrashException)
            {
                // as planned; what was in flight may or may not be there
            }

            disk.Crash(keepNothing);
            var replayed = WalFixture.Replay(disk);
            Assert.True(replayed.Count >= durable.Count && replayed.Count <= durable.Count + inFlight.Count, $"{replayed.Count} records, {durable.Count} acknowledged, {inFlight.Count} in flight; {context}");
            durable.AddRange(inFlight.Take(replayed.Count - durable.Count));
            WalFixture.AssertSame(durable, replayed, context);
        }

        return disk.Operations;
    }
}
