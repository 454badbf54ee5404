using Kv.Actors.Model;

namespace Kv.Actors.Watch;

/// <summary>Everything <c>WatchHubActor</c> accepts. From a stream, the sender is the stream.</summary>
public abstract record WatchHubCommand
{
    private WatchHubCommand()
    {
    }

    /// <summary>From the store: a batch was applied and its root is published. Sent before any caller is answered, so that who saw an
    /// answer and then asks for progress is told of no older revision.</summary>
    /// <param name="Root">The root after the batch.</param>
    /// <param name="Changes">Every change of the batch, whole revisions in order, also those a compaction in the same batch removed.</param>
    public sealed record Applied(IWatchHistory Root, IReadOnlyList<KeyVersion> Changes) : WatchHubCommand;

    /// <summary>From the store: its state was replaced by a leader's snapshot; nobody knows the changes between.</summary>
    /// <param name="Root">The root after.</param>
    public sealed record Replaced(IWatchHistory Root) : WatchHubCommand;

    /// <summary>From a stream: push to these from here on. Answered by <see cref="WatchStreamCommand.Joined"/>.</summary>
    public sealed record Join(IReadOnlyList<WatchCursor> Cursors) : WatchHubCommand;

    /// <summary>From a stream: these fell behind; stop pushing until they join again.</summary>
    public sealed record Leave(IReadOnlyList<WatchCursor> Cursors) : WatchHubCommand;

    /// <summary>From a stream: this one is cancelled.</summary>
    public sealed record Remove(WatchCursor Cursor) : WatchHubCommand;

    /// <summary>From a stream: up to where has everything been pushed? Answered by <see cref="WatchStreamCommand.ProgressAt"/> behind
    /// those pushes, once that is <paramref name="AtLeast"/>.</summary>
    /// <param name="AtLeast">A published revision.</param>
    /// <param name="Periodic">Passed back.</param>
    public sealed record AskProgress(long AtLeast, bool Periodic) : WatchHubCommand;
}

/// <summary>Everything <c>WatchStreamActor</c> accepts.</summary>
public abstract record WatchStreamCommand
{
    private WatchStreamCommand()
    {
    }

    /// <summary>From the client. The promise ends when the stream can take the next request: the gateway reads no request before, so a
    /// client that never reads cannot pile up answers.</summary>
    /// <param name="Accepted">Ends with success only; also when the stream ends.</param>
    public abstract record Request(TaskCompletionSource Accepted) : WatchStreamCommand;

    /// <summary>Create a watcher.</summary>
    public sealed record Create(WatchSpec Spec, TaskCompletionSource Accepted) : Request(Accepted);

    /// <summary>The gateway found that the client may not create this watcher.</summary>
    /// <param name="Reason">The exact text for <c>cancel_reason</c>.</param>
    /// <param name="Accepted">See <see cref="Request"/>.</param>
    public sealed record Refuse(string Reason, TaskCompletionSource Accepted) : Request(Accepted);

    /// <summary>Cancel a watcher.</summary>
    public sealed record Cancel(long WatchId, TaskCompletionSource Accepted) : Request(Accepted);

    /// <summary>Report progress of the whole stream.</summary>
    public sealed record RequestProgress(TaskCompletionSource Accepted) : Request(Accepted);

    /// <summary>From the flow: the client can take more. One at a time.</summary>
    /// <param name="Bunch">Ends with what is ready as soon as anything is; with null when the stream ends.</param>
    public sealed record Pull(TaskCompletionSource<WatchBunch?> Bunch) : WatchStreamCommand;

    /// <summary>From the hub: new events.</summary>
    /// <param name="Matches">In order of revision; all of a revision for all watchers of this stream.</param>
    public sealed record Push(WatchMatch[] Matches) : WatchStreamCommand;

    /// <summary>From the hub: these are pushed to from the revision after <paramref name="Root"/>'s on.</summary>
    /// <param name="Cursors">As in <see cref="WatchHubCommand.Join"/>.</param>
    /// <param name="Root">What the hub had pushed up to.</param>
    public sealed record Joined(IReadOnlyList<WatchCursor> Cursors, IWatchHistory Root) : WatchStreamCommand;

    /// <summary>From the hub: everything up to here was pushed before this.</summary>
    public sealed record ProgressAt(long Revision, bool Periodic) : WatchStreamCommand;

    /// <summary>From the hub: history was replaced; everything up to here was pushed, and nothing will be until you join again.</summary>
    public sealed record Left(long Revision) : WatchStreamCommand;

    /// <summary>From its own timer: time to report progress.</summary>
    public sealed record ProgressTick : WatchStreamCommand
    {
        /// <summary>The only instance.</summary>
        public static readonly ProgressTick Instance = new();
    }

    /// <summary>From itself: go on reading history, after others had a turn.</summary>
    public sealed record ReadOn : WatchStreamCommand
    {
        /// <summary>The only instance.</summary>
        public static readonly ReadOn Instance = new();
    }

    /// <summary>From the flow: the client is gone, or its stream broke.</summary>
    /// <param name="Error">Null when it ended well.</param>
    public sealed record FlowEnded(Exception? Error) : WatchStreamCommand;
}
