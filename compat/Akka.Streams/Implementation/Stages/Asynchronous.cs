using Akka.Streams.Supervision;

namespace Akka.Streams.Implementation.Stages;

/// <summary>Tells a stage that a task has ended. One is in use a task; it is used again afterwards.</summary>
internal sealed class TaskSignal : Signal
{
    private readonly Stage _stage;
    private readonly Action<TaskSignal> _ended;
    private readonly Action _post;

    public TaskSignal(Stage stage, Action<TaskSignal> ended)
    {
        _stage = stage;
        _ended = ended;
        _post = () => _stage.Interpreter.Post(this);
    }

    /// <summary>What was waited for; null once it has ended, until the next.</summary>
    public Task Task { get; private set; }

    public override Stage Target => _stage;

    public void Await(Task task)
    {
        Task = task;
        task.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(_post);
    }

    public void Release() => Task = null;

    public override void Run()
    {
        if (_stage.IsRetired)
        {
            _ = Task.Exception;                      // nobody is left to be told
            return;
        }

        _ended(this);
    }
}

internal static class TaskFailure
{
    /// <summary>Why a task that has not succeeded has ended.</summary>
    public static Exception Of(Task task) => task.IsCanceled
        ? new TaskCanceledException(task)
        : task.Exception.InnerExceptions.Count == 1 ? task.Exception.InnerException : task.Exception;
}

/// <summary>Maps with up to some tasks at a time. Results come out in the order of the elements, or as they end.</summary>
internal sealed class SelectAsyncStage<TIn, TOut>(int parallelism, Func<TIn, Task<TOut>> mapper, bool ordered, Decider decider)
    : SupervisedStage<TIn, TOut>(decider)
{
    // Ordered: a task for each element under way or waiting for its turn. Unordered: results that wait for demand.
    private readonly Queue<Task<TOut>> _order = new();
    private Stack<TaskSignal> _free;
    private int _running;

    public override void OnPush(TIn element)
    {
        Task<TOut> task;
        try
        {
            task = mapper(element);
        }
#pragma warning disable CA1031 // the decider judges it
        catch (Exception failure)
#pragma warning restore CA1031
        {
            if (Survives(failure)) Ask();
            return;
        }

        if (ordered) _order.Enqueue(task);
        if (task.IsCompleted)
        {
            if (!ordered) _order.Enqueue(task);
        }
        else
        {
            _running++;
            var signal = _free is { Count: > 0 } ? _free.Pop() : new TaskSignal(this, Ended);
            signal.Await(task);
        }

        Emit();
    }

    public override void OnPull() => Emit();

    public override void OnUpstreamFinish()
    {
        if (IsEmpty) CompleteStage();
    }

    private bool IsEmpty => _running == 0 && _order.Count == 0;

    private void Ended(TaskSignal signal)
    {
        _running--;
        if (!ordered) _order.Enqueue((Task<TOut>)signal.Task);
        signal.Release();
        (_free ??= new Stack<TaskSignal>(1)).Push(signal);
        Emit();
    }

    private void Emit()
    {
        while (_order.TryPeek(out var task) && task.IsCompleted && (Out.IsAvailable || !task.IsCompletedSuccessfully))
        {
            // A task of another thread may look complete before its signal has come: the signal then finds nothing to emit.
            _order.Dequeue();
            if (!task.IsCompletedSuccessfully)
            {
                if (!Survives(TaskFailure.Of(task))) return;
                continue;
            }

            if (task.Result is null)
            {
                if (!Survives(new ArgumentNullException(null, "Element must not be null, rule 2.13"))) return;
                continue;
            }

            Out.Push(task.Result);
        }

        if (In.IsInClosed && IsEmpty) CompleteStage();
        else Ask();
    }

    private void Ask()
    {
        if (In.IsInClosed)
        {
            if (IsEmpty) CompleteStage();
            return;
        }

        var inUse = ordered ? _order.Count : _running + _order.Count;
        if (inUse < parallelism) In.Pull();
    }
}

/// <summary>Runs a task for each element, up to some at a time, and completes a task when all have ended.</summary>
internal sealed class ForEachAsyncSink<T>(int parallelism, Func<T, Task> action, Decider decider) : EndingSink<T>
{
    private TaskSignal _free;
    private int _running;
    private bool _ended;
    private bool _kept;

    public override void OnPush(T element)
    {
        Task task;
        try
        {
            task = action(element);
        }
#pragma warning disable CA1031 // the decider judges it
        catch (Exception failure)
#pragma warning restore CA1031
        {
            Judge(failure);
            return;
        }

        if (!task.IsCompleted)                       // the first look: a task may end between two
        {
            _running++;
            var signal = _free ?? new TaskSignal(this, Ended);
            _free = null;
            signal.Await(task);
            if (_running < parallelism) In.Pull();
        }
        else if (task.IsCompletedSuccessfully)
        {
            In.Pull();
        }
        else
        {
            Judge(TaskFailure.Of(task));
        }
    }

    public override void OnUpstreamFinish()
    {
        _ended = true;
        if (_running == 0) Succeed(Done.Instance);
        else KeepOpen();
    }

    private void Ended(TaskSignal signal)
    {
        _running--;
        var task = signal.Task;
        signal.Release();
        _free = signal;
        if (task.IsCompletedSuccessfully) Go();
        else Judge(TaskFailure.Of(task));
    }

    private void Judge(Exception failure)
    {
        if (decider(failure) == Directive.Stop)
        {
            Release();
            FailStage(failure);
        }
        else
        {
            Go();
        }
    }

    private void Go()
    {
        if (!_ended)
        {
            In.Pull();
        }
        else if (_running == 0)
        {
            Succeed(Done.Instance);
            Release();
        }
    }

    // The edge is closed, but tasks still run: the stage must not retire before they have ended.
    private void KeepOpen()
    {
        _kept = true;
        PortOpened();
    }

    private void Release()
    {
        if (!_kept) return;
        _kept = false;
        PortClosed();
    }
}
