using Akka.Streams.Supervision;

namespace Akka.Streams.Implementation.Stages;

internal sealed class SelectStage<TIn, TOut>(Func<TIn, TOut> mapper, Decider decider) : SupervisedStage<TIn, TOut>(decider)
{
    public override void OnPush(TIn element)
    {
        TOut mapped;
        try
        {
            mapped = mapper(element);
        }
#pragma warning disable CA1031 // the decider judges whatever user code throws, here and in the stages below
        catch (Exception failure)
        {
            if (Survives(failure)) In.Pull();
            return;
        }

        Out.Push(mapped);
    }
}

internal sealed class WhereStage<T>(Predicate<T> predicate, Decider decider) : SupervisedStage<T, T>(decider)
{
    public override void OnPush(T element)
    {
        bool passes;
        try
        {
            passes = predicate(element);
        }
        catch (Exception failure)
        {
            if (Survives(failure)) In.Pull();
            return;
        }

        if (passes) Out.Push(element);
        else In.Pull();
    }
}

internal sealed class CollectStage<TIn, TOut>(Func<TIn, bool> isDefined, Func<TIn, TOut> collector, Decider decider)
    : SupervisedStage<TIn, TOut>(decider)
{
    public override void OnPush(TIn element)
    {
        TOut collected;
        try
        {
            if (!isDefined(element))
            {
                In.Pull();
                return;
            }

            collected = collector(element);
        }
        catch (Exception failure)
        {
            if (Survives(failure)) In.Pull();
            return;
        }

        Out.Push(collected);
    }
}

internal sealed class SelectManyStage<TIn, TOut>(Func<TIn, IEnumerable<TOut>> mapper, Decider decider) : SupervisedStage<TIn, TOut>(decider)
{
    private IEnumerator<TOut> _current;

    public override void OnPush(TIn element)
    {
        try
        {
            _current = mapper(element).GetEnumerator();
        }
        catch (Exception failure)
        {
            if (Survives(failure)) In.Pull();
            return;
        }

        OnPull();
    }

    public override void OnPull()
    {
        if (_current is null)
        {
            In.Pull();
            return;
        }

        try
        {
            if (_current.MoveNext())
            {
                Out.Push(_current.Current);
                return;
            }

            Forget();
        }
        catch (Exception failure)
        {
            Forget();
            if (!Survives(failure)) return;
        }
#pragma warning restore CA1031

        if (In.IsInClosed) CompleteStage();
        else In.Pull();
    }

    public override void OnUpstreamFinish()
    {
        if (_current is null) CompleteStage();
    }

    public override void PostStop() => Forget();

    private void Forget()
    {
        _current?.Dispose();
        _current = null;
    }
}

internal sealed class TakeStage<T>(long count) : FlowStage<T, T>
{
    private long _left = count;

    public override void PreStart()
    {
        if (_left <= 0) CompleteStage();
    }

    public override void OnPush(T element)
    {
        _left--;
        Out.Push(element);
        if (_left <= 0) CompleteStage();
    }
}

internal sealed class TakeWhileStage<T>(Predicate<T> predicate, bool inclusive, Decider decider) : SupervisedStage<T, T>(decider)
{
    public override void OnPush(T element)
    {
        bool passes;
        try
        {
            passes = predicate(element);
        }
#pragma warning disable CA1031 // the decider judges it
        catch (Exception failure)
#pragma warning restore CA1031
        {
            if (Survives(failure)) In.Pull();
            return;
        }

        if (passes || inclusive) Out.Push(element);
        if (!passes) CompleteStage();
    }
}

internal sealed class SkipStage<T>(long count) : FlowStage<T, T>
{
    private long _left = count;

    public override void OnPush(T element)
    {
        if (_left <= 0)
        {
            Out.Push(element);
            return;
        }

        _left--;
        In.Pull();
    }
}

internal sealed class SkipWhileStage<T>(Predicate<T> predicate, Decider decider) : SupervisedStage<T, T>(decider)
{
    private bool _passing;

    public override void OnPush(T element)
    {
        if (!_passing)
        {
            bool skips;
            try
            {
                skips = predicate(element);
            }
#pragma warning disable CA1031 // the decider judges it
            catch (Exception failure)
#pragma warning restore CA1031
            {
                if (Survives(failure)) In.Pull();
                return;
            }

            if (skips)
            {
                In.Pull();
                return;
            }

            _passing = true;
        }

        Out.Push(element);
    }
}

internal sealed class GroupedStage<T>(int size) : FlowStage<T, IEnumerable<T>>
{
    private List<T> _group = [];

    public override void OnPush(T element)
    {
        _group.Add(element);
        if (_group.Count == size) Flush();
        else In.Pull();
    }

    public override void OnUpstreamFinish()
    {
        // The stage was asked for the group it has begun, so it may push it.
        if (_group.Count > 0) Flush();
        CompleteStage();
    }

    private void Flush()
    {
        var full = _group;
        _group = [];
        Out.Push(full);
    }
}

internal sealed class RecoverStage<T>(Func<Exception, Akka.Util.Option<T>> recover) : FlowStage<T, T>
{
    private Akka.Util.Option<T> _last;

    public override void OnPush(T element) => Out.Push(element);

    public override void OnPull()
    {
        if (_last.HasValue)
        {
            Out.Push(_last.Value);
            CompleteStage();
            return;
        }

        In.Pull();
    }

    public override void OnUpstreamFailure(Exception failure)
    {
        var last = recover(failure);
        if (!last.HasValue)
        {
            FailStage(failure);
        }
        else if (Out.IsAvailable)
        {
            Out.Push(last.Value);
            CompleteStage();
        }
        else
        {
            _last = last;
        }
    }
}

internal sealed class SelectErrorStage<T>(Func<Exception, Exception> selector) : FlowStage<T, T>
{
    public override void OnPush(T element) => Out.Push(element);

    public override void OnUpstreamFailure(Exception failure) => FailStage(selector(failure) ?? failure);
}

/// <summary>Completes a task when the elements end, whoever ends them.</summary>
internal sealed class WatchTerminationStage<T> : FlowStage<T, T>
{
    private readonly TaskCompletionSource<Done> _termination = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Exception _abrupt;

    public Task<Done> Termination => _termination.Task;

    public override void OnPush(T element) => Out.Push(element);

    public override void OnUpstreamFailure(Exception failure)
    {
        _termination.TrySetException(failure);
        FailStage(failure);
    }

    public override void OnDownstreamFinish(Exception cause)
    {
        if (cause is not null) _termination.TrySetException(cause);
        base.OnDownstreamFinish(cause);
    }

    public override void OnAbrupt(Exception cause) => _abrupt = cause;

    public override void PostStop()
    {
        if (_abrupt is null) _termination.TrySetResult(Done.Instance);
        else _termination.TrySetException(_abrupt);
    }
}
