using Kv.Persistence;

namespace Kv.Actors.Watch;

/// <summary>A client's watch stream, as the gateway holds it. Requests are carried out in the order of the calls.</summary>
/// <remarks>
/// Each request's task ends when the next one may be read from the client; it waits while the client leaves too much unread, and never
/// fails. After <see cref="Ended"/> requests are accepted and forgotten.
/// </remarks>
public sealed class WatchStream
{
    private readonly Action<WatchStreamCommand?> _tell;
    private readonly Workers _workers;

    internal WatchStream(Action<WatchStreamCommand?> tell, Task ended, Workers workers)
    {
        _tell = tell;
        _workers = workers;
        Ended = ended;
    }

    /// <summary>Ends when the stream is over and nothing is being written any more; fails with the failure of a write.</summary>
    public Task Ended { get; }

    /// <summary>Creates a watcher: one response follows.</summary>
    public Task CreateAsync(WatchSpec spec) => Request(accepted => new WatchStreamCommand.Create(spec, accepted));

    /// <summary>Answers a create request that may not be: one response follows.</summary>
    /// <param name="reason">The exact <c>cancel_reason</c>.</param>
    public Task RefuseAsync(string reason) => Request(accepted => new WatchStreamCommand.Refuse(reason, accepted));

    /// <summary>Cancels a watcher: one response follows if it exists.</summary>
    public Task CancelAsync(long watchId) => Request(accepted => new WatchStreamCommand.Cancel(watchId, accepted));

    /// <summary>Asks for progress: one response follows if every watcher is live.</summary>
    public Task RequestProgressAsync() => Request(static accepted => new WatchStreamCommand.RequestProgress(accepted));

    /// <summary>Ends the stream; a write under way is waited for. Doing it twice changes nothing.</summary>
    /// <returns><see cref="Ended"/>.</returns>
    public Task CloseAsync()
    {
        _tell(null);
        return Ended;
    }

    private Task Request(Func<TaskCompletionSource, WatchStreamCommand> command)
    {
        var accepted = _workers.Promise();
        _tell(command(accepted));
        return Ended.IsCompleted ? Task.CompletedTask : Task.WhenAny(accepted.Task, Ended);
    }
}
