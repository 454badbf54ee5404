using Akka.Actor;
using Akka.Persistence;

namespace Kv.Compat.Tests.Persistence;

public sealed class DeletionAndSnapshotTests() : PersistenceTest("""
    akka.persistence.snapshot-store.broken {
      class = "Kv.Compat.Tests.Persistence.BrokenSnapshotStore, Kv.Compat.Tests"
      what-fails = cannot
    }
    """)
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

    [Fact]
    public async Task A_store_that_cannot_save_is_asked_to_clean_up_and_one_that_cannot_load_ends_the_actor()
    {
        var extension = Akka.Persistence.Persistence.Instance.Apply(System);
        var store = extension.SnapshotStoreFor("akka.persistence.snapshot-store.broken");
        var metadata = new SnapshotMetadata("p", 3, DateTime.UtcNow);
        store.Tell(new SaveSnapshot(metadata, Probe.Ref), Probe.Ref);
        Assert.Equal(["saw SaveSnapshotFailure", "deleted 3"], (await Probe.Next<string>(1)).Concat(await Deleted()));
        var loading = System.ActorOf(Props.Create(() => new BrokenSnapshotActor(Probe.Ref)));
        Probe.Watch(loading);
        Assert.Equal("recovery failed: cannot load", await Probe.Next());
        Assert.Equal(loading, (await Probe.Next<Terminated>()).ActorRef);

        async Task<string[]> Deleted()
        {
            var both = new[] { await Probe.Next(), await Probe.Next() };
            Assert.Equal("cannot save", Assert.Single(both.OfType<SaveSnapshotFailure>()).Cause.Message);
            return [.. both.OfType<string>()];
        }
    }

    private sealed class BrokenSnapshotActor : ReceivePersistentActor
    {
        private readonly IActorRef _probe;

        public BrokenSnapshotActor(IActorRef probe)
        {
            _probe = probe;
            SnapshotPluginId = "akka.persistence.snapshot-store.broken";
        }

        public override string PersistenceId => "broken";

        protected override void OnRecoveryFailure(Exception reason, object? message = null) => _probe.Tell($"recovery failed: {reason.Message}");
    }
}

/// <summary>A store on a broken disk; it reports to the probe that the snapshot carries. Its block is handed to its constructor.</summary>
internal sealed class BrokenSnapshotStore(Akka.Configuration.Config config) : Akka.Persistence.Snapshot.SnapshotStore
{
    private readonly string _what = config.GetString("what-fails");
    private IActorRef? _probe;

    protected override Task<SelectedSnapshot> LoadAsync(string persistenceId, SnapshotSelectionCriteria criteria, CancellationToken cancellationToken) =>
        Task.FromException<SelectedSnapshot>(new IOException($"{_what} load"));

    protected override Task SaveAsync(SnapshotMetadata metadata, object snapshot, CancellationToken cancellationToken)
    {
        _probe = (IActorRef)snapshot;
        return Task.FromException(new IOException($"{_what} save"));
    }

    protected override Task DeleteAsync(SnapshotMetadata metadata, CancellationToken cancellationToken)
    {
        _probe.Tell($"deleted {metadata.SequenceNr}");
        return Task.CompletedTask;
    }

    protected override Task DeleteAsync(string persistenceId, SnapshotSelectionCriteria criteria, CancellationToken cancellationToken) => Task.CompletedTask;

    protected override bool ReceivePluginInternal(object message)
    {
        _probe.Tell($"saw {message.GetType().Name}");
        return true;
    }
}
