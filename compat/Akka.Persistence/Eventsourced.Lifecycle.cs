using Akka.Actor;
using Akka.Event;

namespace Akka.Persistence;

public abstract partial class Eventsourced
{
    /// <summary>What of a stash is worth keeping for the next incarnation: all but the journal's answers.</summary>
    public static readonly Func<Envelope, bool> UnstashFilterPredicate =
        static envelope => envelope.Message is not (WriteMessageSuccess or ReplayedMessage);

    /// <inheritdoc/>
    public override void AroundPreStart()
    {
        if (PersistenceId is null)
            throw new ArgumentNullException($"PersistenceId is [null] for PersistentActor [{Self.Path}]");
        _ = Journal;                                   // a missing plugin fails here, not at the first event
        _ = SnapshotStore;
        RequestPermit();
        base.AroundPreStart();
    }

    /// <inheritdoc/>
    public override void AroundPreRestart(Exception cause, object message)
    {
        try
        {
            _internalStash.ReleaseAll();
            Stash?.UnstashAll(UnstashFilterPredicate);
        }
        finally
        {
            var inner = message switch
            {
                WriteBatchCompleted => _interrupted?.Current ?? message,
                BatchCursor cursor => cursor.Current,
                WriteMessageSuccess success => success.Persistent,
                LoopMessageSuccess loop => loop.Message,
                ReplayedMessage replayed => replayed.Persistent,
                _ => message,
            };
            FlushGathered();
            base.AroundPreRestart(cause, inner);
        }
    }

    /// <inheritdoc/>
    public override void AroundPostRestart(Exception cause, object message)
    {
        RequestPermit();
        base.AroundPostRestart(cause, message);
    }

    /// <inheritdoc/>
    public override void AroundPostStop()
    {
        try
        {
            _recoveryTimer?.Cancel();
            _internalStash.ReleaseAll();
            Stash?.UnstashAll(UnstashFilterPredicate);
        }
        finally
        {
            base.AroundPostStop();
        }
    }

    /// <inheritdoc/>
    protected override void Unhandled(object message)
    {
        switch (message)
        {
            case RecoveryCompleted:
                return;
            case SaveSnapshotFailure failure:
                Log.Warning("Failed to SaveSnapshot given metadata [{0}] due to: [{1}: {2}]", failure.Metadata, failure.Cause, failure.Cause.Message);
                break;
            case DeleteSnapshotFailure failure:
                Log.Warning("Failed to DeleteSnapshot given metadata [{0}] due to: [{1}: {2}]", failure.Metadata, failure.Cause, failure.Cause.Message);
                break;
            case DeleteSnapshotsFailure failure:
                Log.Warning("Failed to DeleteSnapshots given criteria [{0}] due to: [{1}: {2}]", failure.Criteria, failure.Cause, failure.Cause.Message);
                break;
            case DeleteMessagesFailure failure:
                Log.Warning("Failed to DeleteMessages ToSequenceNr [{0}] for PersistenceId [{1}] due to: {2}", failure.ToSequenceNr, PersistenceId, failure.Cause.Message);
                break;
            default:
                break;
        }

        base.Unhandled(message);
    }
}
