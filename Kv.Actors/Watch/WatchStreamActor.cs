using Akka.Actor;
using Akka.Event;
using Akka.Streams;

namespace Kv.Actors.Watch;

/// <summary>What a <see cref="WatchStreamActor"/> is started with.</summary>
/// <param name="Limits">Bounds of the stream.</param>
/// <param name="Hub">The watch hub.</param>
/// <param name="Published">The root last published; called from the stream's thread.</param>
/// <param name="Write">Writes a bunch to the client and flushes. Never called again before its task ends, nor after
/// <paramref name="Ended"/>.</param>
/// <param name="Ended">Ends when the last write has ended: with success, or with why a write failed.</param>
/// <param name="ProgressJitter">0 to 0.1 of the progress interval is added to it.</param>
/// <param name="Tally">Where its events are counted.</param>
public sealed record WatchStreamSetup(
    WatchLimits Limits,
    IActorRef Hub,
    Func<IWatchHistory> Published,
    Func<WatchBunch, Task> Write,
    TaskCompletionSource Ended,
    double ProgressJitter,
    WatchTally Tally);

/// <summary>One client stream: feeds <see cref="WatchStreamCore"/>, tells the hub what it asks, and answers the flow's pulls.</summary>
/// <remarks>Accepts <see cref="WatchStreamCommand"/>. Stopping it ends the stream.</remarks>
public sealed class WatchStreamActor : ReceiveActor, IWithTimers
{
    /// <summary>About how many bytes one write carries at most, so that one flush serves many events.</summary>
    private const long BunchBytes = 256 * 1024;

    private readonly WatchStreamSetup _setup;
    private readonly WatchStreamCore _core;
    private readonly WatchDemand _demand = new(Context.Self);
    private readonly Queue<TaskCompletionSource> _waiting = new();
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private TaskCompletionSource<WatchBunch?>? _pull;
    private readonly WatchTally.Entry _counts;
    private long _writing;
    private long _sent;
    private bool _readingOn;
    private bool _flowing;

    /// <summary>Starts without watchers.</summary>
    public WatchStreamActor(WatchStreamSetup setup)
    {
        ArgumentNullException.ThrowIfNull(setup);
        _setup = setup;
        _core = new WatchStreamCore(setup.Limits);
        _counts = setup.Tally.Open();

        Receive<WatchStreamCommand.Push>(push =>
        {
            _core.OnPush(push.Matches);
            Go();
        });
        Receive<WatchStreamCommand.Pull>(pull =>
        {
            _pull = pull.Bunch;
            _sent += _writing;                             // the bunch before this was written
            _writing = 0;
            Go();
        });
        Receive<WatchStreamCommand.Joined>(joined =>
        {
            _core.OnJoined(joined.Cursors, joined.Root);
            Go();
        });
        Receive<WatchStreamCommand.Create>(Create);
        Receive<WatchStreamCommand.Cancel>(cancel => Request(cancel, () => _core.Cancel(cancel.WatchId, Current)));
        Receive<WatchStreamCommand.Refuse>(refuse => Request(refuse, () => _core.Refuse(refuse.Reason, Current)));
        Receive<WatchStreamCommand.RequestProgress>(ask => Request(ask, () => _core.RequestProgress(Current)));
        Receive<WatchStreamCommand.ProgressAt>(at =>
        {
            _core.OnProgress(at.Revision, at.Periodic);
            Go();
        });
        Receive<WatchStreamCommand.ProgressTick>(_ =>
        {
            _core.ProgressTick(Current);
            Go();
        });
        Receive<WatchStreamCommand.ReadOn>(_ =>
        {
            _readingOn = false;
            Go();
        });
        Receive<WatchStreamCommand.Left>(left =>
        {
            _core.OnLeft(left.Revision);
            Go();
        });
        Receive<WatchStreamCommand.FlowEnded>(FlowEnded);
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    private long Current => _setup.Published().CurrentRevision;

    /// <summary>How to start one.</summary>
    public static Props Props(WatchStreamSetup setup) => Akka.Actor.Props.Create(() => new WatchStreamActor(setup));

    /// <inheritdoc/>
    protected override void PreStart()
    {
        base.PreStart();
        // The system's materializer: the flow may outlive the actor by one write, and ends at its next pull.
        var (ended, demand, self) = (_setup.Ended, _demand, Self);
        WatchFlow.Run(
            demand,
            _setup.Write,
            failure =>
            {
                if (failure is null)
                {
                    ended.TrySetResult();
                }
                else
                {
                    ended.TrySetException(failure);
                }
                if (!demand.IsStopped)
                {
                    self.Tell(new WatchStreamCommand.FlowEnded(failure), ActorRefs.NoSender);
                }
            },
            Context.System.Materializer());
        _flowing = true;
    }

    /// <inheritdoc/>
    protected override void PostStop()
    {
        _demand.Stop();
        _setup.Tally.Close(_counts);
        if (!_flowing)
        {
            _setup.Ended.TrySetException(new InvalidOperationException("the watch stream could not start"));
        }
        foreach (var waiting in _waiting)
        {
            waiting.TrySetResult();
        }
        base.PostStop();
    }

    private void Create(WatchStreamCommand.Create create)
    {
        Request(create, () => _core.Create(create.Spec, Current));
        if (create.Spec.ProgressNotify && !Timers.IsTimerActive(WatchStreamCommand.ProgressTick.Instance))
        {
            Timers.StartPeriodicTimer(
                WatchStreamCommand.ProgressTick.Instance,
                WatchStreamCommand.ProgressTick.Instance,
                _setup.Limits.ProgressNotifyInterval * (1 + _setup.ProgressJitter));
        }
    }

    private void Request(WatchStreamCommand.Request request, Action carryOut)
    {
        carryOut();
        _waiting.Enqueue(request.Accepted);
        Go();
    }

    /// <summary>After anything happened: tells the hub, gives the client what is ready, reads history if it wants more, lets requests on.</summary>
    private void Go()
    {
        if (_pull is not null)
        {
            if (_core.QueuedResponses == 0 && _core.IsBehind && !_readingOn)
            {
                _readingOn = _core.ReadHistory(_setup.Published()) && _core.QueuedResponses == 0;
                if (_readingOn)
                {
                    Self.Tell(WatchStreamCommand.ReadOn.Instance);
                }
            }
            var before = _core.QueuedEvents;
            if (_core.Take(BunchBytes) is { } bunch)
            {
                var pull = _pull;
                _pull = null;
                _writing = before - _core.QueuedEvents;
                pull.TrySetResult(bunch);
            }
        }
        _counts.Report(_core.QueuedEvents + _writing, _sent);
        foreach (var command in _core.Outbox)
        {
            _setup.Hub.Tell(command, Self);
        }
        _core.Outbox.Clear();
        while (!_core.IsFull && _waiting.TryDequeue(out var accepted))
        {
            accepted.TrySetResult();
        }
    }

    private void FlowEnded(WatchStreamCommand.FlowEnded ended)
    {
        if (ended.Error is not null)
        {
            _log.Debug("a watch stream ended: {0}", ended.Error.GetBaseException().Message);
        }
        Context.Stop(Self);
    }
}
