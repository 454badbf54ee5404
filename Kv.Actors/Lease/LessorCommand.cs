using Kv.Actors.Model;

namespace Kv.Actors.Lease;

/// <summary>Everything <c>LessorActor</c> accepts. Questions carry their promise, which costs a sixth of an Ask.</summary>
public abstract record LessorCommand
{
    private LessorCommand()
    {
    }

    /// <summary>From the store, when it has applied the first entry of this leader's term: start keeping deadlines.</summary>
    /// <param name="Term">The leader's term.</param>
    /// <param name="Leases">Every lease as of that entry. Later changes follow as <see cref="Applied"/>.</param>
    public sealed record Promote(long Term, LeaseView Leases) : LessorCommand;

    /// <summary>This member stopped leading; a <see cref="Promote"/> of this term or an earlier one that comes later is void.</summary>
    public sealed record Demote(long Term) : LessorCommand;

    /// <summary>From the store, after each batch that touched leases and before it answers their callers.</summary>
    /// <param name="Changes">In the order in which they were applied.</param>
    public sealed record Applied(IReadOnlyList<LeaseChange> Changes) : LessorCommand
    {
        /// <summary>Changes applied since the start, these included.</summary>
        public long Total { get; init; }
    }

    /// <summary>What is left of a lease, behind every grant applied so far; the promise gets null for one that is unknown.</summary>
    public sealed record Remaining(LeaseId Lease, TaskCompletionSource<(TimeSpan Remaining, long TtlSeconds)?> Reply) : LessorCommand;

    /// <summary>A keep-alive that <c>LeaseClock</c> could not answer at once. One of a lease that has run out is answered when its
    /// revocation is applied, or this member leads no more; whoever gives up before that completes the promise.</summary>
    public sealed record KeepAlive(LeaseId Lease, TaskCompletionSource<KeepAliveReply> Reply) : LessorCommand;
}

/// <summary>One applied change of a lease.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Lease">To which lease.</param>
/// <param name="Seconds">The TTL granted, or the remainder checkpointed; 0 for a revocation.</param>
public readonly record struct LeaseChange(LeaseChangeKind Kind, LeaseId Lease, long Seconds);

/// <summary>What can happen to a lease.</summary>
public enum LeaseChangeKind
{
    /// <summary>It was granted.</summary>
    Granted,

    /// <summary>It was revoked.</summary>
    Revoked,

    /// <summary>Its remaining TTL was checkpointed; 0 seconds clears that.</summary>
    Checkpointed,
}

/// <summary>The answer to a keep-alive.</summary>
/// <param name="Error"><see cref="KvError.None"/>, <see cref="KvError.NotPrimaryLessor"/> when this member does not lead, or why the
/// checkpoint could not be cleared.</param>
/// <param name="TtlSeconds">The TTL granted; 0 for a lease that is unknown or expired.</param>
public readonly record struct KeepAliveReply(KvError Error, long TtlSeconds);
