using System.Text;
using Kv.Actors.Model;
using Kv.Actors.Raft;
using Xunit;

namespace Kv.Actors.Tests.Raft;

/// <summary>One voter: everything that a cluster does, without messages.</summary>
public sealed class SingleNodeTests
{
    [Fact]
    public void A_new_node_elects_itself_and_commits_what_it_has_made_durable()
    {
        var core = New();
        core.Bootstrap([(1, default)]);
        core.Start();
        var first = core.TakeReady();
        var appended = Assert.IsType<RaftEvent.Appended>(Assert.Single(first.Events));
        Assert.Equal(new HardState(1, 0, 1), appended.State);
        Assert.Equal(1UL, Assert.Single<Entry>(first.Committed).Index);
        Finish(core, first);

        core.Campaign();
        Assert.Equal(Role.Candidate, core.Role);       // its own vote counts only when it is durable
        var vote = core.TakeReady();
        Assert.Equal(new HardState(2, 1, 1), Assert.IsType<RaftEvent.HardStateChanged>(Assert.Single(vote.Events)).State);
        Finish(core, vote);
        Assert.Equal(Role.Leader, core.Role);
        Assert.Equal(1UL, core.Log.Committed);
        Drain(core);
        Assert.Equal(2UL, core.Log.Committed);
    }

    [Fact]
    public void A_proposal_costs_one_journal_write()
    {
        var core = Leader();
        var result = core.Propose(Encoding.UTF8.GetBytes("a"));
        Assert.Equal(new ProposeResult(ProposeStatus.Accepted, 2, 3), result);
        var write = core.TakeReady();
        Assert.Equal(3UL, Assert.IsType<RaftEvent.Appended>(Assert.Single(write.Events)).Entries.LastIndex);
        Assert.True(write.MustSync);
        Assert.Empty(write.Committed);
        core.Advance(write);
        var apply = core.TakeReady();
        Assert.Empty(apply.Events);
        Assert.False(apply.MustSync);
        Assert.Equal(3UL, Assert.Single<Entry>(apply.Committed).Index);
        Finish(core, apply);
        Assert.False(core.HasReady);
    }

    [Fact]
    public void What_comes_while_a_batch_is_out_leaves_with_the_next()
    {
        var core = Leader();
        core.Propose(new byte[] { 1 });
        var first = core.TakeReady();
        core.Propose(new byte[] { 2 });
        core.Propose([new byte[] { 3 }, new byte[] { 4 }]);
        Assert.False(core.HasReady);
        core.Advance(first);
        Assert.Equal(3UL, core.Log.Committed);
        var second = core.TakeReady();
        Assert.Equal("[4..6]", Assert.IsType<RaftEvent.Appended>(Assert.Single(second.Events)).Entries.ToString());
        Assert.Equal("[3..3]", second.Committed.ToString());
    }

    [Fact]
    public void A_read_is_answered_at_once_but_not_before_the_first_commit_of_the_term()
    {
        var core = New();
        core.Bootstrap([(1, default)]);
        core.Start();
        Assert.Equal(ReadStatus.NoLeader, core.ReadIndex(7).Status);
        Drain(core);
        core.Campaign();
        Finish(core, core.TakeReady());
        Assert.Equal(ReadStatus.Waiting, core.ReadIndex(8).Status);
        Finish(core, core.TakeReady());
        var ready = core.TakeReady();
        Assert.Equal([new ReadState(2, 8)], ready.Reads);
        Finish(core, ready);
        Assert.Equal(new ReadIndexResult(ReadStatus.Answered, 2), core.ReadIndex(9));
    }

    [Fact]
    public void A_restart_brings_back_term_vote_log_and_membership()
    {
        var journal = new List<RaftEvent>();
        var core = Leader(journal);
        core.Propose(Encoding.UTF8.GetBytes("kept"));
        Drain(core, journal);

        var again = New();
        foreach (var recorded in journal) again.Replay(RaftWire.DecodeEvent(RaftWire.Encode(recorded)));
        again.Start();
        Assert.Equal((Role.Follower, 2UL, 1UL), (again.Role, again.Term, again.Vote));
        Assert.Equal(3UL, again.Log.LastIndex);
        Drain(again);
        Assert.Equal("voters (1)", again.ConfState.ToString());
        again.Campaign();
        Drain(again);
        Assert.Equal((Role.Leader, 3UL, 4UL), (again.Role, again.Term, again.Log.Committed));
    }

    private static RaftCore New() => new(new RaftConfig { Id = 1 }, new Prng(1));

    private static RaftCore Leader(List<RaftEvent>? journal = null)
    {
        var core = New();
        core.Bootstrap([(1, default)]);
        core.Start();
        Drain(core, journal);
        core.Campaign();
        Drain(core, journal);
        return core;
    }

    private static void Drain(RaftCore core, List<RaftEvent>? journal = null)
    {
        while (core.HasReady)
        {
            var ready = core.TakeReady();
            journal?.AddRange(ready.Events);
            Finish(core, ready);
        }
    }

    private static void Finish(RaftCore core, Ready ready)
    {
        core.Advance(ready);
        foreach (var entry in ready.Committed)
        {
            if (entry.IsConfChange) core.ApplyConfChange(entry);
        }

        if (ready.Committed.Count > 0) core.Applied(ready.Committed.LastIndex);
    }
}
