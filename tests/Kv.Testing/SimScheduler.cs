namespace Kv.Testing;

/// <summary>Virtual time: runs actions in the order of their moment, and of their arrival where moments are equal.</summary>
public sealed class SimScheduler
{
    private readonly PriorityQueue<Action, (long At, long Order)> _queue = new();
    private long _order;

    /// <summary>The moment, in units that only the simulation gives a meaning.</summary>
    public long Now { get; private set; }

    /// <summary>Runs an action <paramref name="delay"/> units from now.</summary>
    public void After(long delay, Action action) => _queue.Enqueue(action, (Now + Math.Max(0, delay), _order++));

    /// <summary>Runs the next action.</summary>
    /// <returns>False if none is left, or none up to <paramref name="until"/>.</returns>
    public bool RunNext(long until)
    {
        if (!_queue.TryPeek(out var action, out var priority) || priority.At > until) return false;
        _queue.Dequeue();
        Now = priority.At;
        action();
        return true;
    }
}
