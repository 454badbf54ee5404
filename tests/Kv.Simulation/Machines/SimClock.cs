namespace Kv.Simulation.Machines;

/// <summary>A machine's clocks: monotonic time is the world's, wall time is off by whatever somebody set it to.</summary>
internal sealed class SimClock(SimMachine machine) : TimeProvider
{
    private static readonly DateTimeOffset _begin = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>How far the wall clock is off.</summary>
    public TimeSpan Offset { get; set; }

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    public override long GetTimestamp() => machine.World.Timeline.Now;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => _begin + new TimeSpan(machine.World.Timeline.Now) + Offset;

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new SimTimer(machine.Process ?? throw new InvalidOperationException("no process is there to have a timer"), callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class SimTimer(SimProcess process, TimerCallback callback, object? state) : ITimer
    {
        private Timeline.Scheduled? _next;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            _next?.Cancel();
            _next = dueTime == Timeout.InfiniteTimeSpan ? null : process.After(dueTime, Happening.Timer, () =>
            {
                if (period != Timeout.InfiniteTimeSpan) Change(period, period);
                callback(state);
            });
            return true;
        }

        public void Dispose()
        {
            _next?.Cancel();
            _next = null;
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
