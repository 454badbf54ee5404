using System.Threading.Channels;
using Akka.Streams.Supervision;
using Akka.Util;

namespace Akka.Streams.Implementation.Stages;

internal sealed class EnumeratorSource<T>(Func<IEnumerator<T>> factory) : SourceStage<T>
{
    private IEnumerator<T> _enumerator;
    private bool _hasNext;

    public override void PreStart()
    {
        _enumerator = factory();
        Advance();
        if (!_hasNext) CompleteStage();
    }

    // One element is read ahead, so that the end is known together with the last element.
    public override void OnPull()
    {
        var element = _enumerator.Current;
        Advance();
        Out.Push(element);
        if (!_hasNext) CompleteStage();
    }

    public override void PostStop() => _enumerator?.Dispose();

    private void Advance() => _hasNext = _enumerator.MoveNext();
}

internal sealed class ArraySource<T>(T[] elements) : SourceStage<T>
{
    private int _next;

    public override void PreStart()
    {
        if (elements.Length == 0) CompleteStage();
    }

    public override void OnPull()
    {
        Out.Push(elements[_next++]);
        if (_next == elements.Length) CompleteStage();
    }
}

internal sealed class RepeatSource<T>(T element) : SourceStage<T>
{
    public override void OnPull() => Out.Push(element);
}

internal sealed class NeverSource<T> : SourceStage<T>;

internal sealed class FailedSource<T>(Exception cause) : SourceStage<T>
{
    public override void PreStart() => FailStage(cause);
}

internal sealed class UnfoldSource<TState, TElement>(TState state, Func<TState, Option<(TState, TElement)>> unfold) : SourceStage<TElement>
{
    private TState _state = state;

    public override void OnPull()
    {
        var next = unfold(_state);
        if (!next.HasValue)
        {
            CompleteStage();
            return;
        }

        TElement element;
        (_state, element) = next.Value;
        Out.Push(element);
    }
}

/// <summary>Asks a function for the next state and element, once for each element that is wanted.</summary>
internal sealed class UnfoldAsyncSource<TState, TElement>(TState state, Func<TState, Task<Option<(TState, TElement)>>> unfold) : SourceStage<TElement>
{
    private TState _state = state;
    private TaskSignal _signal;

    public override void OnPull()
    {
        var task = unfold(_state);
        if (task.IsCompleted) Take(task);
        else (_signal ??= new TaskSignal(this, Ended)).Await(task);
    }

    private void Ended(TaskSignal signal)
    {
        var task = (Task<Option<(TState, TElement)>>)signal.Task;
        signal.Release();
        if (!Out.IsOutClosed) Take(task);
    }

    private void Take(Task<Option<(TState, TElement)>> task)
    {
        if (!task.IsCompletedSuccessfully)
        {
            FailStage(TaskFailure.Of(task));
            return;
        }

        var next = task.Result;
        if (!next.HasValue)
        {
            CompleteStage();
            return;
        }

        TElement element;
        (_state, element) = next.Value;
        Out.Push(element);
    }
}

internal sealed class TaskSource<T>(Task<T> task) : SourceStage<T>
{
    private TaskSignal _signal;

    public override void OnPull()
    {
        if (task.IsCompleted) Take();
        else if (_signal is null) (_signal = new TaskSignal(this, _ => Take())).Await(task);
    }

    private void Take()
    {
        if (Out.IsOutClosed) return;
        if (!task.IsCompletedSuccessfully)
        {
            FailStage(TaskFailure.Of(task));
            return;
        }

        Out.Push(task.Result);
        CompleteStage();
    }
}

/// <summary>Reads a channel as elements are wanted. The writer is not told when the stream ends first.</summary>
internal sealed class ChannelSourceStage<T>(ChannelReader<T> reader) : SourceStage<T>
{
    private TaskSignal _waiting;
    private TaskSignal _completion;

    public override void PreStart()
    {
        _completion = new TaskSignal(this, _ => EndIfDrained());
        _completion.Await(reader.Completion);
    }

    public override void OnPull()
    {
        if (reader.TryRead(out var element))
        {
            Out.Push(element);
            EndIfDrained();
            return;
        }

        var more = reader.WaitToReadAsync().AsTask();
        if (!more.IsCompleted) (_waiting ??= new TaskSignal(this, Ended)).Await(more);      // the first look: it may end between two
        else if (more.IsCompletedSuccessfully && more.Result) OnPull();                     // written in between
        else EndIfDrained();
    }

    private void Ended(TaskSignal signal)
    {
        signal.Release();
        if (Out.IsOutClosed) return;
        if (reader.Completion.IsCompleted) EndIfDrained();
        else if (Out.IsAvailable) OnPull();
    }

    private void EndIfDrained()
    {
        var completion = reader.Completion;
        if (!completion.IsCompleted || Out.IsOutClosed) return;
        if (completion.IsFaulted) FailStage(TaskFailure.Of(completion));
        else if (completion.IsCanceled) FailStage(new TaskCanceledException(completion));
        else CompleteStage();
    }
}
