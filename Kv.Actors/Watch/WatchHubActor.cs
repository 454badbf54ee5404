using Akka.Actor;
using Kv.Actors.Meters;
using Kv.Persistence;

namespace Kv.Actors.Watch;

/// <summary>Owns the interval tree of all streams and tells each stream what is new; its children are the streams.</summary>
/// <remarks>Accepts <see cref="WatchHubCommand"/> and <see cref="Open"/>. A stream that fails is stopped, and nothing else with it.</remarks>
public sealed class WatchHubActor : ReceiveActor
{
    private readonly WatchHub<IActorRef> _hub;
    private readonly WatchLimits _limits;
    private readonly Func<IWatchHistory> _published;
    private readonly Metrics? _metrics;
    private readonly Workers _workers;
    private readonly WatchTally _tally = new();
    private ulong _opened;
    private long _streams;

    /// <summary>Starts at a root.</summary>
    /// <param name="limits">Bounds of every stream; validated.</param>
    /// <param name="first">The root up to which nobody is told of anything.</param>
    /// <param name="published">The root last published, from any thread.</param>
    /// <param name="metrics">Where watchers and events are counted; null where nobody looks.</param>
    /// <param name="workers">Make the promises that clients wait for.</param>
    public WatchHubActor(WatchLimits limits, IWatchHistory first, Func<IWatchHistory> published, Metrics? metrics, Workers workers)
    {
        ArgumentNullException.ThrowIfNull(published);
        _limits = limits;
        _published = published;
        _metrics = metrics;
        _workers = workers;
        _metrics?.Events.From(() => _tally.Sent);
        _metrics?.PendingEvents.From(() => _tally.Pending);
        var self = Self;
        _hub = new WatchHub<IActorRef>(first, (stream, command) => stream.Tell(command, self));

        Receive<WatchHubCommand.Applied>(applied => _hub.Applied(applied.Root, applied.Changes));
        Receive<WatchHubCommand.Join>(join => Counted(() => _hub.Join(Sender, join.Cursors)));
        Receive<WatchHubCommand.Leave>(leave => Counted(() => _hub.Leave(leave.Cursors)));
        Receive<WatchHubCommand.Remove>(remove => Counted(() => _hub.Remove(remove.Cursor)));
        Receive<WatchHubCommand.AskProgress>(ask => _hub.AskProgress(Sender, ask));
        Receive<WatchHubCommand.Replaced>(replaced => Counted(() => _hub.Replaced(replaced.Root)));
        Receive<Open>(OpenStream);
        Receive<Terminated>(ended => Counted(() =>
        {
            _streams--;
            _hub.RemoveStream(ended.ActorRef);
        }));
    }

    /// <summary>How to start one.</summary>
    /// <param name="limits">Bounds of every stream; validated.</param>
    /// <param name="published">The root last published, from any thread. The store must not have published a later one than it has told
    /// the hub of when the hub starts.</param>
    /// <param name="metrics">Where watchers and events are counted; null where nobody looks.</param>
    /// <param name="workers">Make the promises that clients wait for; null is <see cref="Workers.Threads"/>.</param>
    public static Props Props(WatchLimits limits, Func<IWatchHistory> published, Metrics? metrics = null, Workers? workers = null)
    {
        ArgumentNullException.ThrowIfNull(published);
        var promises = workers ?? Workers.Threads;
        var first = published();                           // now: by the time the actor runs, the store may have published more
        return Akka.Actor.Props.Create(() => new WatchHubActor(limits, first, published, metrics, promises));
    }

    /// <summary>Opens a stream for a client.</summary>
    /// <param name="hub">The hub.</param>
    /// <param name="write">See <see cref="WatchStreamSetup.Write"/>.</param>
    /// <param name="workers">Make the promise; null is <see cref="Workers.Threads"/>.</param>
    public static Task<WatchStream> OpenAsync(IActorRef hub, Func<WatchBunch, Task> write, Workers? workers = null)
    {
        var opened = (workers ?? Workers.Threads).Promise<WatchStream>();
        hub.Tell(new Open(write, opened), ActorRefs.NoSender);
        return opened.Task;
    }

    /// <inheritdoc/>
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(static _ => Directive.Stop);

    /// <summary>Does something that may change how many watchers there are, or keep up.</summary>
    private void Counted(Action change)
    {
        change();
        if (_metrics is not null)
        {
            _metrics.Watchers.Set(_hub.WatcherCount);
            _metrics.SlowWatchers.Set(_hub.WatcherCount - _hub.LiveCount);
            _metrics.WatchStreams.Set(_streams);
        }
    }

    private void OpenStream(Open open)
    {
        var ended = _workers.Promise();
        var jitter = _opened % 101 / 1000.0;               // spread over 0 to 10 %, without chance
        var setup = new WatchStreamSetup(_limits, Self, _published, open.Write, ended, jitter, _tally);
        var stream = Context.ActorOf(WatchStreamActor.Props(setup), $"s{_opened++}");
        Context.Watch(stream);
        Counted(() => _streams++);
        open.Opened.TrySetResult(new WatchStream(new ActorMailbox(stream).Tell, ended.Task, _workers));
    }

    /// <summary>From the gateway: start a stream.</summary>
    /// <param name="Write">See <see cref="WatchStreamSetup.Write"/>.</param>
    /// <param name="Opened">Ends with the stream.</param>
    public sealed record Open(Func<WatchBunch, Task> Write, TaskCompletionSource<WatchStream> Opened);

    private sealed class ActorMailbox(IActorRef stream)
    {
        public void Tell(WatchStreamCommand? command)
        {
            if (command is null)
            {
                stream.Tell(PoisonPill.Instance, ActorRefs.NoSender);
            }
            else
            {
                stream.Tell(command, ActorRefs.NoSender);
            }
        }
    }
}
