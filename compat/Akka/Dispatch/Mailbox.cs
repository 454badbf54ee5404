using Akka.Actor;
using Akka.Dispatch.MessageQueues;
using Akka.Dispatch.SysMsg;
using Akka.Event;

namespace Akka.Dispatch;

/// <summary>Something to run.</summary>
public interface IRunnable
{
    /// <summary>Runs it.</summary>
    void Run();
}

/// <summary>An actor's queues and whether it is scheduled, suspended or closed.</summary>
/// <remarks>
/// One word of state: bit 0 closed, bit 1 scheduled, the rest counts suspensions. Whoever sets bit 1 may run the mailbox; a sender
/// adds its message first and looks at the bit after, the runner clears the bit first and looks for messages after, so none is
/// left behind. System messages are a stack reversed when taken.
/// </remarks>
public class Mailbox : IRunnable, IThreadPoolWorkItem
{
    private const int Closed = 1;
    private const int Scheduled = 2;
    private const int SuspendUnit = 4;

    private readonly IMessageQueue _queue;
    private readonly UnboundedMessageQueue _fast;
    private ActorCell _cell;
    private SystemMessage _system;
    private int _state;

    /// <summary>Over a queue.</summary>
    public Mailbox(IMessageQueue messageQueue)
    {
        _queue = messageQueue;
        _fast = messageQueue as UnboundedMessageQueue;
    }

    /// <summary>The ordinary messages.</summary>
    public IMessageQueue MessageQueue => _queue;

    /// <summary>Runs the actor.</summary>
    public MessageDispatcher Dispatcher => _cell.Dispatcher;

    internal bool IsClosed => (Volatile.Read(ref _state) & Closed) != 0;

    internal bool IsSuspended => Volatile.Read(ref _state) >= SuspendUnit;

    internal bool HasSystemMessages => Volatile.Read(ref _system) is not null;

    internal bool HasMessages => _fast is not null ? _fast.HasMessages : _queue.HasMessages;

    internal ActorCell Cell => _cell;

    /// <summary>Says whose mailbox it is.</summary>
    public virtual void SetActor(ActorCell actorCell) => _cell = actorCell;

    internal void Enqueue(object message, IActorRef sender)
    {
        if (_fast is not null) _fast.Add(message, sender);
        else _queue.Enqueue(_cell.Self, new Envelope(message, sender));
    }

    internal void SystemEnqueue(SystemMessage message)
    {
        SystemMessage head;
        do
        {
            head = Volatile.Read(ref _system);
            message.Next = head;
        }
        while (Interlocked.CompareExchange(ref _system, message, head) != head);
    }

    /// <summary>Whether the caller must now have the mailbox run, after adding a message.</summary>
    internal bool TrySchedule(bool systemMessage)
    {
        while (true)
        {
            var state = Volatile.Read(ref _state);
            if ((state & Scheduled) != 0) return false;
            if (state >= SuspendUnit && !systemMessage && (state & Closed) == 0) return false;
            if (Interlocked.CompareExchange(ref _state, state | Scheduled, state) == state) return true;
        }
    }

    internal void SuspendOnce() => Interlocked.Add(ref _state, SuspendUnit);

    /// <summary>Takes one suspension back.</summary>
    /// <returns>Whether that was the last.</returns>
    internal bool ResumeOnce()
    {
        while (true)
        {
            var state = Volatile.Read(ref _state);
            if (state < SuspendUnit) return true;
            if (Interlocked.CompareExchange(ref _state, state - SuspendUnit, state) == state) return state - SuspendUnit < SuspendUnit;
        }
    }

    internal void BecomeClosed() => Interlocked.Or(ref _state, Closed);

    void IThreadPoolWorkItem.Execute() => Run();

    /// <summary>Handles system messages and up to the dispatcher's throughput of ordinary ones; for the dispatcher only.</summary>
    public void Run()
    {
        var previous = ActorCell.Current;
        ActorCell.Current = _cell;
        try
        {
            if (!IsClosed)
            {
                ProcessSystemMessages();
                ProcessMailbox();
            }

            if (IsClosed) CleanUp();
        }
        finally
        {
            ActorCell.Current = previous;
            Interlocked.And(ref _state, ~Scheduled);
            if (NeedsRun() && TrySchedule(systemMessage: HasSystemMessages)) _cell.Dispatcher.Reschedule(this);
        }
    }

    private bool NeedsRun()
    {
        if (HasSystemMessages) return true;
        var state = Volatile.Read(ref _state);
        return (state < SuspendUnit || (state & Closed) != 0) && HasMessages;
    }

    private void ProcessMailbox()
    {
        var cell = _cell;
        var dispatcher = cell.Dispatcher;
        var left = Math.Max(dispatcher.Throughput, 1);
        var deadline = dispatcher.ThroughputDeadlineTime is { } ticks and > 0 ? Environment.TickCount64 + (ticks / TimeSpan.TicksPerMillisecond) : long.MaxValue;
        while ((Volatile.Read(ref _state) & ~Scheduled) == 0)
        {
            if (_fast is not null)
            {
                if (!_fast.TryTake(out var message, out var sender)) break;
                cell.Invoke(message, sender);
            }
            else
            {
                if (!_queue.TryDequeue(out var envelope)) break;
                cell.Invoke(envelope.Message, envelope.Sender);
            }

            if (HasSystemMessages) ProcessSystemMessages();
            if (--left <= 0 || (deadline != long.MaxValue && Environment.TickCount64 >= deadline)) break;
        }

        cell.ForgetCurrentMessage();
    }

    private void ProcessSystemMessages()
    {
        while (!IsClosed && TakeSystemMessages() is { } message)
        {
            while (message is not null)
            {
                var next = message.Next;
                message.Next = null;
                if (IsClosed) _cell.DeadSystemMessage(message);
                else _cell.SystemInvoke(message);
                message = next;
            }
        }
    }

    private SystemMessage TakeSystemMessages()
    {
        if (Volatile.Read(ref _system) is null) return null;
        var newest = Interlocked.Exchange(ref _system, null);
        SystemMessage oldest = null;
        while (newest is not null)
        {
            var next = newest.Next;
            newest.Next = oldest;
            oldest = newest;
            newest = next;
        }

        return oldest;
    }

    /// <summary>Sends what is left to dead letters; the mailbox is closed.</summary>
    public virtual void CleanUp()
    {
        while (TakeSystemMessages() is { } message)
        {
            while (message is not null)
            {
                var next = message.Next;
                message.Next = null;
                _cell.DeadSystemMessage(message);
                message = next;
            }
        }

        while (_queue.TryDequeue(out var envelope)) _cell.DeadMessage(envelope.Message, envelope.Sender);
    }
}
