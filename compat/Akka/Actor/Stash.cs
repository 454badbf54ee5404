using Akka.Dispatch;

namespace Akka.Actor
{
    /// <summary>Messages put aside until the actor can handle them.</summary>
    public interface IStash
    {
        /// <summary>How many it may hold; -1 without limit.</summary>
        int Capacity { get; }

        /// <summary>How many it holds.</summary>
        int Count { get; }

        /// <summary>Whether it holds none.</summary>
        bool IsEmpty { get; }

        /// <summary>Whether it can hold no more.</summary>
        bool IsFull { get; }

        /// <summary>Whether it holds some.</summary>
        bool NonEmpty { get; }

        /// <summary>Puts the message in work aside.</summary>
        /// <exception cref="IllegalActorStateException">It is aside already.</exception>
        /// <exception cref="StashOverflowException">The stash is full.</exception>
        void Stash();

        /// <summary>Puts the oldest back at the front of the mailbox.</summary>
        void Unstash();

        /// <summary>Puts all back at the front of the mailbox, in order.</summary>
        void UnstashAll();

        /// <summary>Puts those back that match, and drops the others.</summary>
        void UnstashAll(Func<Envelope, bool> predicate);

        /// <summary>Takes all out.</summary>
        IEnumerable<Envelope> ClearStash();

        /// <summary>Puts messages before those held.</summary>
        void Prepend(IEnumerable<Envelope> envelopes);
    }

    /// <summary>An actor with a stash; Akka sets the property after the constructor.</summary>
    public interface IActorStash
    {
        /// <summary>The actor's stash.</summary>
        IStash Stash { get; set; }
    }

    /// <summary>A stash that leaves the mailbox to the user.</summary>
    public interface IWithUnrestrictedStash : IActorStash;

    /// <summary>A stash over a mailbox that takes messages at its front.</summary>
    public interface IWithStash : IWithUnrestrictedStash, IRequiresMessageQueue<IDequeBasedMessageQueueSemantics>;

    /// <summary>A stash without limit.</summary>
    public interface IWithUnboundedStash : IWithUnrestrictedStash, IRequiresMessageQueue<IUnboundedDequeBasedMessageQueueSemantics>;
}

namespace Akka.Actor.Internal
{
    internal sealed class StashImpl : IStash
    {
        private readonly ActorCell _cell;
        private LinkedList<Envelope> _stashed = new();
        private long _lastStashed = -1;

        private StashImpl(ActorCell cell, int capacity)
        {
            _cell = cell;
            Capacity = capacity;
        }

        public int Capacity { get; }

        public int Count => _stashed.Count;

        public bool IsEmpty => Count == 0;

        public bool IsFull => Capacity >= 0 && Count >= Capacity;

        public bool NonEmpty => !IsEmpty;

        internal static StashImpl For(ActorCell cell, ActorBase actor)
        {
            if (cell.Mailbox.MessageQueue is not IDequeBasedMessageQueueSemantics)
                throw new NotSupportedException($"DequeBasedMailbox required, got: {cell.Mailbox.MessageQueue.GetType().Name}. An (unbounded) deque-based mailbox can be configured as follows: my-custom-mailbox {{ mailbox-type = \"Akka.Dispatch.UnboundedDequeBasedMailbox\" }}");
            return new StashImpl(cell, actor is IWithUnboundedStash ? -1 : cell.Props.Deploy.StashCapacity);
        }

        public void Stash()
        {
            var message = _cell.CurrentMessage;
            if (_cell.EnvelopeId == _lastStashed)
                throw new IllegalActorStateException($"Can't stash the same message {message} more than once");
            if (IsFull) throw new StashOverflowException($"Couldn't enqueue message {message} to stash of {_cell.Self}");
            _lastStashed = _cell.EnvelopeId;
            _stashed.AddLast(new Envelope(message, _cell.SenderOrNull));
        }

        public void Unstash()
        {
            if (_stashed.First is not { } first) return;
            _stashed.RemoveFirst();
            EnqueueFirst(first.Value);
        }

        public void UnstashAll() => UnstashAll(static _ => true);

        public void UnstashAll(Func<Envelope, bool> predicate)
        {
            var all = _stashed;
            _stashed = new LinkedList<Envelope>();
            for (var node = all.Last; node is not null; node = node.Previous)
                if (predicate(node.Value)) EnqueueFirst(node.Value);
        }

        public IEnumerable<Envelope> ClearStash()
        {
            var all = _stashed;
            _stashed = new LinkedList<Envelope>();
            return all;
        }

        public void Prepend(IEnumerable<Envelope> envelopes)
        {
            foreach (var envelope in envelopes.Reverse()) _stashed.AddFirst(envelope);
        }

        private void EnqueueFirst(Envelope envelope) =>
            ((IDequeBasedMessageQueueSemantics)_cell.Mailbox.MessageQueue).EnqueueFirst(envelope);
    }
}
