using Akka.Actor;
using Akka.Event;
using Kv.Actors.Apply;
using Kv.Actors.Cluster;
using Kv.Actors.Lease;
using Kv.Actors.Meters;
using Kv.Actors.Model;
using Kv.Actors.Raft;
using Kv.Actors.Watch;
using Kv.Persistence;

namespace Kv.Actors.Node;

/// <summary>What the parts of a node share.</summary>
internal sealed record NodeSetup(
    KvSettings Settings,
    NodeId Self,
    long StartMilliseconds,
    StateMachine Machine,
    ProposalTable Waiting,
    Proposer Proposer,
    NodeStatus Status,
    RootHolder Roots,
    LeaseClock Leases,
    Metrics Metrics,
    NodeEnvironment Environment,
    PeerTable Connected,
    TaskCompletionSource<string> Ended)
{
    public TimeProvider Clock => Environment.Clock;

    public Workers Workers => Environment.Workers;
}

/// <summary>The actors that the node's handle talks to.</summary>
internal sealed record NodeParts(IActorRef Raft, IActorRef Store, IActorRef Lessor, IActorRef WatchHub);

/// <summary>Supervises what a node consists of. Any part that ends, ends the node: none of them can be trusted to go on without the others.</summary>
/// <remarks>
/// A failed write stops the Raft actor; a failed apply would make this member differ from the others; both are met by
/// restarting the process, which recovers from the log. Client streams live below the watch hub, which merely stops them.
/// </remarks>
internal sealed class NodeActor : ReceiveActor
{
    /// <summary>Raft and store take turns on one thread: what one tells the other needs no thread to be woken.</summary>
    private const string Dispatcher = "kv.node-dispatcher";

    private readonly NodeSetup _setup;
    private readonly NodeParts _parts;
    private readonly ILoggingAdapter _log = Context.GetLogger();

    /// <summary>Starts the parts.</summary>
    public NodeActor(NodeSetup setup)
    {
        _setup = setup;
        _parts = Start();
        foreach (var part in (IActorRef[])[_parts.Raft, _parts.Store, _parts.Lessor, _parts.WatchHub])
        {
            Context.Watch(part);
        }
        Receive<AskParts>(ask => ask.Parts.TrySetResult(_parts));
        Receive<Terminated>(PartEnded);
    }

    /// <summary>Answered once the parts have been started.</summary>
    internal sealed record AskParts(TaskCompletionSource<NodeParts> Parts);

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
        };
        var store = Context.ActorOf(Props.Create(() => new StoreActor(storeSetup)).WithDispatcher(Dispatcher), "store");
        var self = new ClusterMember(setup.Self, "", [.. settings.AdvertisePeerUrls], [], IsLearner: false);
        var raftSetup = new RaftActorSetup(
            new RaftConfig { Id = setup.Self.Value, ElectionTicks = settings.ElectionTicks, PreVote = settings.PreVote },
            new Prng(setup.Environment.Seed ?? (ulong)setup.StartMilliseconds ^ setup.Self.Value),
            store, setup.Waiting, setup.Status,
            [(setup.Self.Value, self.ToJson())],
            settings.HeartbeatInterval, settings.RequestTimeout, setup.Clock,
            (ulong)settings.KeptEntries, settings.MaxWaitingProposals, ActorRefs.Nobody, setup.Connected, setup.Metrics)
        {
            Inspect = setup.Environment.Inspect,
        };
        var raft = Context.ActorOf(Props.Create(() => new RaftActor(raftSetup)).WithDispatcher(Dispatcher), "raft");
        setup.Proposer.Open(raft);
        if (settings.AutoCompactionPeriod > TimeSpan.Zero || settings.AutoCompactionRevisions > 0)
        {
            Context.ActorOf(Props.Create(() => new AutoCompactActor(settings, setup.Proposer, setup.Status, setup.Roots, setup.Clock)), "auto-compact");
        }
        return new NodeParts(raft, store, lessor, hub);
    }

    private void PartEnded(Terminated ended)
    {
        if (_setup.Ended.TrySetResult(ended.ActorRef.Path.Name))
        {
            _log.Error("the node stops because a part of it ended: {0}", ended.ActorRef.Path.Name);
        }
    }
}
