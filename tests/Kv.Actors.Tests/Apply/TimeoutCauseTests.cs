using Kv.Actors.Apply;
using Kv.Actors.Cluster;
using Kv.Actors.Model;
using Xunit;

namespace Kv.Actors.Tests.Apply;

/// <summary>etcd's three answers to a request that did not come back in time.</summary>
public sealed class TimeoutCauseTests
{
    private readonly PeerTable _peers = new();

    private static MonotonicTime At(double seconds) => default(MonotonicTime).Plus(TimeSpan.FromSeconds(seconds));

    private TimeoutCause Cause(ulong leader, double electedAt) =>
        new(Self: 1, leader, At(electedAt), TimeSpan.FromSeconds(1), [1, 2, 3], _peers);

    [Fact]
    public void A_request_made_while_the_leader_before_was_being_lost_blames_it()
    {
        _peers.Follow([new NodeId(2), new NodeId(3)]);
        _peers.Heard(new NodeId(2), At(0));
        Assert.Equal(KvError.TimeoutDueToLeaderFail, Cause(leader: 2, electedAt: 10).Of(At(9)));
        Assert.Equal(KvError.Timeout, Cause(leader: 2, electedAt: 10).Of(At(7.9)));
        Assert.Equal(KvError.Timeout, Cause(leader: 2, electedAt: 10).Of(At(10.1)));
    }

    [Fact]
    public void A_follower_that_was_cut_off_from_the_leader_since_blames_the_connection()
    {
        _peers.Follow([new NodeId(2), new NodeId(3)]);
        _peers.Heard(new NodeId(2), At(20));
        Assert.Equal(KvError.TimeoutDueToConnectionLost, Cause(leader: 2, electedAt: 1).Of(At(19)));
        Assert.Equal(KvError.Timeout, Cause(leader: 2, electedAt: 1).Of(At(21)));
    }

    [Fact]
    public void A_leader_that_was_cut_off_from_the_majority_blames_the_connection()
    {
        _peers.Follow([new NodeId(2), new NodeId(3)]);
        Assert.Equal(KvError.TimeoutDueToConnectionLost, Cause(leader: 1, electedAt: 1).Of(At(19)));
        _peers.Heard(new NodeId(3), At(5));
        Assert.Equal(KvError.Timeout, Cause(leader: 1, electedAt: 1).Of(At(19)));
    }

    [Fact]
    public void Without_a_leader_there_is_nobody_to_blame() => Assert.Equal(KvError.Timeout, Cause(leader: 0, electedAt: 1).Of(At(19)));
}
