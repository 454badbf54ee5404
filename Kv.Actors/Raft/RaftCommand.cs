using Kv.Actors.Apply;
using Kv.Actors.Cluster;
using Kv.Actors.Model;

namespace Kv.Actors.Raft;

/// <summary>Everything <see cref="RaftActor"/> accepts, besides a <see cref="Proposal"/>, which stands for itself.</summary>
public abstract record RaftCommand
{
    private RaftCommand()
    {
    }

    /// <summary>One tick of the election and heartbeat clock.</summary>
    public sealed record Tick : RaftCommand
    {
        /// <summary>The only one there is.</summary>
        public static readonly Tick Instance = new();
    }

    /// <summary>A peer's message.</summary>
    public sealed record Receive(RaftMessage Message) : RaftCommand;

    /// <summary>Pass proposals on to the leader, all that have gathered; sent to itself.</summary>
    public sealed record Forward : RaftCommand
    {
        /// <summary>The only one there is.</summary>
        public static readonly Forward Instance = new();
    }

    /// <summary>Contact with a member is lost: what was sent ahead of its answers is probably gone.</summary>
    public sealed record Unreachable(ulong Member) : RaftCommand;

    /// <summary>The transport delivered a snapshot, or gave up.</summary>
    public sealed record SnapshotReported(ulong Member, bool Delivered) : RaftCommand;

    /// <summary>Keep the log from this index on, for a snapshot that ends there is on its way to somebody; 0 lets it go.</summary>
    public sealed record HoldLog(ulong From) : RaftCommand;

    /// <summary>A leader's snapshot is whole, verified and durable on the shelf.</summary>
    /// <param name="Message">The leader's message.</param>
    /// <param name="Members">The members that the snapshot lists.</param>
    /// <param name="Stage">What was loaded of it while it came; null for nothing.</param>
    public sealed record SnapshotArrived(RaftMessage.InstallSnapshot Message, MemberSet Members, SnapshotStage? Stage = null) : RaftCommand;

    /// <summary>The store has applied everything up to there, and published a root that a snapshot can be written from.</summary>
    public sealed record Applied(SnapshotMeta State) : RaftCommand;

    /// <summary>Confirm leadership for a linearizable read; the waiter gets the index to wait for, or an error.</summary>
    public sealed record ReadIndex(TaskCompletionSource<ReadIndexAnswer> Waiter) : RaftCommand;

    /// <summary>Hand leadership to a voter; answered once this member follows it, or with why that cannot be begun.</summary>
    public sealed record TransferLeader(ulong Target, TaskCompletionSource<KvError> Done) : RaftCommand;

    /// <summary>How far is a member's log? The promise gets null on a member that does not lead, and for one it does not know.</summary>
    public sealed record AskProgress(ulong Member, TaskCompletionSource<MemberProgress?> Answer) : RaftCommand;

    /// <summary>The store finds it time for a checkpoint of the state it last published.</summary>
    public sealed record Checkpoint(StoreRoot State) : RaftCommand;

    /// <summary>Fail what has waited for too long; sent by a timer.</summary>
    public sealed record Sweep : RaftCommand
    {
        /// <summary>The only one there is.</summary>
        public static readonly Sweep Instance = new();
    }
}

/// <summary>What a <see cref="RaftCommand.ReadIndex"/> is answered with.</summary>
/// <param name="Index">Serve the read once this is applied; meaningless with an error.</param>
/// <param name="Error">Why it cannot be served.</param>
public readonly record struct ReadIndexAnswer(ulong Index, KvError Error);

/// <summary>What a leader knows of a member's log.</summary>
/// <param name="Match">Highest entry known to be there.</param>
/// <param name="LeaderMatch">The same of the leader's own log.</param>
/// <param name="IsLearner">It has no vote.</param>
/// <param name="State">How entries are sent to it.</param>
public sealed record MemberProgress(ulong Match, ulong LeaderMatch, bool IsLearner, ProgressState State);
