namespace Kv.Persistence;

/// <summary>Who runs what is no actor's turn: the log's threads, work in the background, the continuations of answers.</summary>
/// <remarks>
/// A process has threads for it: that is this class as it is. A simulation overrides every member, so that one thread runs
/// everything in an order of its own choosing. Nothing in the product starts a thread or a pool task but through here.
/// </remarks>
public class Workers
{
    /// <summary>Threads and the thread pool.</summary>
    public static Workers Threads { get; } = new();

    /// <summary>Whether the log may have threads of its own; otherwise it asks for each step by <see cref="Step"/>.</summary>
    public virtual bool HasThreads => true;

    /// <summary>The promise of an answer. Its continuations run on the pool, not in the turn of the actor that answers.</summary>
    public virtual TaskCompletionSource<T> Promise<T>() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>As <see cref="Promise{T}"/>, for what has no value.</summary>
    public virtual TaskCompletionSource Promise() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Runs work that takes its time.</summary>
    /// <param name="name">What it is, in a word, for whoever watches.</param>
    /// <param name="work">Safe from any thread.</param>
    /// <param name="cancel">Until it has begun.</param>
    public virtual Task<T> Run<T>(string name, Func<T> work, CancellationToken cancel) => Task.Run(work, cancel);

    /// <summary>Reads a long sequence ahead of whoever works on it. Its end, and what it throws, come where they would without.</summary>
    /// <param name="sequence">Safe from any thread; enumerated once. Nothing is read of it any more when the enumeration of the answer has ended.</param>
    public virtual IEnumerable<T> Ahead<T>(IEnumerable<T> sequence) => ReadAhead.Of(
        sequence, static read => Task.Factory.StartNew(read, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default));

    /// <summary>Runs something short, soon. Allocates nothing.</summary>
    public virtual void Queue(IThreadPoolWorkItem work) => ThreadPool.UnsafeQueueUserWorkItem(work, preferLocal: false);

    /// <summary>Runs the next step of something that has no thread; never inside this call.</summary>
    /// <param name="name">What it is, in a word, for whoever watches.</param>
    /// <param name="step">One at a time for each name and log.</param>
    public virtual void Step(string name, Action step) =>
        throw new NotSupportedException($"{name}: who has threads needs no steps");
}
