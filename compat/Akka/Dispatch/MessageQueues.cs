using System.Runtime.CompilerServices;
using Akka.Actor;

namespace Akka.Dispatch
{
    /// <summary>What a mailbox promises.</summary>
    public interface ISemantics;

    /// <summary>Never full.</summary>
    public interface IUnboundedMessageQueueSemantics : ISemantics;

    /// <summary>Takes messages at its front too, as stashing needs.</summary>
    public interface IDequeBasedMessageQueueSemantics : ISemantics
    {
        /// <summary>Puts a message before all others.</summary>
        void EnqueueFirst(Envelope envelope);
    }

    /// <summary>Both.</summary>
    public interface IUnboundedDequeBasedMessageQueueSemantics : IDequeBasedMessageQueueSemantics, IUnboundedMessageQueueSemantics;

    /// <summary>An actor that needs a mailbox of such a kind.</summary>
    public interface IRequiresMessageQueue<T>
        where T : ISemantics;

    /// <summary>A mailbox type that makes queues of such a kind.</summary>
    public interface IProducesMessageQueue<TQueue>
        where TQueue : MessageQueues.IMessageQueue;
}

namespace Akka.Dispatch.MessageQueues
{
    /// <summary>The messages waiting for an actor. Any thread adds, one at a time removes.</summary>
    public interface IMessageQueue
    {
        /// <summary>Whether something waits.</summary>
        bool HasMessages { get; }

        /// <summary>How many wait; O(n).</summary>
        int Count { get; }

        /// <summary>Adds at the end.</summary>
        void Enqueue(IActorRef receiver, Envelope envelope);

        /// <summary>Removes the oldest.</summary>
        bool TryDequeue(out Envelope envelope);

        /// <summary>Hands what is left to <paramref name="deadletters"/>.</summary>
        void CleanUp(IActorRef owner, IMessageQueue deadletters);
    }

    /// <summary>An unbounded lock-free queue for many producers and one consumer.</summary>
    /// <remarks>
    /// A linked list behind a stub node: a producer swaps itself in as the last node and then links its predecessor to itself; the
    /// consumer follows the links. One 40-byte node a message, one interlocked swap to add, none to remove.
    /// <code>
    ///   empty:        _head ─► stub ◄─ _tail
    ///   Enqueue(a):   _head ─► stub ─► a ◄─ _tail
    ///   TryDequeue:   _head ─► a(emptied, the new stub) ◄─ _tail
    /// </code>
    /// </remarks>
    public class UnboundedMessageQueue : IMessageQueue, IUnboundedMessageQueueSemantics
    {
        private Node _head;
        private Node _tail;

        /// <summary>Starts empty.</summary>
        public UnboundedMessageQueue() => _head = _tail = new Node();

        /// <inheritdoc/>
        public bool HasMessages
        {
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            get => Volatile.Read(ref _tail) != Volatile.Read(ref _head);
        }

        /// <inheritdoc/>
        public int Count
        {
            get
            {
                var count = 0;
                for (var node = Volatile.Read(ref _head).Next; node is not null; node = node.Next) count++;
                return count;
            }
        }

        /// <inheritdoc/>
        public void Enqueue(IActorRef receiver, Envelope envelope) => Add(envelope.Message, envelope.Sender);

        /// <inheritdoc/>
        public bool TryDequeue(out Envelope envelope)
        {
            if (TryTake(out var message, out var sender))
            {
                envelope = new Envelope(message, sender);
                return true;
            }

            envelope = default;
            return false;
        }

        /// <inheritdoc/>
        public void CleanUp(IActorRef owner, IMessageQueue deadletters)
        {
            while (TryDequeue(out var envelope)) deadletters.Enqueue(owner, envelope);
        }

        internal void Add(object message, IActorRef sender)
        {
            var node = new Node { Message = message, Sender = sender };
            Volatile.Write(ref Interlocked.Exchange(ref _tail, node).Next, node);
        }

        internal bool TryTake(out object message, out IActorRef sender)
        {
            var head = _head;
            var next = Volatile.Read(ref head.Next);
            if (next is null)
            {
                if (Volatile.Read(ref _tail) == head)
                {
                    message = null;
                    sender = null;
                    return false;
                }

                next = AwaitLink(head);
            }

            message = next.Message;
            sender = next.Sender;
            next.Message = null;
            next.Sender = null;
            Volatile.Write(ref _head, next);
            head.Next = null;   // an old node that was promoted must not keep the younger ones alive
            return true;
        }

        // A producer has swapped itself in and is about to set the link; this lasts a few instructions unless it is preempted.
        private static Node AwaitLink(Node head)
        {
            var spin = default(SpinWait);
            Node next;
            while ((next = Volatile.Read(ref head.Next)) is null) spin.SpinOnce();
            return next;
        }

        private sealed class Node
        {
            internal Node Next;
            internal object Message;
            internal IActorRef Sender;
        }
    }

    /// <summary>A queue that also takes messages at its front; only the actor itself may do that.</summary>
    public class DequeWrapperMessageQueue : IMessageQueue, IDequeBasedMessageQueueSemantics
    {
        /// <summary>The queue behind the front.</summary>
        protected readonly IMessageQueue MessageQueue;

        private readonly Stack<Envelope> _front = new();

        /// <summary>Over another queue.</summary>
        public DequeWrapperMessageQueue(IMessageQueue messageQueue) => MessageQueue = messageQueue;

        /// <inheritdoc/>
        public bool HasMessages => _front.Count > 0 || MessageQueue.HasMessages;

        /// <inheritdoc/>
        public int Count => _front.Count + MessageQueue.Count;

        /// <inheritdoc/>
        public void Enqueue(IActorRef receiver, Envelope envelope) => MessageQueue.Enqueue(receiver, envelope);

        /// <inheritdoc/>
        public bool TryDequeue(out Envelope envelope) => _front.TryPop(out envelope) || MessageQueue.TryDequeue(out envelope);

        /// <inheritdoc/>
        public void EnqueueFirst(Envelope envelope) => _front.Push(envelope);

        /// <inheritdoc/>
        public void CleanUp(IActorRef owner, IMessageQueue deadletters)
        {
            while (TryDequeue(out var envelope)) deadletters.Enqueue(owner, envelope);
        }
    }

    /// <summary>The queue of actors that stash.</summary>
    public class UnboundedDequeMessageQueue : DequeWrapperMessageQueue, IUnboundedDequeBasedMessageQueueSemantics
    {
        /// <summary>Starts empty.</summary>
        public UnboundedDequeMessageQueue()
            : base(new UnboundedMessageQueue())
        {
        }
    }
}
