using Akka.Actor;

namespace Kv.Actors.Watch;

/// <summary>Owns the interval tree of all streams and tells each stream what is new; its children are the streams.</summary>
/// <remarks>Accepts <see cref="WatchHubCommand"/> and <see cref="Open"/>. A stream that fails is stopped, and nothing else with it.</remarks>
public sealed class WatchHubActor : ReceiveActor
{
    private readonly WatchHub<IActorRef> _hub;
    private readonly WatchLimits _limits;
    private readonly Func<IWatchHistory> _published;
    private ulong _opened;

    /// <summary>Starts at the root published now.</summary>
    public WatchHubActor(WatchLimits limits, Func<IWatchHistory> published)
    {
        ArgumentNullException.ThrowIfNull(published);
        _limits = limits;
        _published = published;
        var self = Self;
        _hub = new WatchHub<IActorRef>(published(), (stream, command) => stream.Tell(command, self));

        Receive<WatchHubCommand.Applied>(applied => _hub.Applied(applied.Root, applied.Changes));
        Receive<WatchHubCommand.Join>(join => _hub.Join(Sender, join.Cursors));
        Receive<WatchHubCommand.Leave>(leave => _hub.Leave(leave.Cursors));
        Receive<WatchHubCommand.Remove>(remove => _hub.Remove(remove.Cursor));
        Receive<WatchHubCommand.AskProgress>(ask => _hub.AskProgress(Sender, ask));
        Receive<WatchHubCommand.Replaced>(replaced => _hub.Replaced(replaced.Root));
        Receive<Open>(OpenStream);
        Receive<Terminated>(ended => _hub.RemoveStream(ended.ActorRef));
    }

    /// <summary>How to start one.</summary>
    /// <param name="limits">Bounds of every stream; validated.</param>
    /// <param name="published">The root last published, from any thread. The store must not have published a later one than it has told
    /// the hub of when the hub starts.</param>
    public static Props Props(WatchLimits limits, Func<IWatchHistory> published) =>
        Akka.Actor.Props.Create(() => new WatchHubActor(limits, published));

    /// <summary>Opens a stream for a client.</summary>
    /// <param name="hub">The hub.</param>
    /// <param name="write">See <see cref="WatchStreamSetup.Write"/>.</param>
    public static Task<WatchStream> OpenAsync(IActorRef hub, Func<WatchBunch, Task> write)
    {
        var opened = new TaskCompletionSource<WatchStream>(TaskCreationOptions.RunContinuationsAsynchronously);
        hub.Tell(new Open(write, opened), ActorRefs.NoSender);
        return opened.Task;
    }

    /// <inheritdoc/>
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(static _ => Directive.Stop);

    private void OpenStream(Open open)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var jitter = _opened % 101 / 1000.0;               // spread over 0 to 10 %, without chance
        var setup = new WatchStreamSetup(_limits, Self, _published, open.Write, ended, jitter);
        var stream = Context.ActorOf(WatchStreamActor.Props(setup), $"s{_opened++}");
        Context.Watch(stream);
        open.Opened.TrySetResult(new WatchStream(new ActorMailbox(stream).Tell, ended.Task));
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
