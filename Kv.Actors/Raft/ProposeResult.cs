namespace Kv.Actors.Raft;

/// <summary>What became of a proposal.</summary>
public enum ProposeStatus : byte
{
    /// <summary>In the leader's log; it may still be lost if leadership changes before it commits.</summary>
    Accepted,

    /// <summary>On its way to the leader; nothing more will be heard of it here until it is applied.</summary>
    Forwarded,

    /// <summary>No leader is known, or an election is going on.</summary>
    NoLeader,

    /// <summary>This leader has been removed from the membership.</summary>
    NotMember,

    /// <summary>Leadership is being handed over.</summary>
    Transferring,

    /// <summary>Too many bytes wait to be committed.</summary>
    TooManyUncommitted,

    /// <summary>This node follows, and forwarding is switched off.</summary>
    ForwardingDisabled,

    /// <summary>A membership change cannot start now: an earlier one is not applied, or the joint phase does not allow it. An empty
    /// entry took its place.</summary>
    ConfChangeRefused,
}

/// <summary>The answer to a proposal.</summary>
/// <param name="Status">What became of it.</param>
/// <param name="Term">The leader's term when accepted, else 0.</param>
/// <param name="Index">Index of the first entry when accepted, else 0.</param>
public readonly record struct ProposeResult(ProposeStatus Status, ulong Term = 0, ulong Index = 0)
{
    /// <summary>In the log as it was proposed.</summary>
    public bool IsAccepted => Status == ProposeStatus.Accepted;

    /// <summary>Nothing was appended or sent: the caller may try again.</summary>
    public bool IsDropped => Status is not (ProposeStatus.Accepted or ProposeStatus.Forwarded or ProposeStatus.ConfChangeRefused);
}

/// <summary>What became of a read.</summary>
public enum ReadStatus : byte
{
    /// <summary>Answered at once: <see cref="ReadIndexResult.Index"/> is the index to wait for.</summary>
    Answered,

    /// <summary>Will come with a later <see cref="Ready.Reads"/>, unless leadership or a message is lost: the caller retries.</summary>
    Waiting,

    /// <summary>No leader to ask.</summary>
    NoLeader,
}

/// <summary>The answer to a read.</summary>
/// <param name="Status">What became of it.</param>
/// <param name="Index">The read may be served once this is applied; only when answered.</param>
public readonly record struct ReadIndexResult(ReadStatus Status, ulong Index = 0);
