using Kv.Actors.Apply;
using Kv.Actors.Model;
using Kv.Actors.Raft;
using Kv.Gateway.Calls;
using Xunit;

namespace Kv.Gateway.Tests.Calls;

public class MemberGateTests
{
    private static readonly RaftView _voter = new(3, 1, Role.Follower, IsSoleVoter: false, IsLearner: false);

    [Theory]
    [InlineData("/etcdserverpb.Maintenance/Status", KvError.None)]
    [InlineData("/etcdserverpb.Maintenance/Snapshot", KvError.None)]
    [InlineData("/etcdserverpb.KV/Range", KvError.None)]         // a serializable one: KvService looks into the request
    [InlineData("/etcdserverpb.KV/Put", KvError.NotSupportedForLearner)]
    [InlineData("/etcdserverpb.KV/RangeStream", KvError.NotSupportedForLearner)]
    [InlineData("/etcdserverpb.Watch/Watch", KvError.NotSupportedForLearner)]
    [InlineData("/etcdserverpb.Lease/LeaseKeepAlive", KvError.NotSupportedForLearner)]
    [InlineData("/etcdserverpb.Cluster/MemberList", KvError.NotSupportedForLearner)]
    [InlineData("/etcdserverpb.Maintenance/HashKV", KvError.NotSupportedForLearner)]
    [InlineData("/v3lockpb.Lock/Lock", KvError.NotSupportedForLearner)]
    [InlineData("/grpc.health.v1.Health/Check", KvError.None)]
    [InlineData("/health", KvError.None)]
    public void A_learner_serves_little(string path, KvError expected) =>
        Assert.Equal(expected, MemberGate.Refusal(_voter with { IsLearner = true }, path, null));

    [Theory]
    [InlineData("true", 0, KvError.NoLeader)]
    [InlineData("true", 1, KvError.None)]
    [InlineData("false", 0, KvError.None)]
    [InlineData("TRUE", 0, KvError.None)]
    [InlineData(null, 0, KvError.None)]
    public void A_call_that_asks_for_a_leader_is_not_served_without(string? hasLeader, int leader, KvError expected) =>
        Assert.Equal(expected, MemberGate.Refusal(_voter with { Leader = (ulong)leader }, "/etcdserverpb.Watch/Watch", hasLeader));

    [Fact]
    public void Streams_end_at_the_third_look_without_a_leader()
    {
        var hasLeader = true;
        using var watch = new LeaderWatch(() => hasLeader, TimeSpan.FromDays(1), TimeProvider.System);
        var first = watch.Lost;
        Look(without: 2);
        Look(without: 0);                                          // an election came in between
        Look(without: 2);
        Assert.False(first.IsCancellationRequested);
        watch.Look();
        Assert.True(SpinWait.SpinUntil(() => first.IsCancellationRequested, TimeSpan.FromSeconds(10)));
        Assert.False(watch.Lost.IsCancellationRequested);          // whoever comes after that begins anew

        void Look(int without)
        {
            hasLeader = without == 0;
            for (var i = 0; i < Math.Max(1, without); i++)
            {
                watch.Look();
            }
        }
    }
}
