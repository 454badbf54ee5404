using System.Collections.Immutable;
using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using Akka.Pattern;

namespace Akka.Persistence.Journal;

/// <summary>
/// Base of journals whose storage is asynchronous. Calls start in the order of the requests and are not awaited by one another;
/// the answers leave in the order of the requests.
/// </summary>
/// <remarks>
/// An answer to an actor of this process is one message a request. When the storage call has ended by the time it returns, the
/// answer leaves at once on the journal's thread; otherwise on the thread that ends the call.
/// </remarks>
public abstract class AsyncWriteJournal : WriteJournalBase, IAsyncRecovery
{
    /// <summary>Whether requests that were carried out are published on the event stream.</summary>
    protected readonly bool CanPublish;

    private readonly PluginBreaker _breaker;
    private readonly ReplayFilterSettings _filter;
    private readonly ILoggingAdapter _log;

    // Answers in the order of the requests. Whoever ends a call sends what has become ready; one thread at a time sends.
    private readonly Queue<WriteBatchCompleted> _answers = new();
    private bool _sending;

    /// <summary>Reads breaker and replay filter from the plugin's configuration.</summary>
    protected AsyncWriteJournal()
    {
        var extension = Persistence.Instance.Apply(Context.System);
        CanPublish = extension.PublishesPluginCommands;
        var config = extension.ConfigFor(Self);
        _breaker = new PluginBreaker(Context.System.Scheduler, config);
        _filter = ReplayFilterSettings.Read(config);
        _log = Context.GetLogger();
    }

    /// <inheritdoc/>
    public abstract Task ReplayMessagesAsync(IActorContext context, string persistenceId, long fromSequenceNr, long toSequenceNr,
        long max, Action<IPersistentRepresentation> recoveryCallback);

    /// <inheritdoc/>
    public abstract Task<long> ReadHighestSequenceNrAsync(string persistenceId, long fromSequenceNr, CancellationToken cancellationToken);

    /// <summary>Stores writes, each all or none, those of one persistence id in order.</summary>
    /// <param name="messages">The writes; there is no bound on how many.</param>
    /// <param name="cancellationToken">Set when the call has taken too long.</param>
    /// <returns>
    /// Null when everything is stored. Otherwise one entry for each write, in order: null when it is stored, or why it was
    /// rejected and is not. A failed task says that it is unknown what is stored; the actors that wrote then stop.
    /// </returns>
    protected abstract Task<IImmutableList<Exception>> WriteMessagesAsync(IEnumerable<AtomicWrite> messages, CancellationToken cancellationToken);

    /// <summary>Deletes events up to a number, inclusive.</summary>
    protected abstract Task DeleteMessagesToAsync(string persistenceId, long toSequenceNr, CancellationToken cancellationToken);

    /// <summary>Handles a message of the plugin's own.</summary>
    protected virtual bool ReceivePluginInternal(object message) => false;

    /// <inheritdoc/>
    protected sealed override bool Receive(object message) => ReceiveWriteJournal(message) || ReceivePluginInternal(message);

    /// <summary>Handles the messages of the protocol.</summary>
    protected bool ReceiveWriteJournal(object message)
    {
        switch (message)
        {
            case WriteMessages write:
                Write(write);
                return true;
            case ReplayMessages replay:
                _ = Replay(replay, Context, Self);
                return true;
            case DeleteMessagesTo delete:
                _ = Delete(delete, Context.System.EventStream, Self);
                return true;
            default:
                return false;
        }
    }

    /// <summary>The cause, when an <see cref="AggregateException"/> holds only one.</summary>
    protected static Exception TryUnwrapException(Exception e)
    {
        if (e is not AggregateException aggregate) return e;
        aggregate = aggregate.Flatten();
        return aggregate.InnerExceptions.Count == 1 ? aggregate.InnerExceptions[0] : e;
    }

    private void Write(WriteMessages message)
    {
        var answer = new WriteBatchCompleted(message);
        lock (_answers) _answers.Enqueue(answer);
        var writes = WritesOf(message.Messages);
        if (writes.Count == 0)
        {
            End(answer, Self);                         // deferred elements only
            return;
        }

        var self = Self;
        var call = _breaker.Call((Journal: this, Writes: writes), static (state, token) => state.Journal.WriteMessagesAsync(state.Writes, token));
        if (call.IsCompleted)
        {
            Fill(answer, call, writes.Count);
            End(answer, self);
            return;
        }

        call.ContinueWith(
            ended =>
            {
                Fill(answer, ended, writes.Count);
                End(answer, self);
            },
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
    }

    private static void Fill(WriteBatchCompleted answer, Task<IImmutableList<Exception>> call, int writes)
    {
        if (!call.IsCompletedSuccessfully)
        {
            answer.Failure = call.IsCanceled
                ? new OperationCanceledException("WriteMessagesAsync canceled, possibly due to timing out.")
                : TryUnwrapException(call.Exception);
        }
        else if (call.Result is { } results && results.Count != writes)
        {
            answer.Failure = new IllegalStateException(
                $"AsyncWriteMessages return invalid number or results. Expected [{writes}], but got [{results.Count}].");
        }
        else
        {
            answer.Results = call.Result;
        }
    }

    private void End(WriteBatchCompleted answer, IActorRef self)
    {
        lock (_answers)
        {
            answer.Ended = true;
            if (_sending) return;
            _sending = true;
        }

        while (true)
        {
            WriteBatchCompleted next;
            lock (_answers)
            {
                if (!_answers.TryPeek(out next) || !next.Ended)
                {
                    _sending = false;
                    return;
                }

                _answers.Dequeue();
            }

            Send(next, self);
        }
    }

    private static void Send(WriteBatchCompleted answer, IActorRef self)
    {
        var request = answer.Request;
        var target = request.PersistentActor;
        if (request.AnswerAtOnce)
        {
            target.Tell(answer, self);
            return;
        }

        if (answer.Failure is null)
            target.Tell(WriteMessagesSuccessful.Instance, self);
        else
            target.Tell(new WriteMessagesFailed(answer.Failure, request.Messages.Count(static envelope => envelope is AtomicWrite)), self);

        var write = 0;
        foreach (var envelope in request.Messages)
        {
            if (envelope is AtomicWrite atomic)
            {
                var rejected = answer.Results?[write++];
                foreach (var persistent in EventsOf(atomic))
                    target.Tell(Reply(answer, rejected, persistent), persistent.Sender ?? atomic.Origin);
            }
            else
            {
                target.Tell(new LoopMessageSuccess(envelope.Payload, request.ActorInstanceId), envelope.Sender);
            }
        }
    }

    private static object Reply(WriteBatchCompleted answer, Exception rejected, IPersistentRepresentation persistent)
    {
        var instance = answer.Request.ActorInstanceId;
        if (answer.Failure is not null) return new WriteMessageFailure(persistent, answer.Failure, instance);
        return rejected is null
            ? new WriteMessageSuccess(persistent, instance)
            : new WriteMessageRejected(persistent, rejected, instance);
    }

    private async Task Delete(DeleteMessagesTo message, EventStream eventStream, IActorRef self)
    {
        try
        {
            await _breaker.Call((Journal: this, Message: message), static async (state, token) =>
            {
                await state.Journal.DeleteMessagesToAsync(state.Message.PersistenceId, state.Message.ToSequenceNr, token);
                return true;
            }).ConfigureAwait(false);
            message.PersistentActor.Tell(new DeleteMessagesSuccess(message.ToSequenceNr), self);
            if (CanPublish) eventStream.Publish(message);
        }
#pragma warning disable CA1031 // whatever the storage throws is the answer
        catch (Exception cause)
#pragma warning restore CA1031
        {
            message.PersistentActor.Tell(new DeleteMessagesFailure(TryUnwrapException(cause), message.ToSequenceNr), self);
        }
    }

    private async Task Replay(ReplayMessages message, IActorContext context, IActorRef self)
    {
        var target = message.PersistentActor;
        var eventStream = context.System.EventStream;
        var filter = _filter.Mode == ReplayFilterMode.Disabled ? null : new ReplayFilter(target, _filter, _log);
        try
        {
            var from = Math.Max(0L, message.FromSequenceNr - 1);
            var highest = await _breaker.Call(
                (Journal: this, message.PersistenceId, From: from),
                static (state, token) => state.Journal.ReadHighestSequenceNrAsync(state.PersistenceId, state.From, token));
            var to = Math.Min(message.ToSequenceNr, highest);
            if (to > 0 && message.FromSequenceNr <= to)
                await ReplayMessagesAsync(context, message.PersistenceId, message.FromSequenceNr, to, message.Max, Take);
            if (filter?.Failed == true) return;
            filter?.Flush();
            target.Tell(new RecoverySuccess(highest), self);
            if (CanPublish) eventStream.Publish(message);
        }
        catch (OperationCanceledException cause)
        {
            Fail(new OperationCanceledException("ReplayMessagesAsync canceled, possibly due to timing out.", cause));
        }
#pragma warning disable CA1031 // whatever the storage throws is the answer
        catch (Exception cause)
#pragma warning restore CA1031
        {
            Fail(TryUnwrapException(cause));
        }

        void Take(IPersistentRepresentation persistent)
        {
            if (persistent.IsDeleted) return;
            if (filter is null) target.Tell(new ReplayedMessage(persistent), ActorRefs.NoSender);
            else filter.Take(persistent);
        }

        void Fail(Exception cause)
        {
            if (filter?.Failed == true) return;
            filter?.Flush();
            target.Tell(new ReplayMessagesFailure(cause), self);
        }
    }
}
