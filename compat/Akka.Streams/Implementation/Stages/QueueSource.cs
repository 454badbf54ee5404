using Akka.Pattern;

namespace Akka.Streams.Implementation.Stages;

/// <summary>Takes elements from outside through a buffer; every offer is answered.</summary>
internal sealed class QueueSource<T>(int capacity, OverflowStrategy strategy) : SourceStage<T>, ISourceQueueWithComplete<T>
{
    private readonly TaskCompletionSource<Done> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly LinkedList<T> _buffer = new();
    private Offer _waiting;
    private bool _ending;
    private Exception _abrupt;

    public Task<IQueueOfferResult> OfferAsync(T element)
    {
        var offer = new Offer(this, element);
        Interpreter.Post(offer);
        return offer.Result;
    }

    public void Complete() => Interpreter.Post(new End(this, null));

    public void Fail(Exception ex) => Interpreter.Post(new End(this, ex ?? throw new ArgumentNullException(nameof(ex))));

    public Task WatchCompletionAsync() => _completion.Task;

    public override void OnPull()
    {
        if (_buffer.First is { } first)
        {
            _buffer.RemoveFirst();
            Out.Push(first.Value);
            if (_waiting is { } waiting)
            {
                _waiting = null;
                Enqueue(waiting);
            }
        }
        else if (_waiting is { } waiting)
        {
            _waiting = null;
            Out.Push(waiting.Element);
            waiting.Answer(QueueOfferResult.Enqueued.Instance);
        }

        if (_ending && _buffer.Count == 0 && _waiting is null) CompleteStage();
    }

    public override void OnDownstreamFinish(Exception cause)
    {
        _waiting?.Answer(QueueOfferResult.QueueClosed.Instance);
        _waiting = null;
        base.OnDownstreamFinish(cause);
    }

    public override void FailStage(Exception failure)
    {
        _completion.TrySetException(failure);
        base.FailStage(failure);
    }

    public override void OnAbrupt(Exception cause) => _abrupt = cause;

    public override void PostStop()
    {
        _waiting?.Refuse(new StreamDetachedException());
        _waiting = null;
        if (_abrupt is null) _completion.TrySetResult(Done.Instance);
        else _completion.TrySetException(_abrupt);
    }

    private void Take(Offer offer)
    {
        if (IsRetired || _ending)
        {
            offer.Refuse(new StreamDetachedException());
        }
        else if (_waiting is not null)
        {
            offer.Refuse(new IllegalStateException(
                "You have to wait for previous offer to be resolved to send another request"));
        }
        else if (Out.IsAvailable && _buffer.Count == 0)
        {
            Out.Push(offer.Element);
            offer.Answer(QueueOfferResult.Enqueued.Instance);
        }
        else if (_buffer.Count < capacity)
        {
            Enqueue(offer);
        }
        else
        {
            Overflow(offer);
        }
    }

    private void Enqueue(Offer offer)
    {
        _buffer.AddLast(offer.Element);
        offer.Answer(QueueOfferResult.Enqueued.Instance);
    }

    private void Overflow(Offer offer)
    {
        switch (strategy)
        {
            case OverflowStrategy.Backpressure:
                _waiting = offer;
                return;
            case OverflowStrategy.DropNew:
                offer.Answer(QueueOfferResult.Dropped.Instance);
                return;
            case OverflowStrategy.Fail:
                var failure = new BufferOverflowException($"Buffer overflow (max capacity was: {capacity})!");
                offer.Answer(new QueueOfferResult.Failure(failure));
                FailStage(failure);
                return;
            case OverflowStrategy.DropHead:
                if (_buffer.Count > 0) _buffer.RemoveFirst();
                break;
            case OverflowStrategy.DropTail:
                if (_buffer.Count > 0) _buffer.RemoveLast();
                break;
            default:
                _buffer.Clear();
                break;
        }

        if (capacity == 0) offer.Answer(QueueOfferResult.Dropped.Instance);
        else Enqueue(offer);
    }

    private void Finish(Exception failure)
    {
        if (IsRetired || _ending) return;
        if (failure is not null)
        {
            FailStage(failure);
            return;
        }

        _ending = true;
        if (_buffer.Count == 0 && _waiting is null) CompleteStage();
    }

    private sealed class Offer(QueueSource<T> stage, T element) : Signal
    {
        private readonly TaskCompletionSource<IQueueOfferResult> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public T Element { get; } = element;

        public Task<IQueueOfferResult> Result => _result.Task;

        public override Stage Target => stage;

        public void Answer(IQueueOfferResult result) => _result.TrySetResult(result);

        public void Refuse(Exception cause) => _result.TrySetException(cause);

        public override void Run() => stage.Take(this);
    }

    private sealed class End(QueueSource<T> stage, Exception failure) : Signal
    {
        public override Stage Target => stage;

        public override void Run() => stage.Finish(failure);
    }
}
