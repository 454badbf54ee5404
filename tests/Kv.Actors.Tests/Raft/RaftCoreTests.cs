using Kv.Actors.Model;
using Kv.Actors.Raft;
using Xunit;

namespace Kv.Actors.Tests.Raft;

/// <summary>What the scenarios do not show: order of durability, refusals, restarts.</summary>
public sealed class RaftCoreTests
{
    private static readonly ConfState s_three = new([1, 2, 3]);

    [Fact]
    public void A_write_that_was_overtaken_by_other_leaders_marks_nothing_stable()
    {
        var core = Follower();
        core.Step(Append(2, from: 2, prev: (1, 10), (2, 11), (2, 12)));
        var first = core.TakeReady();
        core.Step(Append(3, from: 3, prev: (1, 10), (3, 11)));
        core.Step(Append(4, from: 2, prev: (1, 10), (2, 11), (2, 12), (4, 13)));   // back as they were (A-B-A)
        core.Advance(first);
        Assert.Equal(10UL, core.Log.Stable);
        var second = core.TakeReady();
        Assert.Equal("[11..13]", Assert.IsType<RaftEvent.Appended>(Assert.Single(second.Events)).Entries.ToString());
        core.Advance(second);
        Assert.Equal(13UL, core.Log.Stable);
    }

    [Fact]
    public void Acknowledgements_and_votes_are_late_and_heartbeat_answers_early()
    {
        var core = Follower();
        core.Step(Append(2, from: 2, prev: (1, 10), (2, 11)));
        core.Step(new RaftMessage.Heartbeat(10, 0) { From = 2, To = 1, Term = 2 });
        core.Step(new RaftMessage.VoteRequest(false, 50, 50, Transfer: true, 0, 0) { From = 3, To = 1, Term = 5 });
        var ready = core.TakeReady();
        Assert.IsType<RaftMessage.HeartbeatReply>(Assert.Single(ready.Early));
        Assert.Equal([typeof(RaftMessage.AppendAccepted), typeof(RaftMessage.VoteReply)], ready.Late.Select(m => m.GetType()));
        Assert.Equal(new HardState(5, 3, 10), Assert.IsType<RaftEvent.Appended>(Assert.Single(ready.Events)).State);
    }

    /// <summary>etcd's force-new-cluster: what was not committed is, everyone else goes, and the one that is left leads at once.</summary>
    [Fact]
    public void A_node_that_goes_on_alone_commits_its_whole_log_and_removes_everyone_else()
    {
        var core = new RaftCore(new RaftConfig { Id = 2 }, new Prng(1));
        core.Replay(new RaftEvent.Checkpoint(new SnapshotMeta(10, 3, s_three), new HardState(3, 1, 10), default));
        var added = new Entry(3, 12, EntryType.ConfChange, RaftWire.Encode(new ConfChange(ConfChangeType.AddLearner, 9)));
        core.Replay(new RaftEvent.Appended(new LogSlice(new Entry(3, 11, EntryType.Normal, new byte[] { 1 }), added), new HardState(4, 3, 10)));
        Assert.Equal([1UL, 3, 9], core.ForceAlone());
        core.Start();
        var ready = core.TakeReady();
        Assert.Equal("[13..15]", Assert.IsType<RaftEvent.Appended>(Assert.Single(ready.Events)).Entries.ToString());
        Assert.Equal("[11..15]", ready.Committed.ToString());
        foreach (var entry in ready.Committed.Where(static entry => entry.IsConfChange))
        {
            core.ApplyConfChange(entry);
        }
        core.Advance(ready);
        core.Applied(15);
        Assert.Equal("voters (2)", core.ConfState.ToString());
        core.Campaign();
        core.Advance(core.TakeReady());
        Assert.Equal(Role.Leader, core.Role);
    }

    [Fact]
    public void A_commit_by_itself_is_not_worth_a_write()
    {
        var core = Follower();
        core.Step(Append(2, from: 2, prev: (1, 10), (2, 11)));
        core.Advance(core.TakeReady());
        core.Step(new RaftMessage.Heartbeat(11, 0) { From = 2, To = 1, Term = 2 });
        var ready = core.TakeReady();
        Assert.Empty(ready.Events);
        Assert.Equal("[11..11]", ready.Committed.ToString());
    }

    /// <summary>Simulation, seed 1513: a removed member goes for good, and the others must not count it again after a power failure.</summary>
    [Fact]
    public void A_follower_applies_a_membership_change_only_with_a_durable_commit()
    {
        var core = Follower();
        var change = new Entry(2, 11, EntryType.ConfChange, RaftWire.Encode(new ConfChange(ConfChangeType.RemoveNode, 3)));
        core.Step(new RaftMessage.Append(10, 1, new LogSlice(change), 10) { From = 2, To = 1, Term = 2 });
        core.Advance(core.TakeReady());
        core.Step(new RaftMessage.Heartbeat(11, 0) { From = 2, To = 1, Term = 2 });
        var ready = core.TakeReady();
        Assert.Equal(new HardState(2, 0, 11), Assert.IsType<RaftEvent.HardStateChanged>(Assert.Single(ready.Events)).State);
        Assert.Equal("[11..11]", ready.Committed.ToString());
    }

    [Fact]
    public void A_leader_tells_of_a_committed_membership_change_once_its_own_commit_is_durable()
    {
        var core = Follower(new RaftConfig { Id = 1, PreVote = false });
        core.Campaign();
        core.Advance(core.TakeReady());
        core.Step(new RaftMessage.VoteReply(false, true, 0, 0) { From = 2, To = 1, Term = 2 });
        core.ProposeConfChange(new ConfChange(ConfChangeType.RemoveNode, 3));
        core.Advance(core.TakeReady());
        core.Propose(new byte[] { 1 });
        core.Advance(core.TakeReady());
        core.Step(new RaftMessage.AppendAccepted(10) { From = 2, To = 1, Term = 2 });
        core.Step(new RaftMessage.AppendAccepted(13) { From = 2, To = 1, Term = 2 });
        Assert.Equal(13UL, core.Log.Committed);
        core.Tick();                                       // a heartbeat does not tell either
        var ready = core.TakeReady();
        Assert.Equal(new HardState(2, 1, 13), Assert.IsType<RaftEvent.HardStateChanged>(Assert.Single(ready.Events)).State);
        Assert.Equal("[11..13]", ready.Committed.ToString());
        Assert.NotEmpty(ready.Early);
        Assert.Equal(11UL, Told(ready.Early).Max());
        Assert.Equal(new ulong[] { 2, 3 }, ready.Late.Select(static m => m.To).Order());     // the removed one too: nobody tells it later
        Assert.All(Told(ready.Late), static commit => Assert.Equal(13UL, commit));
        core.Propose(new byte[] { 2 });
        core.Step(new RaftMessage.AppendAccepted(14) { From = 2, To = 1, Term = 2 });      // while the write is under way
        core.Step(new RaftMessage.AppendAccepted(14) { From = 3, To = 1, Term = 2 });
        Assert.Equal(14UL, core.Log.Committed);
        core.Tick();
        Assert.Equal(11UL, Told(core.TakeEarly()).Max());
        core.Advance(ready);
        Assert.Equal(14UL, Told(core.TakeReady().Early).Max());
    }

    [Fact]
    public void A_snapshot_and_entries_after_it_are_two_events_of_which_the_first_alone_is_sound()
    {
        var core = Follower();
        core.Step(new RaftMessage.InstallSnapshot(new SnapshotMeta(20, 3, s_three)) { From = 2, To = 1, Term = 3 });
        core.Step(new RaftMessage.Append(20, 3, new LogSlice(new Entry(3, 21, EntryType.Normal, default)), 21) { From = 2, To = 1, Term = 3 });
        var ready = core.TakeReady();
        Assert.Equal(2, ready.Events.Count);
        Assert.Equal(20UL, ready.Snapshot!.Index);
        Assert.Empty(ready.Committed);                 // only after the snapshot is in place
        var again = New();
        again.Replay(ready.Events[0]);
        again.Start();
        Assert.Equal(20UL, again.Log.Committed);
        core.Advance(ready);
        Assert.Equal("[21..21]", core.TakeReady().Committed.ToString());
    }

    [Fact]
    public void A_snapshot_for_others_or_without_news_is_ignored()
    {
        var core = Follower();
        core.Step(new RaftMessage.InstallSnapshot(new SnapshotMeta(20, 3, new ConfState([2, 3]))) { From = 2, To = 1, Term = 3 });
        core.Step(new RaftMessage.InstallSnapshot(new SnapshotMeta(9, 1, s_three)) { From = 2, To = 1, Term = 3 });
        Assert.Null(core.Log.PendingSnapshot);
        Assert.All(core.TakeReady().Late, m => Assert.Equal(10UL, Assert.IsType<RaftMessage.AppendAccepted>(m).Index));
    }

    [Fact]
    public void A_snapshot_whose_last_entry_is_here_only_moves_the_commit()
    {
        var core = Follower();
        core.Step(Append(2, from: 2, prev: (1, 10), (2, 11), (2, 12)));
        core.Step(new RaftMessage.InstallSnapshot(new SnapshotMeta(12, 2, s_three)) { From = 2, To = 1, Term = 2 });
        Assert.Null(core.Log.PendingSnapshot);
        Assert.Equal((12UL, 11UL), (core.Log.Committed, core.Log.FirstIndex));
    }

    [Fact]
    public void Messages_for_others_from_nobody_or_without_a_term_are_refused()
    {
        var core = Follower();
        core.Step(new RaftMessage.Heartbeat(10, 0) { From = 2, To = 3, Term = 9 });
        core.Step(new RaftMessage.Heartbeat(10, 0) { From = 1, To = 1, Term = 9 });
        core.Step(new RaftMessage.Heartbeat(10, 0) { From = 0, To = 1, Term = 9 });
        core.Step(new RaftMessage.Heartbeat(10, 0) { From = 2, To = 1, Term = 0 });
        core.Step(new RaftMessage.TimeoutNow { From = 2, To = 1, Term = 0 });
        Assert.Equal((1UL, 0UL, Role.Follower, false), (core.Term, core.Leader, core.Role, core.HasReady));
    }

    [Fact]
    public void Only_one_batch_is_out_and_only_it_is_acknowledged()
    {
        var core = Follower();
        core.Step(Append(2, from: 2, prev: (1, 10), (2, 11)));
        var ready = core.TakeReady();
        Assert.Throws<RaftBugException>(() => core.TakeReady());
        core.Advance(ready);
        Assert.Throws<RaftBugException>(() => core.Advance(ready));
    }

    [Fact]
    public void A_commit_beyond_the_log_stops_the_start()
    {
        var core = New();
        core.Replay(new RaftEvent.HardStateChanged(new HardState(3, 0, 5)));
        Assert.Throws<RaftBugException>(() => core.Start());
    }

    [Fact]
    public void A_gap_in_the_journal_stops_the_replay()
    {
        var core = New();
        var gap = new RaftEvent.Appended(new LogSlice(new Entry(1, 5, EntryType.Normal, default)), new HardState(1, 0, 0));
        Assert.Throws<RaftBugException>(() => core.Replay(gap));
    }

    [Fact]
    public void An_appended_event_that_overlaps_replaces_the_suffix()
    {
        var core = New();
        core.Replay(new RaftEvent.Appended(Slice(1, 1, 1, 1), new HardState(1, 0, 0)));
        core.Replay(new RaftEvent.Appended(Slice(2, 2), new HardState(2, 3, 1)));
        core.Start();
        Assert.Equal((2UL, 2UL, 2UL, 3UL, 1UL), (core.Log.LastIndex, core.Log.LastTerm, core.Term, core.Vote, core.Log.Committed));
        Assert.Equal(2UL, core.Log.Stable);
    }

    [Fact]
    public void A_checkpoint_stands_for_everything_before_it()
    {
        var core = Follower();
        core.Step(Append(2, from: 2, prev: (1, 10), (2, 11), (2, 12)));
        core.Step(new RaftMessage.Heartbeat(11, 0) { From = 2, To = 1, Term = 2 });
        core.Advance(core.TakeReady());
        core.Applied(11);
        var checkpoint = core.Checkpoint(new SnapshotMeta(11, 2, s_three));
        var again = New();
        again.Restore(checkpoint.Meta, checkpoint.State, checkpoint.Entries);
        again.Start();
        Assert.Equal((2UL, 12UL, 12UL, 11UL, 11UL), (again.Term, again.Log.FirstIndex, again.Log.LastIndex, again.Log.Committed, again.Log.Applied));
        Assert.Equal(s_three, again.ConfState);
    }

    [Fact]
    public void A_vote_survives_an_older_event_of_the_same_term()
    {
        var core = New();
        core.Replay(new RaftEvent.Checkpoint(new SnapshotMeta(10, 1, s_three), new HardState(4, 2, 10), default));
        core.Replay(new RaftEvent.HardStateChanged(new HardState(4, 0, 10)));
        core.Start();
        Assert.Equal(2UL, core.Vote);
    }

    [Fact]
    public void A_restart_may_say_how_far_the_state_machine_is()
    {
        var core = New();
        core.Replay(new RaftEvent.Checkpoint(new SnapshotMeta(10, 1, s_three), new HardState(1, 0, 12), Slice(11, 1, 1, 1)));
        core.Start(applied: 11, conf: new ConfState([1, 2]));
        Assert.Equal("[12..12]", core.TakeReady().Committed.ToString());
        Assert.Equal(new ConfState([1, 2]), core.ConfState);
        Assert.Equal(new ConfState([1, 2]), core.ApplyConfChange(11, new ConfChange(ConfChangeType.RemoveNode, 2).AsV2()));
    }

    [Fact]
    public void Two_leaders_in_one_term_are_a_bug()
    {
        var core = Follower();
        core.Campaign();
        core.Advance(core.TakeReady());
        core.Step(new RaftMessage.VoteReply(true, true, 0, 0) { From = 2, To = 1, Term = 2 });
        core.Advance(core.TakeReady());
        core.Step(new RaftMessage.VoteReply(false, true, 0, 0) { From = 2, To = 1, Term = 2 });
        Assert.Equal(Role.Leader, core.Role);
        Assert.Throws<RaftBugException>(() => core.Step(new RaftMessage.Heartbeat(10, 0) { From = 3, To = 1, Term = 2 }));
    }

    /// <summary>Raft paper figure 8: an entry of an earlier term may sit on a majority and still be overwritten.</summary>
    [Fact]
    public void An_entry_of_an_earlier_term_commits_only_with_one_of_this_term()
    {
        var core = Follower(new RaftConfig { Id = 1, PreVote = false });
        core.Step(Append(2, from: 2, prev: (1, 10), (2, 11)));
        core.Advance(core.TakeReady());
        core.Campaign();
        core.Campaign();
        core.Advance(core.TakeReady());
        core.Step(new RaftMessage.VoteReply(false, true, 0, 0) { From = 3, To = 1, Term = core.Term });
        core.Advance(core.TakeReady());
        Assert.Equal((Role.Leader, 12UL), (core.Role, core.Log.Stable));
        core.Step(new RaftMessage.AppendAccepted(11) { From = 3, To = 1, Term = core.Term });
        Assert.Equal(10UL, core.Log.Committed);
        core.Step(new RaftMessage.AppendAccepted(12) { From = 3, To = 1, Term = core.Term });
        Assert.Equal(12UL, core.Log.Committed);
    }

    [Fact]
    public void A_candidate_does_not_count_its_own_vote_before_it_is_durable()
    {
        var core = Follower(new RaftConfig { Id = 1, PreVote = false });
        core.Campaign();
        core.Step(new RaftMessage.VoteReply(false, true, 0, 0) { From = 2, To = 1, Term = 2 });
        Assert.Equal(Role.Candidate, core.Role);       // two of three, but one of them is not on disk
        core.Advance(core.TakeReady());
        Assert.Equal(Role.Leader, core.Role);
    }

    [Fact]
    public void A_restarted_node_keeps_the_promise_it_may_have_given_to_a_leader_with_a_lease()
    {
        var core = Follower(new RaftConfig { Id = 1, ReadMode = ReadMode.LeaseBased });
        core.Step(new RaftMessage.VoteRequest(false, 50, 1, Transfer: false, 0, 0) { From = 2, To = 1, Term = 2 });
        core.Campaign();
        Assert.Equal((1UL, Role.Follower, false), (core.Term, core.Role, core.HasReady));
        core.Step(new RaftMessage.VoteRequest(false, 50, 1, Transfer: true, 0, 0) { From = 2, To = 1, Term = 2 });
        Assert.Equal((2UL, 2UL), (core.Term, core.Vote));
    }

    [Fact]
    public void Election_timeouts_are_drawn_from_one_to_two_times_the_setting()
    {
        var drawn = new HashSet<int>();
        var core = Follower();
        for (var term = 2UL; term < 200; term++)
        {
            core.Step(new RaftMessage.Heartbeat(0, 0) { From = 2, To = 1, Term = term });
            drawn.Add(core.ElectionTimeoutTicks);
        }

        Assert.Equal(Enumerable.Range(10, 10), drawn.Order());
    }

    [Fact]
    public void A_configuration_out_of_bounds_is_refused_with_its_numbers()
    {
        RaftConfig[] wrong =
        [
            new() { Id = 0 },
            new() { Id = ulong.MaxValue },
            new() { Id = 1, HeartbeatTicks = 0 },
            new() { Id = 1, ElectionTicks = 1 },
            new() { Id = 1, MaxMessageBytes = 0 },
            new() { Id = 1, MaxInflightMessages = 0 },
            new() { Id = 1, MaxInflightBytes = 5 },
            new() { Id = 1, MaxUncommittedBytes = -1 },
            new() { Id = 1, CheckQuorum = false, ReadMode = ReadMode.LeaseBased },
        ];
        Assert.All(wrong, c => Assert.Throws<ArgumentException>(() => new RaftCore(c, new Prng(1))));
        Assert.Contains("ElectionTicks is 1", Assert.Throws<ArgumentException>(() => wrong[3].Validate()).Message, StringComparison.Ordinal);
    }

    private static IEnumerable<ulong> Told(IEnumerable<RaftMessage> messages) => messages.Select(static m => m switch
    {
        RaftMessage.Append append => append.Commit,
        RaftMessage.Heartbeat heartbeat => heartbeat.Commit,
        _ => 0UL,
    });

    private static RaftCore New(RaftConfig? config = null) => new(config ?? new RaftConfig { Id = 1 }, new Prng(1));

    private static RaftCore Follower(RaftConfig? config = null)
    {
        var core = New(config);
        core.Restore(new SnapshotMeta(10, 1, s_three), new HardState(1, 0, 10), default);
        core.Start();
        return core;
    }

    private static RaftMessage.Append Append(ulong term, ulong from, (ulong Term, ulong Index) prev, params (ulong Term, ulong Index)[] entries) =>
        new(prev.Index, prev.Term, new LogSlice([.. entries.Select(e => new Entry(e.Term, e.Index, EntryType.Normal, default))]), 10)
        {
            From = from,
            To = 1,
            Term = term,
        };

    private static LogSlice Slice(ulong first, params ulong[] terms) =>
        new([.. terms.Select((term, i) => new Entry(term, first + (ulong)i, EntryType.Normal, default))]);
}
