using Kv.Actors.Model;

namespace Kv.Actors.Peers;

/// <summary>What <see cref="PeersActor"/> and its children accept, besides a <c>MemberSet</c>, a <c>RaftMessage</c> to send, and a
/// <see cref="PeerMessage"/> that came.</summary>
public abstract record PeerCommand
{
    private PeerCommand()
    {
    }

    /// <summary>Send a message; cluster and sender are filled in.</summary>
    public sealed record Send(NodeId To, PeerMessage Message) : PeerCommand;

    /// <summary>Have another member carry out a call.</summary>
    /// <param name="To">Whom; 0 is the leader, whoever that is until the time is up.</param>
    /// <param name="Call">What.</param>
    /// <param name="Body">The request's bytes.</param>
    /// <param name="Reply">Gets what it came to, in time.</param>
    public sealed record Call(NodeId To, PeerCall Kind, ReadOnlyMemory<byte> Body, TaskCompletionSource<PeerReply> Reply) : PeerCommand;

    /// <summary>What was sent in bulk has arrived up to here.</summary>
    public sealed record Credit(ulong Through) : PeerCommand;

    /// <summary>Nothing is heard of the member any more.</summary>
    public sealed record Lost : PeerCommand
    {
        /// <summary>The only one there is.</summary>
        public static readonly Lost Instance = new();
    }

    /// <summary>Time to ask the member whether it is there; sent by a timer.</summary>
    public sealed record PingNow : PeerCommand
    {
        /// <summary>The only one there is.</summary>
        public static readonly PingNow Instance = new();
    }

    /// <summary>Time to look who has fallen silent and what waits for too long; sent by a timer.</summary>
    public sealed record Look : PeerCommand
    {
        /// <summary>The only one there is.</summary>
        public static readonly Look Instance = new();
    }
}
