using Akka.Actor;
using Akka.Configuration;
using Akka.Pattern;

namespace Akka.Persistence;

/// <summary>
/// The circuit breaker around storage calls. A call that takes longer than <c>call-timeout</c> fails and has its token set; after
/// <c>max-failures</c> failures in a row calls fail at once, until after <c>reset-timeout</c> one call is let through to try.
/// </summary>
/// <remarks>
/// All calls have the same time-out, so their deadlines come in the order of the calls: one timer, for the oldest, serves them
/// all. A call that has ended when it returns costs a token source and nothing else.
/// </remarks>
internal sealed class PluginBreaker
{
    private enum State
    {
        Closed,
        Open,
        HalfOpen,
    }

    private readonly IScheduler _scheduler;
    private readonly int _maxFailures;
    private readonly TimeSpan _callTimeout;
    private readonly TimeSpan _resetTimeout;
    private readonly Lock _gate = new();
    private readonly LinkedList<PendingCall> _pending = new();
    private State _state;
    private int _failures;
    private bool _trying;
    private bool _timerSet;
    private TimeSpan _timerAt;
    private TimeSpan _openedAt;
    private Exception _lastFailure;

    public PluginBreaker(IScheduler scheduler, Config config)
    {
        _scheduler = scheduler;
        _maxFailures = config.GetInt("circuit-breaker.max-failures");
        _callTimeout = config.GetTimeSpan("circuit-breaker.call-timeout");
        _resetTimeout = config.GetTimeSpan("circuit-breaker.reset-timeout");
    }

    /// <summary>Makes a call, or fails without making it while the circuit is open.</summary>
    public Task<T> Call<TState, T>(TState state, Func<TState, CancellationToken, Task<T>> body)
    {
        if (Refused() is { } refused) return Task.FromException<T>(refused);
        var source = new CancellationTokenSource();
        Task<T> task;
        try
        {
            task = body(state, source.Token);
        }
#pragma warning disable CA1031 // a call that throws before it returns a task has failed as one that returns a failed task
        catch (Exception cause)
#pragma warning restore CA1031
        {
            Failed(cause);
            return Task.FromException<T>(cause);
        }

        if (task.IsCompletedSuccessfully)
        {
            Succeeded();
            return task;
        }

        var call = new PendingCall<T>(this, source);
        Watch(call);
        task.ContinueWith(
            static (ended, pending) => ((PendingCall<T>)pending).End(ended),
            call,
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
        return call.Task;
    }

    private OpenCircuitException Refused()
    {
        lock (_gate)
        {
            if (_state == State.Closed) return null;
            if (_state == State.HalfOpen && !_trying)
            {
                _trying = true;
                return null;
            }

            var left = _state == State.HalfOpen ? TimeSpan.Zero : _openedAt + _resetTimeout - _scheduler.MonotonicClock;
            return new OpenCircuitException("Circuit Breaker is open; calls are failing fast", _lastFailure,
                left < TimeSpan.Zero ? TimeSpan.Zero : left);
        }
    }

    private void Succeeded()
    {
        lock (_gate)
        {
            _failures = 0;
            _trying = false;
            _state = State.Closed;
        }
    }

    private void Failed(Exception cause)
    {
        lock (_gate)
        {
            _lastFailure = cause;
            _failures++;
            if (_state == State.Open || (_state == State.Closed && _failures < _maxFailures)) return;
            _trying = false;
            _state = State.Open;
            _openedAt = _scheduler.MonotonicClock;
        }

        _scheduler.Advanced.ScheduleOnce(_resetTimeout, HalfOpen);
    }

    private void HalfOpen()
    {
        lock (_gate)
        {
            if (_state == State.Open) _state = State.HalfOpen;
        }
    }

    private void Watch(PendingCall call)
    {
        bool set;
        lock (_gate)
        {
            call.Deadline = _scheduler.MonotonicClock + _callTimeout;
            call.Node = _pending.AddLast(call);
            set = !_timerSet;
            _timerSet = true;
            if (set) _timerAt = call.Deadline;
        }

        if (set) _scheduler.Advanced.ScheduleOnce(_callTimeout, Expire);
    }

    private void Forget(PendingCall call)
    {
        lock (_gate)
        {
            if (call.Node.List is not null) _pending.Remove(call.Node);
        }
    }

    private void Expire()
    {
        var expired = new List<PendingCall>();
        var wait = TimeSpan.Zero;
        lock (_gate)
        {
            // The timer's own time counts as reached, whatever the clock says: under a scheduler with virtual time it stands still.
            var now = _scheduler.MonotonicClock;
            if (now < _timerAt) now = _timerAt;
            while (_pending.First is { } first && first.Value.Deadline <= now)
            {
                _pending.RemoveFirst();
                expired.Add(first.Value);
            }

            _timerSet = _pending.First is not null;
            if (_timerSet)
            {
                _timerAt = _pending.First.Value.Deadline;
                wait = _timerAt - now;
            }
        }

        if (wait > TimeSpan.Zero) _scheduler.Advanced.ScheduleOnce(wait, Expire);
        foreach (var call in expired) call.Expire();
    }

    private abstract class PendingCall
    {
        public TimeSpan Deadline { get; set; }

        public LinkedListNode<PendingCall> Node { get; set; }

        public abstract void Expire();
    }

    private sealed class PendingCall<T>(PluginBreaker breaker, CancellationTokenSource source) : PendingCall
    {
        private readonly TaskCompletionSource<T> _result = new();
        private int _ended;

        public Task<T> Task => _result.Task;

        public void End(Task<T> ended)
        {
            breaker.Forget(this);
            if (Interlocked.Exchange(ref _ended, 1) != 0)
            {
                _ = ended.Exception;                       // too late; whoever waited has been told so
                return;
            }

            if (ended.IsCompletedSuccessfully)
            {
                breaker.Succeeded();
                _result.SetResult(ended.Result);
            }
            else if (ended.IsCanceled)
            {
                breaker.Failed(new TaskCanceledException(ended));
                _result.SetCanceled();
            }
            else
            {
                breaker.Failed(ended.Exception.InnerException);
                _result.SetException(ended.Exception.InnerExceptions);
            }

            source.Dispose();
        }

        public override void Expire()
        {
            if (Interlocked.Exchange(ref _ended, 1) != 0) return;
            var cause = new TimeoutException(
                $"Execution did not complete within the time allotted {breaker._callTimeout.TotalMilliseconds} ms");
            breaker.Failed(cause);
            _result.SetException(cause);
            source.Cancel();
        }
    }
}
