using Akka.Actor;
using Akka.Dispatch;

namespace Akka.Persistence;

// What happens after recovery: commands, the journal's answers, and the handlers they let run.
public abstract partial class Eventsourced
{
    private bool _asyncTaskRunning;
    private BatchCursor _interrupted;

    /// <summary>Runs an asynchronous handler: no other message is handled until its task ends.</summary>
    protected void RunTask(Func<Task> action)
    {
        if (_asyncTaskRunning) throw new NotSupportedException("RunTask calls cannot be nested");
        ActorTaskScheduler.RunTask(() =>
        {
            var task = action();
            return task.IsCompleted ? task : Await(task);
        });
    }

    private async Task Await(Task task)
    {
        _asyncTaskRunning = true;
        var failed = true;
        try
        {
            await task;
            failed = false;
        }
        finally
        {
            _asyncTaskRunning = false;
            CommandHandled(failed);
        }
    }

    private void ReceiveProcessing(Receive receive, object message)
    {
        if (_interrupted is not null && message is not BatchCursor)
        {
            StashInternally();
            return;
        }

        if (ReceiveAnswer(message)) return;
        if (_phase == Phase.Persisting)
        {
            StashInternally();
            return;
        }

        try
        {
            base.AroundReceive(receive, message);
        }
        catch
        {
            CommandHandled(failed: true);
            throw;
        }

        CommandHandled(failed: false);
    }

    private void CommandHandled(bool failed)
    {
        if (_batch.Count > 0) FlushBatch();
        if (_asyncTaskRunning) return;                    // the end of the task comes here again
        if (_stashingEvents > 0) _phase = Phase.Persisting;
        else _internalStash.Release(all: failed);
    }

    /// <summary>Whether the message was an answer of the journal. Those to an earlier incarnation are dropped.</summary>
    private bool ReceiveAnswer(object message)
    {
        switch (message)
        {
            case WriteBatchCompleted completed:
                if (completed.Request.ActorInstanceId != _instanceId) return true;
                _writing = false;
                if (completed.Failure is null) FlushGathered();
                RunBatch(new BatchCursor(completed, _instanceId));
                return true;
            case BatchCursor cursor:
                if (cursor.InstanceId == _instanceId) ResumeBatch(cursor);
                return true;
            case WriteMessageSuccess success:
                if (success.ActorInstanceId != _instanceId) return true;
                UpdateLastSequenceNr(success.Persistent);
                RunHandler(success.Persistent.Payload);
                return true;
            case LoopMessageSuccess loop:
                if (loop.ActorInstanceId == _instanceId) RunHandler(loop.Message);
                return true;
            case WriteMessageRejected rejected:
                if (rejected.ActorInstanceId != _instanceId) return true;
                UpdateLastSequenceNr(rejected.Persistent);
                HandlerDone(failed: false);
                OnPersistRejected(rejected.Cause, rejected.Persistent.Payload, rejected.Persistent.SequenceNr);
                return true;
            case WriteMessageFailure failure:
                if (failure.ActorInstanceId != _instanceId) return true;
                HandlerDone(failed: false);
                FailPersist(failure.Cause, failure.Persistent);
                return true;
            case WriteMessagesSuccessful:
                _writing = false;
                FlushGathered();
                return true;
            case WriteMessagesFailed failed:
                if (failed.WriteCount == 0) _writing = false;   // otherwise a WriteMessageFailure stops this actor
                return true;
            case RecoveryTick:
                return true;                                    // one that was queued before the timer was cancelled
            default:
                return false;
        }
    }

    private void RunHandler(object @event)
    {
        try
        {
            try
            {
                _pending.Peek().Run(@event);
            }
            finally
            {
                FlushBatch();
            }
        }
        catch
        {
            HandlerDone(failed: true);
            throw;
        }

        HandlerDone(failed: false);
    }

    private void HandlerDone(bool failed)
    {
        PopHandler();
        if (_phase == Phase.Processing)
        {
            _internalStash.Release(all: failed);
        }
        else if (_stashingEvents == 0)
        {
            // The handlers still pending are asynchronous ones: commands may go on.
            _phase = Phase.Processing;
            _internalStash.Release(all: failed);
        }
    }

    private void PopHandler()
    {
        var handlers = _pending.Peek();
        if (handlers.Stashing) _stashingEvents--;
        if (--handlers.Left == 0) _pending.Dequeue();
    }

    private void FailPersist(Exception cause, IPersistentRepresentation persistent)
    {
        try
        {
            OnPersistFailure(cause, persistent.Payload, persistent.SequenceNr);
        }
        finally
        {
            Context.Stop(Self);
        }
    }

    /// <summary>Runs the handlers of a whole write, each with the sender its event was persisted for.</summary>
    private void RunBatch(BatchCursor cursor)
    {
        var cell = (ActorCell)Context;
        var answer = cursor.Answer;
        var envelopes = (List<IPersistentEnvelope>)answer.Request.Messages;
        while (cursor.Envelope < envelopes.Count)
        {
            if (envelopes[cursor.Envelope] is not AtomicWrite write)
            {
                var deferred = (NonPersistentMessage)envelopes[cursor.Envelope++];
                cell.ActAs(deferred.Sender);
                cursor.Current = deferred.Payload;
                RunInBatch(cursor, deferred.Payload);
                continue;
            }

            cell.ActAs(write.Origin);
            var rejected = answer.Results?[cursor.Write];
            var events = write.Events;
            while (cursor.Event < events.Length)
            {
                var persistent = events[cursor.Event++];
                cursor.Current = persistent;
                if (answer.Failure is not null)
                {
                    PopHandler();
                    FailPersist(answer.Failure, persistent);
                    return;
                }

                UpdateLastSequenceNr(persistent);
                if (rejected is null)
                {
                    RunInBatch(cursor, persistent.Payload);
                }
                else
                {
                    PopHandler();
                    RejectInBatch(cursor, rejected, persistent);
                }
            }

            cursor.Envelope++;
            cursor.Write++;
            cursor.Event = 0;
        }

        if (_phase == Phase.Processing) _internalStash.Release(all: false);
    }

    private void RunInBatch(BatchCursor cursor, object @event)
    {
        try
        {
            _pending.Peek().Run(@event);
        }
        catch
        {
            Interrupt(cursor);
            throw;
        }
        finally
        {
            PopHandler();
            if (_batch.Count > 0) FlushBatch();
        }
    }

    private void RejectInBatch(BatchCursor cursor, Exception cause, IPersistentRepresentation persistent)
    {
        try
        {
            OnPersistRejected(cause, persistent.Payload, persistent.SequenceNr);
        }
        catch
        {
            Interrupt(cursor);
            throw;
        }
    }

    // A handler threw. Should the supervisor resume this instance, the rest of the batch still comes before any command.
    private void Interrupt(BatchCursor cursor)
    {
        _interrupted = cursor;
        Self.Tell(cursor, ActorRefs.NoSender);
    }

    private void ResumeBatch(BatchCursor cursor)
    {
        _interrupted = null;
        try
        {
            RunBatch(cursor);
        }
        finally
        {
            if (_interrupted is null && _phase == Phase.Processing) _internalStash.Release(all: true);
        }
    }

    /// <summary>How far the handlers of a write have run. Sent to the actor itself to go on after a failure.</summary>
    private sealed class BatchCursor(WriteBatchCompleted answer, int instanceId)
    {
        public WriteBatchCompleted Answer { get; } = answer;

        public int InstanceId { get; } = instanceId;

        /// <summary>What is being handled, for the supervisor.</summary>
        public object Current { get; set; }

        public int Envelope { get; set; }

        public int Write { get; set; }

        public int Event { get; set; }
    }
}
