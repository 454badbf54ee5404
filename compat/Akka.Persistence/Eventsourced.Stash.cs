using Akka.Actor;
using Akka.Dispatch;

namespace Akka.Persistence;

// Two stashes: the user's, and one for commands that wait for recovery or for the handlers of Persist.
public abstract partial class Eventsourced
{
    private void StashInternally() => _internalStash.Stash();

    /// <summary>
    /// Commands that wait. They go back to the front of the mailbox one at a time, so that each is handled before the next
    /// leaves and their order is kept.
    /// </summary>
    private sealed class InternalStash
    {
        private readonly ActorCell _cell;
        private readonly IDequeBasedMessageQueueSemantics _mailbox;
        private readonly LinkedList<Envelope> _waiting = new();

        public InternalStash(ActorCell cell)
        {
            _cell = cell;
            _mailbox = cell.Mailbox.MessageQueue as IDequeBasedMessageQueueSemantics
                ?? throw new NotSupportedException(
                    $"DequeBasedMailbox required, got: {cell.Mailbox.MessageQueue.GetType()}. A persistent actor stashes.");
        }

        /// <summary>Keeps the message in work.</summary>
        public void Stash() => _waiting.AddLast(new Envelope(_cell.CurrentMessage, _cell.SenderOrNull));

        /// <summary>Puts messages before those that wait.</summary>
        public void Prepend(IEnumerable<Envelope> envelopes)
        {
            foreach (var envelope in envelopes.Reverse()) _waiting.AddFirst(envelope);
        }

        /// <summary>Lets the oldest go, or all.</summary>
        public void Release(bool all)
        {
            if (all)
            {
                ReleaseAll();
                return;
            }

            if (_waiting.First is not { } first) return;
            _waiting.RemoveFirst();
            _mailbox.EnqueueFirst(first.Value);
        }

        /// <summary>Lets all go, the oldest first.</summary>
        public void ReleaseAll()
        {
            for (var last = _waiting.Last; last is not null; last = last.Previous) _mailbox.EnqueueFirst(last.Value);
            _waiting.Clear();
        }
    }

    /// <summary>The user's stash: what it lets go waits in front of the other stash.</summary>
    private sealed class UserStash(IStash stash, InternalStash before) : IStash
    {
        public int Count => stash.Count;

        public bool IsEmpty => stash.IsEmpty;

        public bool NonEmpty => stash.NonEmpty;

        public bool IsFull => stash.IsFull;

        public int Capacity => stash.Capacity;

        public void Stash() => stash.Stash();

        public void Unstash() => stash.Unstash();

        public void UnstashAll() => before.Prepend(stash.ClearStash());

        public void UnstashAll(Func<Envelope, bool> predicate) => stash.UnstashAll(predicate);

        public IEnumerable<Envelope> ClearStash() => stash.ClearStash();

        public void Prepend(IEnumerable<Envelope> envelopes) => stash.Prepend(envelopes);
    }
}
