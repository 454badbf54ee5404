using System.Collections.Immutable;
using Kv.Actors.Cluster;
using Kv.Actors.Model;
using Kv.Actors.Raft;

namespace Kv.Actors.Peers;

/// <summary>Everything that crosses the wire between members. Any of it may be lost; nothing of it is a system message.</summary>
public abstract record PeerMessage
{
    private PeerMessage()
    {
    }

    /// <summary>The cluster it belongs to; 0 where a member that joins does not know it yet.</summary>
    public ClusterId Cluster { get; init; }

    /// <summary>Who sends it; 0 where it does not know its id yet.</summary>
    public NodeId From { get; init; }

    /// <summary>Whom it is for; 0 where the sender cannot know the id.</summary>
    public NodeId To { get; init; }

    /// <summary>A message of the consensus core.</summary>
    /// <param name="Message">The message; its own sender and receiver are the envelope's.</param>
    /// <param name="Sequence">The receiver is to answer with <see cref="Credit"/>; 0 when it need not.</param>
    /// <param name="Run">Names the sender's run, where a forwarded proposal is numbered.</param>
    /// <param name="Number">Its number; 0 for all other messages.</param>
    public sealed record Consensus(RaftMessage Message, ulong Sequence, ulong Run = 0, ulong Number = 0) : PeerMessage;

    /// <summary>Are you there?</summary>
    /// <param name="SentAt">The sender's own monotonic clock.</param>
    /// <param name="Through">The sender's last sequence: with the answer it is known to have come, or to be lost.</param>
    /// <param name="PeerUrls">Where the sender is reached.</param>
    public sealed record Ping(MonotonicTime SentAt, ulong Through, ImmutableArray<string> PeerUrls) : PeerMessage;

    /// <summary>Yes; both numbers are the ping's.</summary>
    public sealed record Pong(MonotonicTime SentAt, ulong Through) : PeerMessage;

    /// <summary>Everything up to this sequence has arrived.</summary>
    public sealed record Credit(ulong Through) : PeerMessage;

    /// <summary>A request to carry out here.</summary>
    public sealed record Ask(ulong Id, PeerCall Call, ReadOnlyMemory<byte> Body) : PeerMessage;

    /// <summary>What it came to.</summary>
    public sealed record Answer(ulong Id, KvError Error, ReadOnlyMemory<byte> Body) : PeerMessage;

    /// <summary>The receiver was removed from the cluster.</summary>
    public sealed record Removed : PeerMessage;

    /// <summary>A snapshot can be fetched.</summary>
    /// <param name="Meta">What it holds.</param>
    /// <param name="Term">The leader's term.</param>
    /// <param name="Id">What the sender calls it; no other snapshot is called so.</param>
    /// <param name="AboutBytes">How large it will be, about.</param>
    public sealed record SnapshotOffer(SnapshotMeta Meta, ulong Term, ReadOnlyMemory<byte> Id, long AboutBytes = 0) : PeerMessage;

    /// <summary>A piece of a snapshot, as <see cref="Kv.Persistence.Checkpoint.SnapshotFile"/> travels.</summary>
    /// <param name="Id">Which one.</param>
    /// <param name="Offset">Where it begins in the body.</param>
    /// <param name="Data">Its bytes.</param>
    /// <param name="IsTail">It is the last, behind the body.</param>
    public sealed record SnapshotChunk(ReadOnlyMemory<byte> Id, long Offset, ReadOnlyMemory<byte> Data, bool IsTail = false) : PeerMessage;

    /// <summary>How far a snapshot has come.</summary>
    /// <param name="Id">Which one.</param>
    /// <param name="Offset">Bytes of the body up to here are there.</param>
    /// <param name="State">Whether more is wanted.</param>
    /// <param name="Reason">Why it is refused.</param>
    public sealed record SnapshotAck(ReadOnlyMemory<byte> Id, long Offset, SnapshotState State, string Reason = "") : PeerMessage;

    /// <summary>Who belongs to the cluster? From a member that joins it.</summary>
    /// <param name="PeerUrls">Where the answer is to go.</param>
    /// <param name="Number">Which question it is: the run that asks.</param>
    public sealed record MembersAsk(ImmutableArray<string> PeerUrls, ulong Number) : PeerMessage;

    /// <summary>They do; the envelope names the cluster.</summary>
    /// <param name="Members">As far as the member that answers has heard.</param>
    /// <param name="RemovedIds">Who belonged to it once.</param>
    /// <param name="Number">The question's.</param>
    public sealed record MembersAnswer(ImmutableArray<ClusterMember> Members, ImmutableArray<ulong> RemovedIds, ulong Number) : PeerMessage;

    /// <summary>Bytes that are none of these: counted and refused, whoever sent them.</summary>
    public sealed record Unreadable(string Reason) : PeerMessage;
}

/// <summary>What a receiver says of a snapshot. The numbers travel.</summary>
public enum SnapshotState : byte
{
    /// <summary>More is wanted.</summary>
    Wanted = 0,

    /// <summary>It is whole, verified and durable; or it is of no use any more, for this member is further already.</summary>
    Stored = 1,

    /// <summary>It cannot be taken.</summary>
    Refused = 2,
}
