using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence;
using Akka.Persistence.Journal;

namespace Kv.Compat.Tests.Persistence;

/// <summary>An actor system with in-memory plugins, and a journal that a test steers.</summary>
public abstract class PersistenceTest : IAsyncLifetime
{
    protected PersistenceTest(string more = "")
    {
        System = ActorSystem.Create("persistence-test", ConfigurationFactory.ParseString(more).WithFallback(ConfigurationFactory.ParseString("""
            akka.loglevel = OFF
            akka.stdout-loglevel = OFF
            akka.coordinated-shutdown.run-by-clr-shutdown-hook = off
            akka.persistence.journal.plugin = "akka.persistence.journal.inmem"
            akka.persistence.snapshot-store.plugin = "akka.persistence.snapshot-store.inmem"
            akka.persistence.journal.steered {
              class = "Kv.Compat.Tests.Persistence.SteeredJournal, Kv.Compat.Tests"
            }
            """)));
        Steering = Steering.Of(System);
        Probe = new Probe(System);
    }

    protected ActorSystem System { get; }

    internal Probe Probe { get; }

    internal Steering Steering { get; }

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => System.Terminate();

    /// <summary>An actor whose commands are actions on it.</summary>
    internal IActorRef Scripted(string persistenceId, string journal = "", Recovery? recovery = null, string? name = null) =>
        System.ActorOf(Props.Create(() => new ScriptedActor(persistenceId, Probe.Ref, journal, recovery)), name);
}

/// <summary>What the steered journal of a system is to do, and what it was asked.</summary>
internal sealed class Steering
{
    private static readonly ConditionalWeakTable<ActorSystem, Steering> OfSystems = [];

    public List<AtomicWrite[]> Writes { get; } = [];

    /// <summary>Makes the result of each write.</summary>
    public Func<AtomicWrite[], CancellationToken, Task<IImmutableList<Exception?>?>> OnWrite { get; set; } =
        static (_, _) => Task.FromResult<IImmutableList<Exception?>?>(null);

    /// <summary>Fails or delays the reading of the highest number.</summary>
    public Func<Task> OnReadHighest { get; set; } = static () => Task.CompletedTask;

    public static Steering Of(ActorSystem system) => OfSystems.GetOrCreateValue(system);
}

/// <summary>The in-memory journal with a hook before each write.</summary>
internal sealed class SteeredJournal : MemoryJournal
{
    private readonly Steering _steering = Steering.Of(Context.System);

    protected override async Task<IImmutableList<Exception>> WriteMessagesAsync(IEnumerable<AtomicWrite> messages, CancellationToken cancellationToken)
    {
        var writes = messages.ToArray();
        Task<IImmutableList<Exception?>?> steered;
        lock (_steering)
        {
            _steering.Writes.Add(writes);
            steered = _steering.OnWrite(writes, cancellationToken);
        }

        var results = await steered;
        if (results is null) return await base.WriteMessagesAsync(writes, cancellationToken);
        for (var i = 0; i < writes.Length && i < results.Count; i++)
        {
            if (results[i] is null) await base.WriteMessagesAsync([writes[i]], cancellationToken);
        }

        return results!;
    }

    public override async Task<long> ReadHighestSequenceNrAsync(string persistenceId, long fromSequenceNr, CancellationToken cancellationToken)
    {
        await _steering.OnReadHighest();
        return await base.ReadHighestSequenceNrAsync(persistenceId, fromSequenceNr, cancellationToken);
    }
}

/// <summary>Does what it is told, and tells the probe what it sees of persistence.</summary>
internal sealed class ScriptedActor : ReceivePersistentActor
{
    private readonly Recovery? _recovery;
    private readonly IActorRef _probe;

    public ScriptedActor(string persistenceId, IActorRef probe, string journal, Recovery? recovery)
    {
        PersistenceId = persistenceId;
        JournalPluginId = journal;
        _recovery = recovery;
        _probe = probe;
        Recover<SnapshotOffer>(offer => Tell($"snapshot {offer.Snapshot} at {offer.Metadata.SequenceNr}"));
        Recover<RecoveryCompleted>(_ => Tell($"recovered at {LastSequenceNr}"));
        RecoverAny(e => Tell($"replayed {e} at {LastSequenceNr}{(IsRecovering ? "" : ", but not recovering")}"));
        Command<Action<ScriptedActor>>(action => action(this));
        Command<Func<ScriptedActor, Task>>(_ => false);
        CommandAsync<Func<ScriptedActor, Task>>(action => action(this));
        Command<string>(text => Tell($"command {text}"));
        Command<SaveSnapshotSuccess>(saved => Tell($"saved at {saved.Metadata.SequenceNr}"));
        CommandAny(other => _probe.Tell(other, Self));
    }

    public override string PersistenceId { get; }

    public override Recovery Recovery => _recovery ?? base.Recovery;

    public IActorRef Asker => Sender;

    public void Tell(object message) => _probe.Tell(message, Self);

    protected override void OnPersistFailure(Exception cause, object @event, long sequenceNr) =>
        Tell($"failed {@event} at {sequenceNr}: {cause.GetType().Name} {cause.Message}");

    protected override void OnPersistRejected(Exception cause, object @event, long sequenceNr) =>
        Tell($"rejected {@event} at {sequenceNr}: {cause.Message}");

    protected override void OnRecoveryFailure(Exception reason, object? message = null) =>
        Tell($"recovery failed: {reason.Message}{(message is null ? "" : $" on {message}")}");

    protected override void OnReplaySuccess() => Tell("replay succeeded");
}

internal static class Script
{
    public static void Do(this IActorRef actor, Action<ScriptedActor> action, IActorRef? sender = null) => actor.Tell(action, sender ?? ActorRefs.NoSender);

    public static void DoAsync(this IActorRef actor, Func<ScriptedActor, Task> action) => actor.Tell(action, ActorRefs.NoSender);
}
