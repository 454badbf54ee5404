using Kv.Persistence;

namespace Kv.Actors.Apply;

/// <summary>Holds the root last published: the store actor writes it, any thread reads it or waits for a later one.</summary>
/// <param name="first">The root before the first is published.</param>
/// <param name="workers">Make the promises of those who wait; null is <see cref="Workers.Threads"/>.</param>
public sealed class RootHolder(StoreRoot first, Workers? workers = null)
{
    private readonly Workers _workers = workers ?? Workers.Threads;
    private readonly Lock _gate = new();
    private readonly PriorityQueue<TaskCompletionSource<StoreRoot>, ulong> _waiters = new();
    private volatile StoreRoot _current = first;
    private volatile bool _anyWaiting;
    private volatile CompactHashes _compactHashes = CompactHashes.None;

    /// <summary>The newest root.</summary>
    public StoreRoot Current => _current;

    /// <summary>Hashes that compactions took; HashKV answers with them for exactly their revisions. Set by the store actor.</summary>
    public CompactHashes CompactHashes
    {
        get => _compactHashes;
        set => _compactHashes = value;
    }

    /// <summary>Makes <paramref name="root"/> the newest and lets go whoever waited for its index. O(1) when nobody waits.</summary>
    public void Publish(StoreRoot root)
    {
        _current = root;
        Interlocked.MemoryBarrier();                           // a waiter either sees this root or is seen below
        if (!_anyWaiting)
        {
            return;
        }
        lock (_gate)
        {
            while (_waiters.TryPeek(out var waiter, out var index) && index <= root.AppliedIndex)
            {
                _waiters.Dequeue();
                waiter.TrySetResult(root);
            }
            _anyWaiting = _waiters.Count > 0;
        }
    }

    /// <summary>The first root at or after an applied index.</summary>
    public ValueTask<StoreRoot> WaitForAsync(ulong index)
    {
        if (_current is var now && now.AppliedIndex >= index)
        {
            return ValueTask.FromResult(now);
        }
        var waiter = _workers.Promise<StoreRoot>();
        lock (_gate)
        {
            _waiters.Enqueue(waiter, index);
            _anyWaiting = true;
            Interlocked.MemoryBarrier();
            if (_current is var current && current.AppliedIndex >= index)
            {
                waiter.TrySetResult(current);                  // its place in the queue is cleared by the next publish
            }
        }
        return new ValueTask<StoreRoot>(waiter.Task);
    }
}
