namespace Kv.Actors.Raft;

/// <summary>Everything nodes say to each other. Any of these may be lost, repeated, delayed or overtaken.</summary>
/// <remarks>Repeats are harmless to Raft, but a repeated <see cref="Propose"/> appends twice: the application tells requests apart.</remarks>
public abstract record RaftMessage
{
    private RaftMessage()
    {
    }

    /// <summary>The sender.</summary>
    public required ulong From { get; init; }

    /// <summary>The receiver.</summary>
    public required ulong To { get; init; }

    /// <summary>The sender's term; in a pre-vote the term it would campaign in; 0 where terms do not matter.</summary>
    public ulong Term { get; init; }

    /// <summary>A follower's proposals on their way to the leader; index and term of the entries are 0.</summary>
    public sealed record Propose(IReadOnlyList<Entry> Entries) : RaftMessage;

    /// <summary>A leader's entries after (<paramref name="PrevIndex"/>, <paramref name="PrevTerm"/>), or none.</summary>
    public sealed record Append(ulong PrevIndex, ulong PrevTerm, LogSlice Entries, ulong Commit) : RaftMessage;

    /// <summary>The log matches the leader's up to <paramref name="Index"/>, durably.</summary>
    public sealed record AppendAccepted(ulong Index) : RaftMessage;

    /// <summary>
    /// The entry before the append, <paramref name="Index"/>, is missing or different; the logs can only match at or below
    /// <paramref name="HintIndex"/>, whose term here is <paramref name="HintTerm"/> (0: unknown).
    /// </summary>
    public sealed record AppendRejected(ulong Index, ulong HintIndex, ulong HintTerm) : RaftMessage;

    /// <summary>Asks for a vote, or with <paramref name="Pre"/> whether one would be given.</summary>
    /// <param name="Pre">A pre-vote.</param>
    /// <param name="LastIndex">The candidate's last entry.</param>
    /// <param name="LastTerm">That entry's term.</param>
    /// <param name="Transfer">The leader asked for this election: its lease does not count.</param>
    /// <param name="Commit">The sender's commit index: whoever has that entry may take it as committed.</param>
    /// <param name="CommitTerm">That entry's term.</param>
    public sealed record VoteRequest(bool Pre, ulong LastIndex, ulong LastTerm, bool Transfer, ulong Commit, ulong CommitTerm) : RaftMessage;

    /// <summary>The answer. A grant carries the term of the request, a refusal the voter's own.</summary>
    /// <param name="Pre">To a pre-vote.</param>
    /// <param name="Granted">Yes or no.</param>
    /// <param name="Commit">The sender's commit index, as in the request.</param>
    /// <param name="CommitTerm">That entry's term.</param>
    public sealed record VoteReply(bool Pre, bool Granted, ulong Commit, ulong CommitTerm) : RaftMessage;

    /// <summary>The leader lives. <paramref name="Commit"/> is never beyond what the receiver has acknowledged.</summary>
    /// <param name="Commit">What the receiver may take as committed.</param>
    /// <param name="ReadPosition">Latest batch of reads waiting for confirmation, 0 for none.</param>
    public sealed record Heartbeat(ulong Commit, ulong ReadPosition) : RaftMessage;

    /// <summary>It was heard; <paramref name="ReadPosition"/> is repeated.</summary>
    public sealed record HeartbeatReply(ulong ReadPosition) : RaftMessage;

    /// <summary>
    /// The receiver needs a snapshot. The sending shell adds the bytes (a later snapshot than <paramref name="Meta"/> will do, with
    /// its own meta); the receiving shell hands the message to its core once the bytes are stored durably.
    /// </summary>
    public sealed record InstallSnapshot(SnapshotMeta Meta) : RaftMessage;

    /// <summary>Asks the leader to hand leadership to <paramref name="Target"/>.</summary>
    public sealed record TransferLeader(ulong Target) : RaftMessage;

    /// <summary>The leader asks the receiver to campaign at once.</summary>
    public sealed record TimeoutNow : RaftMessage;

    /// <summary>A follower's read on its way to the leader.</summary>
    public sealed record ReadIndex(ulong Context) : RaftMessage;

    /// <summary>The read may be served once <paramref name="Index"/> is applied.</summary>
    public sealed record ReadIndexReply(ulong Index, ulong Context) : RaftMessage;
}
