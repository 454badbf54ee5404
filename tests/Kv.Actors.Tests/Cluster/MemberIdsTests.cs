using Kv.Actors.Cluster;
using Kv.Actors.Model;
using Xunit;

namespace Kv.Actors.Tests.Cluster;

public class MemberIdsTests
{
    // As a real etcd 3.4.23 computes them.
    [Fact]
    public void A_founder_and_its_cluster_get_etcd_s_ids()
    {
        var member = MemberIds.Founding(["http://127.0.0.1:23800"], "etcd-cluster");
        Assert.Equal("2e1259d415f2a040", member.ToString());
        Assert.Equal("48276a8f75b6a87", MemberIds.Cluster([member]).ToString());
    }

    [Fact]
    public void The_order_of_urls_and_of_founders_does_not_matter()
    {
        Assert.Equal(
            MemberIds.Founding(["http://b:1", "http://a:1"], "t"),
            MemberIds.Founding(["http://a:1", "http://b:1"], "t"));
        Assert.Equal(
            MemberIds.Cluster([new NodeId(1), new NodeId(ulong.MaxValue)]),
            MemberIds.Cluster([new NodeId(ulong.MaxValue), new NodeId(1)]));
    }

    [Fact]
    public void Token_and_time_tell_members_apart()
    {
        Assert.NotEqual(MemberIds.Founding(["http://a:1"], "t"), MemberIds.Founding(["http://a:1"], "u"));
        Assert.NotEqual(MemberIds.Added(["http://a:1"], 1), MemberIds.Added(["http://a:1"], 2));
    }
}
