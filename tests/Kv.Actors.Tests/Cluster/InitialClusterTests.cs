using Kv.Actors.Cluster;
using Kv.Actors.Model;
using Xunit;

namespace Kv.Actors.Tests.Cluster;

public sealed class InitialClusterTests
{
    private static readonly string[] _pairs = ["a=http://h:1", "b=http://h:2", "a=http://h:3"];

    [Fact]
    public void A_name_that_comes_again_has_several_urls()
    {
        var members = InitialCluster.Parse(_pairs);
        Assert.Equal(["a", "b"], members.Select(static member => member.Name));
        Assert.Equal("http://h:1 http://h:3", string.Join(' ', members[0].PeerUrls));
    }

    [Theory]
    [InlineData("a")]
    [InlineData("=http://h:1")]
    [InlineData("a=")]
    public void What_is_no_pair_is_refused(string pair) => Assert.Throws<FormatException>(() => InitialCluster.Parse([pair]));

    [Fact]
    public void A_url_of_two_members_is_refused_in_etcds_words() => Assert.Equal(
        "initial cluster a=http://h:1,b=http://h:1 has duplicate url",
        Assert.Throws<FormatException>(() => InitialCluster.Parse(["a=http://h:1", "b=http://h:1"])).Message);

    [Theory]
    [InlineData("c", "http://h:1", "couldn't find local name \"c\" in the initial cluster configuration")]
    [InlineData("b", "http://h:9", "--initial-cluster has b=http://h:2 but missing from --initial-advertise-peer-urls=http://h:9")]
    [InlineData("b", "http://h:9 http://h:2", "--initial-advertise-peer-urls has http://h:9 but missing from --initial-cluster=a=http://h:1,a=http://h:3,b=http://h:2")]
    [InlineData("a", "http://h:1", "--initial-cluster has a=http://h:3 but missing from --initial-advertise-peer-urls=http://h:1")]   // two of one name
    [InlineData("b", "http://h:2", null)]
    [InlineData("a", "http://h:3 http://h:1", null)]
    public void A_cluster_is_not_founded_by_flags_that_disagree(string name, string advertised, string? expected) =>
        Assert.Equal(expected, InitialCluster.WhyNotFound(InitialCluster.Parse(_pairs), name, advertised.Split(' ')));

    [Fact]
    public void Founders_have_etcds_ids_and_come_in_one_order_whatever_the_list_s()
    {
        var one = InitialCluster.Found(InitialCluster.Parse(["x=http://127.0.0.1:23800"]), "etcd-cluster");
        Assert.Equal("2e1259d415f2a040", Assert.Single(one).Id.ToString());
        Assert.Equal("48276a8f75b6a87", MemberIds.Cluster([one[0].Id]).ToString());
        var founders = InitialCluster.Found(InitialCluster.Parse(_pairs), "t");
        var backwards = InitialCluster.Found(InitialCluster.Parse(_pairs.Reverse()), "t");
        Assert.Equal(founders.Select(static member => member.Id), backwards.Select(static member => member.Id));
        Assert.Equal(founders.Select(static member => member.Id.Value).Order(), founders.Select(static member => member.Id.Value));
    }

    [Fact]
    public void A_member_that_joins_finds_itself_by_the_urls_of_all()
    {
        var listed = InitialCluster.Parse(_pairs);
        ClusterMember[] existing =
        [
            new(new NodeId(7), "", ["http://h:3", "http://h:1"], [], IsLearner: false),
            new(new NodeId(8), "bee", ["http://h:2"], [], IsLearner: false),
        ];
        Assert.Null(InitialCluster.Match(listed, existing, "a", out var self));
        Assert.Equal(new NodeId(7), self);
        Assert.Equal("member count is unequal", InitialCluster.Match(listed, existing[..1], "a", out _));
        existing[1] = existing[1] with { PeerUrls = ["http://h:9"] };
        Assert.StartsWith("PeerURLs: no match found for existing member", InitialCluster.Match(listed, existing, "a", out _), StringComparison.Ordinal);
    }

    /// <summary>A member may answer that has not heard yet that the one at this URL was removed and another added in its place.</summary>
    [Fact]
    public void A_member_that_joins_without_data_never_takes_an_id_that_has_served()
    {
        var listed = InitialCluster.Parse(_pairs);
        ClusterMember[] existing =
        [
            new(new NodeId(7), "a", ["http://h:1", "http://h:3"], ["http://h:4"], IsLearner: false),
            new(new NodeId(8), "b", ["http://h:2"], ["http://h:5"], IsLearner: false),
        ];
        Assert.Equal("member 8 has already been bootstrapped", InitialCluster.Match(listed, existing, "b", out var self));
        Assert.Equal(default, self);
        existing[1] = existing[1] with { Id = new NodeId(9), Name = "", ClientUrls = [] };
        Assert.Null(InitialCluster.Match(listed, existing, "b", out self));
        Assert.Equal(new NodeId(9), self);
    }

    [Fact]
    public void An_identity_comes_back_from_its_file()
    {
        var founders = InitialCluster.Found(InitialCluster.Parse(_pairs), "t");
        var identity = new MemberIdentity(founders[0].Id, new ClusterId(ulong.MaxValue), founders, [], Removed: true);
        Assert.Equal(identity, MemberIdentity.FromJson(identity.ToJson()));
        Assert.False(MemberIdentity.FromJson((identity with { Removed = false }).ToJson()).Removed);
    }
}
