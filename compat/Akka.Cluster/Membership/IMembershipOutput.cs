using Akka.Actor;

namespace Akka.Cluster;

/// <summary>What <see cref="MembershipCore"/> wants done. Each call happens before the one that caused it returns.</summary>
internal interface IMembershipOutput
{
    void Send(Address to, ClusterMessage message);

    /// <summary>The state has changed; subscribers hear of it.</summary>
    void Changed(MembershipState before, MembershipState after);

    /// <summary>A new run of a node is to be judged without the heartbeats of the old.</summary>
    void ForgetHeartbeats(Address node);

    /// <summary>This node is exiting: run the tasks that must end before it goes.</summary>
    void ExitBegun();

    /// <summary>End the cluster extension of this node.</summary>
    void ShutDown();

    void Info(string message);

    void Warn(string message);
}

/// <summary>What <see cref="MembershipCore"/> goes by.</summary>
internal sealed record MembershipRules
{
    internal required int MinMembers { get; init; }

    internal required IReadOnlyDictionary<string, int> MinMembersOfRole { get; init; }

    /// <summary>How many leader ticks without agreement until members come weakly up; 0 for never.</summary>
    internal required int WeaklyUpTicks { get; init; }

    internal required double DifferentViewProbability { get; init; }

    internal required int ReduceDifferentViewFrom { get; init; }
}
