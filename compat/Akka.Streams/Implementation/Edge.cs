namespace Akka.Streams.Implementation;

/// <summary>The connection of two neighbouring stages. What happens on it waits in the interpreter's queue, at most once.</summary>
internal abstract class Edge
{
    protected const int Queued = 1;
    protected const int Pulled = 2;          // the consumer waits for an element
    protected const int Demand = 4;          // the producer knows and may push
    protected const int PullEvent = 8;       // to be told to the producer
    protected const int PushEvent = 16;      // to be told to the consumer, as are the next
    protected const int FinishEvent = 32;
    protected const int CancelEvent = 64;    // to be told to the producer
    protected const int OutClosed = 128;     // the producer has no more to do with it
    protected const int InClosed = 256;      // the consumer has no more to do with it
    protected const int ConsumerEvents = PushEvent | FinishEvent;
    protected const int AnyEvent = PullEvent | PushEvent | FinishEvent | CancelEvent;

    private int _state;
    protected Exception Failure;

    internal Edge NextQueued;

    public required Interpreter Interpreter { get; init; }

    /// <summary>The stage that pushes.</summary>
    public Stage Producer { get; set; }

    /// <summary>The stage that pulls.</summary>
    public Stage Consumer { get; set; }

    protected ref int State => ref _state;

    /// <summary>For the producer: whether it may push now.</summary>
    public bool IsAvailable => (_state & (Demand | OutClosed)) == Demand;

    /// <summary>For the producer: whether it has ended, or has heard that nobody wants more.</summary>
    public bool IsOutClosed => (_state & OutClosed) != 0;

    /// <summary>For the consumer: whether an element is on its way or asked for.</summary>
    public bool HasBeenPulled => (_state & Pulled) != 0;

    /// <summary>For the consumer: whether no more will come.</summary>
    public bool IsInClosed => (_state & InClosed) != 0;

    /// <summary>Asks for an element, unless one is asked for or none will come.</summary>
    public void Pull()
    {
        if ((_state & (InClosed | Pulled)) != 0) return;
        if ((_state & OutClosed) != 0)
        {
            _state |= Pulled;
            return;
        }

        _state |= Pulled | PullEvent;
        Enqueue();
    }

    /// <summary>The producer has no more elements.</summary>
    public void Complete() => Finish(null);

    /// <summary>The producer has failed; elements on their way still arrive.</summary>
    public void Fail(Exception failure) => Finish(failure);

    /// <summary>The consumer wants no more; elements on their way are dropped.</summary>
    public void Cancel(Exception cause = null)
    {
        if ((_state & InClosed) != 0) return;
        _state |= InClosed;
        Drop();
        Consumer.PortClosed();
        if ((_state & OutClosed) != 0) return;
        Failure = cause;
        _state |= CancelEvent;
        Enqueue();
    }

    /// <summary>Tells one side the oldest thing that happened.</summary>
    public void Process()
    {
        _state &= ~Queued;
        var state = _state;
        if ((state & CancelEvent) != 0)
        {
            ProcessCancel();
        }
        else if ((state & PushEvent) != 0)
        {
            var consumer = Consumer;
            Interpreter.Active = consumer;
            _state &= ~(PushEvent | Pulled);
            if ((state & FinishEvent) != 0) Enqueue();
            Deliver();
            if (consumer.IsDone) Interpreter.Retire(consumer);
        }
        else if ((state & FinishEvent) != 0)
        {
            ProcessFinish();
        }
        else if ((state & PullEvent) != 0)
        {
            _state &= ~PullEvent;
            if ((state & OutClosed) != 0) return;
            var producer = Producer;
            Interpreter.Active = producer;
            _state |= Demand;
            producer.OnPull();
            if (producer.IsDone) Interpreter.Retire(producer);
        }
    }

    protected abstract void Deliver();

    protected abstract void Drop();

    protected void Enqueue()
    {
        if ((_state & Queued) != 0) return;
        _state |= Queued;
        Interpreter.Enqueue(this);
    }

    private void Finish(Exception failure)
    {
        if ((_state & OutClosed) != 0) return;
        _state |= OutClosed;
        _state &= ~Demand;
        Producer.PortClosed();
        if ((_state & InClosed) != 0) return;
        Failure = failure;
        _state |= FinishEvent;
        Enqueue();
    }

    private void ProcessCancel()
    {
        _state &= ~CancelEvent;
        if ((_state & OutClosed) != 0) return;
        _state |= OutClosed;
        _state &= ~Demand;
        var producer = Producer;
        Interpreter.Active = producer;
        producer.PortClosed();
        producer.OnDownstreamFinish(Failure);
        if (producer.IsDone) Interpreter.Retire(producer);
    }

    private void ProcessFinish()
    {
        _state &= ~FinishEvent;
        if ((_state & InClosed) != 0) return;
        _state |= InClosed;
        var consumer = Consumer;
        Interpreter.Active = consumer;
        consumer.PortClosed();
        if (Failure is null) consumer.OnUpstreamFinish();
        else consumer.OnUpstreamFailure(Failure);
        if (consumer.IsDone) Interpreter.Retire(consumer);
    }
}

/// <summary>A connection for elements of a type. It holds one element at most.</summary>
internal sealed class Edge<T> : Edge
{
    private T _element;

    /// <summary>Hands an element over. Only while <see cref="Edge.IsAvailable"/>.</summary>
    public void Push(T element)
    {
        ref var state = ref State;
        if ((state & (Demand | OutClosed)) != Demand)
            throw new InvalidOperationException("Cannot push: the element was not asked for, or the port is closed.");
        state &= ~Demand;
        if ((state & InClosed) != 0) return;           // cancelled; the producer has not heard of it yet
        _element = element;
        state |= PushEvent;
        Enqueue();
    }

    protected override void Deliver()
    {
        var element = _element;
        _element = default;
        ((Stage<T>)Consumer).OnPush(element);
    }

    protected override void Drop()
    {
        State &= ~ConsumerEvents;
        _element = default;
    }
}
