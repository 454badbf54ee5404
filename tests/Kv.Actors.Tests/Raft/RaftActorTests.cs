using Akka.Actor;
using Akka.TestKit;
using Kv.Actors.Apply;
using Kv.Actors.Cluster;
using Kv.Actors.Meters;
using Kv.Actors.Model;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Actors.Raft;
using Kv.Actors.Tests.Node;
using Kv.Testing;
using Xunit;
using static Kv.Actors.Tests.Apply.Requests;

namespace Kv.Actors.Tests.Raft;

/// <summary>The shell around the core: what it makes durable before it says what, whom it keeps waiting, and what it tells them.</summary>
public sealed class RaftActorTests : PatientTestKit
{
    private const ulong Self = 1;
    private static readonly TimeSpan _tick = TimeSpan.FromMilliseconds(100);

    private readonly ProposalTable _waiting = new(new NodeId(Self), 0, 1000);
    private readonly NodeStatus _status = new(new NodeId(Self), new ClusterId(9));
    private readonly PeerTable _connected = new();
    private readonly HandClock _clock = new();
    private readonly GatedJournal.Gate _journal;
    private readonly Recorder _store;
    private readonly Recorder _peers;
    private readonly Recorder _two;
    private Recorder _node = null!;
    private IActorRef _raft = null!;

    public RaftActorTests()
        : this(Guid.NewGuid().ToString("n"))
    {
    }

    private RaftActorTests(string gate)
        : base(GatedJournal.Hocon(gate))
    {
        _journal = GatedJournal.Of(gate);
        (_store, _peers, _two) = (new Recorder(Sys), new Recorder(Sys), new Recorder(Sys));
    }

    [Fact]
    public async Task A_lone_voter_leads_at_once_and_hands_over_only_what_is_durable()
    {
        await StartAsync(voters: 1);
        await LeadAloneAsync();
        _journal.Hold();
        var put = Propose(Put("a", "1"));
        await _journal.Asked.WaitAsync(Patience);
        await SettledAsync();
        Assert.Empty(await _store.TakeAsync());
        _journal.Release();
        Assert.Equal(put.Bytes, (await _store.NextAsync<StoreCommand.Apply>()).Entries[0].Data.ToArray());
    }

    [Fact]
    public async Task What_comes_while_a_write_is_under_way_goes_out_as_one()
    {
        await StartAsync(voters: 1);
        await LeadAloneAsync();
        _journal.Hold();
        Propose(Put("first", "1"));
        await _journal.Asked.WaitAsync(Patience);
        for (var i = 0; i < 100; i++)
        {
            Propose(Put($"k{i}", "1"));
        }
        await SettledAsync();
        var before = _journal.Writes.Count;
        _journal.Release();
        Assert.Single((await _store.NextAsync<StoreCommand.Apply>()).Entries);
        Assert.Equal(100, (await _store.NextAsync<StoreCommand.Apply>()).Entries.Count);
        Assert.Equal(before + 2, _journal.Writes.Count);
    }

    [Fact]
    public async Task A_write_that_fails_ends_the_actor_and_nobody_is_told_that_it_was_done()
    {
        await StartAsync(voters: 1);
        await LeadAloneAsync();
        _journal.Hold();
        Watch(_raft);
        var put = Propose(Put("a", "1"));
        await _journal.Asked.WaitAsync(Patience);
        _journal.Fail();
        ExpectTerminated(_raft);
        Assert.Equal(KvError.Stopped, (await put.Answered.WaitAsync(Patience)).Error);
        Assert.Empty(await _store.TakeAsync());
    }

    [Fact]
    public async Task Without_a_leader_writes_are_held_back_to_a_bound_and_go_to_the_leader_once_there_is_one_in_one_message()
    {
        await StartAsync(voters: 3, maxWaiting: 10);
        var puts = Enumerable.Range(0, 11).Select(i => Propose(Put($"k{i}", "1"))).ToList();
        Assert.Equal(KvError.RequestTooManyRequests, (await puts[10].Answered.WaitAsync(Patience)).Error);
        FollowTwo();
        var forwarded = await _two.NextAsync<RaftMessage.Propose>();
        Assert.Equal(10, forwarded.Entries.Count);
        Assert.All(puts.Take(10), static put => Assert.False(put.Answered.IsCompleted));
    }

    [Fact]
    public async Task A_write_that_waited_for_a_leader_all_its_time_sees_its_deadline_pass()
    {
        await StartAsync(voters: 3);
        var put = Propose(Put("a", "1"));
        await SettledAsync();
        Advance(TimeSpan.FromSeconds(8));
        Assert.Equal(KvError.DeadlineExceeded, (await put.Answered.WaitAsync(Patience)).Error);
    }

    [Fact]
    public async Task A_forwarded_write_is_never_sent_twice_and_blames_the_leader_that_was_lost()
    {
        await StartAsync(voters: 3);
        _connected.Follow([new NodeId(2), new NodeId(3)]);
        FollowTwo();
        var put = Propose(Put("a", "1"));
        await _two.NextAsync<RaftMessage.Propose>();
        Advance(TimeSpan.FromSeconds(0.5));
        Receive(new RaftMessage.Heartbeat(0, 0) { From = 3, To = Self, Term = 3 });
        await SettledAsync();
        Assert.Equal(3UL, _status.Raft.Leader);
        Advance(TimeSpan.FromSeconds(8), heartbeatsFrom: 3, term: 3);
        Assert.Equal(KvError.TimeoutDueToLeaderFail, (await put.Answered.WaitAsync(Patience)).Error);
        Assert.Empty((await _two.TakeAsync()).OfType<RaftMessage.Propose>());
    }

    [Fact]
    public async Task Reads_go_in_one_round_at_a_time_are_asked_again_and_end_when_their_leader_is_lost()
    {
        await StartAsync(voters: 3);
        FollowTwo();
        var first = Read();
        var asked = await _two.NextAsync<RaftMessage.ReadIndex>();
        var others = Enumerable.Range(0, 50).Select(_ => Read()).ToList();
        await SettledAsync();
        Advance(TimeSpan.FromSeconds(0.6), heartbeatsFrom: 2, term: 2);
        Assert.Equal(asked.Context, (await _two.NextAsync<RaftMessage.ReadIndex>()).Context);
        Receive(new RaftMessage.ReadIndexReply(0, asked.Context) { From = 2, To = Self, Term = 2 });
        Assert.Equal((0UL, KvError.None), await AnswerOf(first));
        Assert.Equal(asked.Context + 1, (await _two.NextAsync<RaftMessage.ReadIndex>()).Context);
        Receive(new RaftMessage.Heartbeat(0, 0) { From = 3, To = Self, Term = 3 });
        foreach (var other in others)
        {
            Assert.Equal(KvError.LeaderChanged, (await AnswerOf(other)).Error);
        }
    }

    [Fact]
    public async Task Votes_and_acknowledgements_leave_once_they_are_durable_heartbeats_are_answered_before()
    {
        await StartAsync(voters: 3);
        FollowTwo();
        await SettledAsync();
        await _two.TakeAsync();
        _journal.Hold();
        Receive(new RaftMessage.Append(3, 1, new LogSlice(new Entry(2, 4, EntryType.Normal, default)), 3) { From = 2, To = Self, Term = 2 });
        await _journal.Asked.WaitAsync(Patience);
        Receive(new RaftMessage.Heartbeat(3, 7) { From = 2, To = Self, Term = 2 });
        Assert.Equal(7UL, (await _two.NextAsync<RaftMessage.HeartbeatReply>()).ReadPosition);
        Assert.Empty((await _two.TakeAsync()).OfType<RaftMessage.AppendAccepted>());
        _journal.Release();
        Assert.Equal(4UL, (await _two.NextAsync<RaftMessage.AppendAccepted>()).Index);
    }

    [Fact]
    public async Task A_leader_whose_disk_does_not_answer_for_an_election_timeout_steps_down_at_once_and_tells_the_store()
    {
        await StartAsync(voters: 3);
        await LeadAsync();
        await SettledAsync();
        await _two.TakeAsync();
        _journal.Hold();
        var put = Propose(Put("a", "1"));
        await _journal.Asked.WaitAsync(Patience);
        // Both followers answer all the while: only the leader's own disk is stuck.
        var beats = 0;
        for (var i = 0; i < 9; i++)
        {
            Advance(_tick);
            await SettledAsync();
            beats += await AcknowledgeAsync();
        }
        await SettledAsync();
        Assert.True(_status.Raft.IsLeader);
        Assert.True(beats >= 8, $"{beats} heartbeats while the disk was stuck");
        Advance(_tick * 3);
        Assert.False((await _store.NextAsync<StoreCommand.LeaderChanged>()).IsLeader);
        Assert.False(_status.Raft.IsLeader);
        _journal.Release();
        await SettledAsync();
        Assert.False(put.Answered.IsCompleted);
    }

    [Fact]
    public async Task What_a_leader_proposes_of_its_own_accord_is_refused_in_another_term_and_never_forwarded()
    {
        await StartAsync(voters: 3);
        FollowTwo();
        await SettledAsync();
        await _two.TakeAsync();
        var revoke = Propose<LeaseRevokeResponse>(new() { LeaseRevoke = new LeaseRevokeRequest { ID = 7 } }, term: 1);
        Assert.Equal(KvError.NotLeader, (await revoke.Answered.WaitAsync(Patience)).Error);
        await SettledAsync();
        Assert.Empty((await _two.TakeAsync()).OfType<RaftMessage.Propose>());
    }

    /// <summary>The first one's end let go of what had come for the second, and the actor died of it.</summary>
    [Fact]
    public async Task A_snapshot_that_comes_while_the_one_before_is_being_written_is_installed_after_it()
    {
        await StartAsync(voters: 3);
        FollowTwo();
        await SettledAsync();
        _journal.Hold();
        var (ten, twenty) = (Arrive(10), Arrive(20));
        await _journal.Asked.WaitAsync(Patience);
        await SettledAsync();
        _journal.Release();
        var (first, second) = (await _store.NextAsync<StoreCommand.Install>(), await _store.NextAsync<StoreCommand.Install>());
        Assert.Equal((10UL, 20UL), (first.Meta.Index, second.Meta.Index));
        Assert.Same(ten, first.Stage);
        Assert.Same(twenty, second.Stage);
    }

    [Fact]
    public async Task A_removed_member_tells_its_node()
    {
        await StartAsync(voters: 3);
        FollowTwo();
        var remove = RaftWire.Encode(new ConfChange(ConfChangeType.RemoveNode, Self));
        Receive(new RaftMessage.Append(3, 1, new LogSlice(new Entry(2, 4, EntryType.ConfChange, remove)), 4) { From = 2, To = Self, Term = 2 });
        await _node.NextAsync<RaftNotice.SelfRemoved>();
        Assert.True((await _peers.NextAsync<MemberSet>(static set => set.Count == 2)).WasRemoved(new NodeId(Self)));
    }

    private async Task StartAsync(int voters, int maxWaiting = 100)
    {
        var members = Enumerable.Range(1, voters).Select(static id =>
            new ClusterMember(new NodeId((ulong)id), $"m{id}", [$"http://127.0.0.1:{id}"], [], IsLearner: false));
        var setup = new RaftActorSetup(
            new RaftConfig { Id = Self }, new Prng(7), _store.Ref, _waiting, _status,
            [.. members.Select(static member => (member.Id.Value, (ReadOnlyMemory<byte>)member.ToJson()))],
            _tick, TimeSpan.FromSeconds(7), _clock, KeptEntries: 100, maxWaiting, _peers.Ref, new SnapshotShelf(new SimDisk(1), "/snap"), 1 << 20,
            _connected, new Metrics(new MetricsRegistry()))
        {
            Run = new RunNumber(7),
        };
        _node = new Recorder(Sys, Props.Create(() => new RaftActor(setup)));
        _raft = _node.Child;
        await _peers.NextAsync<MemberSet>(set => set.Count == voters);
        _raft.Tell(new PeerRefs(new Dictionary<ulong, IActorRef> { [2] = _two.Ref, [3] = new Recorder(Sys).Ref }));
        await _store.NextAsync<StoreCommand.Apply>();
        _raft.Tell(new RaftCommand.Applied(new SnapshotMeta((ulong)voters, 1, new ConfState(Enumerable.Range(1, voters).Select(static id => (ulong)id)))), _store.Ref);
    }

    /// <summary>A snapshot of two's is on the shelf.</summary>
    private SnapshotStage Arrive(ulong index)
    {
        var stage = new SnapshotStage();
        var message = new RaftMessage.InstallSnapshot(new SnapshotMeta(index, 2, new ConfState([1, 2, 3]))) { From = 2, To = Self, Term = 2 };
        _raft.Tell(new RaftCommand.SnapshotArrived(message, MemberSet.Empty, stage));
        return stage;
    }

    private async Task LeadAloneAsync()
    {
        await _store.NextAsync<StoreCommand.LeaderChanged>(static change => change.IsLeader);
        await _store.NextAsync<StoreCommand.Apply>();
        await SettledAsync();
    }

    /// <summary>Has it elected by two's vote, its first entry acknowledged by two.</summary>
    private async Task LeadAsync()
    {
        while (!_status.Raft.IsLeader)
        {
            Advance(_tick);
            await SettledAsync();
            foreach (var vote in (await _two.TakeAsync()).OfType<RaftMessage.VoteRequest>())
            {
                Receive(new RaftMessage.VoteReply(vote.Pre, true, 3, 1) { From = 2, To = Self, Term = vote.Term });
            }
        }
        await SettledAsync();
        await AcknowledgeAsync();
        await _store.NextAsync<StoreCommand.LeaderChanged>(static change => change.IsLeader);
    }

    private async Task<int> AcknowledgeAsync()
    {
        var beats = 0;
        foreach (var message in await _two.TakeAsync())
        {
            if (message is RaftMessage.Append append)
            {
                Receive(new RaftMessage.AppendAccepted(append.PrevIndex + (ulong)append.Entries.Count) { From = 2, To = Self, Term = append.Term });
            }
            beats += message is RaftMessage.Heartbeat ? 1 : 0;
        }
        foreach (var from in (ulong[])[2, 3])
        {
            Receive(new RaftMessage.HeartbeatReply(0) { From = from, To = Self, Term = _status.Raft.Term });
        }
        return beats;
    }

    private void FollowTwo()
    {
        Receive(new RaftMessage.Heartbeat(0, 0) { From = 2, To = Self, Term = 2 });
        AwaitCondition(() => _status.Raft.Leader == 2);
    }

    private Proposal<PutResponse> Propose(Kv.Actors.Protos.Internal.InternalRaftRequest request) => Propose<PutResponse>(request, term: 0);

    private Proposal<TResponse> Propose<TResponse>(Kv.Actors.Protos.Internal.InternalRaftRequest request, ulong term)
        where TResponse : class, Google.Protobuf.IMessage
    {
        request.Header = new() { Id = _waiting.NextId().Value };
        var proposal = new Proposal<TResponse>(request, MonotonicTime.Of(_clock)) { Term = term };
        Assert.True(_waiting.TryAdd(proposal));
        _raft.Tell(proposal);
        return proposal;
    }

    private TaskCompletionSource<ReadIndexAnswer> Read()
    {
        var waiter = new TaskCompletionSource<ReadIndexAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        _raft.Tell(new RaftCommand.ReadIndex(waiter));
        return waiter;
    }

    private static async Task<(ulong Index, KvError Error)> AnswerOf(TaskCompletionSource<ReadIndexAnswer> read)
    {
        var answer = await read.Task.WaitAsync(Patience);
        return (answer.Index, answer.Error);
    }

    private void Receive(RaftMessage message) => _raft.Tell(new RaftCommand.Receive(message));

    /// <summary>Time passes, tick by tick.</summary>
    private void Advance(TimeSpan span, ulong heartbeatsFrom = 0, ulong term = 0)
    {
        for (var left = span; left > TimeSpan.Zero; left -= _tick)
        {
            if (heartbeatsFrom != 0)
            {
                Receive(new RaftMessage.Heartbeat(0, 0) { From = heartbeatsFrom, To = Self, Term = term });
            }
            _clock.Advance(_tick);
            ((TestScheduler)Sys.Scheduler).Advance(_tick);
        }
    }

    /// <summary>Everything told to it so far has been worked on.</summary>
    private async Task SettledAsync()
    {
        var answer = new TaskCompletionSource<MemberProgress?>(TaskCreationOptions.RunContinuationsAsynchronously);
        _raft.Tell(new RaftCommand.AskProgress(99, answer));
        await answer.Task.WaitAsync(Patience);
    }
}
