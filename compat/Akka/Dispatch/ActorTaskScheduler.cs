using System.Runtime.ExceptionServices;
using Akka.Actor;
using Akka.Dispatch.SysMsg;

namespace Akka.Dispatch;

/// <summary>Runs the continuations of an actor's asynchronous handlers on that actor, one at a time, as system messages.</summary>
public class ActorTaskScheduler : TaskScheduler
{
    private readonly ActorCell _cell;

    internal ActorTaskScheduler(ActorCell actorCell) => _cell = actorCell;

    /// <summary>The message whose handler awaits, or null.</summary>
    public object CurrentMessage => _cell.CurrentMessage;

    /// <inheritdoc/>
    public override int MaximumConcurrencyLevel => 1;

    /// <inheritdoc/>
    protected override IEnumerable<Task> GetScheduledTasks() => null;

    /// <inheritdoc/>
    protected override void QueueTask(Task task) => _cell.SendSystemMessage(new ActorTask(task));

    /// <inheritdoc/>
    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) =>
        !taskWasPreviouslyQueued && ReferenceEquals(ActorCell.Current, _cell) && TryExecuteTask(task);

    internal void Execute(Task task) => TryExecuteTask(task);

    /// <summary>Runs a synchronous action as a task of the running actor.</summary>
    public static void RunTask(Action action) => RunTask(() =>
    {
        action();
        return Task.CompletedTask;
    });

    /// <summary>Runs an asynchronous handler on the running actor; unless it completes at once, the actor handles no other ordinary message until it has.</summary>
    public static void RunTask(Func<Task> asyncAction)
    {
        var cell = ActorCell.Current ?? throw new InvalidOperationException("RunTask must be called from an actor context.");
        var start = new Task<Task>(asyncAction);
        start.RunSynchronously(cell.TaskScheduler);
        if (start.IsFaulted) ExceptionDispatchInfo.Throw(start.Exception.InnerException);
        var handler = start.Result;
        if (handler.IsCompleted)                     // the first look: a task may end between two
        {
            if (Failure(handler) is { } failure) ExceptionDispatchInfo.Throw(failure);
            return;
        }

        var number = cell.BeginAwait();
        handler.ContinueWith(
            task => cell.SendSystemMessage(new AsyncHandlerDone(Failure(task), number)),
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            Default);
    }

    private static Exception Failure(Task task) =>
        task.IsFaulted ? (task.Exception.InnerExceptions.Count == 1 ? task.Exception.InnerException : task.Exception.Flatten())
        : task.IsCanceled ? new TaskCanceledException(task)
        : null;
}
