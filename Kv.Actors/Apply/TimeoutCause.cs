using Kv.Actors.Cluster;
using Kv.Actors.Model;

namespace Kv.Actors.Apply;

/// <summary>Why a request that was sent did not come back in time, as far as this member can tell: etcd's three answers.</summary>
/// <param name="Self">This member.</param>
/// <param name="Leader">The leader it knows, or 0.</param>
/// <param name="ElectedAt">When it learned of that leader.</param>
/// <param name="ElectionTimeout">How long the loss of a leader goes unnoticed at least.</param>
/// <param name="Voters">Those whose majority decides, by id.</param>
/// <param name="Peers">Who was heard since when.</param>
public readonly record struct TimeoutCause(
    ulong Self, ulong Leader, MonotonicTime ElectedAt, TimeSpan ElectionTimeout, IReadOnlyList<ulong> Voters, PeerTable Peers)
{
    /// <summary>The answer to a request made at <paramref name="since"/>.</summary>
    public KvError Of(MonotonicTime since)
    {
        // The leader before this one was gone for up to two election timeouts when this one came.
        if (ElectedAt != MonotonicTime.Never && since < ElectedAt && ElectedAt.Since(since) < 2 * ElectionTimeout)
        {
            return KvError.TimeoutDueToLeaderFail;
        }
        return Leader == 0 || IsConnectedSince(since) ? KvError.Timeout : KvError.TimeoutDueToConnectionLost;
    }

    private bool IsConnectedSince(MonotonicTime since)
    {
        if (Leader != Self)
        {
            return Peers.IsConnectedSince(new NodeId(Leader), since);
        }
        var connected = 0;
        foreach (var voter in Voters)
        {
            connected += voter == Self || Peers.IsConnectedSince(new NodeId(voter), since) ? 1 : 0;
        }
        return connected > Voters.Count / 2;
    }
}
