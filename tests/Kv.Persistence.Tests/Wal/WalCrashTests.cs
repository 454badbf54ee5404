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
