using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch;
using Akka.Event;

namespace Kv.Simulation.Machines;

/// <summary>Akka's scheduler over the world's timeline: each timer is an event at its own moment.</summary>
/// <remarks>The package's TestScheduler has to be moved on step by step, for each node, whether anything is due or not.</remarks>
public sealed class SimTimers : SchedulerBase
{
    private readonly SimProcess _process;

    /// <summary>From the system's whole configuration, whose key <c>akka.scheduler.process</c> says whose it is.</summary>
    public SimTimers(Config scheduler, ILoggingAdapter log)
        : base(scheduler, log) => _process = SimProcess.Of(scheduler.GetString("akka.scheduler.process"));

    /// <inheritdoc/>
    protected override DateTimeOffset TimeNow => _process.Machine.Clock.GetUtcNow();

    /// <inheritdoc/>
    public override TimeSpan MonotonicClock => new(_process.Machine.Clock.GetTimestamp());

    /// <inheritdoc/>
    public override TimeSpan HighResMonotonicClock => MonotonicClock;

    /// <inheritdoc/>
    protected override void InternalScheduleTellOnce(TimeSpan delay, ICanTell receiver, object message, IActorRef sender, ICancelable cancelable) =>
        Once(delay, () => receiver.Tell(message, sender), cancelable);

    /// <inheritdoc/>
    protected override void InternalScheduleTellRepeatedly(TimeSpan initialDelay, TimeSpan interval, ICanTell receiver, object message, IActorRef sender, ICancelable cancelable) =>
        Repeatedly(initialDelay, interval, () => receiver.Tell(message, sender), cancelable);

    /// <inheritdoc/>
    protected override void InternalScheduleOnce(TimeSpan delay, Action action, ICancelable cancelable) => Once(delay, action, cancelable);

    /// <inheritdoc/>
    protected override void InternalScheduleOnce(TimeSpan delay, IRunnable action, ICancelable cancelable) => Once(delay, action.Run, cancelable);

    /// <inheritdoc/>
    protected override void InternalScheduleRepeatedly(TimeSpan initialDelay, TimeSpan interval, Action action, ICancelable cancelable) =>
        Repeatedly(initialDelay, interval, action, cancelable);

    /// <inheritdoc/>
    protected override void InternalScheduleRepeatedly(TimeSpan initialDelay, TimeSpan interval, IRunnable action, ICancelable cancelable) =>
        Repeatedly(initialDelay, interval, action.Run, cancelable);

    private void Once(TimeSpan delay, Action action, ICancelable? cancelable) => _process.After(delay, Happening.Timer, () =>
    {
        if (cancelable is not { IsCancellationRequested: true }) action();
    });

    private void Repeatedly(TimeSpan delay, TimeSpan interval, Action action, ICancelable? cancelable) => _process.After(delay, Happening.Timer, () =>
    {
        if (cancelable is { IsCancellationRequested: true }) return;
        action();
        Repeatedly(interval, interval, action, cancelable);
    });
}
