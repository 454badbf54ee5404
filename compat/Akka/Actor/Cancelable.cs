namespace Akka.Actor;

/// <summary>Something that can be called off.</summary>
public interface ICancelable
{
    /// <summary>Whether it has been.</summary>
    bool IsCancellationRequested { get; }

    /// <summary>The same as a token.</summary>
    CancellationToken Token { get; }

    /// <summary>Calls it off.</summary>
    void Cancel();

    /// <summary>Calls it off after a time.</summary>
    void CancelAfter(TimeSpan delay);

    /// <summary>Calls it off after milliseconds.</summary>
    void CancelAfter(int millisecondsDelay);

    /// <summary>Calls it off, stopping at the first callback that throws if told so.</summary>
    void Cancel(bool throwOnFirstException);
}

/// <summary>The usual one.</summary>
public class Cancelable : ICancelable, IDisposable
{
    private readonly IActionScheduler _scheduler;
    private readonly CancellationTokenSource _source;
    private bool _disposed;

    /// <summary>Called off after a time of that scheduler.</summary>
    public Cancelable(IActionScheduler scheduler, TimeSpan delay)
        : this(scheduler) => CancelAfter(delay);

    /// <summary>Called off after a time of that scheduler.</summary>
    public Cancelable(IScheduler scheduler, TimeSpan delay)
        : this(scheduler) => CancelAfter(delay);

    /// <summary>Called off after milliseconds of that scheduler.</summary>
    public Cancelable(IScheduler scheduler, int millisecondsDelay)
        : this(scheduler) => CancelAfter(millisecondsDelay);

    /// <summary>Called off by hand.</summary>
    public Cancelable(IScheduler scheduler)
        : this(scheduler.Advanced)
    {
    }

    /// <summary>Called off by hand.</summary>
    public Cancelable(IActionScheduler scheduler)
        : this(scheduler, new CancellationTokenSource())
    {
    }

    private Cancelable(IActionScheduler scheduler, CancellationTokenSource source)
    {
        _scheduler = scheduler;
        _source = source;
    }

    /// <inheritdoc/>
    public bool IsCancellationRequested => _source.IsCancellationRequested;

    /// <inheritdoc/>
    public CancellationToken Token => _source.Token;

    /// <summary>Whether it has been disposed of.</summary>
    public bool IsDisposed => _disposed;

    /// <inheritdoc/>
    public void Cancel() => Cancel(false);

    /// <inheritdoc/>
    public void Cancel(bool throwOnFirstException)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _source.Cancel(throwOnFirstException);
    }

    /// <inheritdoc/>
    public void CancelAfter(TimeSpan delay)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(delay, TimeSpan.Zero);
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (delay == TimeSpan.Zero) Cancel();
        else _scheduler.ScheduleOnce(delay, () =>
        {
            if (!_disposed) Cancel();
        });
    }

    /// <inheritdoc/>
    public void CancelAfter(int millisecondsDelay) => CancelAfter(TimeSpan.FromMilliseconds(millisecondsDelay));

    /// <summary>One that is called off already.</summary>
    public static ICancelable CreateCanceled() => new AlreadyCanceled();

    /// <summary>One that is called off with any of the others.</summary>
    public static ICancelable CreateLinkedCancelable(IScheduler scheduler, params ICancelable[] cancelables) =>
        new Cancelable(scheduler.Advanced, CancellationTokenSource.CreateLinkedTokenSource([.. cancelables.Select(static c => c.Token)]));

    /// <summary>One that is called off with any of the others.</summary>
    public static ICancelable CreateLinkedCancelable(IScheduler scheduler, params CancellationToken[] cancellationTokens) =>
        new Cancelable(scheduler.Advanced, CancellationTokenSource.CreateLinkedTokenSource(cancellationTokens));

    /// <inheritdoc/>
    public void Dispose() => Dispose(true);

    /// <summary>Frees the token.</summary>
    protected virtual void Dispose(bool disposing)
    {
        if (_disposed) return;
        _disposed = true;
        if (disposing) _source.Dispose();
    }

    private sealed class AlreadyCanceled : ICancelable
    {
        public bool IsCancellationRequested => true;

        public CancellationToken Token => new(true);

        public void Cancel()
        {
        }

        public void Cancel(bool throwOnFirstException)
        {
        }

        public void CancelAfter(TimeSpan delay)
        {
        }

        public void CancelAfter(int millisecondsDelay)
        {
        }
    }
}

/// <summary>Null-safe.</summary>
public static class CancelableExtensions
{
    /// <summary>Calls it off if there is one.</summary>
    public static void CancelIfNotNull(this ICancelable cancelable) => cancelable?.Cancel();
}
