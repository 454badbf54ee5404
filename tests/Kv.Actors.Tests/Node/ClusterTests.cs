using Kv.Actors.Apply;
using Kv.Actors.Cluster;
using Kv.Actors.Lease;
using Kv.Actors.Model;
using Kv.Actors.Node;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Actors.Raft;
using Xunit;
using static Kv.Actors.Tests.Apply.Requests;

namespace Kv.Actors.Tests.Node;

/// <summary>Three whole nodes in this process: what a cluster does, over a network that tests can cut.</summary>
public sealed class ClusterTests
{
    [Fact]
    public async Task Three_members_elect_one_and_each_takes_writes_and_linearizable_reads()
    {
        await using var cluster = await TestCluster.FoundAsync(names: ["a", "b", "c"]);
        await cluster.LeaderAsync();
        foreach (var name in (string[])["a", "b", "c"])
        {
            await cluster.PutAsync(name, $"on-{name}", name);
            foreach (var other in (string[])["a", "b", "c"])
            {
                Assert.Equal(name, await cluster.GetAsync(other, $"on-{name}"));
            }
        }
        await cluster.ConvergedAsync();
        Assert.Single(cluster.Nodes.Values.Select(static node => node.Status.Cluster).Distinct());
        Assert.Equal(["a", "b", "c"], cluster["a"].Roots.Current.Members.All.Select(static member => member.Name).Order());
    }

    [Fact]
    public async Task When_the_leader_is_gone_the_others_go_on_and_it_catches_up_when_it_is_back()
    {
        await using var cluster = await TestCluster.FoundAsync(names: ["a", "b", "c"]);
        var leader = await cluster.LeaderAsync();
        await cluster.PutAsync(leader, "before", "1");
        cluster.Isolate(leader);
        var others = cluster.Nodes.Keys.Where(name => name != leader).ToArray();
        await cluster.LeaderAsync(others);
        await cluster.PutAsync(others[0], "after", "2");
        await cluster.PutAsync(others[1], "after", "3");
        await TestCluster.UntilAsync(() => !cluster[leader].Status.Raft.IsLeader);
        cluster.Isolate(leader, cut: false);
        Assert.Equal("3", await cluster.GetAsync(leader, "after"));
        await cluster.ConvergedAsync();
    }

    [Fact]
    public async Task A_member_that_restarts_needs_no_list_of_members()
    {
        await using var cluster = await TestCluster.FoundAsync(names: ["a", "b", "c"]);
        var leader = await cluster.LeaderAsync();
        var follower = cluster.Follower(leader);
        await cluster.PutAsync(leader, "k", "1");
        var id = cluster[follower].Status.Self;
        await cluster.StopAsync(follower);
        await cluster.PutAsync(leader, "k", "2");
        await cluster.StartAsync(follower, members: []);
        Assert.Equal(id, cluster[follower].Status.Self);
        Assert.Equal("2", await cluster.GetAsync(follower, "k"));
    }

    [Fact]
    public async Task Leadership_is_handed_over_when_it_is_asked_for_and_when_the_leader_stops()
    {
        await using var cluster = await TestCluster.FoundAsync(names: ["a", "b", "c"]);
        var leader = await cluster.LeaderAsync();
        var heir = cluster.Follower(leader);
        var target = cluster[heir].Status.Self;
        Assert.Equal(KvError.NotLeader, await cluster[heir].TransferLeaderAsync(target, CancellationToken.None));
        Assert.Equal(KvError.BadLeaderTransferee, await cluster[leader].TransferLeaderAsync(new NodeId(77), CancellationToken.None));
        Assert.Equal(KvError.None, await cluster[leader].TransferLeaderAsync(target, CancellationToken.None).WaitAsync(TestCluster.Patience));
        Assert.Equal(heir, await cluster.LeaderAsync());
        var term = cluster[heir].Status.Raft.Term;
        await cluster.StopAsync(heir);
        await cluster.LeaderAsync();
        Assert.Equal(term + 1, cluster[leader].Status.Raft.Term);     // no election had to be lost first
    }

    [Fact]
    public async Task Leases_are_kept_alive_and_looked_at_through_any_member()
    {
        await using var cluster = await TestCluster.FoundAsync(names: ["a", "b", "c"]);
        var leader = await cluster.LeaderAsync();
        var follower = cluster.Follower(leader);
        var grant = await cluster[follower].ProposeAsync<LeaseGrantResponse>(Grant(7, 60));
        Assert.Equal(60, grant.Value!.TTL);
        await cluster[follower].ProposeAsync<PutResponse>(Put("leased", "1", lease: 7));
        Assert.Equal(60, (await cluster[follower].KeepAliveAsync(new LeaseId(7))).TtlSeconds);
        Assert.Equal(0, (await cluster[follower].KeepAliveAsync(new LeaseId(8))).TtlSeconds);
        var time = (await cluster[follower].TimeToLiveAsync(new LeaseId(7), withKeys: true)).Value!;
        Assert.InRange(time.RemainingSeconds, 50, 60);
        Assert.Equal("leased"u8.ToArray(), Assert.Single(time.Keys));
        Assert.Equal(KvError.LeaseNotFound, (await cluster[follower].TimeToLiveAsync(new LeaseId(8), withKeys: false)).Error);
    }

    /// <summary>Chaos run, seed 200: a follower had answered the revocation while the leader was still to apply it, and the leader renewed the lease.</summary>
    [Fact]
    public async Task A_lease_whose_revocation_was_answered_by_any_member_is_kept_alive_by_none()
    {
        await using var cluster = await TestCluster.FoundAsync(names: ["a", "b", "c"]);
        var leader = await cluster.LeaderAsync();
        string[] all = ["a", "b", "c"];
        for (var id = 1; id <= 60; id++)
        {
            await cluster[leader].ProposeAsync<LeaseGrantResponse>(Grant(id, 60));
            var revoked = await cluster[all[id % 3]].ProposeAsync<LeaseRevokeResponse>(Revoke(id));
            Assert.True(revoked.Ok);
            Assert.Equal(new KeepAliveReply(KvError.None, 0), await cluster[all[id / 3 % 3]].KeepAliveAsync(new LeaseId(id)));
            Assert.Equal(KvError.LeaseNotFound, (await cluster[all[id / 3 % 3]].TimeToLiveAsync(new LeaseId(id), withKeys: false)).Error);
        }
    }

    /// <summary>Reference, lease semantics 8 and 9: a new leader goes on from the last checkpoint, and without checkpoints from the full TTL;
    /// either way with an election timeout on top. A keep-alive takes the checkpoint back first.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_a_lease_had_left_outlives_its_leader_only_where_checkpoints_are_on(bool checkpoints)
    {
        const int ElectionSeconds = 1;
        await using var cluster = await TestCluster.FoundAsync(hocon: checkpoints ? "kv.lease.checkpoint-interval = 1s" : "", names: ["a", "b", "c"]);
        var leader = await cluster.LeaderAsync();
        await cluster[leader].ProposeAsync<LeaseGrantResponse>(Grant(7, 60));
        await cluster[leader].ProposeAsync<LeaseGrantResponse>(Grant(8, 60));
        await TestCluster.UntilAsync(() => cluster[leader].Leases.TryRemaining(new LeaseId(7), out var left, out _) && left < TimeSpan.FromSeconds(57.5));
        if (checkpoints)
        {
            await TestCluster.UntilAsync(() => cluster.Nodes.Values.All(static node => Checkpointed(node, 7) is > 0 and <= 58 && Checkpointed(node, 8) is > 0 and <= 58));
        }
        Assert.Equal(60, (await cluster[leader].KeepAliveAsync(new LeaseId(8))).TtlSeconds);
        Assert.NotInRange(Checkpointed(cluster[leader], 8), 1, 58);
        Assert.True(checkpoints == Checkpointed(cluster[leader], 7) > 0);

        var next = cluster.Follower(leader);
        Assert.Equal(KvError.None, await cluster[leader].TransferLeaderAsync(cluster[next].Status.Self, CancellationToken.None));
        await TestCluster.UntilAsync(() => cluster[next].Leases.IsPrimary);
        Assert.True(cluster[next].Leases.TryRemaining(new LeaseId(7), out var idle, out _));
        Assert.True(cluster[next].Leases.TryRemaining(new LeaseId(8), out var kept, out _));
        Assert.True(checkpoints == idle < TimeSpan.FromSeconds(58 + ElectionSeconds + 0.1), $"{idle} left of an idle lease");
        Assert.InRange(kept.TotalSeconds, 59, 60 + ElectionSeconds);

        static long Checkpointed(KvNode node, long lease) => node.Roots.Current.Leases.InOrder().Single(fact => fact.Id.Value == lease).RemainingSeconds;
    }

    [Fact]
    public async Task A_member_is_added_joins_by_its_urls_and_is_removed_for_good()
    {
        await using var cluster = await TestCluster.FoundAsync(names: ["a", "b", "c"]);
        var leader = await cluster.LeaderAsync();
        await cluster.PutAsync(leader, "k", "1");
        var added = new ClusterMember(new NodeId(0xd), "", [cluster.Url("d")], [], IsLearner: false);
        Assert.Equal(4, await cluster.ChangeAsync(cluster.Follower(leader), new ConfChange(ConfChangeType.AddNode, 0xd, added.ToJson())));
        await cluster.StartAsync("d", ["a", "b", "c", "d"], state: "existing");
        Assert.Equal((new NodeId(0xd), cluster["a"].Status.Cluster), (cluster["d"].Status.Self, cluster["d"].Status.Cluster));
        Assert.Equal("1", await cluster.GetAsync("d", "k"));
        await cluster.PutAsync("d", "k", "2");
        await cluster.ConvergedAsync();

        Assert.Equal(3, await cluster.ChangeAsync("a", new ConfChange(ConfChangeType.RemoveNode, 0xd)));
        var end = await cluster["d"].Ended.WaitAsync(TestCluster.Patience);
        Assert.Equal("the member has been permanently removed from the cluster", end.Reason);
        await cluster.StopAsync("d");
        await Assert.ThrowsAsync<InvalidDataException>(() => cluster.StartAsync("d"));
        await cluster.PutAsync("a", "k", "3");
    }

    [Fact]
    public async Task A_follower_that_lags_beyond_the_log_gets_a_snapshot_and_restarts_from_it()
    {
        await using var cluster = await TestCluster.FoundAsync(hocon: "kv.raft.kept-entries = 10", names: ["a", "b", "c"]);
        var leader = await cluster.LeaderAsync();
        var follower = cluster.Follower(leader);
        cluster.Isolate(follower);
        for (var i = 0; i < 200; i++)
        {
            await cluster.PutAsync(leader, $"k{i % 50}", new string('x', 500) + i);
        }
        cluster.Isolate(follower, cut: false);
        await TestCluster.UntilAsync(() => cluster[follower].Status.AppliedIndex >= cluster[leader].Status.AppliedIndex);
        Assert.EndsWith("199", await cluster.GetAsync(follower, "k49"), StringComparison.Ordinal);
        await cluster.ConvergedAsync();
        var label = cluster[follower].Status.Self.ToString();
        await TestCluster.UntilAsync(() => cluster.Nodes.Values.Any(node => node.Metrics.Peers.SnapshotSendSuccesses.With(label).Value > 0));
        await cluster.PutAsync(follower, "k1", "after");
        await cluster.StopAsync(follower);
        await cluster.StartAsync(follower);
        Assert.Equal("after", await cluster.GetAsync(follower, "k1"));
        await cluster.ConvergedAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_snapshot_that_breaks_off_or_is_damaged_on_the_way_is_completed_nonetheless(bool damage)
    {
        await using var cluster = await TestCluster.FoundAsync(
            hocon: "kv { raft.kept-entries = 10, peer { snapshot-chunk-bytes = 4096, snapshot-window-chunks = 2 } }", names: ["a", "b", "c"]);
        var leader = await cluster.LeaderAsync();
        var follower = cluster.Follower(leader);
        cluster.Isolate(follower);
        for (var i = 0; i < 200; i++)
        {
            await cluster.PutAsync(leader, $"k{i}", new string('x', 500) + i);
        }
        var pieces = 0;
        cluster.Network.Passes = message => message is not Kv.Actors.Peers.PeerMessage.SnapshotChunk || (Interlocked.Increment(ref pieces) % 5 != 0 && !damage);
        cluster.Network.Rewrite = message => damage && message is Kv.Actors.Peers.PeerMessage.SnapshotChunk { Offset: 8192 } chunk && Interlocked.Increment(ref pieces) == 1
            ? chunk with { Data = new byte[chunk.Data.Length] }
            : message;
        if (damage)
        {
            cluster.Network.Passes = static _ => true;
        }
        cluster.Isolate(follower, cut: false);
        await TestCluster.UntilAsync(() => cluster[follower].Status.AppliedIndex >= cluster[leader].Status.AppliedIndex);
        await cluster.ConvergedAsync();
        Assert.True(pieces > 0);
    }

    [Fact]
    public async Task Without_a_majority_nothing_is_acknowledged_and_everybody_is_told_in_time()
    {
        await using var cluster = await TestCluster.FoundAsync(names: ["a", "b", "c"]);
        var leader = await cluster.LeaderAsync();
        foreach (var name in cluster.Nodes.Keys)
        {
            cluster.Isolate(name);
        }
        var put = cluster[leader].ProposeAsync<PutResponse>(Put("k", "1"));
        var read = cluster[leader].Reads.LinearizableAsync(CancellationToken.None).AsTask();
        var kept = cluster[cluster.Follower(leader)].KeepAliveAsync(new LeaseId(1)).AsTask();
        Assert.Contains((await put.WaitAsync(TestCluster.Patience)).Error, (KvError[])[KvError.Timeout, KvError.TimeoutDueToConnectionLost, KvError.TimeoutDueToLeaderFail]);
        Assert.Contains((await read.WaitAsync(TestCluster.Patience)).Error, (KvError[])[KvError.Timeout, KvError.LeaderChanged]);
        Assert.Equal(KvError.NoLeader, (await kept.WaitAsync(TestCluster.Patience)).Error);
        Assert.Null(Value(cluster[leader].Roots.Current, "k"));
        foreach (var name in cluster.Nodes.Keys)
        {
            cluster.Isolate(name, cut: false);
        }
        await cluster.LeaderAsync();
        await cluster.PutAsync(leader, "k", "2");
        await cluster.ConvergedAsync();
    }
}
