using System.Threading.Channels;
using Akka.Actor;
using Akka.Cluster;

namespace Kv.Compat.Tests.ClusterCore;

/// <summary>What a subscriber hears, from which moment, in which order.</summary>
public sealed class SubscriptionTests : ClusterTest
{
    [Fact]
    public async Task A_snapshot_comes_first_then_events_of_the_types_asked_for()
    {
        var nodes = await StartCluster(2);
        var (listener, heard) = Listener(nodes[0]);
        nodes[0].Cluster.Subscribe(listener, typeof(ClusterEvent.IMemberEvent));
        var state = Assert.IsType<ClusterEvent.CurrentClusterState>(await Next(heard));
        Assert.Equal(nodes.Select(static n => n.Self).Order(), state.Members.Select(static m => m.UniqueAddress));
        Assert.All(state.Members, static m => Assert.Equal(MemberStatus.Up, m.Status));
        Assert.NotNull(state.Leader);
        var third = Start();
        await third.Cluster.JoinAsync(nodes[1].Address).WaitAsync(Limit);
        var joined = Assert.IsType<ClusterEvent.MemberJoined>(await Next(heard));
        Assert.Equal(third.Self, joined.Member.UniqueAddress);
        var up = Assert.IsType<ClusterEvent.MemberUp>(await Next(heard));
        Assert.Equal(third.Self, up.Member.UniqueAddress);
    }

    [Fact]
    public async Task The_past_as_events_gives_each_member_as_it_is_now()
    {
        var nodes = await StartCluster(2);
        var (listener, heard) = Listener(nodes[0]);
        nodes[0].Cluster.Subscribe(listener, ClusterEvent.InitialStateAsEvents, typeof(ClusterEvent.MemberUp), typeof(ClusterEvent.LeaderChanged));
        var ups = new[] { await Next(heard), await Next(heard) }.Cast<ClusterEvent.MemberUp>().Select(static e => e.Member.UniqueAddress);
        Assert.Equal(nodes.Select(static n => n.Self).Order(), ups.Order());
        var leader = Assert.IsType<ClusterEvent.LeaderChanged>(await Next(heard));
        Assert.Equal(nodes.Select(static n => n.Address).Min(Member.AddressOrdering), leader.Leader);
    }

    [Fact]
    public async Task A_stranger_has_an_empty_state()
    {
        var node = Start();
        var (listener, heard) = Listener(node);
        node.Cluster.SendCurrentClusterState(listener);
        var state = Assert.IsType<ClusterEvent.CurrentClusterState>(await Next(heard));
        Assert.Empty(state.Members);
        Assert.Null(state.Leader);
        Assert.Empty(state.AllRoles);
    }

    [Fact]
    public async Task Who_has_unsubscribed_hears_nothing_more_of_that_type()
    {
        var nodes = await StartCluster(1);
        var (listener, heard) = Listener(nodes[0]);
        nodes[0].Cluster.Subscribe(listener, typeof(ClusterEvent.MemberJoined), typeof(ClusterEvent.MemberUp));
        Assert.IsType<ClusterEvent.CurrentClusterState>(await Next(heard));
        nodes[0].Cluster.Unsubscribe(listener, typeof(ClusterEvent.MemberJoined));
        var second = Start();
        await second.Cluster.JoinAsync(nodes[0].Address).WaitAsync(Limit);
        Assert.IsType<ClusterEvent.MemberUp>(await Next(heard));
        nodes[0].Cluster.Unsubscribe(listener);
        var third = Start();
        await third.Cluster.JoinAsync(nodes[0].Address).WaitAsync(Limit);
        await AllUp(nodes[0], second, third);
        nodes[0].Cluster.SendCurrentClusterState(listener);     // what comes next must be this
        Assert.Equal(3, Assert.IsType<ClusterEvent.CurrentClusterState>(await Next(heard)).Members.Count);
    }

    [Fact]
    public async Task A_subscription_to_something_else_is_refused()
    {
        var nodes = await StartCluster(1);
        var (listener, _) = Listener(nodes[0]);
        Assert.Throws<ArgumentException>(() => nodes[0].Cluster.Subscribe(listener));
        Assert.Throws<ArgumentException>(() => nodes[0].Cluster.Subscribe(listener, typeof(string)));
    }

    [Fact]
    public async Task The_path_of_an_actor_can_be_had_with_the_address()
    {
        var nodes = await StartCluster(1);
        var (listener, _) = Listener(nodes[0]);
        var path = nodes[0].Cluster.RemotePathOf(listener);
        Assert.Equal(nodes[0].Address, path.Address);
        Assert.Equal(listener.Path.ToStringWithAddress(nodes[0].Address), path.ToString());
    }

    private static (IActorRef Listener, ChannelReader<object> Heard) Listener(Node node)
    {
        var heard = Channel.CreateUnbounded<object>();
        return (node.System.ActorOf(Props.Create(() => new Forwarder(heard.Writer))), heard.Reader);
    }

    private static async Task<object> Next(ChannelReader<object> heard) => await heard.ReadAsync().AsTask().WaitAsync(Limit);

    private sealed class Forwarder : ReceiveActor
    {
        public Forwarder(ChannelWriter<object> to) => ReceiveAny(message => to.TryWrite(message));
    }
}
