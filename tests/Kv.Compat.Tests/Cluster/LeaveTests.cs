using Akka.Actor;
using Akka.Cluster;

namespace Kv.Compat.Tests.ClusterCore;

/// <summary>Going in order: by request, by the shutdown of the system, as the leader, alone.</summary>
public sealed class LeaveTests : ClusterTest
{
    [Fact]
    public async Task A_member_that_leaves_is_seen_leaving_exiting_and_removed_and_its_system_ends()
    {
        var nodes = await StartCluster(3);
        var leaver = nodes[2];
        var removed = new TaskCompletionSource();
        leaver.Cluster.RegisterOnMemberRemoved(removed.SetResult);
        var left = leaver.Cluster.LeaveAsync();
        Assert.Same(left, leaver.Cluster.LeaveAsync());
        await left.WaitAsync(Limit);
        await removed.Task.WaitAsync(Limit);
        await leaver.System.WhenTerminated.WaitAsync(Limit);
        await AllUp(nodes[0], nodes[1]);
        foreach (var node in nodes[..2])
        {
            var life = node.Recorder.Life(leaver.Self);
            Assert.Equal("MemberRemoved", life[^1]);
            Assert.Equal("MemberExited", life[^2]);
            var e = await node.Recorder.Event<ClusterEvent.MemberRemoved>();
            Assert.Equal(MemberStatus.Exiting, e.PreviousStatus);
            Assert.Equal(MemberStatus.Removed, e.Member.Status);
            Assert.DoesNotContain(node.Recorder.Now.Events, static x => x is ClusterEvent.MemberDowned);
        }

        Assert.True(leaver.Cluster.IsTerminated);
        Assert.Equal(CoordinatedShutdown.ClusterLeavingReason.Instance, CoordinatedShutdown.Get(leaver.System).ShutdownReason);
        Assert.Throws<ClusterJoinFailedException>(() => { _ = leaver.Cluster.JoinAsync(nodes[0].Address); });
        var after = false;
        leaver.Cluster.RegisterOnMemberRemoved(() => after = true);
        Assert.True(after);
    }

    [Fact]
    public async Task A_member_can_be_made_to_leave_by_another()
    {
        var nodes = await StartCluster(3);
        nodes[0].Cluster.Leave(nodes[1].Address);
        await nodes[1].System.WhenTerminated.WaitAsync(Limit);
        await AllUp(nodes[0], nodes[2]);
        var e = await nodes[2].Recorder.Event<ClusterEvent.MemberRemoved>();
        Assert.Equal(nodes[1].Self, e.Member.UniqueAddress);
        Assert.Equal(MemberStatus.Exiting, e.PreviousStatus);
    }

    [Fact]
    public async Task A_system_that_is_terminated_leaves_first()
    {
        var nodes = await StartCluster(2);
        await nodes[1].System.Terminate().WaitAsync(Limit);
        var e = await nodes[0].Recorder.Event<ClusterEvent.MemberRemoved>();
        Assert.Equal(nodes[1].Self, e.Member.UniqueAddress);
        Assert.Equal(MemberStatus.Exiting, e.PreviousStatus);
        await AllUp(nodes[0]);
    }

    [Fact]
    public async Task When_the_leader_leaves_the_next_by_address_leads()
    {
        var nodes = (await StartCluster(3)).OrderBy(static n => n.Self).ToArray();
        await Eventually(() => nodes[2].Cluster.State.Leader == nodes[0].Address);
        await nodes[0].Cluster.LeaveAsync().WaitAsync(Limit);
        await AllUp(nodes[1], nodes[2]);
        await nodes[2].Recorder.Until(view => view.Leader == nodes[1].Address);
        var e = await nodes[2].Recorder.Event<ClusterEvent.MemberRemoved>();
        Assert.Equal(MemberStatus.Exiting, e.PreviousStatus);
    }

    [Fact]
    public async Task The_last_member_can_leave_too()
    {
        var nodes = await StartCluster(1);
        var tasks = new List<string>();
        CoordinatedShutdown.Get(nodes[0].System).AddTask(CoordinatedShutdown.PhaseClusterExiting, "look", () =>
        {
            tasks.Add(nodes[0].Cluster.SelfMember.Status.ToString());
            return Task.FromResult(Akka.Done.Instance);
        });
        await nodes[0].Cluster.LeaveAsync().WaitAsync(Limit);
        await nodes[0].System.WhenTerminated.WaitAsync(Limit);
        Assert.Equal(["Exiting"], tasks);
    }

    [Fact]
    public async Task All_may_leave_at_once()
    {
        var nodes = await StartCluster(3);
        await Task.WhenAll(nodes.Select(static n => n.System.Terminate())).WaitAsync(Limit);
        Assert.All(nodes, static n => Assert.True(n.Cluster.IsTerminated));
    }

    [Fact]
    public async Task A_stranger_ends_without_waiting()
    {
        var node = Start();
        await node.System.Terminate().WaitAsync(Limit);
        Assert.True(node.Cluster.IsTerminated);
    }
}
