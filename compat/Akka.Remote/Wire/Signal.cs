using System.Threading.Tasks.Sources;

namespace Akka.Remote.Wire;

/// <summary>Wakes one waiter: many may set, one waits. Allocates nothing; a set while the waiter is busy costs one read.</summary>
/// <remarks>
/// Idle → Set, by a setter; Idle → Waiting, by the waiter; Waiting → Set, by a setter, who runs the waiter on the pool.
/// The waiter calls <see cref="Clear"/> before it looks for work, so that work added after is never missed.
/// </remarks>
internal sealed class Signal : IValueTaskSource
{
    private const int Idle = 0;
    private const int IsSet = 1;
    private const int Waiting = 2;

    private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };
    private int _state;

    public void Set()
    {
        if (Volatile.Read(ref _state) == IsSet) return;
        if (Interlocked.Exchange(ref _state, IsSet) == Waiting) _core.SetResult(true);
    }

    public void Clear() => Interlocked.Exchange(ref _state, Idle);

    public ValueTask WaitAsync()
    {
        _core.Reset();
        return Interlocked.CompareExchange(ref _state, Waiting, Idle) == Idle ? new ValueTask(this, _core.Version) : ValueTask.CompletedTask;
    }

    void IValueTaskSource.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object> continuation, object state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
