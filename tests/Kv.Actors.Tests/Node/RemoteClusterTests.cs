using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using Akka.Serialization;
using Kv.Actors.Cluster;
using Kv.Actors.Model;
using Kv.Actors.Raft;
using Xunit;

namespace Kv.Actors.Tests.Node;

/// <summary>Three whole nodes over Akka.Remote on loopback: what the other cluster tests hold over a network of their own.</summary>
public sealed class RemoteClusterTests
{
    [Fact]
    public async Task Members_elect_one_take_writes_everywhere_lose_one_go_on_and_take_it_back()
    {
        await using var cluster = await TestCluster.FoundAsync(remote: true, names: ["a", "b", "c"]);
        var leader = await cluster.LeaderAsync();
        foreach (var name in (string[])["a", "b", "c"])
        {
            await cluster.PutAsync(name, $"on-{name}", name);
            Assert.Equal(name, await cluster.GetAsync(cluster.Follower(name), $"on-{name}"));
        }
        await TestCluster.UntilAsync(() => cluster.Nodes.Values.All(static node => node.Peers.ConnectedCount == 2));
        Assert.All(cluster.Nodes.Values, static node => Assert.All(node.Peers.Members, peer => Assert.NotNull(node.Peers.ConnectedSince(peer))));
        await cluster.StopAsync(leader);
        var heir = await cluster.LeaderAsync();
        await cluster.PutAsync(heir, "without", leader);
        await cluster.StartAsync(leader);
        Assert.Equal(leader, await cluster.GetAsync(leader, "without"));
        await cluster.ConvergedAsync();
    }

    [Fact]
    public async Task A_member_joins_with_large_values_by_snapshot_and_is_removed_again()
    {
        await using var cluster = await TestCluster.FoundAsync(remote: true, hocon: "kv.raft.kept-entries = 10", names: ["a", "b", "c"]);
        var leader = await cluster.LeaderAsync();
        var big = new string('x', 1_000_000);
        for (var i = 0; i < 40; i++)
        {
            await cluster.PutAsync(leader, $"k{i % 8}", big + i);
        }
        var added = new ClusterMember(new NodeId(0xd), "", [cluster.Url("d")], [], IsLearner: false);
        Assert.Equal(4, await cluster.ChangeAsync(leader, new ConfChange(ConfChangeType.AddNode, 0xd, added.ToJson())));
        await cluster.StartAsync("d", ["a", "b", "c", "d"], state: "existing");
        Assert.EndsWith("39", await cluster.GetAsync("d", "k7"), StringComparison.Ordinal);
        await cluster.PutAsync("d", "k0", big);
        await cluster.ConvergedAsync();
        Assert.Equal(3, await cluster.ChangeAsync("a", new ConfChange(ConfChangeType.RemoveNode, 0xd)));
        Assert.True((await cluster["d"].Ended.WaitAsync(TestCluster.Patience)).IsRemoved);
        await cluster.StopAsync("d");
        await cluster.PutAsync(leader, "after", "1");
    }

    [Fact]
    public async Task What_is_bound_to_no_serializer_is_neither_sent_nor_read_but_refused_and_counted()
    {
        await using var cluster = await TestCluster.FoundAsync(remote: true, names: ["a"]);
        var serialization = ((ExtendedActorSystem)cluster["a"].System).Serialization;
        Assert.Throws<SerializationException>(() => serialization.Serialize(new StrangerTests.Nonsense()));
        using var foreign = ActorSystem.Create("foreign", StrangerTests.Hocon);
        foreign.ActorSelection($"akka.tcp://kv@{new Uri(cluster.Url("a")).Authority}/user/node/peers").Tell(new StrangerTests.Nonsense());
        await TestCluster.UntilAsync(() => cluster["a"].Metrics.Peers.ReceivedFailures.With("0").Value == 1);
        await cluster.PutAsync("a", "k", "v");
        await foreign.Terminate();
    }

    /// <summary>Members trust each other's systems in no more than a few paths: those must be all that a cluster of systems needs.</summary>
    [Fact]
    public async Task The_members_systems_form_one_cluster_and_hear_each_other_s_heartbeats()
    {
        await using var cluster = await TestCluster.FoundAsync(
            remote: true, hocon: "akka { loggers = [], loglevel = DEBUG, cluster.debug.verbose-heartbeat-logging = on }", names: ["a", "b", "c"]);
        var heard = cluster.Nodes.Values.Select(static node =>
        {
            var first = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
            node.System.EventStream.Subscribe(node.System.ActorOf(Props.Create(() => new Listener(first)), "listener"), typeof(Debug));
            return first.Task;
        }).ToList();
        await TestCluster.UntilAsync(() => cluster.Nodes.Values.All(static node =>
            Akka.Cluster.Cluster.Get(node.System).State.Members.Count(static member => member.Status == Akka.Cluster.MemberStatus.Up) == 3));
        Assert.All(await Task.WhenAll(heard).WaitAsync(TestCluster.Patience), static said => Assert.Contains("Heartbeat response from", said, StringComparison.Ordinal));
    }

    /// <summary>Tells the first that is logged of an answered heartbeat, or of something that was not let through.</summary>
    private sealed class Listener : ReceiveActor
    {
        public Listener(TaskCompletionSource<string> first) => Receive<Debug>(logged =>
        {
            var text = logged.Message.ToString() ?? "";
            if (text.Contains("Heartbeat response from", StringComparison.Ordinal) || text.Contains("UntrustedMode", StringComparison.Ordinal))
            {
                first.TrySetResult(text);
            }
        });
    }
}
