namespace Kv.Actors.Raft;

/// <summary>What a node must remember besides its log.</summary>
/// <param name="Term">Latest term seen.</param>
/// <param name="Vote">Whom it voted for in that term; <see cref="RaftConfig.None"/> for nobody.</param>
/// <param name="Commit">
/// Highest index known committed. A hint that saves time after a restart: it may lag, it must not lead. Only a membership change is
/// never applied, nor told to others as committed, before this holds it.
/// </param>
public readonly record struct HardState(ulong Term, ulong Vote, ulong Commit);

/// <summary>What changes often and is worth telling, but is not kept.</summary>
/// <param name="Role">What the node is now.</param>
/// <param name="Leader">Whom it follows, or <see cref="RaftConfig.None"/>.</param>
public readonly record struct SoftState(Role Role, ulong Leader);

/// <summary>What a node is at the moment.</summary>
public enum Role : byte
{
    /// <summary>Accepts entries from a leader, or waits for one.</summary>
    Follower,

    /// <summary>Asks whether it could win an election, without having raised its term.</summary>
    PreCandidate,

    /// <summary>Asks for votes.</summary>
    Candidate,

    /// <summary>Takes proposals and replicates them.</summary>
    Leader,
}

/// <summary>An answered read: it may be served once everything up to <paramref name="Index"/> is applied.</summary>
/// <param name="Index">The commit index at the moment the read was accepted by the leader.</param>
/// <param name="Context">The caller's number for the read.</param>
public readonly record struct ReadState(ulong Index, ulong Context);

/// <summary>A snapshot, without its bytes: those travel and are stored beside the log.</summary>
/// <param name="Index">Last entry it contains.</param>
/// <param name="Term">That entry's term.</param>
/// <param name="ConfState">Membership as of that entry.</param>
public sealed record SnapshotMeta(ulong Index, ulong Term, ConfState ConfState)
{
    /// <summary>Before the first entry: nothing.</summary>
    public static SnapshotMeta Empty { get; } = new(0, 0, ConfState.Empty);
}
