namespace Akka.TestKit;

public abstract partial class TestKitBase
{
    /// <summary>Repeats until the assertion passes; fails with its exception when it never does.</summary>
    public void AwaitAssert(Action assertion, TimeSpan? duration = null, TimeSpan? interval = null, CancellationToken cancellationToken = default) =>
        AwaitAssertAsync(assertion, duration, interval, cancellationToken).GetAwaiter().GetResult();

    /// <summary>Repeats until the assertion passes; fails with its exception when it never does.</summary>
    public Task AwaitAssertAsync(Action assertion, TimeSpan? duration = null, TimeSpan? interval = null, CancellationToken cancellationToken = default) =>
        AwaitAssertAsync(
            () =>
            {
                assertion();
                return Task.CompletedTask;
            },
            duration,
            interval,
            cancellationToken);

    /// <summary>Repeats until the assertion passes; fails with its exception when it never does.</summary>
    public async Task AwaitAssertAsync(Func<Task> assertion, TimeSpan? duration = null, TimeSpan? interval = null, CancellationToken cancellationToken = default)
    {
        var pause = interval ?? TimeSpan.FromMilliseconds(100);
        if (pause <= TimeSpan.Zero) throw new ArgumentOutOfRangeException(nameof(interval), "Interval must be positive");
        var stop = Now + RemainingOrDilated(duration);
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                await assertion().ConfigureAwait(false);
                return;
            }
            catch (Exception) when (Now + pause < stop)
            {
                await Task.Delay(pause, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Repeats until the condition holds; fails when it never does.</summary>
    public void AwaitCondition(Func<bool> conditionIsFulfilled, CancellationToken cancellationToken = default) =>
        AwaitCondition(conditionIsFulfilled, null, null, null, cancellationToken);

    /// <summary>Repeats until the condition holds; fails when it never does.</summary>
    public void AwaitCondition(Func<bool> conditionIsFulfilled, TimeSpan? max, CancellationToken cancellationToken = default) =>
        AwaitCondition(conditionIsFulfilled, max, null, null, cancellationToken);

    /// <summary>Repeats until the condition holds; fails when it never does.</summary>
    public void AwaitCondition(Func<bool> conditionIsFulfilled, TimeSpan? max, string message, CancellationToken cancellationToken = default) =>
        AwaitCondition(conditionIsFulfilled, max, null, message, cancellationToken);

    /// <summary>Repeats until the condition holds; fails when it never does.</summary>
    public void AwaitCondition(Func<bool> conditionIsFulfilled, TimeSpan? max, TimeSpan? interval, string message = null, CancellationToken cancellationToken = default) =>
        AwaitConditionAsync(() => Task.FromResult(conditionIsFulfilled()), max, interval, message, cancellationToken).GetAwaiter().GetResult();

    /// <summary>Repeats until the condition holds; fails when it never does.</summary>
    public Task AwaitConditionAsync(Func<Task<bool>> conditionIsFulfilled, CancellationToken cancellationToken = default) =>
        AwaitConditionAsync(conditionIsFulfilled, null, null, null, cancellationToken);

    /// <summary>Repeats until the condition holds; fails when it never does.</summary>
    public Task AwaitConditionAsync(Func<bool> conditionIsFulfilled, CancellationToken cancellationToken = default) =>
        AwaitConditionAsync(() => Task.FromResult(conditionIsFulfilled()), null, null, null, cancellationToken);

    /// <summary>Repeats until the condition holds; fails when it never does.</summary>
    public Task AwaitConditionAsync(Func<Task<bool>> conditionIsFulfilled, TimeSpan? max, CancellationToken cancellationToken = default) =>
        AwaitConditionAsync(conditionIsFulfilled, max, null, null, cancellationToken);

    /// <summary>Repeats until the condition holds; fails when it never does.</summary>
    public Task AwaitConditionAsync(Func<bool> conditionIsFulfilled, TimeSpan? max, TimeSpan? interval, string message = null, CancellationToken cancellationToken = default) =>
        AwaitConditionAsync(() => Task.FromResult(conditionIsFulfilled()), max, interval, message, cancellationToken);

    /// <summary>Repeats until the condition holds; fails when it never does.</summary>
    public async Task AwaitConditionAsync(Func<Task<bool>> conditionIsFulfilled, TimeSpan? max, TimeSpan? interval, string message = null, CancellationToken cancellationToken = default)
    {
        var limit = RemainingOrDilated(max);
        if (!await Poll(conditionIsFulfilled, limit, interval, cancellationToken).ConfigureAwait(false))
            _assertions.Fail(message ?? "Timeout {0} expired while waiting for condition.", limit);
    }

    /// <summary>Repeats until the condition holds; false when it never does.</summary>
    public bool AwaitConditionNoThrow(Func<bool> conditionIsFulfilled, TimeSpan max, TimeSpan? interval = null, CancellationToken cancellationToken = default) =>
        Poll(() => Task.FromResult(conditionIsFulfilled()), max, interval, cancellationToken).GetAwaiter().GetResult();

    private static async Task<bool> Poll(Func<Task<bool>> condition, TimeSpan limit, TimeSpan? interval, CancellationToken cancellationToken)
    {
        var pause = interval ?? TimeSpan.FromMilliseconds(100);
        var stop = Now + limit;
        while (!await condition().ConfigureAwait(false))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var left = stop - Now;
            if (left <= TimeSpan.Zero) return false;
            await Task.Delay(left < pause ? left : pause, cancellationToken).ConfigureAwait(false);
        }

        return true;
    }

    /// <summary>Runs within a time; what is expected inside may take no longer than what is left of it.</summary>
    public void Within(TimeSpan max, Action action, TimeSpan? epsilonValue = null, CancellationToken cancellationToken = default) =>
        Within(TimeSpan.Zero, max, action, null, epsilonValue, cancellationToken);

    /// <summary>Runs within a time, but takes at least another.</summary>
    public void Within(TimeSpan min, TimeSpan max, Action action, string hint = null, TimeSpan? epsilonValue = null, CancellationToken cancellationToken = default) =>
        Within<object>(
            min,
            max,
            () =>
            {
                action();
                return null;
            },
            hint,
            epsilonValue,
            cancellationToken);

    /// <summary>Runs within a time.</summary>
    public T Within<T>(TimeSpan max, Func<T> function, TimeSpan? epsilonValue = null, CancellationToken cancellationToken = default) =>
        Within(TimeSpan.Zero, max, function, null, epsilonValue, cancellationToken);

    /// <summary>Runs within a time, but takes at least another.</summary>
    public T Within<T>(TimeSpan min, TimeSpan max, Func<T> function, string hint = null, TimeSpan? epsilonValue = null, CancellationToken cancellationToken = default) =>
        WithinAsync(min, max, () => Task.FromResult(function()), hint, epsilonValue, cancellationToken).GetAwaiter().GetResult();

    /// <summary>Runs within a time.</summary>
    public Task WithinAsync(TimeSpan max, Func<Task> actionAsync, TimeSpan? epsilonValue = null, CancellationToken cancellationToken = default) =>
        WithinAsync<object>(
            TimeSpan.Zero,
            max,
            async () =>
            {
                await actionAsync().ConfigureAwait(false);
                return null;
            },
            null,
            epsilonValue,
            cancellationToken);

    /// <summary>Runs within a time, but takes at least another.</summary>
    public async Task<T> WithinAsync<T>(TimeSpan min, TimeSpan max, Func<Task<T>> function, string hint = null, TimeSpan? epsilonValue = null, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var limit = Dilated(max);
        var start = Now;
        var left = _end is { } end ? Floor(end - start) : TimeSpan.MaxValue;
        _assertions.AssertTrue(left >= min, "Required min time {0} not possible, only {1} left. {2}", min, left, hint ?? "");
        _lastWasNoMsg = false;
        var previous = _end;
        var allowed = limit < left ? limit : left;
        _end = start + allowed;
        T result;
        try
        {
            result = await function().ConfigureAwait(false);
        }
        finally
        {
            _end = previous;
        }

        var elapsed = Now - start;
        _assertions.AssertTrue(elapsed >= min, "Failed: Block took {0}, should have at least been {1}. {2}", elapsed, min, hint ?? "");
        if (!_lastWasNoMsg) _assertions.AssertTrue(elapsed <= allowed + (epsilonValue ?? TimeSpan.Zero), "Failed: Block took {0}, exceeding {1}. {2}", elapsed, allowed, hint ?? "");
        return result;
    }
}
