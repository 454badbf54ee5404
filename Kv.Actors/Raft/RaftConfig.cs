namespace Kv.Actors.Raft;

/// <summary>How a leader makes sure that it still leads before it answers a linearizable read.</summary>
public enum ReadMode : byte
{
    /// <summary>One heartbeat round to a quorum confirms all reads that wait.</summary>
    Safe,

    /// <summary>The check-quorum lease is trusted: no round, but correct only while clocks run at about the same speed.</summary>
    LeaseBased,
}

/// <summary>Every knob of <see cref="RaftCore"/>. A tick is one heartbeat interval of the node's clock.</summary>
public sealed record RaftConfig
{
    /// <summary>No node. Also the "nobody" of votes and leaders.</summary>
    public const ulong None = 0;

    /// <summary>This node's id; not <see cref="None"/>, and not one of the two highest numbers, which etcd reserves.</summary>
    public required ulong Id { get; init; }

    /// <summary>Ticks a follower waits for its leader before it campaigns; each wait is drawn from [n, 2n).</summary>
    public int ElectionTicks { get; init; } = 10;

    /// <summary>Ticks between a leader's heartbeats; less than <see cref="ElectionTicks"/>.</summary>
    public int HeartbeatTicks { get; init; } = 1;

    /// <summary>Bytes of entries in one append message; a single larger entry still travels alone.</summary>
    public long MaxMessageBytes { get; init; } = 1 << 20;

    /// <summary>Bytes of committed entries handed out and not yet reported applied; one entry is always handed out.</summary>
    public long MaxUnappliedBytes { get; init; } = 1 << 20;

    /// <summary>Bytes of payload a leader takes in before they commit; more is refused. 0 is no limit.</summary>
    public long MaxUncommittedBytes { get; init; }

    /// <summary>Append messages to one follower that may be without an answer.</summary>
    public int MaxInflightMessages { get; init; } = 512;

    /// <summary>Bytes of such messages; 0 is no limit, otherwise at least <see cref="MaxMessageBytes"/>.</summary>
    public long MaxInflightBytes { get; init; }

    /// <summary>A leader that has not heard from a quorum for an election timeout steps down; voters keep to a live leader.</summary>
    public bool CheckQuorum { get; init; } = true;

    /// <summary>Ask whether an election could be won before raising the term (thesis §9.6).</summary>
    public bool PreVote { get; init; } = true;

    /// <summary>How linearizable reads are confirmed. <see cref="ReadMode.LeaseBased"/> needs <see cref="CheckQuorum"/>.</summary>
    public ReadMode ReadMode { get; init; }

    /// <summary>Followers pass proposals on to the leader; otherwise they refuse them.</summary>
    public bool ForwardProposals { get; init; } = true;

    /// <summary>A leader turns a membership change that cannot start now into an empty entry. Off only in tests.</summary>
    public bool ValidateConfChanges { get; init; } = true;

    /// <summary>A leader that applies its own removal or demotion becomes a follower at once.</summary>
    public bool StepDownOnRemoval { get; init; }

    /// <summary>Checks every bound.</summary>
    /// <exception cref="ArgumentException">A value is out of bounds; the message names it, with limit and actual.</exception>
    public void Validate()
    {
        Require(Id != None && Id < ulong.MaxValue - 1, nameof(Id), Id, "must be 1 to 2^64-3");
        Require(HeartbeatTicks > 0, nameof(HeartbeatTicks), HeartbeatTicks, "must be positive");
        Require(ElectionTicks > HeartbeatTicks, nameof(ElectionTicks), ElectionTicks, $"must exceed HeartbeatTicks ({HeartbeatTicks})");
        Require(ElectionTicks <= 1 << 20, nameof(ElectionTicks), ElectionTicks, "must be at most 2^20");
        Require(MaxMessageBytes > 0, nameof(MaxMessageBytes), MaxMessageBytes, "must be positive");
        Require(MaxUnappliedBytes > 0, nameof(MaxUnappliedBytes), MaxUnappliedBytes, "must be positive");
        Require(MaxUncommittedBytes >= 0, nameof(MaxUncommittedBytes), MaxUncommittedBytes, "must not be negative");
        Require(MaxInflightMessages > 0, nameof(MaxInflightMessages), MaxInflightMessages, "must be positive");
        Require(MaxInflightBytes == 0 || MaxInflightBytes >= MaxMessageBytes, nameof(MaxInflightBytes), MaxInflightBytes,
            $"must be 0 or at least MaxMessageBytes ({MaxMessageBytes})");
        Require(ReadMode != ReadMode.LeaseBased || CheckQuorum, nameof(ReadMode), ReadMode, "needs CheckQuorum");
    }

    private static void Require<T>(bool holds, string name, T actual, string rule)
    {
        if (!holds) throw new ArgumentException($"raft {name} is {actual}: it {rule}");
    }
}
