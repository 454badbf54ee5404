using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;
using Akka.Util;

namespace Akka.Cluster;

/// <summary>Marks what nodes of a cluster send each other; bound to the cluster's serializer.</summary>
public interface IClusterMessage;

/// <summary>Everything nodes of a cluster send each other.</summary>
internal abstract record ClusterMessage : IClusterMessage, IDeadLetterSuppression
{
    private ClusterMessage()
    {
    }

    /// <summary>To a seed: are you in a cluster?</summary>
    internal sealed record InitJoin : ClusterMessage;

    /// <summary>Yes: join me.</summary>
    internal sealed record InitJoinAck(Address From) : ClusterMessage;

    /// <summary>No, not yet, or no longer.</summary>
    internal sealed record InitJoinNack(Address From) : ClusterMessage;

    /// <summary>Let me in.</summary>
    internal sealed record Join(UniqueAddress Node, ImmutableHashSet<string> Roles, AppVersion AppVersion) : ClusterMessage;

    /// <summary>You are known; this is the cluster.</summary>
    internal sealed record Welcome(UniqueAddress From, Gossip Gossip) : ClusterMessage;

    /// <summary>The whole state.</summary>
    internal sealed record GossipEnvelope(UniqueAddress From, UniqueAddress To, Gossip Gossip) : ClusterMessage
    {
        /// <summary>When it came in, in milliseconds of <see cref="Environment.TickCount64"/>; stale gossip is dropped.</summary>
        internal long ReceivedAt { get; init; }
    }

    /// <summary>The version alone: who has a newer one sends it, who has an older one asks by sending its own.</summary>
    internal sealed record GossipStatus(UniqueAddress From, VectorClock Version) : ClusterMessage;

    /// <summary>I have finished; remove me.</summary>
    internal sealed record ExitingConfirmed(UniqueAddress Node) : ClusterMessage;

    /// <summary>Are you there?</summary>
    internal sealed record Heartbeat(Address From, long Sequence) : ClusterMessage;

    /// <summary>This run of me is.</summary>
    internal sealed record HeartbeatRsp(UniqueAddress From, long Sequence) : ClusterMessage;

    /// <summary>Make a node leave.</summary>
    internal sealed record Leave(Address Address) : ClusterMessage;

    /// <summary>Declare a node dead.</summary>
    internal sealed record Down(Address Address) : ClusterMessage;
}

/// <summary>What <see cref="Cluster"/> and the timers of this node ask of <see cref="ClusterCoreActor"/>.</summary>
internal abstract record ClusterCommand : INoSerializationVerificationNeeded, IDeadLetterSuppression
{
    private ClusterCommand()
    {
    }

    internal sealed record JoinTo(Address Address) : ClusterCommand;

    internal sealed record JoinSeedNodes(ImmutableList<Address> Seeds) : ClusterCommand;

    internal sealed record Subscribe(IActorRef Subscriber, ClusterEvent.SubscriptionInitialStateMode Mode, ImmutableHashSet<Type> To) : ClusterCommand;

    internal sealed record Unsubscribe(IActorRef Subscriber, Type To) : ClusterCommand;

    internal sealed record SendState(IActorRef Receiver) : ClusterCommand;

    /// <summary>Answered with <see cref="Done"/> once the exit of this node is under way, or there is none to wait for.</summary>
    internal sealed record LeaveForShutdown : ClusterCommand;

    /// <summary>The tasks that had to end before this node goes have ended. Answered with <see cref="Done"/>.</summary>
    internal sealed record ExitingCompleted : ClusterCommand;

    internal sealed record GossipTick : ClusterCommand;

    internal sealed record GossipSpeedupTick : ClusterCommand;

    internal sealed record LeaderTick : ClusterCommand;

    internal sealed record ReapTick : ClusterCommand;

    internal sealed record SeedTick : ClusterCommand;

    internal sealed record QuarantineExited(UniqueAddress Node) : ClusterCommand;

    /// <summary>For the heartbeat actor and the downing actor: the state has changed.</summary>
    internal sealed record StateChanged(MembershipState State) : ClusterCommand;
}
