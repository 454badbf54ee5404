namespace Kv.Simulation;

/// <summary>Virtual time and everything that is still to happen in it, in the order of its moment; where moments are equal, of its arrival.</summary>
internal sealed class Timeline
{
    private readonly PriorityQueue<Scheduled, (long At, long Order)> _queue = new();
    private long _order;

    /// <summary>Ticks of 100 ns since the world began.</summary>
    public long Now { get; private set; }

    /// <summary>Actions run so far.</summary>
    public long Ran { get; private set; }

    /// <summary>Actions that wait.</summary>
    public int Waiting => _queue.Count;

    /// <summary>Runs an action later; it may be called off until then.</summary>
    public Scheduled After(TimeSpan delay, Action action) => At(Now + Math.Max(0, delay.Ticks), action);

    /// <summary>Runs an action at a moment, or now if that has passed.</summary>
    public Scheduled At(long ticks, Action action)
    {
        var scheduled = new Scheduled(action);
        _queue.Enqueue(scheduled, (Math.Max(ticks, Now), _order++));
        return scheduled;
    }

    /// <summary>Moves on to the next action and runs it.</summary>
    /// <returns>False if none is left up to <paramref name="until"/>; then it is that late.</returns>
    public bool RunNext(long until)
    {
        while (_queue.TryPeek(out var next, out var priority) && priority.At <= until)
        {
            _queue.Dequeue();
            if (next.Take() is not { } action) continue;
            Now = priority.At;
            Ran++;
            action();
            return true;
        }

        Now = Math.Max(Now, until);
        return false;
    }

    /// <summary>Something that will happen, unless it is called off.</summary>
    internal sealed class Scheduled(Action action)
    {
        private Action? _action = action;

        /// <summary>It will not happen.</summary>
        public void Cancel() => _action = null;

        internal Action? Take() => Interlocked.Exchange(ref _action, null);
    }
}
