using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;

namespace Akka.Cluster;

/// <summary>What subscribers of a cluster hear: <c>Cluster.Get(system).Subscribe(Self, typeof(ClusterEvent.IMemberEvent))</c>.</summary>
public class ClusterEvent
{
    /// <summary>See <see cref="SubscriptionInitialStateMode.InitialStateAsSnapshot"/>.</summary>
    public static readonly SubscriptionInitialStateMode InitialStateAsSnapshot = SubscriptionInitialStateMode.InitialStateAsSnapshot;

    /// <summary>See <see cref="SubscriptionInitialStateMode.InitialStateAsEvents"/>.</summary>
    public static readonly SubscriptionInitialStateMode InitialStateAsEvents = SubscriptionInitialStateMode.InitialStateAsEvents;

    /// <summary>How a subscriber learns what was before it.</summary>
    public enum SubscriptionInitialStateMode
    {
        /// <summary>A <see cref="CurrentClusterState"/> comes first.</summary>
        InitialStateAsSnapshot,

        /// <summary>The events that lead from nothing to the present come first.</summary>
        InitialStateAsEvents,
    }

    /// <summary>Everything one can subscribe to.</summary>
    public interface IClusterDomainEvent : IDeadLetterSuppression;

    /// <summary>A member's status has changed.</summary>
    public interface IMemberEvent : IClusterDomainEvent
    {
        /// <summary>The member as it is now.</summary>
        Member Member { get; }
    }

    /// <summary>A member is, or no longer is, unreachable.</summary>
    public interface IReachabilityEvent : IClusterDomainEvent;

    /// <summary>The cluster as this node has it at one moment. Others may have another; it is no agreement.</summary>
    public sealed class CurrentClusterState : INoSerializationVerificationNeeded
    {
        private readonly ImmutableDictionary<string, Address> _roleLeaders;

        /// <summary>Without members.</summary>
        public CurrentClusterState()
            : this(
                ImmutableSortedSet<Member>.Empty,
                ImmutableHashSet<Member>.Empty,
                ImmutableHashSet<Address>.Empty,
                null,
                ImmutableDictionary<string, Address>.Empty)
        {
        }

        /// <summary>From its parts.</summary>
        public CurrentClusterState(
            ImmutableSortedSet<Member> members,
            ImmutableHashSet<Member> unreachable,
            ImmutableHashSet<Address> seenBy,
            Address leader,
            ImmutableDictionary<string, Address> roleLeaderMap)
        {
            Members = members;
            Unreachable = unreachable;
            SeenBy = seenBy;
            Leader = leader;
            _roleLeaders = roleLeaderMap;
        }

        /// <summary>The members, by address.</summary>
        public ImmutableSortedSet<Member> Members { get; }

        /// <summary>Those of them that somebody cannot reach.</summary>
        public ImmutableHashSet<Member> Unreachable { get; }

        /// <summary>Who has seen exactly this.</summary>
        public ImmutableHashSet<Address> SeenBy { get; }

        /// <summary>Who leads; null when nobody can.</summary>
        public Address Leader { get; }

        /// <summary>The roles of all members.</summary>
        public ImmutableHashSet<string> AllRoles => [.. _roleLeaders.Keys];

        /// <summary>Whether members run different versions of the program.</summary>
        public bool HasMoreThanOneAppVersion => Members.Select(static m => m.AppVersion).Distinct().Skip(1).Any();

        /// <summary>Who leads among those with a role; null when nobody can.</summary>
        public Address RoleLeader(string role) => _roleLeaders.GetValueOrDefault(role);

        /// <summary>The same with some parts replaced.</summary>
        public CurrentClusterState Copy(
            ImmutableSortedSet<Member> members = null,
            ImmutableHashSet<Member> unreachable = null,
            ImmutableHashSet<Address> seenBy = null,
            Address leader = null,
            ImmutableDictionary<string, Address> roleLeaderMap = null) =>
            new(members ?? Members, unreachable ?? Unreachable, seenBy ?? SeenBy, leader ?? Leader, roleLeaderMap ?? _roleLeaders);
    }

    /// <summary>A member has come to a status.</summary>
    public abstract class MemberStatusChange : IMemberEvent
    {
        /// <summary>The member as it is now.</summary>
        protected readonly Member _member;

        /// <summary>For a member that must have <paramref name="validStatus"/>.</summary>
        /// <exception cref="ArgumentException">It has another.</exception>
        protected MemberStatusChange(Member member, MemberStatus validStatus)
        {
            if (member.Status != validStatus) throw new ArgumentException($"Expected {validStatus} state, got: {member}", nameof(member));
            _member = member;
        }

        /// <inheritdoc/>
        public Member Member => _member;

        /// <inheritdoc/>
        public override bool Equals(object obj) => obj is MemberStatusChange other && other.GetType() == GetType() && _member.Equals(other._member);

        /// <inheritdoc/>
        public override int GetHashCode() => HashCode.Combine(GetType(), _member);

        /// <inheritdoc/>
        public override string ToString() => $"{GetType()}(Member={Member})";
    }

    /// <summary>It asks to join.</summary>
    public sealed class MemberJoined : MemberStatusChange
    {
        /// <summary>For a member.</summary>
        public MemberJoined(Member member)
            : base(member, MemberStatus.Joining)
        {
        }
    }

    /// <summary>It is up.</summary>
    public sealed class MemberUp : MemberStatusChange
    {
        /// <summary>For a member.</summary>
        public MemberUp(Member member)
            : base(member, MemberStatus.Up)
        {
        }
    }

    /// <summary>It was let in while somebody is unreachable.</summary>
    public sealed class MemberWeaklyUp : MemberStatusChange
    {
        /// <summary>For a member.</summary>
        public MemberWeaklyUp(Member member)
            : base(member, MemberStatus.WeaklyUp)
        {
        }
    }

    /// <summary>It wants to leave.</summary>
    public sealed class MemberLeft : MemberStatusChange
    {
        /// <summary>For a member.</summary>
        public MemberLeft(Member member)
            : base(member, MemberStatus.Leaving)
        {
        }
    }

    /// <summary>All know that it leaves; it shuts down.</summary>
    public sealed class MemberExited : MemberStatusChange
    {
        /// <summary>For a member.</summary>
        public MemberExited(Member member)
            : base(member, MemberStatus.Exiting)
        {
        }
    }

    /// <summary>It was declared dead.</summary>
    public sealed class MemberDowned : MemberStatusChange
    {
        /// <summary>For a member.</summary>
        public MemberDowned(Member member)
            : base(member, MemberStatus.Down)
        {
        }
    }

    /// <summary>It is no member any more.</summary>
    public sealed class MemberRemoved : MemberStatusChange
    {
        /// <summary>For a member and what it was: down, or exiting.</summary>
        public MemberRemoved(Member member, MemberStatus previousStatus)
            : base(member, MemberStatus.Removed) => PreviousStatus = previousStatus;

        /// <summary>Down: it was taken for dead. Exiting: it went by itself.</summary>
        public MemberStatus PreviousStatus { get; }

        /// <inheritdoc/>
        public override bool Equals(object obj) => obj is MemberRemoved other && _member.Equals(other._member) && PreviousStatus == other.PreviousStatus;

        /// <inheritdoc/>
        public override int GetHashCode() => HashCode.Combine(base.GetHashCode(), PreviousStatus);
    }

    /// <summary>Who leads has changed.</summary>
    public sealed class LeaderChanged : IClusterDomainEvent
    {
        /// <summary>For the new one; null for nobody.</summary>
        public LeaderChanged(Address leader) => Leader = leader;

        /// <summary>The new one; null for nobody.</summary>
        public Address Leader { get; }

        /// <inheritdoc/>
        public override bool Equals(object obj) => obj is LeaderChanged other && Leader == other.Leader;

        /// <inheritdoc/>
        public override int GetHashCode() => HashCode.Combine(Leader);

        /// <inheritdoc/>
        public override string ToString() => $"LeaderChanged(NewLeader={Leader})";
    }

    /// <summary>Who leads among those with a role has changed.</summary>
    public sealed class RoleLeaderChanged : IClusterDomainEvent
    {
        /// <summary>For a role and its new leader; null for nobody.</summary>
        public RoleLeaderChanged(string role, Address leader)
        {
            Role = role;
            Leader = leader;
        }

        /// <summary>The role.</summary>
        public string Role { get; }

        /// <summary>Its new leader; null for nobody.</summary>
        public Address Leader { get; }

        /// <inheritdoc/>
        public override bool Equals(object obj) => obj is RoleLeaderChanged other && Role == other.Role && Leader == other.Leader;

        /// <inheritdoc/>
        public override int GetHashCode() => HashCode.Combine(Role, Leader);

        /// <inheritdoc/>
        public override string ToString() => $"RoleLeaderChanged(Leader={Leader}, Role={Role})";
    }

    /// <summary>The cluster extension of this node ends.</summary>
    public sealed class ClusterShuttingDown : IClusterDomainEvent
    {
        /// <summary>The only instance.</summary>
        public static readonly IClusterDomainEvent Instance = new ClusterShuttingDown();

        private ClusterShuttingDown()
        {
        }

        /// <inheritdoc/>
        public override string ToString() => "ClusterShuttingDown";
    }

    /// <summary>A member is, or no longer is, unreachable.</summary>
    public abstract class ReachabilityEvent : IReachabilityEvent
    {
        /// <summary>For a member.</summary>
        protected ReachabilityEvent(Member member) => Member = member;

        /// <summary>The member.</summary>
        public Member Member { get; }

        /// <inheritdoc/>
        public override bool Equals(object obj) => obj is ReachabilityEvent other && other.GetType() == GetType() && Member.Equals(other.Member);

        /// <inheritdoc/>
        public override int GetHashCode() => HashCode.Combine(GetType(), Member);

        /// <inheritdoc/>
        public override string ToString() => $"{GetType()}(Member={Member})";
    }

    /// <summary>Somebody cannot reach it.</summary>
    public sealed class UnreachableMember : ReachabilityEvent
    {
        /// <summary>For a member.</summary>
        public UnreachableMember(Member member)
            : base(member)
        {
        }
    }

    /// <summary>All can reach it again.</summary>
    public sealed class ReachableMember : ReachabilityEvent
    {
        /// <summary>For a member.</summary>
        public ReachableMember(Member member)
            : base(member)
        {
        }
    }
}
