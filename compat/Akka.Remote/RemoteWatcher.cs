using System.Collections.Immutable;
using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch;
using Akka.Dispatch.SysMsg;
using Akka.Event;

namespace Akka.Remote;

/// <summary>Watches actors of other nodes for all actors here, and those nodes by heartbeats.</summary>
/// <remarks>
/// A watch of a remote actor comes here; this actor then watches it itself, so that one watch a watchee crosses the wire. Nodes with
/// watchees get a <see cref="Heartbeat"/> each interval; when the detector loses faith in one it is quarantined and all its
/// watchees count as terminated.
/// </remarks>
public partial class RemoteWatcher : UntypedActor, IRequiresMessageQueue<IUnboundedMessageQueueSemantics>
{
    /// <summary>Where it logs.</summary>
    protected readonly ILoggingAdapter Log = Context.GetLogger();

    /// <summary>Who watches whom: watchee to watchers.</summary>
    protected readonly Dictionary<IInternalActorRef, HashSet<IInternalActorRef>> Watching = [];

    /// <summary>Watchees by node.</summary>
    protected readonly Dictionary<Address, HashSet<IInternalActorRef>> WatcheeByNodes = [];

    private readonly IFailureDetectorRegistry<Address> _failureDetector;
    private readonly TimeSpan _expectedResponseAfter;
    private readonly IRemoteActorRefProvider _provider;
    private readonly HeartbeatRsp _answer = new(AddressUidExtension.Uid(Context.System));
    private readonly Dictionary<Address, int> _uids = [];
    private readonly ICancelable _heartbeats;
    private readonly ICancelable _reaper;

    /// <summary>With its detectors and intervals.</summary>
    public RemoteWatcher(IFailureDetectorRegistry<Address> failureDetector, TimeSpan heartbeatInterval, TimeSpan unreachableReaperInterval, TimeSpan heartbeatExpectedResponseAfter)
    {
        _failureDetector = failureDetector;
        _expectedResponseAfter = heartbeatExpectedResponseAfter;
        _provider = ((ExtendedActorSystem)Context.System).Provider as IRemoteActorRefProvider
            ?? throw new ConfigurationException($"ActorSystem {Context.System} needs a provider that knows other systems, it has {((ExtendedActorSystem)Context.System).Provider.GetType()}");
        var scheduler = Context.System.Scheduler;
        _heartbeats = scheduler.ScheduleTellRepeatedlyCancelable(heartbeatInterval, heartbeatInterval, Self, HeartbeatTick.Instance, Self);
        _reaper = scheduler.ScheduleTellRepeatedlyCancelable(unreachableReaperInterval, unreachableReaperInterval, Self, ReapUnreachableTick.Instance, Self);
    }

    /// <summary>Nodes with watchees.</summary>
    protected ICollection<Address> WatchingNodes => WatcheeByNodes.Keys;

    /// <summary>Nodes that were given up.</summary>
    protected HashSet<Address> Unreachable { get; } = [];

    /// <summary>How to make one.</summary>
    public static Props Props(IFailureDetectorRegistry<Address> failureDetector, TimeSpan heartbeatInterval, TimeSpan unreachableReaperInterval, TimeSpan heartbeatExpectedResponseAfter) =>
        Actor.Props.Create(() => new RemoteWatcher(failureDetector, heartbeatInterval, unreachableReaperInterval, heartbeatExpectedResponseAfter));

    /// <inheritdoc/>
    protected override void PostStop()
    {
        base.PostStop();
        _heartbeats.Cancel();
        _reaper.Cancel();
    }

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case HeartbeatTick: SendHeartbeats(); break;
            case Heartbeat: Sender.Tell(_answer); break;
            case HeartbeatRsp answer: ReceiveAnswer(answer.AddressUid); break;
            case ReapUnreachableTick: ReapUnreachable(); break;
            case ExpectedFirstHeartbeat expected: ExpectFirst(expected.From); break;
            case WatchRemote watch: AddWatching(watch.Watchee, watch.Watcher); break;
            case UnwatchRemote unwatch: RemoveWatch(unwatch.Watchee, unwatch.Watcher); break;
            case Terminated terminated: HandOn((IInternalActorRef)terminated.ActorRef, terminated.ExistenceConfirmed, terminated.AddressTerminated); break;
            case Stats: Sender.Tell(CurrentStats()); break;
            default: Unhandled(message); break;
        }
    }

    private Stats CurrentStats()
    {
        var pairs = Watching.SelectMany(static w => w.Value.Select(watcher => ((IActorRef)w.Key, (IActorRef)watcher))).ToImmutableHashSet();
        return new Stats(pairs.Count, WatchingNodes.Count, pairs, [.. WatchingNodes]);
    }

    private void SendHeartbeats()
    {
        foreach (var node in WatchingNodes)
        {
            if (Unreachable.Contains(node)) continue;
            // The first answer is counted as missed only some time after it was asked for.
            if (!_failureDetector.IsMonitoring(node)) Context.System.Scheduler.ScheduleTellOnce(_expectedResponseAfter, Self, new ExpectedFirstHeartbeat(node), Self);
            Context.ActorSelection(new RootActorPath(node) / Self.Path.Elements).Tell(Heartbeat.Instance);
        }
    }

    private void ReceiveAnswer(int uid)
    {
        var from = Sender.Path.Address;
        if (!WatcheeByNodes.TryGetValue(from, out var watchees) || Unreachable.Contains(from)) return;
        if (!_uids.TryGetValue(from, out var known) || known != uid)
        {
            // A node met for the first time, or started anew: it may not know of the watches.
            foreach (var watchee in watchees) watchee.SendSystemMessage(new Watch(watchee, (IInternalActorRef)Self));
        }

        Log.Debug(_failureDetector.IsMonitoring(from) ? "Received heartbeat rsp from [{0}]" : "Received first heartbeat rsp from [{0}]", from);
        _uids[from] = uid;
        _failureDetector.Heartbeat(from);
    }

    private void ReapUnreachable()
    {
        foreach (var node in WatchingNodes.ToArray())
        {
            if (Unreachable.Contains(node) || _failureDetector.IsAvailable(node)) continue;
            Log.Warning("Detected unreachable: [{0}]", node);
            Quarantine(node, _uids.TryGetValue(node, out var uid) ? uid : null);
            PublishAddressTerminated(node);
            Unreachable.Add(node);
        }
    }

    /// <summary>Tells all here who watch actors of that node, or are watched from it.</summary>
    protected virtual void PublishAddressTerminated(Address address) => AddressTerminatedTopic.Get(Context.System).Publish(new AddressTerminated(address));

    /// <summary>Gives the node up.</summary>
    protected virtual void Quarantine(Address address, int? addressUid) => _provider.Quarantine(address, addressUid);

    private void ExpectFirst(Address node)
    {
        if (WatcheeByNodes.ContainsKey(node) && !_failureDetector.IsMonitoring(node)) _failureDetector.Heartbeat(node);
    }

    /// <summary>Takes a watch on.</summary>
    protected void AddWatching(IInternalActorRef watchee, IInternalActorRef watcher)
    {
        if (watcher.Equals(Self)) throw new InvalidOperationException("Watcher cannot be the RemoteWatcher!");
        if (!Watching.TryGetValue(watchee, out var watchers)) Watching.Add(watchee, watchers = []);
        watchers.Add(watcher);
        WatchNode(watchee);
        Context.Watch(watchee);
    }

    /// <summary>Begins to watch a watchee's node.</summary>
    protected virtual void WatchNode(IInternalActorRef watchee)
    {
        var node = watchee.Path.Address;
        if (!WatcheeByNodes.TryGetValue(node, out var watchees))
        {
            if (Unreachable.Remove(node)) _failureDetector.Remove(node);
            WatcheeByNodes.Add(node, watchees = []);
        }

        watchees.Add(watchee);
    }

    /// <summary>Takes a watch back.</summary>
    protected void RemoveWatch(IInternalActorRef watchee, IInternalActorRef watcher)
    {
        if (watcher.Equals(Self)) throw new InvalidOperationException("Watcher cannot be the RemoteWatcher!");
        if (!Watching.TryGetValue(watchee, out var watchers)) return;
        watchers.Remove(watcher);
        if (watchers.Count > 0) return;
        Context.Unwatch(watchee);
        RemoveWatchee(watchee);
    }

    /// <summary>Forgets a watchee.</summary>
    protected void RemoveWatchee(IInternalActorRef watchee)
    {
        var node = watchee.Path.Address;
        Watching.Remove(watchee);
        if (!WatcheeByNodes.TryGetValue(node, out var watchees)) return;
        watchees.Remove(watchee);
        if (watchees.Count == 0) UnwatchNode(node);
    }

    /// <summary>Forgets a node.</summary>
    protected void UnwatchNode(Address watcheeAddress)
    {
        WatcheeByNodes.Remove(watcheeAddress);
        _uids.Remove(watcheeAddress);
        _failureDetector.Remove(watcheeAddress);
    }

    private void HandOn(IInternalActorRef watchee, bool existenceConfirmed, bool addressTerminated)
    {
        // When the node is lost the watchers hear of it by themselves, from AddressTerminated.
        if (!addressTerminated && Watching.TryGetValue(watchee, out var watchers))
            foreach (var watcher in watchers) watcher.SendSystemMessage(new DeathWatchNotification(watchee, existenceConfirmed, addressTerminated));
        RemoveWatchee(watchee);
    }
}
