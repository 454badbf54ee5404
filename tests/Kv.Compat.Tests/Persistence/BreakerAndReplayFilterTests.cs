using System.Collections.Immutable;
using Akka.Actor;
using Akka.Pattern;
using Akka.Persistence;

namespace Kv.Compat.Tests.Persistence;

public sealed class BreakerAndReplayFilterTests() : PersistenceTest("""
    akka.persistence.journal.steered.circuit-breaker { max-failures = 2, reset-timeout = 200ms }
    akka.persistence.journal.strict {
      class = "Akka.Persistence.Journal.MemoryJournal, Akka.Persistence"
      replay-filter.mode = fail
    }
    akka.persistence.journal.open {
      class = "Akka.Persistence.Journal.MemoryJournal, Akka.Persistence"
      replay-filter.mode = off
    }
    """)
{
    private const int Instance = 3;

    private IActorRef Journal(string name) => Akka.Persistence.Persistence.Instance.Apply(System).JournalFor($"akka.persistence.journal.{name}");

    private async Task<Exception?> Write(IActorRef journal, long number, string writer = "w")
    {
        journal.Tell(new WriteMessages([new AtomicWrite(new Persistent(number, number, "id", writerGuid: writer))], Probe.Ref, Instance), Probe.Ref);
        var first = await Probe.Next();
        var second = await Probe.Next();
        if (first is not WriteMessagesFailed failed) return null;
        Assert.Equal(failed.Cause, Assert.IsType<WriteMessageFailure>(second).Cause);
        Assert.Equal(1, failed.WriteCount);
        return failed.Cause;
    }

    [Fact]
    public async Task After_some_failures_in_a_row_writes_fail_at_once_until_one_is_let_through_again()
    {
        Steering.OnWrite = static (_, _) => Task.FromException<IImmutableList<Exception?>?>(new IOException("disk"));
        var journal = Journal("steered");
        Assert.IsType<IOException>(await Write(journal, 1));
        Assert.IsType<IOException>(await Write(journal, 1));
        Assert.IsType<OpenCircuitException>(await Write(journal, 1));
        lock (Steering)
        {
            Assert.Equal(2, Steering.Writes.Count);
            Steering.OnWrite = static (_, _) => Task.FromResult<IImmutableList<Exception?>?>(null);
        }

        Exception? cause;
        var patience = DateTime.UtcNow + Probe.Patience;
        while ((cause = await Write(journal, 1)) is OpenCircuitException && DateTime.UtcNow < patience)
        {
        }

        Assert.Null(cause);
        Assert.Null(await Write(journal, 2));
    }

    [Fact]
    public async Task Events_that_an_old_writer_stored_beside_a_new_one_are_left_out_of_the_replay()
    {
        var journal = Journal("inmem");
        await Interleave(journal);
        journal.Tell(new ReplayMessages(1, long.MaxValue, long.MaxValue, "id", Probe.Ref), Probe.Ref);
        Assert.Equal(["1 old", "2 new", "3 new"], (await Probe.Next<ReplayedMessage>(3)).Select(Name));
        await Probe.Next<RecoverySuccess>();
    }

    [Fact]
    public async Task Or_they_fail_it()
    {
        var journal = Journal("strict");
        await Interleave(journal);
        journal.Tell(new ReplayMessages(1, long.MaxValue, long.MaxValue, "id", Probe.Ref), Probe.Ref);
        await Probe.Next<ReplayMessagesFailure>();
        Assert.Null(await Write(journal, 9));              // and nothing comes after the failure
    }

    [Fact]
    public async Task Or_nobody_looks()
    {
        var journal = Journal("open");
        await Interleave(journal);
        journal.Tell(new ReplayMessages(1, long.MaxValue, long.MaxValue, "id", Probe.Ref), Probe.Ref);
        Assert.Equal(["1 old", "2 old", "2 new", "3 old", "3 new"], (await Probe.Next<ReplayedMessage>(5)).Select(Name));
        await Probe.Next<RecoverySuccess>();
    }

    private static string Name(ReplayedMessage replayed) => $"{replayed.Persistent.SequenceNr} {replayed.Persistent.WriterGuid}";

    private async Task Interleave(IActorRef journal)
    {
        foreach (var (number, writer) in new[] { (1L, "old"), (2, "old"), (2, "new"), (3, "old"), (3, "new") })
            Assert.Null(await Write(journal, number, writer));
    }
}
