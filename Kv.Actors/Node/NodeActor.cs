using Akka.Actor;
using Akka.Event;
using Kv.Actors.Apply;
using Kv.Actors.Cluster;
using Kv.Actors.Lease;
using Kv.Actors.Meters;
using Kv.Actors.Model;
using Kv.Actors.Peers;
using Kv.Actors.Raft;
using Kv.Actors.Watch;
using Kv.Persistence;

namespace Kv.Actors.Node;

/// <summary>What the parts of a node share.</summary>
internal sealed record NodeSetup(
    KvSettings Settings,
    MemberIdentity Identity,
    long StartMilliseconds,
    StateMachine Machine,
    ProposalTable Waiting,
    Proposer Proposer,
    NodeStatus Status,
    RootHolder Roots,
    LeaseClock Leases,
    Metrics Metrics,
    NodeEnvironment Environment,
    IPeerRoutes Routes,
    PeerTable Connected,
    PeerServices Services,
    SnapshotShelf Shelf,
    bool Remoting,
    TaskCompletionSource<NodeEnd> Ended)
{
    public TimeProvider Clock => Environment.Clock;

    public Workers Workers => Environment.Workers;
}

/// <summary>The actors that the node's handle talks to.</summary>
internal sealed record NodeParts(IActorRef Raft, IActorRef Store, IActorRef Lessor, IActorRef WatchHub, IActorRef Peers);

/// <summary>Supervises what a node consists of. Any part that ends, ends the node: none of them can be trusted to go on without the others.</summary>
/// <remarks>
/// A failed write stops the Raft actor; a failed apply would make this member differ from the others; both are met by
/// restarting the process, which recovers from the log. Client streams live below the watch hub, which merely stops them.
/// </remarks>
internal sealed class NodeActor : ReceiveActor, IWithTimers
{
    /// <summary>Raft and store take turns on one thread: what one tells the other needs no thread to be woken.</summary>
    private const string Dispatcher = "kv.node-dispatcher";

    /// <summary>A member that was removed goes on for so long: others learn from it that it is.</summary>
    private static readonly TimeSpan RemovedDelay = TimeSpan.FromSeconds(1);

    private readonly NodeSetup _setup;
    private readonly NodeParts _parts;
    private readonly ILoggingAdapter _log = Context.GetLogger();

    /// <summary>Starts the parts.</summary>
    public NodeActor(NodeSetup setup)
    {
        _setup = setup;
        _parts = Start();
        foreach (var part in (IActorRef[])[_parts.Raft, _parts.Store, _parts.Lessor, _parts.WatchHub, _parts.Peers])
        {
            Context.Watch(part);
        }
        Receive<AskParts>(ask => ask.Parts.TrySetResult(_parts));
        Receive<Terminated>(PartEnded);
        Receive<RaftNotice.SelfRemoved>(_ => BeginToEnd());
        Receive<RemovedLongEnough>(_ => EndRemoved());
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>Told again and again, by whomever this member still talks to: the first time counts.</summary>
    private void BeginToEnd()
    {
        if (!Timers.IsTimerActive(nameof(RemovedDelay)))
        {
            Timers.StartSingleTimer(nameof(RemovedDelay), RemovedLongEnough.Instance, RemovedDelay);
        }
    }

    /// <summary>Answered once the parts have been started.</summary>
    internal sealed record AskParts(TaskCompletionSource<NodeParts> Parts);

    private sealed record RemovedLongEnough
    {
        public static readonly RemovedLongEnough Instance = new();
    }

    /// <inheritdoc/>
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(failure =>
    {
        _log.Error(failure, "a part of the node failed, the node stops: {0}", failure.Message);
        return Directive.Stop;
    });

    private NodeParts Start()
    {
        var (settings, setup) = (_setup.Settings, _setup);
        var hub = Context.ActorOf(WatchHubActor.Props(settings.Watch, () => new RootHistory(setup.Roots.Current.Kv), setup.Metrics, setup.Workers), "watch");
        var lessor = Context.ActorOf(
            LessorActor.Props(setup.Leases, setup.Proposer.ForLessor(), settings.ElectionTimeout), "lessor");
        var storeSetup = new StoreActorSetup(
            setup.Machine, setup.Waiting, setup.Status, setup.Roots, lessor, hub,
            settings.Checkpoints, settings.CompactionBatch, settings.CompactionPause, settings.SlowApply, setup.Clock, setup.Metrics)
        {
            Workers = setup.Workers,
            Shelf = setup.Shelf,
        };
        var store = Context.ActorOf(Props.Create(() => new StoreActor(storeSetup)).WithDispatcher(Dispatcher), "store");
        var peers = StartPeers();
        var self = setup.Status.Self.Value;
        var raftSetup = new RaftActorSetup(
            new RaftConfig
            {
                Id = self,
                ElectionTicks = settings.ElectionTicks,
                PreVote = settings.PreVote,
                MaxMessageBytes = settings.MaxAppendBytes,
                MaxInflightBytes = settings.MaxInflightBytes,
            },
            new Prng((setup.Environment.Seed ?? (ulong)setup.StartMilliseconds) ^ self),
            store, setup.Waiting, setup.Status,
            [.. setup.Identity.Founders.Select(static founder => (founder.Id.Value, (ReadOnlyMemory<byte>)founder.ToJson()))],
            settings.HeartbeatInterval, settings.RequestTimeout, setup.Clock,
            (ulong)settings.KeptEntries, settings.MaxWaitingProposals, peers, setup.Shelf, settings.KeptForSnapshotBytes,
            setup.Connected, setup.Metrics)
        {
            Run = RunNumber.At(setup.StartMilliseconds),
            Workers = setup.Workers,
            Inspect = setup.Environment.Inspect,
            ForceNewCluster = settings.ForceNewCluster,
            InitialElectionTickAdvance = settings.InitialElectionTickAdvance,
        };
        var raft = Context.ActorOf(Props.Create(() => new RaftActor(raftSetup)).WithDispatcher(Dispatcher), "raft");
        setup.Proposer.Open(raft);
        if (setup.Remoting)
        {
            var (roots, metrics) = (setup.Roots, setup.Metrics);
            var known = Known;
            Context.ActorOf(Props.Create(() => new ClusterActor(roots, known, metrics)), "cluster");
        }
        if (settings.AutoCompactionPeriod > TimeSpan.Zero || settings.AutoCompactionRevisions > 0)
        {
            Context.ActorOf(Props.Create(() => new AutoCompactActor(settings, setup.Proposer, setup.Status, setup.Roots, setup.Clock)), "auto-compact");
        }
        return new NodeParts(raft, store, lessor, hub, peers);
    }

    private MemberSet Known => _setup.Identity.Known.Aggregate(MemberSet.Empty, static (set, member) => set.With(member));

    /// <summary>Nothing else is done here any more, so the one small write may be waited for.</summary>
    private void EndRemoved()
    {
        try
        {
            IdentityFile.Write(_setup.Environment.Disk, _setup.Settings.DataDir, _setup.Identity with { Removed = true });
        }
        catch (IOException failure)
        {
            _log.Warning("that this member was removed could not be written down; when it is started again it has to hear it again: {0}", failure.Message);
        }
        _setup.Ended.TrySetResult(NodeEnd.Removed);
    }

    private IActorRef StartPeers()
    {
        var (settings, setup, routes) = (_setup.Settings, _setup, _setup.Routes);
        var peers = new PeersSetup(
            setup.Status, setup.Roots, [.. settings.AdvertisePeerUrls], Known, setup.Connected, setup.Services, settings.Peers,
            setup.Shelf, setup.Workers, new ForwardNumbers(RunNumber.At(setup.StartMilliseconds)), setup.Clock, setup.Metrics);
        return Context.ActorOf(Props.Create(() => new PeersActor(peers, routes.RouteTo)).WithDispatcher(Dispatcher), "peers");
    }

    private void PartEnded(Terminated ended)
    {
        if (_setup.Ended.TrySetResult(NodeEnd.Of(ended.ActorRef.Path.Name)))
        {
            _log.Error("the node stops because a part of it ended: {0}", ended.ActorRef.Path.Name);
        }
    }
}
