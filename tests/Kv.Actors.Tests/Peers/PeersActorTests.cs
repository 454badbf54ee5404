using Akka.Actor;
using Kv.Actors.Apply;
using Kv.Actors.Cluster;
using Kv.Actors.Meters;
using Kv.Actors.Model;
using Kv.Actors.Peers;
using Kv.Actors.Raft;
using Kv.Actors.Tests.Node;
using Kv.Actors.Tests.Raft;
using Kv.Persistence;
using Kv.Testing;
using Xunit;

namespace Kv.Actors.Tests.Peers;

/// <summary>The peer endpoint: whom it believes, what it refuses, how it answers.</summary>
public sealed class PeersActorTests : PatientTestKit
{
    private static readonly NodeId _self = new(1);
    private static readonly NodeId _two = new(2);
    private readonly NodeStatus _status = new(_self, new ClusterId(9));
    private readonly PeerTable _table = new();
    private readonly PeerServices _services = new();
    private readonly HandClock _clock = new();
    private readonly Metrics _metrics = new(new MetricsRegistry());
    private readonly Dictionary<string, Recorder> _wires = [];
    private readonly Recorder _raft;
    private readonly Recorder _node;
    private readonly IActorRef _peers;
    private readonly PeersSetup _setup;

    public PeersActorTests()
        : base("""akka { loglevel = OFF, scheduler.implementation = "Akka.TestKit.TestScheduler, Akka.TestKit" }""")
    {
        var machine = new StateMachine(_self, 2, 0);
        _setup = new PeersSetup(
            _status, new RootHolder(machine.Root), ["http://one:1"], MemberSet.Empty, _table, _services, new PeerLimits { MaxGuests = 1 },
            new SnapshotShelf(new SimDisk(1), "/snap"), Workers.Threads, new ForwardNumbers(new RunNumber(7)), _clock, _metrics);
        _raft = new Recorder(Sys);
        _node = new Recorder(Sys, Props.Create(() => new PeersActor(_setup, member => Wire(member.PeerUrls[0]).Ref)));
        _peers = _node.Child;
        _peers.Tell(Members(1, 2, 3), _raft.Ref);
    }

    [Fact]
    public async Task A_member_s_message_reaches_raft_and_what_raft_tells_its_carrier_reaches_the_member_with_sender_and_cluster()
    {
        var refs = await RefsAsync();
        Receive(new PeerMessage.Consensus(Heartbeat(from: 2), 0), _two);
        Assert.IsType<RaftMessage.Heartbeat>((await _raft.NextAsync<RaftCommand.Receive>()).Message);
        Assert.NotNull(_table.ConnectedSince(_two));
        refs.ByMember[2].Tell(Heartbeat(from: 1));
        var sent = await Wire("http://m2:1").NextAsync<PeerMessage.Consensus>();
        Assert.Equal((new ClusterId(9), _self, _two), (sent.Cluster, sent.From, sent.To));
    }

    [Fact]
    public async Task What_is_of_another_cluster_for_another_member_or_unreadable_is_refused_and_counted()
    {
        Receive(new PeerMessage.Consensus(Heartbeat(from: 2), 0), _two, cluster: 8);
        Receive(new PeerMessage.Consensus(Heartbeat(from: 2), 0), _two, to: 5);
        _peers.Tell(new PeerMessage.Unreadable("manifest 'x'"));
        Receive(new PeerMessage.Consensus(new RaftMessage.InstallSnapshot(SnapshotMeta.Empty) { From = 2, To = 1 }, 0), _two);
        Receive(new PeerMessage.Ping(default, 0, ["http://m2:1"]), _two);
        await Wire("http://m2:1").NextAsync<PeerMessage.Pong>();           // behind all of those
        Assert.Empty((await _raft.TakeAsync()).OfType<RaftCommand.Receive>());
        Assert.Equal((3L, 1L), (_metrics.Peers.ReceivedFailures.With("2").Value, _metrics.Peers.ReceivedFailures.With("0").Value));
    }

    [Fact]
    public async Task A_forwarded_proposal_that_comes_twice_is_taken_in_once()
    {
        var forward = new PeerMessage.Consensus(new RaftMessage.Propose([new Entry(0, 0, EntryType.Normal, new byte[1])]) { From = 2, To = 1 }, 0, Run: 5, Number: 1);
        Receive(forward, _two);
        Receive(forward, _two);
        Receive(new PeerMessage.Ping(default, 0, ["http://m2:1"]), _two);
        await Wire("http://m2:1").NextAsync<PeerMessage.Pong>();
        Assert.Single((await _raft.TakeAsync()).OfType<RaftCommand.Receive>());
    }

    [Fact]
    public async Task Who_was_removed_is_told_so_and_who_is_told_so_tells_its_node()
    {
        _peers.Tell(Members(1, 2, 3).Without(_two), _raft.Ref);
        Receive(new PeerMessage.Consensus(Heartbeat(from: 2), 0), _two);
        Receive(new PeerMessage.Ping(default, 0, ["http://m2:1"]), _two);
        await Wire("http://m2:1").NextAsync<PeerMessage.Removed>();
        Receive(new PeerMessage.Removed(), new NodeId(3));
        await _node.NextAsync<RaftNotice.SelfRemoved>();
        Assert.Empty((await _raft.TakeAsync()).OfType<RaftCommand.Receive>());
    }

    [Fact]
    public async Task Somebody_this_member_s_log_does_not_know_yet_is_answered_where_it_says_it_is_to_a_bound()
    {
        Receive(new PeerMessage.Ping(new MonotonicTime(5), 0, ["http://m7:1"]), new NodeId(7));
        Assert.Equal(new MonotonicTime(5), (await Wire("http://m7:1").NextAsync<PeerMessage.Pong>()).SentAt);
        Assert.Contains(7UL, (await _raft.NextAsync<PeerRefs>(static refs => refs.ByMember.Count == 3)).ByMember.Keys);
        Receive(new PeerMessage.Ping(default, 0, ["http://m8:1"]), new NodeId(8));
        Receive(new PeerMessage.Ping(default, 0, ["http://m2:1"]), _two);
        await Wire("http://m2:1").NextAsync<PeerMessage.Pong>();
        Assert.Empty(await Wire("http://m8:1").TakeAsync());
    }

    [Fact]
    public async Task A_member_that_joins_is_told_who_belongs_to_the_cluster()
    {
        _peers.Tell(new PeerMessage.MembersAsk(["http://m9:1"], 5));
        var answer = await Wire("http://m9:1").NextAsync<PeerMessage.MembersAnswer>();
        Assert.Equal((new ClusterId(9), 5UL), (answer.Cluster, answer.Number));
        Assert.Equal([1UL, 2, 3], answer.Members.Select(static member => member.Id.Value));
    }

    /// <summary>Until then it knows members of long ago: one that was replaced since would be told the id of the member before it.</summary>
    [Fact]
    public async Task Who_belongs_to_the_cluster_is_told_once_the_log_has_been_applied_again()
    {
        _status.PublishCommit(8);
        var node = new Recorder(Sys, Props.Create(() => new PeersActor(_setup, member => Wire(member.PeerUrls[0]).Ref)));
        node.Child.Tell(Members(1, 2), _raft.Ref);
        node.Child.Tell(new PeerMessage.MembersAsk(["http://m9:1"], 5));
        node.Child.Tell(new PeerMessage.Ping(default, 0, ["http://m2:1"]) { Cluster = new ClusterId(9), From = _two, To = _self });
        await Wire("http://m2:1").NextAsync<PeerMessage.Pong>();
        _status.PublishApplied(8);
        node.Child.Tell(Members(1, 2, 3), _raft.Ref);
        node.Child.Tell(new PeerMessage.MembersAsk(["http://m9:1"], 6));
        var answer = await Wire("http://m9:1").NextAsync<PeerMessage.MembersAnswer>();
        Assert.Equal((6UL, 3), (answer.Number, answer.Members.Length));
    }

    [Fact]
    public async Task A_call_goes_to_the_leader_there_is_is_repeated_at_the_next_and_comes_back()
    {
        var reply = new TaskCompletionSource<PeerReply>();
        _peers.Tell(new PeerCommand.Call(default, PeerCall.KeepAlive, new byte[] { 1 }, reply));
        await RefsAsync();
        _status.Publish(new RaftView(2, 2, Role.Follower, false, false));
        Advance(TimeSpan.FromMilliseconds(100));
        var ask = await Wire("http://m2:1").NextAsync<PeerMessage.Ask>();
        Receive(new PeerMessage.Answer(ask.Id, KvError.NotLeader, default), _two);
        await PingedAsync();
        _status.Publish(new RaftView(3, 3, Role.Follower, false, false));
        Advance(TimeSpan.FromMilliseconds(100));
        ask = await Wire("http://m3:1").NextAsync<PeerMessage.Ask>();
        Receive(new PeerMessage.Answer(ask.Id, KvError.None, new byte[] { 2 }), new NodeId(3));
        Assert.Equal([2], (await reply.Task.WaitAsync(TimeSpan.FromSeconds(20))).Body.ToArray());
    }

    [Fact]
    public async Task A_late_answer_to_the_run_before_is_no_answer_to_a_call_of_this_one()
    {
        var setup = _setup with { Forwards = new ForwardNumbers(new RunNumber(6)) };
        var before = new Recorder(Sys, Props.Create(() => new PeersActor(setup, member => Wire(member.PeerUrls[0]).Ref)));
        before.Child.Tell(Members(1, 2), _raft.Ref);
        before.Child.Tell(new PeerCommand.Call(_two, PeerCall.KeepAlive, new byte[] { 0 }, new TaskCompletionSource<PeerReply>()));
        var late = await Wire("http://m2:1").NextAsync<PeerMessage.Ask>();
        var reply = new TaskCompletionSource<PeerReply>();
        _peers.Tell(new PeerCommand.Call(_two, PeerCall.KeepAlive, new byte[] { 1 }, reply));
        var ask = await Wire("http://m2:1").NextAsync<PeerMessage.Ask>(static ask => ask.Body.Span[0] == 1);
        Receive(new PeerMessage.Answer(late.Id, KvError.None, new byte[] { 2 }), _two);
        Receive(new PeerMessage.Answer(ask.Id, KvError.None, new byte[] { 3 }), _two);
        Assert.Equal([3], (await reply.Task.WaitAsync(TimeSpan.FromSeconds(20))).Body.ToArray());
    }

    [Fact]
    public async Task A_call_without_a_leader_ends_with_etcds_no_leader()
    {
        var reply = new TaskCompletionSource<PeerReply>();
        _peers.Tell(new PeerCommand.Call(default, PeerCall.KeepAlive, new byte[] { 1 }, reply));
        for (var rounds = 0; rounds < 1000 && !reply.Task.IsCompleted; rounds++)
        {
            Advance(TimeSpan.FromMilliseconds(100));               // its timer may start late, not its patience
            await PingedAsync();
        }
        Assert.Equal(KvError.NoLeader, (await reply.Task.WaitAsync(TimeSpan.FromSeconds(20))).Error);
    }

    [Fact]
    public async Task Others_calls_are_answered_by_whoever_serves_them()
    {
        _services.Serve(PeerCall.Promote, static body => Task.FromResult(new PeerReply(KvError.LearnerNotReady, default)));
        Receive(new PeerMessage.Ask(4, PeerCall.Promote, new byte[] { 8, 1 }), _two);
        Assert.Equal(KvError.LearnerNotReady, (await Wire("http://m2:1").NextAsync<PeerMessage.Answer>(static answer => answer.Id == 4)).Error);
        Receive(new PeerMessage.Ask(5, PeerCall.HashKv, default), _two);
        Assert.Equal(KvError.NotCapable, (await Wire("http://m2:1").NextAsync<PeerMessage.Answer>(static answer => answer.Id == 5)).Error);
    }

    [Fact]
    public async Task A_member_that_falls_silent_is_reported_to_raft_once_and_counted()
    {
        Receive(new PeerMessage.Pong(default, 0), _two);
        await PingedAsync();
        Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(2UL, (await _raft.NextAsync<RaftCommand.Unreachable>()).Member);
        Assert.Equal(1, _metrics.Peers.Disconnected.With("1", "2").Value);
        Assert.Null(_table.ConnectedSince(_two));
    }

    private static MemberSet Members(params ulong[] ids) => ids.Aggregate(MemberSet.Empty, static (set, id) =>
        set.With(new ClusterMember(new NodeId(id), "", [$"http://m{id}:1"], [], IsLearner: false)));

    private static RaftMessage.Heartbeat Heartbeat(ulong from) => new(0, 0) { From = from, To = from == 1 ? 2UL : 1, Term = 1 };

    private Recorder Wire(string url)
    {
        lock (_wires)
        {
            return _wires.TryGetValue(url, out var wire) ? wire : _wires[url] = new Recorder(Sys);
        }
    }

    private void Receive(PeerMessage message, NodeId from, ulong cluster = 9, ulong to = 1) =>
        _peers.Tell(message with { Cluster = new ClusterId(cluster), From = from, To = new NodeId(to) });

    private async Task<PeerRefs> RefsAsync() => await _raft.NextAsync<PeerRefs>();

    /// <summary>Everything told to the endpoint so far has been worked on.</summary>
    private async Task PingedAsync()
    {
        Receive(new PeerMessage.Ping(new MonotonicTime(77), 0, ["http://m3:1"]), new NodeId(3));
        await Wire("http://m3:1").NextAsync<PeerMessage.Pong>(static pong => pong.SentAt.Nanoseconds == 77);
    }

    private void Advance(TimeSpan span)
    {
        for (var left = span; left > TimeSpan.Zero; left -= TimeSpan.FromMilliseconds(50))
        {
            _clock.Advance(TimeSpan.FromMilliseconds(50));
            ((Akka.TestKit.TestScheduler)Sys.Scheduler).Advance(TimeSpan.FromMilliseconds(50));
        }
    }
}
