namespace Akka.Actor;

/// <summary>An actor with timers; Akka sets the property after the constructor.</summary>
public interface IWithTimers
{
    /// <summary>The actor's timers.</summary>
    ITimerScheduler Timers { get; set; }
}

/// <summary>Timers by key. A timer of a key in use is replaced, and a message of a replaced or cancelled one is dropped even when it waits already. All end with the instance.</summary>
public interface ITimerScheduler
{
    /// <summary>Keys of timers running.</summary>
    IReadOnlyCollection<object> ActiveTimers { get; }

    /// <summary>Sends again and again; the first after one interval.</summary>
    void StartPeriodicTimer(object key, object msg, TimeSpan interval);

    /// <summary>Sends again and again, from <paramref name="sender"/>.</summary>
    void StartPeriodicTimer(object key, object msg, TimeSpan interval, IActorRef sender);

    /// <summary>Sends again and again; the first after <paramref name="initialDelay"/>.</summary>
    void StartPeriodicTimer(object key, object msg, TimeSpan initialDelay, TimeSpan interval);

    /// <summary>Sends again and again, from <paramref name="sender"/>.</summary>
    void StartPeriodicTimer(object key, object msg, TimeSpan initialDelay, TimeSpan interval, IActorRef sender);

    /// <summary>Sends once.</summary>
    void StartSingleTimer(object key, object msg, TimeSpan timeout);

    /// <summary>Sends once, from <paramref name="sender"/>.</summary>
    void StartSingleTimer(object key, object msg, TimeSpan timeout, IActorRef sender);

    /// <summary>Whether a timer of that key runs.</summary>
    bool IsTimerActive(object key);

    /// <summary>Ends a timer.</summary>
    void Cancel(object key);

    /// <summary>Ends all.</summary>
    void CancelAll();
}

internal sealed class TimerScheduler(ActorCell cell) : ITimerScheduler
{
    private readonly Dictionary<object, Entry> _timers = [];
    private int _generation;

    public IReadOnlyCollection<object> ActiveTimers => [.. _timers.Keys];

    public void StartPeriodicTimer(object key, object msg, TimeSpan interval) => Start(key, msg, interval, interval, cell.Self);

    public void StartPeriodicTimer(object key, object msg, TimeSpan interval, IActorRef sender) => Start(key, msg, interval, interval, sender);

    public void StartPeriodicTimer(object key, object msg, TimeSpan initialDelay, TimeSpan interval) => Start(key, msg, initialDelay, interval, cell.Self);

    public void StartPeriodicTimer(object key, object msg, TimeSpan initialDelay, TimeSpan interval, IActorRef sender) => Start(key, msg, initialDelay, interval, sender);

    public void StartSingleTimer(object key, object msg, TimeSpan timeout) => Start(key, msg, timeout, null, cell.Self);

    public void StartSingleTimer(object key, object msg, TimeSpan timeout, IActorRef sender) => Start(key, msg, timeout, null, sender);

    public bool IsTimerActive(object key) => _timers.ContainsKey(key);

    public void Cancel(object key)
    {
        if (_timers.Remove(key, out var entry)) entry.Handle.Cancel();
    }

    public void CancelAll()
    {
        foreach (var entry in _timers.Values) entry.Handle.Cancel();
        _timers.Clear();
    }

    /// <summary>Whether a message is of a timer that still runs; a single timer ends with it.</summary>
    internal bool Accepts(Tick tick)
    {
        if (!ReferenceEquals(tick.Owner, this) || !_timers.TryGetValue(tick.Key, out var entry) || entry.Generation != tick.Generation) return false;
        if (!entry.Periodic) _timers.Remove(tick.Key);
        return true;
    }

    private void Start(object key, object msg, TimeSpan delay, TimeSpan? interval, IActorRef sender)
    {
        Cancel(key);
        var generation = unchecked(++_generation);
        var tick = new Tick(this, key, generation, msg);
        var handle = new TimerHandle();
        var scheduler = cell.System.Scheduler;
        if (interval is { } period) scheduler.ScheduleTellRepeatedly(delay, period, cell.Self, tick, sender, handle);
        else scheduler.ScheduleTellOnce(delay, cell.Self, tick, sender, handle);
        _timers[key] = new Entry(handle, generation, interval is not null);
    }

    private readonly record struct Entry(TimerHandle Handle, int Generation, bool Periodic);

    /// <summary>What a timer sends; unwrapped before the actor sees it.</summary>
    internal sealed class Tick(TimerScheduler owner, object key, int generation, object message)
        : IAutoReceivedMessage, INoSerializationVerificationNeeded, IWrappedMessage
    {
        internal TimerScheduler Owner => owner;

        internal object Key => key;

        internal int Generation => generation;

        public object Message => message;

        public override string ToString() => $"TimerMsg(key={key}, generation={generation}, message={message})";
    }

    /// <summary>A cancelable that costs one small object: nobody waits on its token.</summary>
    private sealed class TimerHandle : ICancelable
    {
        private volatile bool _canceled;

        public bool IsCancellationRequested => _canceled;

        public CancellationToken Token => new(_canceled);

        public void Cancel() => _canceled = true;

        public void Cancel(bool throwOnFirstException) => _canceled = true;

        public void CancelAfter(TimeSpan delay) => throw new NotSupportedException("A timer is cancelled by its key");

        public void CancelAfter(int millisecondsDelay) => throw new NotSupportedException("A timer is cancelled by its key");
    }
}
