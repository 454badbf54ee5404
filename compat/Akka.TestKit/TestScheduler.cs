using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch;
using Akka.Event;

namespace Akka.TestKit;

/// <summary>A scheduler whose time moves only when a test says so.</summary>
/// <remarks>One <see cref="Advance"/> over several periods fires a repeating timer once and arms it again from the new now.</remarks>
public class TestScheduler : IScheduler, IAdvancedScheduler
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<long, List<Item>> _items = [];
    private DateTimeOffset _now = DateTimeOffset.UtcNow;

    /// <summary>From the system's whole configuration.</summary>
    public TestScheduler(Config schedulerConfig, ILoggingAdapter log)
    {
        _ = schedulerConfig;
        _ = log;
    }

    /// <inheritdoc/>
    public IAdvancedScheduler Advanced => this;

    /// <summary>Virtual time.</summary>
    protected DateTimeOffset TimeNow => Now;

    /// <summary>Virtual time.</summary>
    public DateTimeOffset Now
    {
        get
        {
            lock (_lock) return _now;
        }
    }

    /// <summary>Real time.</summary>
    public TimeSpan MonotonicClock => DateTimeOffsetNowTimeProvider.Instance.MonotonicClock;

    /// <summary>Real time.</summary>
    public TimeSpan HighResMonotonicClock => DateTimeOffsetNowTimeProvider.Instance.HighResMonotonicClock;

    /// <summary>Moves time forward and fires what is due, in order.</summary>
    public void Advance(TimeSpan offset)
    {
        var due = new List<Item>();
        lock (_lock)
        {
            _now += offset;
            while (_items.Count > 0)
            {
                var (when, items) = _items.First();
                if (when > _now.UtcTicks) break;
                due.AddRange(items);
                _items.Remove(when);
            }
        }

        foreach (var item in due)
        {
            if (item.Cancelable is { IsCancellationRequested: true }) continue;
            if (item.Action is not null) item.Action();
            else item.Receiver.Tell(item.Message, item.Sender);
            if (item.Interval is { } interval && item.Cancelable is not { IsCancellationRequested: true }) Add(interval, item);
        }
    }

    /// <summary>Moves time forward to a moment.</summary>
    /// <exception cref="InvalidOperationException">It lies in the past.</exception>
    public void AdvanceTo(DateTimeOffset when)
    {
        var now = Now;
        if (when < now) throw new InvalidOperationException("You can't reverse time...");
        Advance(when - now);
    }

    private void Add(TimeSpan delay, Item item)
    {
        lock (_lock)
        {
            var when = (_now + delay).UtcTicks;
            if (!_items.TryGetValue(when, out var items)) _items.Add(when, items = []);
            items.Add(item);
        }
    }

    /// <inheritdoc/>
    public void ScheduleTellOnce(TimeSpan delay, ICanTell receiver, object message, IActorRef sender) => Add(delay, new Item(receiver, message, sender, null, null, null));

    /// <inheritdoc/>
    public void ScheduleTellOnce(TimeSpan delay, ICanTell receiver, object message, IActorRef sender, ICancelable cancelable) => Add(delay, new Item(receiver, message, sender, null, null, cancelable));

    /// <inheritdoc/>
    public void ScheduleTellRepeatedly(TimeSpan initialDelay, TimeSpan interval, ICanTell receiver, object message, IActorRef sender) => Add(initialDelay, new Item(receiver, message, sender, null, interval, null));

    /// <inheritdoc/>
    public void ScheduleTellRepeatedly(TimeSpan initialDelay, TimeSpan interval, ICanTell receiver, object message, IActorRef sender, ICancelable cancelable) => Add(initialDelay, new Item(receiver, message, sender, null, interval, cancelable));

    /// <inheritdoc/>
    public void ScheduleOnce(TimeSpan delay, Action action, ICancelable cancelable) => Add(delay, new Item(null, null, null, action, null, cancelable));

    /// <inheritdoc/>
    public void ScheduleOnce(TimeSpan delay, Action action) => Add(delay, new Item(null, null, null, action, null, null));

    /// <inheritdoc/>
    public void ScheduleRepeatedly(TimeSpan initialDelay, TimeSpan interval, Action action, ICancelable cancelable) => Add(initialDelay, new Item(null, null, null, action, interval, cancelable));

    /// <inheritdoc/>
    public void ScheduleRepeatedly(TimeSpan initialDelay, TimeSpan interval, Action action) => Add(initialDelay, new Item(null, null, null, action, interval, null));

    /// <inheritdoc/>
    public void ScheduleOnce(TimeSpan delay, IRunnable action, ICancelable cancelable) => ScheduleOnce(delay, action.Run, cancelable);

    /// <inheritdoc/>
    public void ScheduleOnce(TimeSpan delay, IRunnable action) => ScheduleOnce(delay, action.Run);

    /// <inheritdoc/>
    public void ScheduleRepeatedly(TimeSpan initialDelay, TimeSpan interval, IRunnable action, ICancelable cancelable) => ScheduleRepeatedly(initialDelay, interval, action.Run, cancelable);

    /// <inheritdoc/>
    public void ScheduleRepeatedly(TimeSpan initialDelay, TimeSpan interval, IRunnable action) => ScheduleRepeatedly(initialDelay, interval, action.Run);

    private sealed record Item(ICanTell Receiver, object Message, IActorRef Sender, Action Action, TimeSpan? Interval, ICancelable Cancelable);
}
