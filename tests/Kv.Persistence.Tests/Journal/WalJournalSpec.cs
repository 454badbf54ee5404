using System.Collections.Immutable;
using Akka.Actor;
using Akka.Persistence;
using Kv.Testing;

namespace Kv.Persistence.Tests.Journal;

/// <summary>The rules of Akka's journal TCK, through the journal protocol's messages.</summary>
public sealed class WalJournalSpec
{
    private const string Pid = "p";
    private readonly string _writer = Guid.NewGuid().ToString();

    private async Task Write(Plugin plugin, int from, int to, string pid = Pid)
    {
        var writes = Enumerable.Range(from, to - from + 1)
            .Select(IPersistentEnvelope (i) => new AtomicWrite(new Persistent($"{pid}-{i}", i, pid, "", false, plugin.Probe, _writer))).ToArray();
        plugin.Journal.Tell(new WriteMessages(writes, plugin.Probe, 1), plugin.Probe);
        await plugin.Expect<WriteMessagesSuccessful>();
        for (var i = from; i <= to; i++) Assert.Equal(i, (await plugin.Expect<WriteMessageSuccess>()).Persistent.SequenceNr);
    }

    private async Task AssertReplay(Plugin plugin, long from, long to, long max, IEnumerable<int> expected, long highest, string pid = Pid)
    {
        plugin.Journal.Tell(new ReplayMessages(from, to, max, pid, plugin.Probe), plugin.Probe);
        foreach (var number in expected)
        {
            var replayed = (await plugin.Expect<ReplayedMessage>()).Persistent;
            Assert.Equal((number, $"{pid}-{number}", pid, _writer), (replayed.SequenceNr, replayed.Payload, replayed.PersistenceId, replayed.WriterGuid));
            Assert.True(replayed.Timestamp > 0);
        }

        Assert.Equal(highest, (await plugin.Expect<RecoverySuccess>()).HighestSequenceNr);
    }

    private static async Task Delete(Plugin plugin, long to, string pid = Pid)
    {
        plugin.Journal.Tell(new DeleteMessagesTo(pid, to, plugin.Probe), plugin.Probe);
        await plugin.Expect<DeleteMessagesSuccess>();
    }

    [Theory]
    [InlineData(1, long.MaxValue, long.MaxValue, 1, 5)]   // all
    [InlineData(3, long.MaxValue, long.MaxValue, 3, 5)]   // a lower bound
    [InlineData(1, 3, long.MaxValue, 1, 3)]               // an upper bound
    [InlineData(1, long.MaxValue, 3, 1, 3)]               // a count
    [InlineData(2, 4, long.MaxValue, 2, 4)]               // both bounds
    [InlineData(2, 5, 2, 2, 3)]                           // bounds and count
    [InlineData(3, 3, long.MaxValue, 3, 3)]               // one
    [InlineData(1, long.MaxValue, 0, 1, 0)]               // a count of none
    [InlineData(1, 0, long.MaxValue, 1, 0)]               // to below the first
    [InlineData(5, 4, long.MaxValue, 5, 4)]               // from above to
    [InlineData(6, 7, long.MaxValue, 6, 5)]               // above the last
    public async Task Replay_honours_bounds_and_count(long from, long to, long max, int first, int last)
    {
        await using var plugin = new Plugin(new SimDisk(1));
        await Write(plugin, 1, 5);
        await AssertReplay(plugin, from, to, max, Enumerable.Range(first, Math.Max(0, last - first + 1)), 5);
    }

    [Fact]
    public async Task Deleted_events_are_not_replayed_and_deleting_more_than_there_is_does_no_harm()
    {
        await using var plugin = new Plugin(new SimDisk(1));
        await Write(plugin, 1, 5);
        await Delete(plugin, 3);
        await AssertReplay(plugin, 1, long.MaxValue, long.MaxValue, [4, 5], 5);
        await Delete(plugin, 2);
        await AssertReplay(plugin, 1, long.MaxValue, long.MaxValue, [4, 5], 5);
        await Delete(plugin, long.MaxValue);
        await AssertReplay(plugin, 1, long.MaxValue, long.MaxValue, [], 5);
        await Write(plugin, 6, 7);
        await AssertReplay(plugin, 1, long.MaxValue, long.MaxValue, [6, 7], 7);
    }

    [Fact]
    public async Task The_highest_number_survives_deletion_of_all_and_a_restart()
    {
        var disk = new SimDisk(1);
        await using (var plugin = new Plugin(disk))
        {
            await Write(plugin, 1, 5);
            await Delete(plugin, 5);
            await AssertReplay(plugin, 1, long.MaxValue, long.MaxValue, [], 5);
        }

        await using var again = new Plugin(disk);
        await AssertReplay(again, 1, long.MaxValue, long.MaxValue, [], 5);
        await AssertReplay(again, 1, long.MaxValue, long.MaxValue, [], 0, "unknown");
    }

    [Fact]
    public async Task Several_ids_share_one_log_across_segments_deletion_and_power_loss()
    {
        var disk = new SimDisk(5);
        await using (var plugin = new Plugin(disk))
        {
            await Write(plugin, 1, 30, "kept");
            for (var from = 1; from <= 400; from += 20)
            {
                await Write(plugin, from, from + 19, "a");
                await Write(plugin, from, from + 19, "b");
            }

            await Delete(plugin, 30, "kept");
            await Delete(plugin, 390, "a");
            await Delete(plugin, 380, "b");
        }

        disk.Crash();
        Assert.False(disk.FileExists("/wal/0000000000000001.kvwal"));
        await using var again = new Plugin(disk);
        await AssertReplay(again, 1, long.MaxValue, long.MaxValue, [], 30, "kept");
        await AssertReplay(again, 1, long.MaxValue, long.MaxValue, Enumerable.Range(391, 10), 400, "a");
        await AssertReplay(again, 1, long.MaxValue, long.MaxValue, Enumerable.Range(381, 20), 400, "b");
    }

    [Fact]
    public async Task Several_events_of_one_write_are_stored_and_one_that_cannot_be_serialized_is_rejected_alone()
    {
        await using var plugin = new Plugin(new SimDisk(1));
        IPersistentRepresentation Event(object payload, long number) => new Persistent(payload, number, Pid, "", false, plugin.Probe, _writer);
        plugin.Journal.Tell(
            new WriteMessages(
                [
                    new AtomicWrite(ImmutableList.Create(Event("p-1", 1), Event("p-2", 2))),
                    new AtomicWrite(ImmutableList.Create(Event("p-3", 3), Event(new Poison(), 4))),
                    new AtomicWrite(Event("p-5", 5)),
                ],
                plugin.Probe,
                1),
            plugin.Probe);
        await plugin.Expect<WriteMessagesSuccessful>();
        await plugin.Expect<WriteMessageSuccess>();
        await plugin.Expect<WriteMessageSuccess>();
        Assert.Equal(3, (await plugin.Expect<WriteMessageRejected>()).Persistent.SequenceNr);
        Assert.Equal(4, (await plugin.Expect<WriteMessageRejected>()).Persistent.SequenceNr);
        await plugin.Expect<WriteMessageSuccess>();
        await AssertReplay(plugin, 1, long.MaxValue, long.MaxValue, [1, 2, 5], 5);
    }

    [Fact]
    public async Task A_failed_sync_is_published_and_fails_this_write_and_all_later_ones()
    {
        var disk = new SimDisk(1);
        await using var plugin = new Plugin(disk);
        plugin.System.EventStream.Subscribe(plugin.Probe, typeof(Kv.Persistence.Journal.StorageFailed));
        await Write(plugin, 1, 1);
        disk.FailAt = disk.Operations + 1;
        for (var number = 2; number <= 3; number++)
        {
            plugin.Journal.Tell(new WriteMessages([new AtomicWrite(new Persistent("x", number, Pid, "", false, plugin.Probe, _writer))], plugin.Probe, 1), plugin.Probe);
            if (number == 2) Assert.Contains("EIO", (await plugin.Expect<Kv.Persistence.Journal.StorageFailed>()).Cause.Message, StringComparison.Ordinal);
            Assert.Contains("EIO", (await plugin.Expect<WriteMessagesFailed>()).Cause.Message, StringComparison.Ordinal);
            await plugin.Expect<WriteMessageFailure>();
        }
    }

    /// <summary>Fails to be serialized by any serializer that looks at it.</summary>
    public sealed class Poison
    {
        /// <summary>Throws.</summary>
#pragma warning disable CA1065, CA1822 // that it throws, and on an instance, is what it is for
        public string Value => throw new NotSupportedException("this event cannot be serialized");
#pragma warning restore CA1065, CA1822
    }
}
