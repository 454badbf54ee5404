using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Cluster;
using Akka.Configuration;
using Akka.Event;
using Akka.Remote;

namespace Kv.Compat.Tests.ClusterCore;

/// <summary>Members that fall silent: noticed, back again, declared dead, replaced by a new run of themselves.</summary>
public sealed class ReachabilityTests : ClusterTest
{
    [Fact]
    public async Task A_member_that_dies_without_a_word_is_unreachable_and_stays_a_member_until_it_is_downed()
    {
        var nodes = await StartCluster(2, Impatient, Mortal);
        await nodes[1].System.Terminate().WaitAsync(Limit);
        var e = await nodes[0].Recorder.Event<ClusterEvent.UnreachableMember>();
        Assert.Equal(nodes[1].Self, e.Member.UniqueAddress);
        Assert.Equal(MemberStatus.Up, e.Member.Status);
        Assert.Equal(2, nodes[0].Cluster.State.Members.Count);
        Assert.False(nodes[0].Cluster.FailureDetector.IsAvailable(nodes[1].Address));

        nodes[0].Cluster.Down(nodes[1].Address);
        await AllUp(nodes[0]);
        Assert.Equal(["MemberDowned", "MemberRemoved"], nodes[0].Recorder.Life(nodes[1].Self)[^2..]);
        Assert.Equal(MemberStatus.Down, (await nodes[0].Recorder.Event<ClusterEvent.MemberRemoved>()).PreviousStatus);
    }

    [Fact]
    public async Task A_member_that_is_heard_again_is_reachable_again()
    {
        var name = Guid.NewGuid().ToString("N");
        var nodes = await StartCluster(2, $$"""
            akka.cluster.failure-detector {
              implementation-class = "{{typeof(SwitchedDetector).AssemblyQualifiedName}}"
              test-name = "{{name}}"
            }
            """);
        SwitchedDetector.Dead[name] = true;
        foreach (var node in nodes) await node.Recorder.Until(view => view.Unreachable.Count == 1);
        Assert.Equal(nodes[1].Self, Assert.Single(nodes[0].Recorder.Now.Unreachable));
        SwitchedDetector.Dead[name] = false;
        foreach (var node in nodes) await node.Recorder.Until(static view => view.Unreachable.IsEmpty);
        Assert.Equal(nodes[1].Self, (await nodes[0].Recorder.Event<ClusterEvent.ReachableMember>()).Member.UniqueAddress);
        await AllUp(nodes);

        // And the leader acts again: somebody new can come up.
        SwitchedDetector.Dead.TryRemove(name, out _);
        var third = Start();
        await third.Cluster.JoinAsync(nodes[1].Address).WaitAsync(Limit);
        await AllUp(nodes[0], nodes[1], third);
    }

    [Fact]
    public async Task A_living_member_that_is_downed_ends_itself()
    {
        var nodes = await StartCluster(3);
        nodes[0].Cluster.Down(nodes[1].Address);
        await nodes[1].System.WhenTerminated.WaitAsync(Limit);
        Assert.True(nodes[1].Cluster.IsTerminated);
        Assert.Equal(CoordinatedShutdown.ClusterDowningReason.Instance, CoordinatedShutdown.Get(nodes[1].System).ShutdownReason);
        await nodes[2].Recorder.Event<ClusterEvent.MemberDowned>(e => e.Member.UniqueAddress == nodes[1].Self);
    }

    [Fact]
    public async Task While_somebody_is_unreachable_others_come_weakly_up_and_up_once_it_is_gone()
    {
        const string soon = "akka.cluster.allow-weakly-up-members = 500ms";
        var nodes = await StartCluster(2, Impatient, Mortal, soon);
        await nodes[1].System.Terminate().WaitAsync(Limit);
        await nodes[0].Recorder.Event<ClusterEvent.UnreachableMember>();
        var third = Start(Impatient, soon);
        third.Cluster.Join(nodes[0].Address);
        await third.Recorder.Event<ClusterEvent.MemberWeaklyUp>(e => e.Member.UniqueAddress == third.Self);
        await Eventually(() => third.Cluster.IsUp);
        nodes[0].Cluster.Down(nodes[1].Address);
        await AllUp(nodes[0], third);
        Assert.Equal(["MemberJoined", "MemberWeaklyUp", "MemberUp"], nodes[0].Recorder.Life(third.Self));
    }

    [Fact]
    public async Task A_node_that_is_started_again_at_its_address_replaces_its_former_self()
    {
        var nodes = await StartCluster(3, Mortal);
        var (old, address) = (nodes[2].Self, nodes[2].Address);
        await nodes[2].System.Terminate().WaitAsync(Limit);
        var again = Start($"akka.remote.dot-netty.tcp.port = {address.Port}");
        Assert.Equal(address, again.Address);
        Assert.NotEqual(old.Uid, again.Self.Uid);
        await again.Cluster.JoinSeedNodesAsync([nodes[0].Address, nodes[1].Address]).WaitAsync(Limit);
        await AllUp(nodes[0], nodes[1], again);
        foreach (var node in nodes[..2])
        {
            Assert.Equal("MemberRemoved", node.Recorder.Life(old)[^1]);
            Assert.Equal(MemberStatus.Down, (await node.Recorder.Event<ClusterEvent.MemberRemoved>(e => e.Member.UniqueAddress == old)).PreviousStatus);
            Assert.Equal("MemberUp", node.Recorder.Life(again.Self)[^1]);
        }
    }

    [Theory]
    [InlineData("active-strategy = keep-majority", 1)]
    [InlineData("active-strategy = static-quorum, static-quorum.quorum-size = 2", 2)]
    [InlineData("active-strategy = keep-oldest", 2)]
    [InlineData("active-strategy = keep-oldest", 0)]
    public async Task The_lost_one_is_downed_by_those_who_may_live_on(string strategy, int lost)
    {
        var resolver = $$"""
            akka.cluster {
              downing-provider-class = "Akka.Cluster.SBR.SplitBrainResolverProvider, Akka.Cluster"
              split-brain-resolver { stable-after = 1s, {{strategy}} }
            }
            """;
        var nodes = await StartCluster(3, Impatient, Mortal, resolver);
        await nodes[lost].System.Terminate().WaitAsync(Limit);
        var rest = nodes.Where((_, i) => i != lost).ToArray();
        await AllUp(rest);
        Assert.Equal(MemberStatus.Down, (await rest[0].Recorder.Event<ClusterEvent.MemberRemoved>()).PreviousStatus);
    }

    [Fact]
    public async Task A_minority_downs_itself_when_split_brain_resolution_is_on()
    {
        const string resolver = """
            akka.cluster {
              downing-provider-class = "Akka.Cluster.SBR.SplitBrainResolverProvider, Akka.Cluster"
              split-brain-resolver.stable-after = 1s
            }
            """;
        var nodes = await StartCluster(3, Impatient, Mortal, resolver);
        await Task.WhenAll(nodes[1].System.Terminate(), nodes[2].System.Terminate()).WaitAsync(Limit);
        await nodes[0].System.WhenTerminated.WaitAsync(Limit);
        Assert.True(nodes[0].Cluster.IsTerminated);
    }

    /// <summary>Says what the test wants of all whom nodes with one name in their configuration watch.</summary>
    public sealed class SwitchedDetector : FailureDetector
    {
        internal static readonly ConcurrentDictionary<string, bool> Dead = new();

        private readonly string _name;
        private volatile bool _monitoring;

        /// <summary>As the package makes one.</summary>
        public SwitchedDetector(Config config, EventStream events)
        {
            ArgumentNullException.ThrowIfNull(config);
            ArgumentNullException.ThrowIfNull(events);
            _name = config.GetString("test-name");
        }

        /// <inheritdoc/>
        public override bool IsAvailable => !Dead.GetValueOrDefault(_name);

        /// <inheritdoc/>
        public override bool IsMonitoring => _monitoring;

        /// <inheritdoc/>
        public override void HeartBeat() => _monitoring = true;
    }
}
