using Akka.Streams.Supervision;

namespace Akka.Streams.Implementation.Stages;

/// <summary>
/// Gathers elements while the stage below is busy. As soon as it asks, it gets what there is: with demand every element goes
/// through by itself.
/// </summary>
internal sealed class BatchStage<TIn, TOut>(
    long max, Func<TIn, long> cost, Func<TIn, TOut> seed, Func<TOut, TIn, TOut> aggregate, Decider decider)
    : SupervisedStage<TIn, TOut>(decider)
{
    private TOut _gathered;
    private bool _hasGathered;
    private TIn _pending;
    private bool _hasPending;
    private readonly long _max = max;
    private long _left = max;

    public override void PreStart() => In.Pull();

    public override void OnPush(TIn element)
    {
        try
        {
            var price = cost(element);
            if (!_hasGathered)
            {
                _gathered = seed(element);
                _hasGathered = true;
                _left -= price;
            }
            else if (_left < price)
            {
                _pending = element;
                _hasPending = true;
            }
            else
            {
                _gathered = aggregate(_gathered, element);
                _left -= price;
            }
        }
#pragma warning disable CA1031 // the decider judges it
        catch (Exception failure)
#pragma warning restore CA1031
        {
            if (!Survives(failure)) return;
        }

        if (Out.IsAvailable && _hasGathered) Flush();
        if (!_hasPending && !Out.IsOutClosed) In.Pull();
    }

    public override void OnPull()
    {
        if (_hasGathered) Flush();
        if (Out.IsOutClosed) return;
        if (!In.IsInClosed)
        {
            if (!_hasPending) In.Pull();
        }
        else if (!_hasGathered)
        {
            CompleteStage();
        }
    }

    public override void OnUpstreamFinish()
    {
        if (!_hasGathered) CompleteStage();
    }

    protected override void OnRestart()
    {
        _gathered = default;
        _hasGathered = false;
        _pending = default;
        _hasPending = false;
        _left = _max;
    }

    /// <summary>Hands over what is gathered; the element that did not fit begins the next.</summary>
    private void Flush()
    {
        Out.Push(_gathered);
        _gathered = default;
        _hasGathered = false;
        _left = _max;
        if (!_hasPending) return;
        var first = _pending;
        _pending = default;
        _hasPending = false;
        try
        {
            _gathered = seed(first);
            _hasGathered = true;
            _left -= cost(first);
        }
#pragma warning disable CA1031 // the decider judges it
        catch (Exception failure)
#pragma warning restore CA1031
        {
            Survives(failure);
        }
    }
}

/// <summary>Holds elements so that the stage above can run ahead.</summary>
internal sealed class BufferStage<T>(int size, OverflowStrategy strategy) : FlowStage<T, T>
{
    private readonly LinkedList<T> _buffer = new();

    public override void PreStart() => In.Pull();

    public override void OnPush(T element)
    {
        if (Out.IsAvailable)
        {
            Out.Push(element);
            In.Pull();
            return;
        }

        if (_buffer.Count == size && !MakeRoom())
        {
            if (!In.IsInClosed) In.Pull();
            return;
        }

        _buffer.AddLast(element);
        if (strategy != OverflowStrategy.Backpressure || _buffer.Count < size) In.Pull();
    }

    public override void OnPull()
    {
        if (_buffer.First is { } first)
        {
            _buffer.RemoveFirst();
            Out.Push(first.Value);
        }

        if (In.IsInClosed)
        {
            if (_buffer.Count == 0) CompleteStage();
        }
        else
        {
            In.Pull();
        }
    }

    public override void OnUpstreamFinish()
    {
        if (_buffer.Count == 0) CompleteStage();
    }

    /// <summary>Whether the new element may be added.</summary>
    private bool MakeRoom()
    {
        switch (strategy)
        {
            case OverflowStrategy.DropHead:
                _buffer.RemoveFirst();
                return true;
            case OverflowStrategy.DropTail:
                _buffer.RemoveLast();
                return true;
            case OverflowStrategy.DropBuffer:
                _buffer.Clear();
                return true;
            case OverflowStrategy.DropNew:
                return false;
            default:
                FailStage(new BufferOverflowException($"Buffer overflow (max capacity was {size})"));
                return false;
        }
    }
}

/// <summary>Adds all elements up and hands the sum over at the end.</summary>
internal sealed class AggregateStage<TIn, TOut>(TOut zero, Func<TOut, TIn, TOut> fold, Decider decider) : SupervisedStage<TIn, TOut>(decider)
{
    private readonly TOut _zero = zero;
    private TOut _sum = zero;

    public override void OnPush(TIn element)
    {
        try
        {
            _sum = fold(_sum, element);
        }
#pragma warning disable CA1031 // the decider judges it
        catch (Exception failure)
#pragma warning restore CA1031
        {
            if (!Survives(failure)) return;
        }

        In.Pull();
    }

    public override void OnPull()
    {
        if (In.IsInClosed) Finish();
        else In.Pull();
    }

    public override void OnUpstreamFinish()
    {
        if (Out.IsAvailable) Finish();
    }

    protected override void OnRestart() => _sum = _zero;

    private void Finish()
    {
        Out.Push(_sum);
        CompleteStage();
    }
}

/// <summary>Hands over the first value and then the value after each element.</summary>
internal sealed class ScanStage<TIn, TOut>(TOut zero, Func<TOut, TIn, TOut> scan, Decider decider) : SupervisedStage<TIn, TOut>(decider)
{
    private readonly TOut _zero = zero;
    private TOut _value = zero;
    private bool _begun;
    private bool _restarted;

    public override void OnPull()
    {
        if (_begun)
        {
            In.Pull();
            return;
        }

        _begun = true;
        Out.Push(_value);
        if (In.IsInClosed) CompleteStage();
    }

    public override void OnPush(TIn element)
    {
        try
        {
            _value = scan(_value, element);
        }
#pragma warning disable CA1031 // the decider judges it
        catch (Exception failure)
#pragma warning restore CA1031
        {
            if (!Survives(failure)) return;
            if (!_restarted)
            {
                In.Pull();
                return;
            }

            _restarted = false;                        // the first value comes again
        }

        Out.Push(_value);
    }

    public override void OnUpstreamFinish()
    {
        if (_begun) CompleteStage();
    }

    protected override void OnRestart()
    {
        _value = _zero;
        _restarted = true;
    }
}
