using Akka.Actor;
using Akka.Persistence;

namespace Kv.Compat.Tests.Persistence;

public sealed class DeletionAndSnapshotTests : PersistenceTest
{
    private async Task<IActorRef> With(int events)
    {
        var actor = Scripted("p");
        await Probe.Next<string>(2);
        actor.Do(a => a.PersistAllAsync(Enumerable.Range(1, events), e => a.Tell(e)));
        await Probe.Next<int>(events);
        return actor;
    }

    [Fact]
    public async Task Deleted_events_are_not_replayed_and_numbers_go_on()
    {
        var actor = await With(4);
        actor.Do(a => a.DeleteMessages(3));
        Assert.Equal(3, (await Probe.Next<DeleteMessagesSuccess>()).ToSequenceNr);
        Scripted("p");
        Assert.Equal(["replayed 4 at 4", "replay succeeded", "recovered at 4"], await Probe.Next<string>(3));
        actor.Do(a => a.DeleteMessages(long.MaxValue));
        Assert.Equal(4, (await Probe.Next<DeleteMessagesSuccess>()).ToSequenceNr);
        Scripted("p");
        Assert.Equal(["replay succeeded", "recovered at 4"], await Probe.Next<string>(2));
    }

    [Fact]
    public async Task Events_that_are_not_there_yet_cannot_be_deleted()
    {
        var actor = await With(2);
        actor.Do(a => a.DeleteMessages(3));
        var failure = await Probe.Next<DeleteMessagesFailure>();
        Assert.Equal(3, failure.ToSequenceNr);
        Assert.IsType<InvalidOperationException>(failure.Cause);
    }

    [Fact]
    public async Task Snapshots_are_saved_replaced_loaded_and_deleted()
    {
        var actor = await With(2);
        actor.Do(a => a.SaveSnapshot("first"));
        Assert.Equal("saved at 2", await Probe.Next());
        actor.Do(a => a.SaveSnapshot("second"));
        Assert.Equal("saved at 2", await Probe.Next());
        actor.Do(a => a.LoadSnapshot("p", SnapshotSelectionCriteria.Latest, long.MaxValue));
        Assert.Equal("second", (await Probe.Next<LoadSnapshotResult>()).Snapshot.Snapshot);
        actor.Do(a => a.DeleteSnapshot(2));
        Assert.Equal(2, (await Probe.Next<DeleteSnapshotSuccess>()).Metadata.SequenceNr);
        actor.Do(a => a.LoadSnapshot("p", SnapshotSelectionCriteria.Latest, long.MaxValue));
        Assert.Null((await Probe.Next<LoadSnapshotResult>()).Snapshot);
    }

    [Fact]
    public async Task Snapshots_are_selected_by_number()
    {
        var actor = await With(1);
        for (var i = 2; i <= 4; i++)
        {
            var number = i;
            actor.Do(a => a.PersistAsync(number, e => a.SaveSnapshot($"state{e}")));
            Assert.Equal($"saved at {number}", await Probe.Next());
        }

        actor.Do(a => a.LoadSnapshot("p", new SnapshotSelectionCriteria(3), long.MaxValue));
        Assert.Equal("state3", (await Probe.Next<LoadSnapshotResult>()).Snapshot.Snapshot);
        actor.Do(a => a.LoadSnapshot("p", SnapshotSelectionCriteria.Latest, 2));
        Assert.Equal("state2", (await Probe.Next<LoadSnapshotResult>()).Snapshot.Snapshot);
        actor.Do(a => a.DeleteSnapshots(new SnapshotSelectionCriteria(3)));
        await Probe.Next<DeleteSnapshotsSuccess>();
        actor.Do(a => a.LoadSnapshot("p", new SnapshotSelectionCriteria(3), long.MaxValue));
        Assert.Null((await Probe.Next<LoadSnapshotResult>()).Snapshot);
        actor.Do(a => a.LoadSnapshot("p", SnapshotSelectionCriteria.Latest, long.MaxValue));
        Assert.Equal("state4", (await Probe.Next<LoadSnapshotResult>()).Snapshot.Snapshot);
    }

    [Fact]
    public async Task Without_a_store_a_snapshot_is_refused_and_recovery_goes_on_without()
    {
        var system = ActorSystem.Create("no-store", """
            akka.loglevel = OFF
            akka.stdout-loglevel = OFF
            akka.coordinated-shutdown.run-by-clr-shutdown-hook = off
            akka.persistence.snapshot-store.plugin = ""
            """);
        try
        {
            var probe = new Probe(system);
            var actor = system.ActorOf(Props.Create(() => new ScriptedActor("p", probe.Ref, "", null)));
            Assert.Equal(["replay succeeded", "recovered at 0"], await probe.Next<string>(2));
            actor.Do(a => a.SaveSnapshot("state"));
            Assert.IsType<Akka.Persistence.Snapshot.NoSnapshotStore.NoSnapshotStoreException>((await probe.Next<SaveSnapshotFailure>()).Cause);
        }
        finally
        {
            await system.Terminate();
        }
    }
}
