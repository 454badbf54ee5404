using Akka.Actor;
using Akka.Event;

namespace Akka.Persistence.Snapshot;

/// <summary>Base of snapshot stores. A failed save is followed by a deletion of whatever it may have left.</summary>
public abstract class SnapshotStore : ActorBase
{
    private readonly bool _publish;
    private readonly PluginBreaker _breaker;
    private readonly ILoggingAdapter _log;

    /// <summary>Reads the breaker from the plugin's configuration.</summary>
    protected SnapshotStore()
    {
        var extension = Persistence.Instance.Apply(Context.System);
        _publish = extension.PublishesPluginCommands;
        _breaker = new PluginBreaker(Context.System.Scheduler, extension.ConfigFor(Self));
        _log = Context.GetLogger();
    }

    /// <summary>The youngest snapshot that matches, or null. A failure stops the actor that asked.</summary>
    protected abstract Task<SelectedSnapshot> LoadAsync(string persistenceId, SnapshotSelectionCriteria criteria, CancellationToken cancellationToken);

    /// <summary>Stores a snapshot; one of the same number is replaced.</summary>
    protected abstract Task SaveAsync(SnapshotMetadata metadata, object snapshot, CancellationToken cancellationToken);

    /// <summary>Deletes the snapshot of a number; a time of <see cref="DateTime.MinValue"/> matches any.</summary>
    protected abstract Task DeleteAsync(SnapshotMetadata metadata, CancellationToken cancellationToken);

    /// <summary>Deletes every snapshot that matches.</summary>
    protected abstract Task DeleteAsync(string persistenceId, SnapshotSelectionCriteria criteria, CancellationToken cancellationToken);

    /// <summary>Handles a message of the plugin's own, and sees the outcomes of saves and deletions.</summary>
    protected virtual bool ReceivePluginInternal(object message) => false;

    /// <inheritdoc/>
    protected sealed override bool Receive(object message)
    {
        switch (message)
        {
            case LoadSnapshot load:
                _ = Load(load, Sender, Self);
                return true;
            case SaveSnapshot save:
                _ = Save(save, Sender, Self);
                return true;
            case DeleteSnapshot delete:
                _ = Delete(delete, Context.System.EventStream, Sender, Self);
                return true;
            case DeleteSnapshots delete:
                _ = Delete(delete, Context.System.EventStream, Sender, Self);
                return true;
            case SaveSnapshotFailure failure:
                PassOn(message);
                _ = CleanUp(failure.Metadata);
                return true;
            case SaveSnapshotSuccess or DeleteSnapshotSuccess or DeleteSnapshotFailure or DeleteSnapshotsSuccess or DeleteSnapshotsFailure:
                PassOn(message);
                return true;
            default:
                return ReceivePluginInternal(message);
        }
    }

    private void PassOn(object outcome)
    {
        try
        {
            ReceivePluginInternal(outcome);
        }
        finally
        {
            Sender.Tell(outcome, Self);
        }
    }

    private async Task Load(LoadSnapshot load, IActorRef asker, IActorRef self)
    {
        if (load.Criteria.Equals(SnapshotSelectionCriteria.None))
        {
            asker.Tell(new LoadSnapshotResult(null, load.ToSequenceNr), self);
            return;
        }

        ISnapshotResponse answer;
        try
        {
            var snapshot = await _breaker.Call(
                (Store: this, load.PersistenceId, Criteria: load.Criteria.Limit(load.ToSequenceNr)),
                static (state, token) => state.Store.LoadAsync(state.PersistenceId, state.Criteria, token)).ConfigureAwait(false);
            answer = new LoadSnapshotResult(snapshot, load.ToSequenceNr);
        }
#pragma warning disable CA1031 // whatever the storage throws is the answer
        catch (Exception cause)
#pragma warning restore CA1031
        {
            answer = new LoadSnapshotFailed(cause);
        }

        asker.Tell(answer, self);
    }

    private async Task Save(SaveSnapshot save, IActorRef asker, IActorRef self)
    {
        var named = save.Metadata;
        var metadata = named.Timestamp == DateTime.MinValue
            ? new SnapshotMetadata(named.PersistenceId, named.SequenceNr, DateTime.UtcNow)
            : named;
        var cause = await Run((Store: this, Metadata: metadata, save.Snapshot),
            static (state, token) => state.Store.SaveAsync(state.Metadata, state.Snapshot, token)).ConfigureAwait(false);
        self.Tell(cause is null ? new SaveSnapshotSuccess(metadata) : new SaveSnapshotFailure(named, cause), asker);
    }

    private async Task Delete(DeleteSnapshot delete, EventStream eventStream, IActorRef asker, IActorRef self)
    {
        var cause = await Run((Store: this, delete.Metadata), static (state, token) => state.Store.DeleteAsync(state.Metadata, token))
            .ConfigureAwait(false);
        self.Tell(cause is null ? new DeleteSnapshotSuccess(delete.Metadata) : new DeleteSnapshotFailure(delete.Metadata, cause), asker);
        if (_publish) eventStream.Publish(delete);
    }

    private async Task Delete(DeleteSnapshots delete, EventStream eventStream, IActorRef asker, IActorRef self)
    {
        var cause = await Run((Store: this, Delete: delete),
            static (state, token) => state.Store.DeleteAsync(state.Delete.PersistenceId, state.Delete.Criteria, token)).ConfigureAwait(false);
        self.Tell(cause is null ? new DeleteSnapshotsSuccess(delete.Criteria) : new DeleteSnapshotsFailure(delete.Criteria, cause), asker);
        if (_publish) eventStream.Publish(delete);
    }

    private async Task CleanUp(SnapshotMetadata metadata)
    {
        var cause = await Run((Store: this, Metadata: metadata), static (state, token) => state.Store.DeleteAsync(state.Metadata, token))
            .ConfigureAwait(false);
        if (cause is not null) _log.Error(cause, "DeleteAsync operation after SaveSnapshot failure failed.");
    }

    /// <summary>Makes a guarded call.</summary>
    /// <returns>Why it failed, or null.</returns>
    private async Task<Exception> Run<TState>(TState state, Func<TState, CancellationToken, Task> body)
    {
        try
        {
            await _breaker.Call((State: state, Body: body), static async (s, token) =>
            {
                await s.Body(s.State, token).ConfigureAwait(false);
                return true;
            }).ConfigureAwait(false);
            return null;
        }
#pragma warning disable CA1031 // whatever the storage throws is the answer
        catch (Exception cause)
#pragma warning restore CA1031
        {
            return cause;
        }
    }
}
