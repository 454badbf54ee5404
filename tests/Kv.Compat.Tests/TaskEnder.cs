namespace Kv.Compat.Tests;

/// <summary>Ends each task it has given out at once, but on another thread: whoever looks at one twice sees it change in between, sooner or later.</summary>
internal sealed class TaskEnder : IDisposable
{
    private readonly Thread _thread;
    private TaskCompletionSource? _given;
    private int _ended;
    private volatile bool _stopped;

    public TaskEnder()
    {
        _thread = new Thread(End) { IsBackground = true };
        _thread.Start();
    }

    /// <summary>How many tasks have been ended.</summary>
    public int Ended => Volatile.Read(ref _ended);

    /// <summary>A task that is about to end.</summary>
    public Task Next()
    {
        var next = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        while (Interlocked.CompareExchange(ref _given, next, null) is not null) Thread.SpinWait(1);
        return next.Task;
    }

    public void Dispose()
    {
        _stopped = true;
        _thread.Join();
    }

    private void End()
    {
        while (!_stopped)
        {
            if (Interlocked.Exchange(ref _given, null) is not { } given)
            {
                Thread.SpinWait(1);
                continue;
            }

            Interlocked.Increment(ref _ended);
            given.SetResult();
        }
    }
}
