using System.Diagnostics;
using Akka.Configuration;
using Akka.Dispatch;
using Akka.Event;

namespace Akka.Actor;

/// <summary>The default scheduler: one thread, time counted in ticks of <c>akka.scheduler.tick-duration</c>.</summary>
/// <remarks>
/// Timers of one tick share a bucket; a heap orders the ticks that have one. Adding costs a lock and a dictionary look-up, and the
/// thread sleeps until the first bucket is due, so an idle system does not wake up.
/// </remarks>
public sealed class HashedWheelTimerScheduler : SchedulerBase, IDateTimeOffsetNowTimeProvider, IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<long, List<Timer>> _buckets = [];
    private readonly PriorityQueue<long, long> _ticks = new();
    private readonly Stack<List<Timer>> _spare = new();
    private readonly SemaphoreSlim _wake = new(0);
    private readonly long _tickTicks;
    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly TimeSpan _shutdownTimeout;
    private Thread _thread;
    private long _sleepingUntil = long.MinValue;
    private bool _stopped;

    /// <summary>From the system's whole configuration, of which it reads <c>akka.scheduler</c>.</summary>
    public HashedWheelTimerScheduler(Config scheduler, ILoggingAdapter log)
        : base(scheduler, log)
    {
        var tick = scheduler.GetTimeSpan("akka.scheduler.tick-duration", TimeSpan.FromMilliseconds(10));
        if (tick < TimeSpan.FromMilliseconds(1)) throw new ArgumentOutOfRangeException(nameof(scheduler), $"minimum supported akka.scheduler.tick-duration is 1ms; it was {tick}");
        _tickTicks = tick.Ticks;
        _shutdownTimeout = scheduler.GetTimeSpan("akka.scheduler.shutdown-timeout", TimeSpan.FromSeconds(5));
    }

    /// <inheritdoc/>
    protected override DateTimeOffset TimeNow => DateTimeOffset.UtcNow;

    /// <inheritdoc/>
    public override TimeSpan MonotonicClock => Stopwatch.GetElapsedTime(0);

    /// <inheritdoc/>
    public override TimeSpan HighResMonotonicClock => Stopwatch.GetElapsedTime(0);

    private long NowTicks => Stopwatch.GetElapsedTime(_start).Ticks;

    /// <inheritdoc/>
    protected override void InternalScheduleTellOnce(TimeSpan delay, ICanTell receiver, object message, IActorRef sender, ICancelable cancelable) =>
        Add(new TellTimer(receiver, message, sender, cancelable, 0), delay);

    /// <inheritdoc/>
    protected override void InternalScheduleTellRepeatedly(TimeSpan initialDelay, TimeSpan interval, ICanTell receiver, object message, IActorRef sender, ICancelable cancelable) =>
        Add(new TellTimer(receiver, message, sender, cancelable, interval.Ticks), initialDelay);

    /// <inheritdoc/>
    protected override void InternalScheduleOnce(TimeSpan delay, Action action, ICancelable cancelable) =>
        Add(new ActionTimer(action, cancelable, 0), delay);

    /// <inheritdoc/>
    protected override void InternalScheduleOnce(TimeSpan delay, IRunnable action, ICancelable cancelable) =>
        Add(new ActionTimer(action.Run, cancelable, 0), delay);

    /// <inheritdoc/>
    protected override void InternalScheduleRepeatedly(TimeSpan initialDelay, TimeSpan interval, Action action, ICancelable cancelable) =>
        Add(new ActionTimer(action, cancelable, interval.Ticks), initialDelay);

    /// <inheritdoc/>
    protected override void InternalScheduleRepeatedly(TimeSpan initialDelay, TimeSpan interval, IRunnable action, ICancelable cancelable) =>
        Add(new ActionTimer(action.Run, cancelable, interval.Ticks), initialDelay);

    private void Add(Timer timer, TimeSpan delay)
    {
        if (timer.Cancelable is { IsCancellationRequested: true }) return;
        if (delay.Ticks < _tickTicks && delay <= TimeSpan.Zero && timer.Interval == 0)
        {
            Fire(timer);
            return;
        }

        timer.Deadline = NowTicks + delay.Ticks;
        Insert(timer);
    }

    private void Insert(Timer timer)
    {
        var tick = (timer.Deadline + _tickTicks - 1) / _tickTicks;
        var start = false;
        lock (_lock)
        {
            if (_stopped) throw new SchedulerException("cannot enqueue after timer shutdown");
            if (!_buckets.TryGetValue(tick, out var bucket))
            {
                if (!_spare.TryPop(out bucket)) bucket = [];
                _buckets.Add(tick, bucket);
                _ticks.Enqueue(tick, tick);
                if (tick < _sleepingUntil)
                {
                    _sleepingUntil = long.MinValue;
                    _wake.Release();
                }
            }

            bucket.Add(timer);
            if (_thread is null)
            {
                _thread = new Thread(Run) { IsBackground = true, Name = "akka-scheduler" };
                start = true;
            }
        }

        if (start) _thread.Start();
    }

    private void Run()
    {
        while (true)
        {
            List<Timer> due = null;
            var wait = Timeout.InfiniteTimeSpan;
            lock (_lock)
            {
                if (_stopped) return;
                if (_ticks.TryPeek(out var tick, out _))
                {
                    var left = (tick * _tickTicks) - NowTicks;
                    if (left <= 0)
                    {
                        _ticks.Dequeue();
                        _buckets.Remove(tick, out due);
                    }
                    else
                    {
                        // Long waits are cut short of the limit of the semaphore and looked at again.
                        wait = TimeSpan.FromTicks(Math.Min(left, TimeSpan.TicksPerDay));
                    }
                }

                if (due is null) _sleepingUntil = _ticks.TryPeek(out var first, out _) ? first : long.MaxValue;
            }

            if (due is null)
            {
                Sleep(wait);
                continue;
            }

            foreach (var timer in due) FireAndRepeat(timer);
            due.Clear();
            lock (_lock)
            {
                if (_spare.Count < 64 && due.Capacity <= 1024) _spare.Push(due);
            }
        }
    }

    private void Sleep(TimeSpan wait)
    {
        // Rounded up: waking early would spin.
        if (wait != Timeout.InfiniteTimeSpan) wait = TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds));
        _wake.Wait(wait);
    }

    private void FireAndRepeat(Timer timer)
    {
        Fire(timer);
        if (timer.Interval == 0 || timer.Cancelable is { IsCancellationRequested: true }) return;
        timer.Deadline += timer.Interval;
        lock (_lock)
            if (_stopped) return;
        try
        {
            Insert(timer);
        }
        catch (SchedulerException)
        {
            // Stopped between the look and the insert: there is nothing more to repeat.
            return;
        }
    }

    private void Fire(Timer timer)
    {
        if (timer.Cancelable is { IsCancellationRequested: true }) return;
        try
        {
            timer.Fire();
        }
        catch (Exception e)
        {
            Log.Error(e, "Error while executing scheduled task");
        }
    }

    /// <summary>Stops; timers left are dropped.</summary>
    public void Dispose()
    {
        Thread thread;
        lock (_lock)
        {
            if (_stopped) return;
            _stopped = true;
            thread = _thread;
            _buckets.Clear();
            _ticks.Clear();
        }

        _wake.Release();
        if (thread is not null && thread != Thread.CurrentThread) thread.Join(_shutdownTimeout);
    }

    private abstract class Timer(ICancelable cancelable, long interval)
    {
        internal long Deadline;

        internal ICancelable Cancelable => cancelable;

        internal long Interval => interval;

        internal abstract void Fire();
    }

    private sealed class TellTimer(ICanTell receiver, object message, IActorRef sender, ICancelable cancelable, long interval) : Timer(cancelable, interval)
    {
        internal override void Fire() => receiver.Tell(message, sender);
    }

    private sealed class ActionTimer(Action action, ICancelable cancelable, long interval) : Timer(cancelable, interval)
    {
        internal override void Fire() => action();
    }
}

/// <summary>The scheduler has stopped.</summary>
public sealed class SchedulerException : AkkaException
{
    /// <summary>With a message.</summary>
    public SchedulerException(string message)
        : base(message)
    {
    }
}
