using Akka.Actor;
using Akka.Event;
using Akka.Remote;

namespace Akka.Cluster;

/// <summary><c>/system/cluster/core/daemon</c>: feeds <see cref="MembershipCore"/> and carries out what it wants.</summary>
internal sealed partial class ClusterCoreActor : UntypedActor, IWithTimers, IMembershipOutput
{
    /// <summary>A node that left in order may have sent something still; after this its connection is given up.</summary>
    private static readonly TimeSpan s_quarantineExitedAfter = TimeSpan.FromSeconds(5);

    private readonly Cluster _cluster;
    private readonly IActorRef _heartbeat;
    private readonly TaskCompletionSource<Done> _exiting;
    private readonly MembershipCore _membership;
    private readonly Subscriptions _subscriptions = new();
    private readonly PeerSelections _peers;
    private IActorRef _splitBrainResolver;
    private bool _stopping;

    public ClusterCoreActor(Cluster cluster, IActorRef heartbeat, TaskCompletionSource<Done> exiting)
    {
        _cluster = cluster;
        _heartbeat = heartbeat;
        _exiting = exiting;
        _peers = new PeerSelections(Context, "core/daemon");
        var settings = cluster.Settings;
        _membership = new MembershipCore(
            cluster.SelfUniqueAddress,
            new MembershipRules
            {
                MinMembers = settings.MinNrOfMembers,
                MinMembersOfRole = settings.MinNrOfMembersOfRole,
                WeaklyUpTicks = settings.AllowWeaklyUpMembers ? (int)Math.Max(1, Math.Ceiling(settings.WeaklyUpAfter / settings.LeaderActionsInterval)) : 0,
                DifferentViewProbability = settings.GossipDifferentViewProbability,
                ReduceDifferentViewFrom = settings.ReduceGossipDifferentViewProbability,
            },
            this,
            Random.Shared);
    }

    public ITimerScheduler Timers { get; set; }

    protected override void PreStart()
    {
        Context.System.EventStream.Subscribe(Self, typeof(QuarantinedEvent));
        if (_cluster.DowningProvider.DowningActorProps is { } downing)
        {
            if (downing.Deploy.Dispatcher.Length == 0) downing = downing.WithDispatcher(_cluster.Settings.UseDispatcher);
            var actor = Context.ActorOf(downing, "downing");
            if (downing.Type == typeof(SBR.SplitBrainResolverActor)) _splitBrainResolver = actor;
        }

        if (_cluster.Settings.SeedNodes.IsEmpty) _cluster.LogInfo("No seed-nodes configured, manual cluster join required");
        else Self.Tell(new ClusterCommand.JoinSeedNodes(_cluster.Settings.SeedNodes));
    }

    protected override void PostStop()
    {
        _stopping = true;
        Context.System.EventStream.Unsubscribe(Self);
        _subscriptions.Publish(ClusterEvent.ClusterShuttingDown.Instance);
        var nothing = new MembershipState(Gossip.Empty, _cluster.SelfUniqueAddress);
        Changed(_membership.State, nothing);
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case ClusterMessage remote:
                if (_membership.IsMember) AsMember(remote);
                else AsStranger(remote);
                break;
            case ClusterCommand command:
                if (!Subscribing(command) && !Joining(command)) Command(command);
                break;
            case QuarantinedEvent quarantined:
                if (_membership.IsMember) _membership.Quarantined(new UniqueAddress(quarantined.Address, quarantined.Uid));
                break;
            case Terminated gone:
                _subscriptions.Remove(gone.ActorRef, null);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void AsMember(ClusterMessage message)
    {
        switch (message)
        {
            case ClusterMessage.GossipEnvelope envelope:
                ReceiveGossip(envelope);
                break;
            case ClusterMessage.GossipStatus status:
                _membership.Receive(status);
                break;
            case ClusterMessage.InitJoin:
                AnswerInitJoin();
                break;
            case ClusterMessage.Join join:
                _membership.Join(join);
                break;
            case ClusterMessage.Leave leave:
                Leave(leave.Address);
                break;
            case ClusterMessage.Down down:
                _membership.Down(down.Address);
                break;
            case ClusterMessage.ExitingConfirmed confirmed:
                _membership.ExitingConfirmed(confirmed.Node);
                break;
        }
    }

    private void Leave(Address address)
    {
        _membership.Leave(address);

        // Alone, nobody else has to see it: there is no tick to wait for.
        if (_membership.State.Gossip.IsSingleton && address == _cluster.SelfAddress) _membership.LeaderTick(NowSeconds);
    }

    private void ReceiveGossip(ClusterMessage.GossipEnvelope envelope)
    {
        if (_cluster.Settings.VerboseGossipReceivedLogging) _cluster.Log.Debug("Cluster Node [{0}] - Received gossip from [{1}]: {2}", _cluster.SelfAddress, envelope.From, envelope.Gossip);
        var waited = Environment.TickCount64 - envelope.ReceivedAt;
        if (waited > _cluster.Settings.GossipTimeToLive.TotalMilliseconds) _cluster.Log.Debug("Cluster Node [{0}] - Dropping gossip from [{1}] that waited for {2} ms", _cluster.SelfAddress, envelope.From, waited);
        else _membership.Receive(envelope);
    }

    private void AnswerInitJoin()
    {
        var may = _membership.State.SelfMember.Status is not (MemberStatus.Down or MemberStatus.Exiting);
        _cluster.LogInfo($"Received InitJoin from [{Sender.Path.Address}], answering {(may ? "yes" : "no")}");
        Sender.Tell(may ? new ClusterMessage.InitJoinAck(_cluster.SelfAddress) : new ClusterMessage.InitJoinNack(_cluster.SelfAddress));
    }

    private void Command(ClusterCommand command)
    {
        switch (command)
        {
            case ClusterCommand.LeaveForShutdown:
                if (_membership.IsMember) Leave(_cluster.SelfAddress);
                Sender.Tell(Done.Instance);
                break;
            case ClusterCommand.ExitingCompleted:
                _membership.ExitingCompleted();
                Sender.Tell(Done.Instance);
                break;
            case ClusterCommand.QuarantineExited exited:
                Quarantine(exited.Node);
                break;
            case ClusterCommand.LeaderTick:
                _membership.LeaderTick(NowSeconds);
                break;
            case ClusterCommand.ReapTick:
                _membership.Reap(_cluster.FailureDetector.IsAvailable);
                break;
            case ClusterCommand.GossipTick:
                GossipTick();
                break;
            case ClusterCommand.GossipSpeedupTick:
                if (_membership.NeedsSpeedup) _membership.GossipToSomebody();
                break;
        }
    }

    private void GossipTick()
    {
        _membership.GossipToSomebody();
        if (!_membership.NeedsSpeedup) return;
        var interval = _cluster.Settings.GossipInterval;
        Timers.StartSingleTimer("speedup 1", new ClusterCommand.GossipSpeedupTick(), interval / 3);
        Timers.StartSingleTimer("speedup 2", new ClusterCommand.GossipSpeedupTick(), interval * 2 / 3);
    }

    private bool Subscribing(ClusterCommand command)
    {
        switch (command)
        {
            case ClusterCommand.Subscribe subscribe:
                var present = _membership.State;
                if (subscribe.Mode == ClusterEvent.SubscriptionInitialStateMode.InitialStateAsSnapshot)
                {
                    subscribe.Subscriber.Tell(present.ToPublic());
                }
                else
                {
                    foreach (var e in ClusterChanges.Between(new MembershipState(Gossip.Empty, present.Self), present))
                        if (Subscriptions.Matches(subscribe.To, e)) subscribe.Subscriber.Tell(e);
                }

                if (_subscriptions.Add(subscribe.Subscriber, subscribe.To)) Context.Watch(subscribe.Subscriber);
                return true;
            case ClusterCommand.Unsubscribe unsubscribe:
                if (_subscriptions.Remove(unsubscribe.Subscriber, unsubscribe.To)) Context.Unwatch(unsubscribe.Subscriber);
                return true;
            case ClusterCommand.SendState send:
                send.Receiver.Tell(_membership.State.ToPublic());
                return true;
            default:
                return false;
        }
    }

    private long NowSeconds => Context.System.Scheduler.Now.ToUnixTimeSeconds();
}
