namespace Kv.Load.Workloads;

/// <summary>A count that many threads raise and one waits on.</summary>
internal sealed class Counter
{
    private long _value;
    private Goal? _goal;
    private Exception? _failure;

    /// <summary>The count so far.</summary>
    public long Value => Interlocked.Read(ref _value);

    /// <summary>Raises it.</summary>
    public void Add(long count)
    {
        var value = Interlocked.Add(ref _value, count);
        if (Volatile.Read(ref _goal) is { } goal && value >= goal.At)
        {
            goal.TrySetResult();
        }
    }

    /// <summary>Ends the wait under way, and every later one, with <paramref name="failure"/>.</summary>
    public void Fail(Exception failure)
    {
        Interlocked.CompareExchange(ref _failure, failure, null);
        Volatile.Read(ref _goal)?.TrySetException(failure);
    }

    /// <summary>Ends once the count is <paramref name="at"/> or more. One waiter at a time.</summary>
    /// <exception cref="TimeoutException">The count stayed below for <paramref name="limit"/>.</exception>
    public async Task UntilAsync(long at, TimeSpan limit)
    {
        var goal = new Goal(at);
        Interlocked.Exchange(ref _goal, goal);                  // a full fence: whoever adds after this line sees the goal
        if (Volatile.Read(ref _failure) is { } failure)
        {
            goal.TrySetException(failure);
        }
        if (Value >= at)
        {
            goal.TrySetResult();
        }
        try
        {
            await goal.Task.WaitAsync(limit);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"Only {Value} of {at} arrived within {limit.TotalSeconds:0} s.");
        }
    }

    private sealed class Goal(long at) : TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public long At => at;
    }
}
