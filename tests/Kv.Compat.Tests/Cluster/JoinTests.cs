using Akka.Actor;
using Akka.Cluster;
using Akka.Configuration;
using Akka.Util;
using Xunit.Abstractions;

namespace Kv.Compat.Tests.ClusterCore;

/// <summary>From stranger to member: joining by hand and by seeds, and who is let in when.</summary>
public sealed class JoinTests(ITestOutputHelper output) : ClusterTest
{
    [Fact]
    public async Task A_node_that_joins_itself_founds_a_cluster()
    {
        var node = Start();
        Assert.Equal(MemberStatus.Removed, node.Cluster.SelfMember.Status);
        Assert.False(node.Cluster.IsUp);
        Assert.Empty(node.Cluster.State.Members);
        Assert.Equal("akka.tcp", node.Address.Protocol);
        Assert.NotEqual(0, node.Address.Port);
        await node.Cluster.JoinAsync(node.Address).WaitAsync(Limit);
        await AllUp(node);
        Assert.True(node.Cluster.IsUp);
        Assert.Equal(MemberStatus.Up, node.Cluster.SelfMember.Status);
        Assert.Equal(node.Self, node.Cluster.SelfMember.UniqueAddress);
        await Eventually(() => node.Cluster.State.Leader == node.Address);
        Assert.Equal(node.Self, Assert.Single(node.Cluster.State.Members).UniqueAddress);
        Assert.Empty(node.Cluster.State.Unreachable);
    }

    [Fact]
    public async Task Joining_again_changes_nothing()
    {
        var nodes = await StartCluster(2);
        await nodes[1].Cluster.JoinAsync(nodes[1].Address).WaitAsync(Limit);
        nodes[1].Cluster.Join(nodes[1].Address);
        nodes[1].Cluster.JoinSeedNodes([nodes[1].Address]);
        var late = Start();
        await late.Cluster.JoinAsync(nodes[1].Address).WaitAsync(Limit);
        await AllUp(nodes[0], nodes[1], late);
        Assert.Equal(["MemberJoined", "MemberUp"], nodes[0].Recorder.Life(nodes[1].Self));
    }

    [Fact]
    public async Task Nodes_with_one_list_of_seeds_find_each_other_whichever_starts_first()
    {
        Node[] nodes = [Start(), Start(), Start()];
        var seeds = nodes.Select(static node => node.Address).ToList();
        var joining = nodes.Reverse().Select(node => node.Cluster.JoinSeedNodesAsync(seeds)).ToList();   // the first seed comes last
        await Task.WhenAll(joining).WaitAsync(Limit);
        await AllUp(nodes);

        // Only the first may found the cluster, so it is the oldest.
        var members = nodes[0].Cluster.State.Members.ToDictionary(static m => m.UniqueAddress);
        Assert.True(members[nodes[0].Self].IsOlderThan(members[nodes[1].Self]));
        Assert.True(members[nodes[0].Self].IsOlderThan(members[nodes[2].Self]));
        var leader = nodes.Select(static node => node.Address).Min(Member.AddressOrdering);
        foreach (var node in nodes) await Eventually(() => node.Cluster.State.Leader == leader);
    }

    [Fact]
    public async Task A_first_seed_that_hears_of_a_cluster_joins_it_instead_of_founding_another()
    {
        var nodes = await StartCluster(2);
        var first = Start();
        await first.Cluster.JoinSeedNodesAsync([first.Address, nodes[0].Address]).WaitAsync(Limit);
        await AllUp(nodes[0], nodes[1], first);
    }

    [Fact]
    public async Task Seeds_of_the_configuration_are_joined_at_start()
    {
        var nodes = await StartCluster(1);
        var second = Start($"akka.cluster.seed-nodes = [\"{nodes[0].Address}\"]");
        await AllUp(nodes[0], second);
        Assert.Equal([nodes[0].Address], second.Cluster.Settings.SeedNodes);
    }

    [Fact]
    public async Task A_first_seed_founds_the_cluster_when_no_other_answers()
    {
        var gone = Start();
        var dead = gone.Address;
        await gone.System.Terminate().WaitAsync(Limit);
        var first = Start("akka.cluster.seed-node-timeout = 1s");
        await first.Cluster.JoinSeedNodesAsync([first.Address, dead]).WaitAsync(Limit);
        await AllUp(first);
    }

    [Fact]
    public async Task Roles_and_version_travel_with_a_member()
    {
        var a = Start("akka.cluster.roles = [data, extra]", "akka.cluster.app-version = \"1.2.3\"");
        var b = Start("akka.cluster.roles = [data]", "akka.cluster.app-version = \"1.3.0\"");
        await a.Cluster.JoinAsync(a.Address).WaitAsync(Limit);
        await b.Cluster.JoinAsync(a.Address).WaitAsync(Limit);
        await AllUp(a, b);
        Assert.Equal(["data", "extra"], a.Cluster.SelfRoles.Order());
        var seen = b.Cluster.State.Members.Single(m => m.UniqueAddress == a.Self);
        Assert.True(seen.HasRole("data"));
        Assert.True(seen.HasRole("extra"));
        Assert.False(seen.HasRole("other"));
        Assert.Equal(AppVersion.Create("1.2.3"), seen.AppVersion);
        Assert.Equal(["data", "extra"], b.Cluster.State.AllRoles.Order());
        await Eventually(() => b.Cluster.State.RoleLeader("extra") == a.Address);
        Assert.Null(b.Cluster.State.RoleLeader("other"));
        Assert.True(b.Cluster.State.HasMoreThanOneAppVersion);
        await b.Recorder.Event<ClusterEvent.RoleLeaderChanged>(e => e.Role == "extra" && e.Leader == a.Address);
    }

    [Fact]
    public async Task Nobody_is_up_before_enough_have_joined()
    {
        const string three = "akka.cluster.min-nr-of-members = 3";
        Node[] nodes = [Start(three), Start(three), Start(three)];
        var up = nodes.Select(node => node.Cluster.JoinAsync(nodes[0].Address)).ToList();
        await Task.WhenAll(up).WaitAsync(Limit);
        await AllUp(nodes);
        var events = nodes[0].Recorder.Now.Events.OfType<ClusterEvent.IMemberEvent>().ToList();
        Assert.Equal(3, events.TakeWhile(static e => e is ClusterEvent.MemberJoined).Count());
        Assert.Equal(3, events.Skip(3).TakeWhile(static e => e is ClusterEvent.MemberUp).Count());
    }

    [Fact]
    public async Task Nobody_is_up_before_enough_of_a_role_have_joined()
    {
        const string twoOfData = "akka.cluster.role.data.min-nr-of-members = 2";
        var a = Start(twoOfData, "akka.cluster.roles = [data]");
        var b = Start(twoOfData);
        var c = Start(twoOfData, "akka.cluster.roles = [data]");
        var first = a.Cluster.JoinAsync(a.Address);
        var second = b.Cluster.JoinAsync(a.Address);
        await a.Recorder.Event<ClusterEvent.MemberJoined>(e => e.Member.UniqueAddress == b.Self);
        Assert.False(first.IsCompleted);
        await c.Cluster.JoinAsync(a.Address).WaitAsync(Limit);
        await Task.WhenAll(first, second).WaitAsync(Limit);
        await AllUp(a, b, c);
        var events = a.Recorder.Now.Events.OfType<ClusterEvent.IMemberEvent>().ToList();
        Assert.All(events.TakeWhile(e => e is not ClusterEvent.MemberJoined || e.Member.UniqueAddress != c.Self), static e => Assert.IsType<ClusterEvent.MemberJoined>(e));
    }

    [Fact]
    public async Task Callbacks_of_up_run_once_before_and_after()
    {
        var node = Start();
        var before = new TaskCompletionSource();
        var failing = new TaskCompletionSource();
        node.Cluster.RegisterOnMemberUp(() =>
        {
            failing.SetResult();
            throw new InvalidOperationException("a callback that fails harms nobody");
        });
        node.Cluster.RegisterOnMemberUp(before.SetResult);      // a second call would throw
        Assert.False(before.Task.IsCompleted);
        node.Cluster.Join(node.Address);
        await Task.WhenAll(before.Task, failing.Task).WaitAsync(Limit);
        await AllUp(node);
        var after = false;
        node.Cluster.RegisterOnMemberUp(() => after = true);
        Assert.True(after);
    }

    [Fact]
    public async Task A_join_that_leads_nowhere_can_be_cancelled()
    {
        var node = Start();
        using var cancel = new CancellationTokenSource();
        var joining = node.Cluster.JoinSeedNodesAsync([Address.Parse("akka.tcp://kv@127.0.0.1:1")], cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAsync<ClusterJoinFailedException>(() => joining.WaitAsync(Limit));
        Assert.Equal(MemberStatus.Removed, node.Cluster.SelfMember.Status);
        await node.Cluster.JoinAsync(node.Address).WaitAsync(Limit);      // another join by hand ends the search
    }

    [Fact]
    public async Task A_node_that_finds_no_seed_ends_when_it_is_told_to()
    {
        var node = Start("akka.cluster.shutdown-after-unsuccessful-join-seed-nodes = 1s", "akka.cluster.seed-nodes = [\"akka.tcp://kv@127.0.0.1:1\"]");
        await node.System.WhenTerminated.WaitAsync(Limit);
        Assert.Equal(CoordinatedShutdown.ClusterJoinUnsuccessfulReason.Instance, CoordinatedShutdown.Get(node.System).ShutdownReason);
    }

    [Fact]
    public async Task Without_the_cluster_provider_there_is_no_cluster()
    {
        var system = ActorSystem.Create("local");
        Assert.Throws<ConfigurationException>(() => Cluster.Get(system));
        await system.Terminate().WaitAsync(Limit);
    }

    [Fact]
    public void Settings_are_those_of_the_configuration()
    {
        var settings = Start("akka.cluster { role.data.min-nr-of-members = 4, min-nr-of-members = 2, allow-weakly-up-members = off }").Cluster.Settings;
        Assert.Equal(2, settings.MinNrOfMembers);
        Assert.Equal(4, settings.MinNrOfMembersOfRole["data"]);
        Assert.False(settings.AllowWeaklyUpMembers);
        Assert.Equal(typeof(NoDowning), settings.DowningProviderType);
        Assert.Equal(TimeSpan.FromMilliseconds(100), settings.GossipInterval);
        Assert.Equal(TimeSpan.FromMilliseconds(200), settings.HeartbeatInterval);
        Assert.Equal(9, settings.MonitoredByNrOfMembers);
        Assert.Equal(TimeSpan.FromSeconds(2), settings.GossipTimeToLive);
        Assert.Null(settings.ShutdownAfterUnsuccessfulJoinSeedNodes);
        Assert.True(settings.RunCoordinatedShutdownWhenDown);
    }

    [Fact]
    public async Task Whoever_joins_through_whom_all_end_with_the_same_state()
    {
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var nodes = Enumerable.Range(0, 5).Select(_ => Start()).ToArray();
        random.Shuffle(nodes);
        await nodes[0].Cluster.JoinAsync(nodes[0].Address).WaitAsync(Limit);

        // All at once, each through one picked by lot among those before it: some ask nodes that are no members yet.
        var joining = nodes.Skip(1).Select((node, i) => node.Cluster.JoinAsync(nodes[random.Next(i + 1)].Address)).ToList();
        await Task.WhenAll(joining).WaitAsync(Limit);
        await AllUp(nodes);
        var leaving = nodes[random.Next(nodes.Length)];
        await leaving.Cluster.LeaveAsync().WaitAsync(Limit);
        var rest = nodes.Where(node => node != leaving).ToArray();
        await AllUp(rest);
        await Task.WhenAll(rest.Select(node => node.Recorder.Until(view => view.Leader == rest.Select(static n => n.Address).Min(Member.AddressOrdering))));
    }
}
