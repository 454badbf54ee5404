using Akka.Actor;
using Akka.TestKit;
using Kv.Actors.Apply;
using Kv.Actors.Lease;
using Kv.Actors.Meters;
using Kv.Actors.Model;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Actors.Raft;
using Kv.Actors.Tests.Node;
using Kv.Actors.Watch;
using Kv.Persistence.Checkpoint;
using Kv.Testing;
using Xunit;
using static Kv.Actors.Tests.Apply.Requests;

namespace Kv.Actors.Tests.Apply;

/// <summary>The one writer: who is told what, and in which order.</summary>
public sealed class StoreActorBatchTests : PatientTestKit
{
    private static readonly CheckpointPolicy _never = new(long.MaxValue, 1, long.MaxValue);

    private readonly ProposalTable _waiting = new(new NodeId(1), 0, 1000);
    private readonly NodeStatus _status = new(new NodeId(1), new ClusterId(2));
    private readonly HandClock _clock = new();
    private readonly TestProbe _others;                        // raft, lessor and hub: one queue shows the order
    private StateMachine _machine = null!;
    private RootHolder _roots = null!;
    private ulong _index;

    public StoreActorBatchTests()
        : base("""akka.scheduler.implementation = "Akka.TestKit.TestScheduler, Akka.TestKit" """) => _others = CreateTestProbe();

    [Fact]
    public async Task A_batch_is_applied_once_and_published_before_anyone_is_answered()
    {
        var store = Start();
        var puts = Enumerable.Range(0, 200).Select(i => Waiting<PutResponse>(_waiting, Put($"k{i}", "v"))).ToList();
        var seen = puts.Select(put => put.Answered.ContinueWith(
            _ => (_roots.Current.AppliedIndex, _status.AppliedIndex), TaskContinuationOptions.ExecuteSynchronously)).ToList();
        Tell(store, puts);
        for (var i = 0; i < puts.Count; i++)
        {
            var answer = await puts[i].Answered.WaitAsync(Patience);
            Assert.Equal(i + 2, answer.Value!.Header.Revision);
            Assert.Equal((1UL, 2UL), (answer.Value.Header.MemberId, answer.Value.Header.ClusterId));
            Assert.Equal((200UL, 200UL), await seen[i].WaitAsync(Patience));
        }
        Assert.Equal(201, _roots.Current.Kv.CurrentRevision);
        Assert.Equal(0, _waiting.Count);
    }

    [Fact]
    public void The_lessor_learns_of_a_batch_before_the_hub_and_both_before_raft()
    {
        var store = Start();
        Tell(store, [Waiting<LeaseGrantResponse>(_waiting, Grant(7, 60)), Waiting<PutResponse>(_waiting, Put("a", "1", lease: 7))]);
        var lease = Assert.Single(_others.ExpectMsg<LessorCommand.Applied>().Changes);
        Assert.Equal(new LeaseId(7), lease.Lease);
        Assert.Single(_others.ExpectMsg<WatchHubCommand.Applied>().Changes);
        Assert.Equal(2UL, _others.ExpectMsg<RaftCommand.Applied>().State.Index);
    }

    [Fact]
    public void The_lessor_is_promoted_once_the_leader_s_own_first_entry_is_applied()
    {
        var store = Start();
        store.Tell(new StoreCommand.LeaderChanged(IsLeader: true, Term: 3), _others.Ref);
        Tell(store, term: 2, Grant(7, 60));
        _others.ExpectMsg<LessorCommand.Applied>();
        _others.ExpectMsg<WatchHubCommand.Applied>();
        _others.ExpectMsg<RaftCommand.Applied>();
        store.Tell(new StoreCommand.Apply(new LogSlice(new Entry(3, ++_index, EntryType.Normal, default)), 3), _others.Ref);
        var promoted = _others.ExpectMsg<LessorCommand.Promote>();
        Assert.Equal((3L, 1), (promoted.Term, promoted.Leases.Count));
        _others.ExpectMsg<RaftCommand.Applied>();
        store.Tell(new StoreCommand.LeaderChanged(IsLeader: false, Term: 4), _others.Ref);
        Assert.Equal(4, _others.ExpectMsg<LessorCommand.Demote>().Term);
    }

    [Fact]
    public async Task Another_member_s_request_is_decoded_from_its_bytes_and_answers_nobody()
    {
        var store = Start();
        Tell(store, term: 1, Put("a", "1"));
        Assert.Equal("1", Value(await _roots.WaitForAsync(1), "a"));
    }

    [Fact]
    public async Task A_physical_compaction_is_answered_after_the_last_step_and_steps_keep_their_pause()
    {
        var store = Start(stepRecords: 5, pause: TimeSpan.FromMilliseconds(10));
        Tell(store, term: 1, [.. Enumerable.Range(0, 40).Select(static i => Put("a", $"{i}"))]);
        var logical = Waiting<CompactionResponse>(_waiting, Compact(20));
        Tell(store, [logical]);
        Assert.Equal(KvError.None, (await logical.Answered.WaitAsync(Patience)).Error);
        var physical = Waiting<CompactionResponse>(_waiting, Compact(39, physical: true));
        Tell(store, [physical]);
        var steps = 0;
        while (!physical.Answered.IsCompleted && steps < 100)
        {
            await Settled(store);
            ((TestScheduler)Sys.Scheduler).Advance(TimeSpan.FromMilliseconds(10));
            await Settled(store);
            steps++;
        }
        Assert.Equal(KvError.None, (await physical.Answered.WaitAsync(Patience)).Error);
        Assert.InRange(steps, 2, 99);
        Assert.False(_machine.Store.IsCompacting);
        Assert.Equal(39, _roots.Current.Kv.FinishedCompactRevision);
    }

    [Fact]
    public async Task A_compaction_without_a_pause_needs_no_time_to_pass()
    {
        var store = Start(stepRecords: 5);
        Tell(store, term: 1, [.. Enumerable.Range(0, 40).Select(static i => Put("a", $"{i}"))]);
        var physical = Waiting<CompactionResponse>(_waiting, Compact(39, physical: true));
        Tell(store, [physical]);
        Assert.Equal(KvError.None, (await physical.Answered.WaitAsync(Patience)).Error);
    }

    [Fact]
    public async Task A_compaction_that_is_refused_is_answered_at_once()
    {
        var store = Start(pause: TimeSpan.FromMilliseconds(10));
        var physical = Waiting<CompactionResponse>(_waiting, Compact(99, physical: true));
        Tell(store, [physical]);
        Assert.Equal(KvError.FutureRev, (await physical.Answered.WaitAsync(Patience)).Error);
    }

    [Fact]
    public async Task A_checkpoint_is_asked_for_by_policy_and_not_again_before_it_is_done()
    {
        var store = Start(policy: new CheckpointPolicy(long.MaxValue, 1, MaxEvents: 3));
        Tell(store, term: 1, Put("a", "1"), Put("a", "2"));
        await Settled(store);
        Assert.Empty(Checkpoints());
        Tell(store, term: 1, Put("a", "3"));
        await Settled(store);
        Assert.Equal(3UL, Assert.Single(Checkpoints()).State.AppliedIndex);
        Tell(store, term: 1, Put("a", "4"), Put("a", "5"), Put("a", "6"));
        await Settled(store);
        Assert.Empty(Checkpoints());
        store.Tell(new StoreCommand.CheckpointDone(3, Stored: true), _others.Ref);
        Tell(store, term: 1, Put("a", "7"));
        await Settled(store);
        Assert.Equal(7UL, Assert.Single(Checkpoints()).State.AppliedIndex);
    }

    /// <summary>A caller that asked before the first batch waited for the policy, which may be never.</summary>
    [Fact]
    public async Task A_checkpoint_asked_for_before_the_first_batch_is_written_after_it()
    {
        var store = Start();
        var done = new TaskCompletionSource();
        store.Tell(new StoreCommand.CheckpointNow(done), ActorRefs.NoSender);
        Tell(store, term: 1, Put("a", "1"));
        await Settled(store);
        Assert.Single(Checkpoints());
        store.Tell(new StoreCommand.CheckpointDone(1, Stored: true), _others.Ref);
        await done.Task.WaitAsync(Patience);
    }

    /// <summary>A checkpoint that was under way already may lack what the caller has just written.</summary>
    [Fact]
    public async Task A_checkpoint_under_way_does_not_answer_who_asks_for_a_later_state()
    {
        var store = Start();
        var (first, second) = (new TaskCompletionSource(), new TaskCompletionSource());
        Tell(store, term: 1, Put("a", "1"));
        store.Tell(new StoreCommand.CheckpointNow(first), ActorRefs.NoSender);
        Tell(store, term: 1, Put("a", "2"));
        store.Tell(new StoreCommand.CheckpointNow(second), ActorRefs.NoSender);
        await Settled(store);
        Assert.Equal(1UL, Assert.Single(Checkpoints()).State.AppliedIndex);
        store.Tell(new StoreCommand.CheckpointDone(1, Stored: true), _others.Ref);
        await first.Task.WaitAsync(Patience);
        await Settled(store);
        Assert.Equal(2UL, Assert.Single(Checkpoints()).State.AppliedIndex);
        Assert.False(second.Task.IsCompleted);
        store.Tell(new StoreCommand.CheckpointDone(2, Stored: false), _others.Ref);
        await Assert.ThrowsAsync<IOException>(() => second.Task.WaitAsync(Patience));
    }

    [Fact]
    public async Task Running_out_of_space_is_proposed_as_one_alarm_however_many_puts_met_it()
    {
        var store = Start(quota: new StateMachine(new NodeId(1), 1, 0).Store.Stats.SizeBytes + 115_000);
        var big = new string('x', 60_000);
        Tell(store, term: 1, Put("a", big));
        var refused = Enumerable.Range(0, 3).Select(_ => Waiting<PutResponse>(_waiting, Put("b", big))).ToList();
        Tell(store, refused);
        Assert.All(await Task.WhenAll(refused.Select(static put => put.Answered)).WaitAsync(Patience), static answer => Assert.Equal(KvError.NoSpace, answer.Error));
        await Settled(store);
        var alarm = Assert.Single(Taken().OfType<Proposal>());
        Assert.Equal((AlarmType.Nospace, 1UL), (alarm.Request.Alarm.Alarm, alarm.Request.Alarm.MemberID));
        Tell(store, term: 1, alarm.Request);
        Tell(store, [Waiting<PutResponse>(_waiting, Put("c", big))]);
        await Settled(store);
        Assert.Empty(Taken().OfType<Proposal>());
        Assert.True(_roots.Current.Alarms.HasNoSpace);
    }

    [Fact]
    public async Task A_store_that_stops_fails_who_waits_for_it()
    {
        var store = Start(stepRecords: 1, pause: TimeSpan.FromHours(1));
        Tell(store, term: 1, [.. Enumerable.Range(0, 10).Select(static i => Put("a", $"{i}"))]);
        var physical = Waiting<CompactionResponse>(_waiting, Compact(9, physical: true));
        Tell(store, [physical]);
        var checkpoint = new TaskCompletionSource();
        store.Tell(new StoreCommand.CheckpointNow(checkpoint), ActorRefs.NoSender);
        await Settled(store);
        Sys.Stop(store);
        Assert.Equal(KvError.Stopped, (await physical.Answered.WaitAsync(Patience)).Error);
        await Assert.ThrowsAsync<TaskCanceledException>(() => checkpoint.Task.WaitAsync(Patience));
    }

    private IActorRef Start(CheckpointPolicy? policy = null, int stepRecords = 1000, TimeSpan pause = default, long quota = 0)
    {
        _machine = new StateMachine(new NodeId(1), 1, quota);
        _roots = new RootHolder(_machine.Root);
        var setup = new StoreActorSetup(
            _machine, _waiting, _status, _roots, _others.Ref, _others.Ref, policy ?? _never, stepRecords, pause, TimeSpan.MaxValue, _clock,
            new Metrics(new MetricsRegistry()));
        return Sys.ActorOf(Props.Create(() => new StoreActor(setup)));
    }

    private void Tell(IActorRef store, ulong term, params Protos.Internal.InternalRaftRequest[] requests) =>
        store.Tell(new StoreCommand.Apply(new LogSlice([.. requests.Select(request => Entry(++_index, request, id: 0, term))]), term), _others.Ref);

    private void Tell(IActorRef store, IEnumerable<Proposal> proposals) =>
        store.Tell(
            new StoreCommand.Apply(new LogSlice([.. proposals.Select(proposal => new Entry(1, ++_index, EntryType.Normal, proposal.Bytes))]), 1), _others.Ref);

    /// <summary>Returns once everything told before has been handled.</summary>
    private static Task<IReadOnlyList<byte[]>?> Settled(IActorRef store)
    {
        var keys = new TaskCompletionSource<IReadOnlyList<byte[]>?>(TaskCreationOptions.RunContinuationsAsynchronously);
        store.Tell(new StoreCommand.KeysOf(LeaseId.None, keys), ActorRefs.NoSender);
        return keys.Task.WaitAsync(TimeSpan.FromSeconds(20));
    }

    private List<RaftCommand.Checkpoint> Checkpoints() => [.. Taken().OfType<RaftCommand.Checkpoint>()];

    private List<object> Taken()
    {
        var taken = new List<object>();
        while (_others.HasMessages)
        {
            taken.Add(_others.ReceiveOne(TimeSpan.Zero));
        }
        return taken;
    }
}
