using Kv.Actors.Cluster;
using Kv.Actors.Model;
using Kv.Actors.Node;
using Xunit;

namespace Kv.Actors.Tests.Node;

/// <summary>Membership calls asked of any member of whole clusters; the rules by themselves are in Cluster/.</summary>
public sealed class MembershipCallsTests
{
    private const string Lax = "kv.cluster.strict-reconfig-check = false";

    [Fact]
    public async Task A_learner_is_added_by_any_member_and_promoted_through_a_follower_once_it_has_the_log()
    {
        await using var cluster = await TestCluster.FoundAsync(hocon: Lax, names: ["a", "b", "c"]);
        var leader = await cluster.LeaderAsync();
        var follower = cluster.Follower(leader);
        await cluster.PutAsync(leader, "k", "v");
        var (added, id) = await cluster[follower].Membership.AddAsync([cluster.Url("d")], isLearner: true);
        Assert.Equal((KvError.None, true), (added.Error, added.Value!.Find(id)!.IsLearner));
        Assert.Equal(KvError.TooManyLearners, (await cluster[leader].Membership.AddAsync(["http://127.0.0.1:1"], isLearner: true)).Members.Error);
        Assert.Equal(KvError.PeerURLExist, (await cluster[leader].Membership.AddAsync([cluster.Url("d"), "http://127.0.0.1:2"], isLearner: false)).Members.Error);
        Assert.Equal(KvError.LearnerNotReady, (await cluster[follower].Membership.PromoteAsync(id)).Error);
        Assert.Equal(KvError.BadLeaderTransferee, await cluster[leader].TransferLeaderAsync(id, CancellationToken.None));

        await cluster.StartAsync("d", ["a", "b", "c", "d"], state: "existing");
        Assert.Equal(id, cluster["d"].Status.Self);
        Assert.True(cluster["d"].Status.Raft.IsLearner);
        var promoted = await PromoteAsync(cluster[follower], id);
        Assert.False(promoted.Find(id)!.IsLearner);
        Assert.Equal(KvError.MemberNotLearner, (await cluster["d"].Membership.PromoteAsync(id)).Error);
        Assert.Equal(KvError.MemberNotFound, (await cluster["d"].Membership.PromoteAsync(new NodeId(99))).Error);
        Assert.Equal("v", await cluster.GetAsync("d", "k"));
        await TestCluster.UntilAsync(() => !cluster["d"].Status.Raft.IsLearner);
    }

    [Fact]
    public async Task A_member_that_is_removed_ends_and_can_never_start_again()
    {
        await using var cluster = await TestCluster.FoundAsync(hocon: Lax, names: ["a", "b", "c"]);
        var leader = await cluster.LeaderAsync();
        var gone = cluster[cluster.Follower(leader)];
        var removed = await cluster[leader].Membership.RemoveAsync(gone.Status.Self);
        Assert.Equal((KvError.None, 2), (removed.Error, removed.Value!.Count));
        Assert.True((await gone.Ended.WaitAsync(TestCluster.Patience)).IsRemoved);
        Assert.Equal(KvError.MemberNotFound, (await cluster[leader].Membership.RemoveAsync(gone.Status.Self)).Error);
        var name = gone.Settings.Name;
        await cluster.StopAsync(name);
        var refused = await Assert.ThrowsAsync<InvalidDataException>(() => cluster.StartAsync(name, publish: false));
        Assert.Contains("the member has been permanently removed from the cluster", refused.Message, StringComparison.Ordinal);
        await cluster.PutAsync(leader, "still", "here");
    }

    [Fact]
    public async Task A_leader_that_is_removed_makes_way()
    {
        await using var cluster = await TestCluster.FoundAsync(hocon: Lax, names: ["a", "b", "c"]);
        var leader = await cluster.LeaderAsync();
        var other = cluster.Follower(leader);
        Assert.Equal(KvError.None, (await cluster[other].Membership.RemoveAsync(cluster[leader].Status.Self)).Error);
        Assert.True((await cluster[leader].Ended.WaitAsync(TestCluster.Patience)).IsRemoved);
        await cluster.StopAsync(leader);
        await cluster.LeaderAsync();
        await cluster.PutAsync(other, "still", "here");
    }

    /// <summary>Links of less than 5 s prove nothing: a cluster that has just started takes no change.</summary>
    [Fact]
    public async Task The_strict_check_is_on_by_default()
    {
        await using var cluster = await TestCluster.FoundAsync(names: ["a", "b", "c"]);
        var leader = await cluster.LeaderAsync();
        Assert.Equal(KvError.Unhealthy, (await cluster[leader].Membership.AddAsync([cluster.Url("d")], isLearner: true)).Members.Error);
        Assert.Equal(KvError.Unhealthy, (await cluster[leader].Membership.RemoveAsync(cluster[leader].Status.Self)).Error);
        Assert.Equal(3, cluster[leader].Roots.Current.Members.Count);
    }

    [Fact]
    public async Task A_member_that_was_lost_with_the_quorum_goes_on_alone_when_forced_to()
    {
        await using var cluster = await TestCluster.FoundAsync(names: ["a", "b", "c"]);
        var leader = await cluster.LeaderAsync();
        await cluster.PutAsync(leader, "k", "v");
        await cluster.ConvergedAsync();
        var survivor = cluster.Follower(leader);
        foreach (var name in cluster.Nodes.Keys.ToArray())
        {
            await cluster.StopAsync(name);
        }
        await cluster.StartAsync(survivor, more: "kv.cluster.force-new-cluster = true");
        Assert.Equal("v", await cluster.GetAsync(survivor, "k"));
        await cluster.PutAsync(survivor, "k", "w");
        Assert.Equal(survivor, Assert.Single(cluster[survivor].Roots.Current.Members.All).Name);
        Assert.True(cluster[survivor].Status.Raft.IsSoleVoter);

        await cluster.StopAsync(survivor);
        await cluster.StartAsync(survivor);                        // and without being forced, from then on
        Assert.Equal("w", await cluster.GetAsync(survivor, "k"));
    }

    /// <summary>It would vote and acknowledge again what it has forgotten.</summary>
    [Theory]
    [InlineData("new")]
    [InlineData("existing")]
    public async Task A_member_that_lost_its_data_neither_founds_its_cluster_again_nor_joins_as_who_it_was(string state)
    {
        await using var cluster = await TestCluster.FoundAsync(names: ["a", "b", "c"]);
        var leader = await cluster.LeaderAsync();
        await cluster.ConvergedAsync();
        var lost = cluster.Follower(leader);
        var id = cluster[lost].Status.Self;
        await cluster.StopAsync(lost);
        cluster.LoseData(lost);
        var refused = await Assert.ThrowsAsync<InvalidDataException>(() => cluster.StartAsync(lost, ["a", "b", "c"], state: state, publish: false));
        Assert.EndsWith($"member {id} has already been bootstrapped", refused.Message, StringComparison.Ordinal);
        await cluster.PutAsync(leader, "still", "here");
    }

    private static async Task<MemberSet> PromoteAsync(KvNode through, NodeId id)
    {
        using var patience = new CancellationTokenSource(TestCluster.Patience);
        while (true)
        {
            var promoted = await through.Membership.PromoteAsync(id);
            if (promoted.Ok)
            {
                return promoted.Value;
            }
            Assert.Equal(KvError.LearnerNotReady, promoted.Error);
            Assert.False(patience.IsCancellationRequested, "the learner never caught up");
        }
    }
}
