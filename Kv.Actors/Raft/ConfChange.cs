using System.Collections.Immutable;

namespace Kv.Actors.Raft;

/// <summary>What happens to one member. The numbers are etcd's.</summary>
public enum ConfChangeType : byte
{
    /// <summary>Becomes a voter; a learner is promoted.</summary>
    AddNode = 0,

    /// <summary>Leaves.</summary>
    RemoveNode = 1,

    /// <summary>Stays as it is: only the context matters, to the application.</summary>
    UpdateNode = 2,

    /// <summary>Becomes a learner; a voter is demoted.</summary>
    AddLearner = 3,
}

/// <summary>How a change goes from one configuration to the next. The numbers are etcd's.</summary>
public enum ConfChangeTransition : byte
{
    /// <summary>One change goes straight, more go through a joint configuration that the leader leaves by itself.</summary>
    Auto = 0,

    /// <summary>Always joint, left by the leader itself.</summary>
    JointImplicit = 1,

    /// <summary>Always joint, left when the application proposes <see cref="ConfChangeV2.Leave"/>.</summary>
    JointExplicit = 2,
}

/// <summary>One member's change. Node 0 stands for "no change", which is how an application voids one it refuses.</summary>
public readonly record struct ConfChangeSingle(ConfChangeType Type, ulong NodeId);

/// <summary>A change of one member, always straight.</summary>
/// <param name="Type">What happens to the member.</param>
/// <param name="NodeId">Whom it happens to.</param>
/// <param name="Context">The application's bytes, not looked at here.</param>
/// <param name="Id">The application's number for the request.</param>
public sealed record ConfChange(ConfChangeType Type, ulong NodeId, ReadOnlyMemory<byte> Context = default, ulong Id = 0)
{
    /// <summary>The same as a list of one.</summary>
    public ConfChangeV2 AsV2() => new(ConfChangeTransition.Auto, [new ConfChangeSingle(Type, NodeId)], Context);
}

/// <summary>A change of any number of members.</summary>
/// <param name="Transition">Straight or joint.</param>
/// <param name="Changes">The members; empty to leave a joint configuration.</param>
/// <param name="Context">The application's bytes, not looked at here.</param>
public sealed record ConfChangeV2(
    ConfChangeTransition Transition,
    ImmutableArray<ConfChangeSingle> Changes,
    ReadOnlyMemory<byte> Context = default)
{
    /// <summary>Ends a joint configuration.</summary>
    public static ConfChangeV2 Leave { get; } = new(ConfChangeTransition.Auto, []);

    /// <summary>Whether this ends a joint configuration.</summary>
    public bool IsLeave => Transition == ConfChangeTransition.Auto && Changes.IsEmpty;

    /// <summary>Whether this begins a joint configuration.</summary>
    public bool EntersJoint => Transition != ConfChangeTransition.Auto || Changes.Length > 1;

    /// <summary>Whether the leader ends that joint configuration by itself.</summary>
    public bool LeavesByItself => EntersJoint && Transition != ConfChangeTransition.JointExplicit;
}
