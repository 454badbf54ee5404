using Kv.Actors.Raft;
using Xunit;

namespace Kv.Actors.Tests.Raft;

public sealed class ProgressTests
{
    [Fact]
    public void A_probe_pauses_after_one_append_with_entries_and_an_ack_makes_it_replicate()
    {
        var progress = New(next: 5);
        progress.Sent(0, 0, 0);
        Assert.False(progress.IsPaused);
        progress.Sent(3, 30, 0);
        Assert.True(progress.IsPaused);
        Assert.Equal(5UL, progress.Next);
        Assert.True(progress.Acknowledge(7));
        progress.BecomeReplicate();
        Assert.Equal((7UL, 8UL, false), (progress.Match, progress.Next, progress.IsPaused));
    }

    [Fact]
    public void Replicate_moves_next_on_sending_until_the_window_is_full()
    {
        var progress = New(next: 1);
        progress.BecomeReplicate();
        progress.Sent(2, 10, 0);
        Assert.Equal((3UL, false), (progress.Next, progress.IsPaused));
        progress.Sent(1, 10, 0);
        Assert.True(progress.IsPaused);                // window of two
        progress.Resume();
        Assert.False(progress.IsPaused);
        Assert.True(progress.Inflights.IsFull);        // resumed for empty appends only
        progress.Inflights.FreeUpTo(2);
        Assert.False(progress.Inflights.IsFull);
    }

    [Fact]
    public void Stale_answers_change_nothing()
    {
        var progress = New(next: 10);
        Assert.False(progress.Reject(rejected: 5, hint: 3));           // Probe: only the last append sent
        Assert.True(progress.Reject(rejected: 9, hint: 3));
        Assert.Equal(4UL, progress.Next);
        progress.Acknowledge(6);
        progress.BecomeReplicate();
        Assert.False(progress.Acknowledge(6));
        Assert.False(progress.Reject(rejected: 6, hint: 2));           // Replicate: it matched already
        Assert.True(progress.Reject(rejected: 8, hint: 2));
        Assert.Equal(7UL, progress.Next);
    }

    [Fact]
    public void A_hint_never_lowers_next_to_what_is_known_to_match()
    {
        var progress = New(next: 1);
        progress.Acknowledge(4);
        progress.BecomeReplicate();
        progress.BecomeProbe();
        Assert.True(progress.Reject(rejected: 4, hint: 0));
        Assert.Equal(5UL, progress.Next);
    }

    [Fact]
    public void A_snapshot_is_probed_after_or_forgotten()
    {
        var progress = New(next: 1);
        progress.BecomeSnapshot(20);
        Assert.True(progress.IsPaused);
        progress.SnapshotDelivered();
        Assert.Equal((ProgressState.Probe, 21UL, true), (progress.State, progress.Next, progress.IsPaused));
        progress.BecomeSnapshot(20);
        progress.SnapshotFailed();
        Assert.Equal((ProgressState.Probe, 1UL, true), (progress.State, progress.Next, progress.IsPaused));
    }

    [Fact]
    public void The_commit_index_is_missed_when_a_higher_one_was_not_sent()
    {
        var progress = New(next: 5);
        Assert.True(progress.MayMissCommit(3));
        progress.Sent(0, 0, commit: 3);
        Assert.False(progress.MayMissCommit(3));
        Assert.True(progress.MayMissCommit(4));
        progress.Sent(0, 0, commit: 4);
        Assert.False(progress.MayMissCommit(9));       // it has been told all it could use
    }

    [Fact]
    public void Inflights_are_bounded_by_count_and_by_bytes()
    {
        var byCount = new Inflights(3, 0);
        byCount.Add(1, 1000);
        byCount.Add(5, 1000);
        byCount.Add(9, 1000);
        Assert.True(byCount.IsFull);
        Assert.Throws<RaftBugException>(() => byCount.Add(10, 1));
        byCount.FreeUpTo(5);
        Assert.Equal((1, 1000L), (byCount.Count, byCount.Bytes));

        var byBytes = new Inflights(100, 50);
        byBytes.Add(1, 49);
        Assert.False(byBytes.IsFull);
        byBytes.Add(2, 49);                            // the one that crosses the bound is let through
        Assert.True(byBytes.IsFull);
        byBytes.Clear();
        Assert.Equal((0, 0L, false), (byBytes.Count, byBytes.Bytes, byBytes.IsFull));
    }

    [Fact]
    public void Inflights_keep_their_order_while_the_ring_grows_and_turns()
    {
        var window = new Inflights(100, 0);
        var freed = 0UL;
        for (var i = 1UL; i <= 500; i++)
        {
            window.Add(i, 1);
            if (window.Count < 60) continue;
            freed += 37;
            window.FreeUpTo(freed);
            Assert.Equal((int)(i - freed), window.Count);
            Assert.Equal((long)(i - freed), window.Bytes);
        }
    }

    private static Progress New(ulong next) =>
        new(2, next, isLearner: false, new RaftConfig { Id = 1, MaxInflightMessages = 2 });
}
