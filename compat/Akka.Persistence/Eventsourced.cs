using Akka.Actor;
using Akka.Event;

namespace Akka.Persistence;

/// <summary>
/// An actor whose state is the sum of its events: commands make events, the journal stores them, handlers apply them, and
/// the same events are replayed when the actor starts.
/// </summary>
/// <remarks>
/// One write of an actor is in flight at a time. What is persisted meanwhile gathers and goes out as one
/// <see cref="WriteMessages"/> when the answer comes. Events carry gapless numbers from 1. When a write fails, the actor
/// stops: whether the events are stored is then unknown.
/// </remarks>
public abstract partial class Eventsourced : ActorBase, IPersistentIdentity, IWithUnboundedStash, IPersistenceRecovery
{
    private static int _instances;

    private readonly int _instanceId = Interlocked.Increment(ref _instances);
    private readonly string _writerGuid = Guid.NewGuid().ToString();
    private readonly InternalStash _internalStash;
    private IStash _stash;
    private IActorRef _journal;
    private IActorRef _snapshotStore;
    private long _sequenceNr;

    /// <summary>For actors made by an actor system.</summary>
    protected Eventsourced()
    {
        Extension = Persistence.Instance.Apply(Context.System);
        Log = Context.GetLogger();
        _internalStash = new InternalStash((ActorCell)Context);
    }

    /// <summary>The extension of this system.</summary>
    protected PersistenceExtension Extension { get; }

    /// <summary>The actor's log.</summary>
    protected virtual ILoggingAdapter Log { get; }

    /// <inheritdoc/>
    public abstract string PersistenceId { get; }

    /// <inheritdoc/>
    public virtual Recovery Recovery => Recovery.Default;

    /// <summary>The actor's own stash. Unstashed messages come before the commands that wait for events.</summary>
    public IStash Stash
    {
        get => _stash;
        set => _stash = value is null ? null : new UserStash(value, _internalStash);
    }

    /// <inheritdoc/>
    public string JournalPluginId { get; protected set; }

    /// <inheritdoc/>
    public string SnapshotPluginId { get; protected set; }

    /// <summary>The journal this actor writes to.</summary>
    public IActorRef Journal => _journal ??= Extension.JournalFor(JournalPluginId);

    /// <summary>The store of this actor's snapshots.</summary>
    public IActorRef SnapshotStore => _snapshotStore ??= Extension.SnapshotStoreFor(SnapshotPluginId);

    /// <inheritdoc/>
    public string SnapshotterId => PersistenceId;

    /// <summary>Whether the actor still replays.</summary>
    public bool IsRecovering => _phase < Phase.Processing;

    /// <summary>Whether the actor takes commands.</summary>
    public bool IsRecoveryFinished => !IsRecovering;

    /// <summary>Number of the last event replayed, or stored and confirmed; during a handler, of its event.</summary>
    public long LastSequenceNr { get; private set; }

    /// <summary>The number a snapshot taken now carries.</summary>
    public long SnapshotSequenceNr => LastSequenceNr;

    /// <summary>Handles a replayed event, a <see cref="SnapshotOffer"/> or <see cref="RecoveryCompleted"/>.</summary>
    protected abstract bool ReceiveRecover(object message);

    /// <summary>Handles a command.</summary>
    protected abstract bool ReceiveCommand(object message);

    /// <summary>Asks for a snapshot; <see cref="LoadSnapshotResult"/> or <see cref="LoadSnapshotFailed"/> answers.</summary>
    public void LoadSnapshot(string persistenceId, SnapshotSelectionCriteria criteria, long toSequenceNr) =>
        SnapshotStore.Tell(new LoadSnapshot(persistenceId, criteria, toSequenceNr), Self);

    /// <summary>Saves a snapshot of now; <see cref="SaveSnapshotSuccess"/> or <see cref="SaveSnapshotFailure"/> answers.</summary>
    public void SaveSnapshot(object snapshot) =>
        SnapshotStore.Tell(
            new SaveSnapshot(
                new SnapshotMetadata(SnapshotterId, SnapshotSequenceNr, Context.System.Scheduler.Now.UtcDateTime), snapshot),
            Self);

    /// <summary>Deletes the snapshot of one number; <see cref="DeleteSnapshotSuccess"/> or <see cref="DeleteSnapshotFailure"/> answers.</summary>
    public void DeleteSnapshot(long sequenceNr) =>
        SnapshotStore.Tell(
            new DeleteSnapshot(
                new SnapshotMetadata(SnapshotterId, sequenceNr, DateTime.SpecifyKind(DateTime.MinValue, DateTimeKind.Utc))),
            Self);

    /// <summary>Deletes snapshots; <see cref="DeleteSnapshotsSuccess"/> or <see cref="DeleteSnapshotsFailure"/> answers.</summary>
    public void DeleteSnapshots(SnapshotSelectionCriteria criteria) =>
        SnapshotStore.Tell(new DeleteSnapshots(SnapshotterId, criteria), Self);

    /// <summary>
    /// Deletes events up to a number, inclusive; <see cref="DeleteMessagesSuccess"/> or <see cref="DeleteMessagesFailure"/>
    /// answers. <see cref="long.MaxValue"/> stands for <see cref="LastSequenceNr"/>; any other number beyond it fails.
    /// </summary>
    public void DeleteMessages(long toSequenceNr)
    {
        if (toSequenceNr == long.MaxValue) toSequenceNr = LastSequenceNr;
        if (toSequenceNr <= LastSequenceNr)
        {
            Journal.Tell(new DeleteMessagesTo(PersistenceId, toSequenceNr, Self), Self);
            return;
        }

        var cause = new InvalidOperationException(
            $"toSequenceNr [{toSequenceNr}] must be less than or equal to LastSequenceNr [{LastSequenceNr}]");
        Self.Tell(new DeleteMessagesFailure(cause, toSequenceNr), Self);
    }

    /// <summary>Called when the last event has been replayed, before <see cref="RecoveryCompleted"/>.</summary>
    protected virtual void OnReplaySuccess()
    {
    }

    /// <summary>Called when the replay fails; the actor stops afterwards.</summary>
    /// <param name="reason">Why.</param>
    /// <param name="message">The event whose handler threw; null when journal or snapshot store failed.</param>
    protected virtual void OnRecoveryFailure(Exception reason, object message = null)
    {
        if (message is not null)
            Log.Error(reason, "Exception in ReceiveRecover when replaying event type [{0}] with sequence number [{1}] for persistenceId [{2}]",
                message.GetType(), LastSequenceNr, PersistenceId);
        else
            Log.Error(reason, "Persistence failure when replaying events for persistenceId [{0}]. Last known sequence number [{1}]",
                PersistenceId, LastSequenceNr);
    }

    /// <summary>Called when it is unknown whether an event is stored; the actor stops afterwards.</summary>
    protected virtual void OnPersistFailure(Exception cause, object @event, long sequenceNr) =>
        Log.Error(cause, "Failed to persist event type [{0}] with sequence number [{1}] for persistenceId [{2}].",
            @event.GetType(), sequenceNr, PersistenceId);

    /// <summary>Called when the journal has refused an event; its handler does not run, and the actor goes on.</summary>
    protected virtual void OnPersistRejected(Exception cause, object @event, long sequenceNr) =>
        Log.Error(cause, "Rejected to persist event type [{0}] with sequence number [{1}] for persistenceId [{2}] due to [{3}].",
            @event.GetType(), sequenceNr, PersistenceId, cause.Message);
}
