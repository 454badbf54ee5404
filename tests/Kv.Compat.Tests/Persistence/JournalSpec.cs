using System.Collections.Immutable;
using Akka.Actor;
using Akka.Persistence;

namespace Kv.Compat.Tests.Persistence;

/// <summary>
/// What every journal must do, asked in the messages a persistent actor uses. Derive and name the journal to hold another one to it.
/// </summary>
public abstract class JournalSpec(string journal, string config = "") : PersistenceTest(config)
{
    private const int Instance = 7;

    private readonly string _writer = Guid.NewGuid().ToString();

    private IActorRef Journal => Akka.Persistence.Persistence.Instance.Apply(System).JournalFor(journal);

    [Fact]
    public async Task Written_events_are_confirmed_one_by_one_and_replayed_as_they_were()
    {
        await Write(1, 5);
        Assert.Equal(5, await Replay(1, long.MaxValue, long.MaxValue, 1, 2, 3, 4, 5));
    }

    [Theory]
    [InlineData(3, long.MaxValue, long.MaxValue, 3, 5)]
    [InlineData(1, 3, long.MaxValue, 1, 3)]
    [InlineData(2, 4, 2, 2, 3)]
    [InlineData(2, 2, long.MaxValue, 2, 2)]
    [InlineData(5, 7, long.MaxValue, 5, 5)]
    [InlineData(1, long.MaxValue, 0, 1, 0)]
    [InlineData(3, 2, long.MaxValue, 1, 0)]
    [InlineData(6, 7, long.MaxValue, 1, 0)]
    public async Task A_replay_keeps_to_its_bounds(long from, long to, long max, int first, int last)
    {
        await Write(1, 5);
        Assert.Equal(5, await Replay(from, to, max, [.. Enumerable.Range(first, Math.Max(0, last - first + 1))]));
    }

    [Fact]
    public async Task Another_id_has_no_events()
    {
        await Write(1, 2);
        Journal.Tell(new ReplayMessages(1, long.MaxValue, long.MaxValue, "other", Probe.Ref), Probe.Ref);
        Assert.Equal(0, (await Probe.Next<RecoverySuccess>()).HighestSequenceNr);
    }

    [Fact]
    public async Task Deleted_events_are_gone_but_the_highest_number_stays()
    {
        await Write(1, 5);
        Journal.Tell(new DeleteMessagesTo("id", 3, Probe.Ref), Probe.Ref);
        Assert.Equal(new DeleteMessagesSuccess(3), await Probe.Next());
        Assert.Equal(5, await Replay(1, long.MaxValue, long.MaxValue, 4, 5));
        Journal.Tell(new DeleteMessagesTo("id", 5, Probe.Ref), Probe.Ref);
        Assert.Equal(new DeleteMessagesSuccess(5), await Probe.Next());
        Assert.Equal(5, await Replay(1, long.MaxValue, long.MaxValue));
        await Write(6, 6);
        Assert.Equal(6, await Replay(1, long.MaxValue, long.MaxValue, 6));
    }

    [Fact]
    public async Task A_deferred_element_keeps_its_place_between_the_events()
    {
        var actor = Scripted("deferring", journal);
        await Probe.Next<string>(2);
        actor.Do(a =>
        {
            a.PersistAsync("a", e => a.Tell(e));
            a.DeferAsync("b", e => a.Tell(e));
            a.PersistAllAsync(["c", "d"], e => a.Tell(e));
            a.DeferAsync("e", e => a.Tell(e));
        });
        Assert.Equal(["a", "b", "c", "d", "e"], await Probe.Next<string>(5));
    }

    [Fact]
    public async Task Confirmations_carry_the_events_and_the_sender_that_caused_them()
    {
        var causer = new Probe(System);
        var persistent = new Persistent("event", 1, "id", sender: causer.Ref, writerGuid: _writer);
        Journal.Tell(new WriteMessages([new AtomicWrite(persistent)], Probe.Ref, Instance), Probe.Ref);
        await Probe.Next<WriteMessagesSuccessful>();
        var success = await Probe.Next<WriteMessageSuccess>();
        Assert.Equal((Instance, 1L, "event"), (success.ActorInstanceId, success.Persistent.SequenceNr, success.Persistent.Payload));
        Assert.Equal(causer.Ref, Probe.LastSender);
    }

    [Fact]
    public async Task Many_writes_of_many_actors_end_as_they_were_asked()
    {
        const int actors = 8, batches = 50;
        var all = Enumerable.Range(0, actors).Select(i => Scripted($"many{i}", journal)).ToArray();
        await Probe.Next<string>(2 * actors);
        foreach (var actor in all)
        {
            for (var batch = 0; batch < batches; batch++)
            {
                var number = batch;
                actor.Do(a => a.PersistAllAsync([number * 2, (number * 2) + 1], e => a.Tell((a.PersistenceId, e, a.LastSequenceNr))));
            }
        }

        var seen = await Probe.Next<(string Id, int Event, long Number)>(actors * batches * 2);
        foreach (var group in seen.GroupBy(e => e.Id))
        {
            Assert.Equal(Enumerable.Range(0, batches * 2), group.Select(e => e.Event));
            Assert.Equal(Enumerable.Range(1, batches * 2).Select(n => (long)n), group.Select(e => e.Number));
        }
    }

    private async Task Write(int from, int to)
    {
        var single = Enumerable.Range(from, Math.Min(1, to - from + 1)).Select(n => new AtomicWrite(Event(n)));
        var rest = Enumerable.Range(from + 1, to - from).Select(Event).ToImmutableArray();
        AtomicWrite[] writes = rest.IsEmpty ? [.. single] : [.. single, new AtomicWrite(rest)];
        Journal.Tell(new WriteMessages(writes, Probe.Ref, Instance), Probe.Ref);
        Assert.IsType<WriteMessagesSuccessful>(await Probe.Next());
        for (var n = from; n <= to; n++)
        {
            var success = await Probe.Next<WriteMessageSuccess>();
            Assert.Equal((n, Instance), (success.Persistent.SequenceNr, success.ActorInstanceId));
        }
    }

    private IPersistentRepresentation Event(int number) =>
        new Persistent($"event {number}", number, "id", sender: Probe.Ref, writerGuid: _writer);

    private async Task<long> Replay(long from, long to, long max, params int[] expected)
    {
        Journal.Tell(new ReplayMessages(from, to, max, "id", Probe.Ref), Probe.Ref);
        foreach (var number in expected)
        {
            var persistent = (await Probe.Next<ReplayedMessage>()).Persistent;
            Assert.Equal((number, $"event {number}", "id"), (persistent.SequenceNr, persistent.Payload, persistent.PersistenceId));
        }

        return (await Probe.Next<RecoverySuccess>()).HighestSequenceNr;
    }
}

/// <summary>The in-memory journal.</summary>
public sealed class MemoryJournalTests() : JournalSpec("akka.persistence.journal.inmem");

/// <summary>A journal whose calls do not end at once.</summary>
public sealed class SteeredJournalTests : JournalSpec
{
    public SteeredJournalTests() : base("akka.persistence.journal.steered") =>
        Steering.OnWrite = static async (_, _) =>
        {
            await Task.Yield();
            return null;
        };
}
