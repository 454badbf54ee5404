using Akka.Actor;

namespace Akka.Persistence;

// From the start of the actor to its first command: permit, snapshot, events.
public abstract partial class Eventsourced
{
    private enum Phase
    {
        WaitingForPermit,
        LoadingSnapshot,
        Replaying,
        Processing,
        Persisting,
    }

    private Phase _phase;
    private Recovery _recovery;
    private TimeSpan _recoveryTimeout;
    private ICancelable _recoveryTimer;
    private bool _eventSeen;
    private bool _holdsPermit;
    private Receive _recover;

    /// <inheritdoc/>
    protected override bool AroundReceive(Receive receive, object message)
    {
        if (_phase >= Phase.Processing)
        {
            ReceiveProcessing(receive, message);
            return true;
        }

        try
        {
            switch (_phase)
            {
                case Phase.WaitingForPermit: ReceiveWaiting(message); break;
                case Phase.LoadingSnapshot: ReceiveLoading(message); break;
                default: ReceiveReplaying(message); break;
            }
        }
        catch
        {
            _recoveryTimer?.Cancel();
            ReturnPermit();
            throw;
        }

        return true;
    }

    private void RequestPermit()
    {
        _recovery = Recovery;
        _phase = Phase.WaitingForPermit;
        Extension.RecoveryPermitter.Tell(RequestRecoveryPermit.Instance, Self);
    }

    private void ReturnPermit()
    {
        if (!_holdsPermit) return;
        _holdsPermit = false;
        Extension.RecoveryPermitter.Tell(ReturnRecoveryPermit.Instance, Self);
    }

    private void ReceiveWaiting(object message)
    {
        if (message is not RecoveryPermitGranted)
        {
            StashInternally();
            return;
        }

        _phase = Phase.LoadingSnapshot;
        _holdsPermit = true;
        _recover = ReceiveRecover;
        _recoveryTimeout = Extension.RecoveryEventTimeout(JournalPluginId);
        _recoveryTimer = Context.System.Scheduler.ScheduleTellOnceCancelable(
            _recoveryTimeout, Self, new RecoveryTick(true), Self);
        LoadSnapshot(SnapshotterId, _recovery.FromSnapshot, _recovery.ToSequenceNr);
    }

    private void ReceiveLoading(object message)
    {
        switch (message)
        {
            case LoadSnapshotResult result:
                _recoveryTimer.Cancel();
                if (result.Snapshot is not null && !Offer(result.Snapshot)) return;
                _phase = Phase.Replaying;
                _eventSeen = false;
                _recoveryTimer = Context.System.Scheduler.ScheduleTellRepeatedlyCancelable(
                    _recoveryTimeout, _recoveryTimeout, Self, new RecoveryTick(false), Self);
                Journal.Tell(
                    new ReplayMessages(LastSequenceNr + 1, result.ToSequenceNr, _recovery.ReplayMax, PersistenceId, Self), Self);
                break;
            case LoadSnapshotFailed failed:
                FailRecovery(failed.Cause);
                break;
            case RecoveryTick { Snapshot: true }:
                FailRecovery(new RecoveryTimedOutException(
                    $"Recovery timed out, didn't get snapshot within {_recoveryTimeout.TotalSeconds}s."));
                break;
            default:
                StashInternally();
                break;
        }
    }

    /// <summary>Offers a snapshot. False when its handler threw, which ends the actor.</summary>
    private bool Offer(SelectedSnapshot snapshot)
    {
        var before = LastSequenceNr;
        var offer = new SnapshotOffer(snapshot.Metadata, snapshot.Snapshot);
        try
        {
            LastSequenceNr = snapshot.Metadata.SequenceNr;
            if (!base.AroundReceive(_recover, offer))
            {
                LastSequenceNr = before;             // not wanted: replay from the first event
                Unhandled(offer);
            }

            return true;
        }
#pragma warning disable CA1031 // whatever the handler throws ends the recovery
        catch (Exception cause)
#pragma warning restore CA1031
        {
            FailRecovery(cause);
            return false;
        }
    }

    private void ReceiveReplaying(object message)
    {
        switch (message)
        {
            case ReplayedMessage replayed:
                _eventSeen = true;
                Replay(replayed.Persistent);
                break;
            case RecoverySuccess success:
                Complete(success.HighestSequenceNr);
                break;
            case ReplayMessagesFailure failure:
                FailRecovery(failure.Cause);
                break;
            case RecoveryTick { Snapshot: false }:
                if (_eventSeen) _eventSeen = false;
                else
                    FailRecovery(new RecoveryTimedOutException(
                        $"Recovery timed out, didn't get event within {_recoveryTimeout.TotalSeconds}s, highest sequence number seen {LastSequenceNr}."));
                break;
            case RecoveryTick:
                break;                                // the snapshot's; it was queued before it was cancelled
            default:
                StashInternally();
                break;
        }
    }

    private void Replay(IPersistentRepresentation persistent)
    {
        try
        {
            UpdateLastSequenceNr(persistent);
            base.AroundReceive(_recover, persistent.Payload);
        }
#pragma warning disable CA1031 // whatever the handler throws ends the recovery
        catch (Exception cause)
#pragma warning restore CA1031
        {
            FailRecovery(cause, persistent.Payload);
        }
    }

    private void Complete(long highestSequenceNr)
    {
        _recoveryTimer.Cancel();
        OnReplaySuccess();
        LastSequenceNr = Math.Max(highestSequenceNr, LastSequenceNr);
        _sequenceNr = LastSequenceNr;
        _phase = Phase.Processing;                    // the handler of RecoveryCompleted may persist
        try
        {
            base.AroundReceive(_recover, RecoveryCompleted.Instance);
        }
        finally
        {
            if (_batch.Count > 0) FlushBatch();
            if (_stashingEvents > 0) _phase = Phase.Persisting;
            else _internalStash.Release(all: true);
            ReturnPermit();
        }
    }

    private void FailRecovery(Exception cause, object @event = null)
    {
        _recoveryTimer.Cancel();
        try
        {
            OnRecoveryFailure(cause, @event);
        }
        finally
        {
            Context.Stop(Self);
        }

        ReturnPermit();
    }

    private void UpdateLastSequenceNr(IPersistentRepresentation persistent)
    {
        if (persistent.SequenceNr > LastSequenceNr) LastSequenceNr = persistent.SequenceNr;
    }
}
