using Akka.Actor;
using Akka.Persistence;

namespace Kv.Compat.Tests.Persistence;

public sealed class RecoveryTests() : PersistenceTest("""
    akka.persistence.journal.steered.recovery-event-timeout = 300ms
    akka.persistence.max-concurrent-recoveries = 2
    """)
{
    private const string Steered = "akka.persistence.journal.steered";

    private async Task Store(string persistenceId, int events, int snapshotAt = 0)
    {
        var actor = Scripted(persistenceId, Steered);
        await Probe.Next<string>(2);
        for (var i = 1; i <= events; i++)
        {
            var number = i;
            actor.Do(a => a.PersistAsync(number, e =>
            {
                a.Tell("stored");
                if (e == snapshotAt) a.SaveSnapshot($"state{e}");
            }));
            Assert.Equal("stored", await Probe.Next());
            if (number == snapshotAt) Assert.Equal($"saved at {snapshotAt}", await Probe.Next());
        }

        Probe.Watch(actor);
        actor.Tell(PoisonPill.Instance, ActorRefs.NoSender);
        await Probe.Next<Terminated>();
    }

    [Fact]
    public async Task Events_are_replayed_in_order_and_then_recovery_completes()
    {
        await Store("p", 3);
        Scripted("p", Steered);
        Assert.Equal(
            ["replayed 1 at 1", "replayed 2 at 2", "replayed 3 at 3", "replay succeeded", "recovered at 3"],
            await Probe.Next<string>(5));
    }

    [Fact]
    public async Task A_snapshot_is_offered_first_and_only_the_events_after_it_are_replayed()
    {
        await Store("p", 5, snapshotAt: 3);
        Scripted("p", Steered);
        Assert.Equal(
            ["snapshot state3 at 3", "replayed 4 at 4", "replayed 5 at 5", "replay succeeded", "recovered at 5"],
            await Probe.Next<string>(5));
    }

    [Fact]
    public async Task Commands_wait_for_the_end_of_recovery()
    {
        await Store("p", 1);
        var gate = new TaskCompletionSource();
        Steering.OnReadHighest = () => gate.Task;
        var actor = Scripted("p", Steered);
        actor.Tell("one", ActorRefs.NoSender);
        actor.Tell("two", ActorRefs.NoSender);
        gate.SetResult();
        Assert.Equal(
            ["replayed 1 at 1", "replay succeeded", "recovered at 1", "command one", "command two"], await Probe.Next<string>(5));
    }

    [Fact]
    public async Task Recovery_can_stop_at_a_number_or_after_a_count_or_be_left_out()
    {
        await Store("p", 4, snapshotAt: 2);
        Scripted("p", Steered, new Recovery(SnapshotSelectionCriteria.None, toSequenceNr: 2));
        Assert.Equal(["replayed 1 at 1", "replayed 2 at 2", "replay succeeded", "recovered at 4"], await Probe.Next<string>(4));
        Scripted("p", Steered, new Recovery(SnapshotSelectionCriteria.Latest, long.MaxValue, replayMax: 1));
        Assert.Equal(["snapshot state2 at 2", "replayed 3 at 3", "replay succeeded", "recovered at 4"], await Probe.Next<string>(4));
        Scripted("p", Steered, Recovery.None);
        Assert.Equal(["replay succeeded", "recovered at 4"], await Probe.Next<string>(2));
    }

    [Fact]
    public async Task Persisting_during_recovery_is_refused()
    {
        await Store("p", 1);
        var actor = System.ActorOf(Props.Create(() => new EagerActor(Probe.Ref)));
        Assert.Equal("InvalidOperationException at 1", await Probe.Next());
        Assert.Equal("persisted 2", await Probe.Next());
        Probe.Watch(actor);
    }

    [Fact]
    public async Task A_journal_that_cannot_be_read_ends_the_actor()
    {
        Steering.OnReadHighest = static () => Task.FromException(new IOException("no disk"));
        var actor = Scripted("p", Steered);
        Probe.Watch(actor);
        Assert.Equal("recovery failed: no disk", await Probe.Next());
        await Probe.Next<Terminated>();
    }

    [Fact]
    public async Task A_silent_journal_ends_the_actor_after_the_recovery_event_timeout()
    {
        Steering.OnReadHighest = static () => new TaskCompletionSource().Task;
        var actor = Scripted("p", Steered);
        Probe.Watch(actor);
        Assert.StartsWith("recovery failed: Recovery timed out", await Probe.Next<string>(), StringComparison.Ordinal);
        await Probe.Next<Terminated>();
    }

    [Fact]
    public async Task A_handler_that_throws_while_replaying_ends_the_actor_and_the_others_still_get_their_permits()
    {
        await Store("p", 2);
        for (var i = 0; i < 3; i++)                    // more than there are permits
        {
            var actor = System.ActorOf(Props.Create(() => new ThrowingActor(Probe.Ref)));
            Probe.Watch(actor);
            Assert.Equal("recovery failed: cannot apply on 1", await Probe.Next());
            await Probe.Next<Terminated>();
        }

        Scripted("p", Steered);
        Assert.Equal("replayed 1 at 1", await Probe.Next());
    }

    [Fact]
    public async Task More_actors_than_permits_recover_in_turn()
    {
        var gate = new TaskCompletionSource();
        Steering.OnReadHighest = () => gate.Task;
        for (var i = 0; i < 6; i++) Scripted($"p{i}", Steered);
        gate.SetResult();
        Assert.Equal(6, (await Probe.Next<string>(12)).Count(message => message == "recovered at 0"));
    }

    [Fact]
    public async Task A_journal_that_is_not_configured_fails_the_start_of_the_actor()
    {
        var actor = Scripted("p", "akka.persistence.journal.missing");
        Probe.Watch(actor);
        Assert.Equal(actor, (await Probe.Next<Terminated>()).ActorRef);
    }

    [Fact]
    public async Task The_plugin_gets_its_own_block_over_the_fallback()
    {
        var journal = Akka.Persistence.Persistence.Instance.Apply(System).JournalFor(Steered);
        Assert.Equal($"/system/{Steered}", journal.Path.ToStringWithoutAddress());
        Assert.Same(journal, Akka.Persistence.Persistence.Instance.Apply(System).JournalFor(Steered));
        await Task.CompletedTask;
    }

    private void Scripted(string persistenceId, string journal, Recovery recovery) => base.Scripted(persistenceId, journal, recovery);

    private sealed class EagerActor : ReceivePersistentActor
    {
        public EagerActor(IActorRef probe)
        {
            JournalPluginId = Steered;
            Recover<int>(_ => probe.Tell(
                $"{Assert.Throws<InvalidOperationException>(() => Persist("x", static _ => { })).GetType().Name} at {LastSequenceNr}"));
            Recover<RecoveryCompleted>(_ => Persist("x", _ => probe.Tell($"persisted {LastSequenceNr}")));
        }

        public override string PersistenceId => "p";
    }

    private sealed class ThrowingActor(IActorRef probe) : UntypedPersistentActor
    {
        public override string PersistenceId => "p";

        protected override void PreStart() => JournalPluginId = Steered;

        public override void AroundPreStart()
        {
            JournalPluginId = Steered;
            base.AroundPreStart();
        }

        protected override void OnCommand(object message) => Unhandled(message);

        protected override void OnRecover(object message)
        {
            if (message is int) throw new InvalidDataException("cannot apply");
        }

        protected override void OnRecoveryFailure(Exception reason, object? message = null) =>
            probe.Tell($"recovery failed: {reason.Message} on {message}");
    }
}
