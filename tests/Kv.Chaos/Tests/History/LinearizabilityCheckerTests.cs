using Kv.Testing.History;
using Xunit;
using static Kv.Chaos.Tests.History.Story;

namespace Kv.Chaos.Tests.History;

public sealed class LinearizabilityCheckerTests
{
    [Fact]
    public void Writes_and_reads_in_order_are_linearizable()
    {
        var story = new Story();
        story.Put(0, 1, "a", "1", 2);
        story.Get(2, 3, "a", 2, Key("a", "1", 2, 2, 1));
        story.Put(4, 5, "a", "2", 3);
        story.Get(6, 7, "a", 3, Key("a", "2", 2, 3, 2));
        var result = story.Check();
        Assert.True(result.Ok, result.ToString());
        Assert.Equal(4, result.Order.Count);
    }

    [Fact]
    public void A_read_of_what_was_overwritten_before_it_was_called_is_stale()
    {
        var story = new Story();
        story.Put(0, 1, "a", "1", 2);
        var missed = story.Put(2, 3, "a", "2", 3);
        story.Get(4, 5, "a", 2, Key("a", "1", 2, 2, 1));
        var result = story.Check();
        Assert.Equal(Verdict.NotLinearizable, result.Verdict);
        Assert.Contains(missed.ToString(), result.Explanation, StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_read_is_fine_while_the_write_is_under_way()
    {
        var story = new Story();
        story.Put(0, 1, "a", "1", 2);
        story.Put(2, 4.5, "a", "2", 3);
        story.Get(4, 5, "a", 2, Key("a", "1", 2, 2, 1));
        Assert.True(story.Check().Ok);
    }

    [Fact]
    public void Two_compare_and_swaps_from_one_state_are_a_lost_update()
    {
        var story = new Story();
        story.Put(0, 1, "a", "1", 2);
        story.Known(2, 5, Swap("a", 2, "2"), new KvAnswer.Txn(true, [new KvAnswer.Put()]), 3);
        story.Known(2, 5, Swap("a", 2, "3"), new KvAnswer.Txn(true, [new KvAnswer.Put()]), 4);
        Assert.Equal(Verdict.NotLinearizable, story.Check().Verdict);
    }

    [Fact]
    public void Two_acknowledged_writes_cannot_share_a_revision()
    {
        var story = new Story();
        story.Put(0, 3, "a", "1", 2);
        story.Put(0, 3, "b", "2", 2);
        Assert.Contains("revision 2", story.Check().Explanation, StringComparison.Ordinal);
    }

    [Fact]
    public void A_write_that_was_applied_twice_leaves_a_revision_that_nobody_wrote()
    {
        var story = new Story();
        story.Put(0, 1, "a", "1", 2);                                    // applied as 2 and again as 3
        story.Get(2, 3, "a", 3, Key("a", "1", 2, 3, 2));
        var result = story.Check();
        Assert.Equal(Verdict.NotLinearizable, result.Verdict);
        Assert.Contains("nobody was acknowledged revision 3", result.Explanation, StringComparison.Ordinal);
    }

    [Fact]
    public void An_acknowledged_write_that_is_gone_is_found()
    {
        var story = new Story();
        story.Put(0, 1, "a", "1", 2);
        story.Get(2, 3, "a", 1);
        Assert.Equal(Verdict.NotLinearizable, story.Check().Verdict);
    }

    [Fact]
    public void A_write_of_unknown_fate_may_happen_much_later()
    {
        var story = new Story();
        story.Unknown(0, new KvRequest.Put("a", "late"));
        story.Get(10, 11, "a", 1);
        story.Put(12, 13, "a", "2", 2);
        story.Get(20, 21, "a", 3, Key("a", "late", 2, 3, 2));
        var result = story.Check();
        Assert.True(result.Ok, result.ToString());
    }

    [Fact]
    public void A_write_of_unknown_fate_may_never_happen()
    {
        var story = new Story();
        story.Unknown(0, new KvRequest.Put("a", "never"));
        story.Put(1, 2, "a", "1", 2);
        story.Get(3, 4, "a", 2, Key("a", "1", 2, 2, 1));
        Assert.True(story.Check().Ok);
    }

    [Fact]
    public void A_write_of_unknown_fate_happens_once_only()
    {
        var story = new Story();
        story.Unknown(0, new KvRequest.Put("a", "x"));
        story.Get(1, 2, "a", 2, Key("a", "x", 2, 2, 1));
        story.Put(3, 4, "a", "y", 3);
        story.Get(5, 6, "a", 4, Key("a", "x", 2, 4, 3));
        Assert.Equal(Verdict.NotLinearizable, story.Check().Verdict);
    }

    [Fact]
    public void A_write_of_unknown_fate_does_not_happen_before_its_call()
    {
        var story = new Story();
        story.Get(0, 1, "a", 2, Key("a", "x", 2, 2, 1));
        story.Unknown(2, new KvRequest.Put("a", "x"));
        Assert.Equal(Verdict.NotLinearizable, story.Check().Verdict);
    }

    [Fact]
    public void What_a_watcher_saw_tells_which_unknown_write_made_a_revision()
    {
        var story = new Story();
        story.Unknown(0, new KvRequest.Put("a", "x"));
        story.Unknown(0, new KvRequest.Put("a", "y"));
        story.Put(3, 4, "a", "z", 3);
        var watch = new WatchLog("w", "a");
        watch.Open("m1");
        watch.Add(new WatchBatch(At(5), 3, [new WatchEvent(false, Key("a", "y", 2, 2, 1), null), new WatchEvent(false, Key("a", "z", 2, 3, 2), null)]));
        var result = story.Check(watch);
        Assert.True(result.Ok, result.ToString());
        Assert.Equal("y", Assert.IsType<KvRequest.Put>(result.Order[0].Request).Value);
    }

    /// <summary>Simulation, seed 1299: the search put a write of unknown fate where a lease had expired, and a watcher was blamed.</summary>
    [Fact]
    public void What_an_event_shows_of_the_time_before_leaves_no_room_for_an_unknown_write()
    {
        var story = new Story();
        story.Put(0, 1, "a", "1", 2);
        story.Put(2, 3, "b", "1", 3, lease: 7);
        story.Unknown(4, new KvRequest.Put("a", "x"));
        story.Unknown(4, new KvRequest.Revoke(7, Expired: true));
        story.Known(8, 9, new KvRequest.Delete("a"), new KvAnswer.Delete(1, []), 5);
        var watch = new WatchLog("w", "a", prevKv: true);
        watch.Open("m1");
        watch.Add(new WatchBatch(At(10), 5, [new WatchEvent(true, Key("a", "", 0, 5, 0), Key("a", "1", 2, 2, 1))]));
        var result = story.Check(watch);
        Assert.True(result.Ok, result.ToString());
        Assert.IsType<KvRequest.Revoke>(result.Order[2].Request);
    }

    /// <summary>Simulation, seed 1916: the same, where nothing later showed what the key had been.</summary>
    [Fact]
    public void Where_a_watch_went_on_without_a_word_an_unknown_write_is_not_believed()
    {
        var story = new Story();
        story.Put(0, 1, "a", "1", 2, lease: 7);
        story.Unknown(2, new KvRequest.Put("k", "x"));
        story.Unknown(2, new KvRequest.Revoke(7, Expired: true));
        story.Put(8, 9, "l", "1", 4);
        var watch = new WatchLog("w", "k", "m");
        watch.Open("m1", start: 3);
        watch.Add(new WatchBatch(At(10), 4, [new WatchEvent(false, Key("l", "1", 4, 4, 1), null)]));
        var result = story.Check(watch);
        Assert.True(result.Ok, result.ToString());
        Assert.IsType<KvRequest.Revoke>(result.Order[1].Request);
    }

    /// <summary>An acknowledged write has its place: that the watch left it out is for the watch's judge to say.</summary>
    [Fact]
    public void Where_a_watch_went_on_without_a_word_an_acknowledged_write_stays_where_it_is()
    {
        var story = new Story();
        story.Put(0, 1, "k", "1", 2);
        story.Put(2, 3, "l", "1", 3);
        var watch = new WatchLog("w", "k", "m");
        watch.Open("m1", start: 2);
        watch.Add(new WatchBatch(At(10), 3, [new WatchEvent(false, Key("l", "1", 3, 3, 1), null)]));
        Assert.True(story.Check(watch).Ok);
    }

    [Fact]
    public void A_change_that_only_a_watcher_saw_must_be_explained_too()
    {
        var story = new Story();
        story.Put(0, 1, "a", "1", 2);
        var watch = new WatchLog("w", "a");
        watch.Open("m1");
        watch.Add(new WatchBatch(At(5), 3, [new WatchEvent(false, Key("a", "from nowhere", 2, 3, 2), null)]));
        Assert.Equal(Verdict.NotLinearizable, story.Check(watch).Verdict);
    }

    [Fact]
    public void A_transaction_is_seen_whole_or_not_at_all()
    {
        var story = new Story();
        var both = new KvRequest.Txn([], [new KvRequest.Put("a", "1"), new KvRequest.Put("b", "1")], []);
        story.Known(0, 5, both, new KvAnswer.Txn(true, [new KvAnswer.Put(), new KvAnswer.Put()]), 2);
        story.Known(1, 2, new KvRequest.Range("a", "c"), new KvAnswer.Range([Key("a", "1", 2, 2, 1)], 1), 2);
        Assert.Equal(Verdict.NotLinearizable, story.Check().Verdict);
    }

    [Fact]
    public void Keys_of_a_lease_go_in_one_revision()
    {
        var story = new Story();
        story.Put(0, 1, "a", "1", 2, lease: 7);
        story.Put(2, 3, "b", "2", 3, lease: 7);
        story.Unknown(0, new KvRequest.Revoke(7, Expired: true));
        story.Known(8, 9, new KvRequest.Range("a", "c"), Nothing, 4);
        Assert.True(story.Check().Ok);
        story.Put(10, 11, "c", "3", 5, lease: 7);                        // on a dead lease
        Assert.Equal(Verdict.NotLinearizable, story.Check().Verdict);
    }

    [Fact]
    public void Half_of_a_lease_cannot_go()
    {
        var story = new Story();
        story.Put(0, 1, "a", "1", 2, lease: 7);
        story.Put(2, 3, "b", "2", 3, lease: 7);
        story.Unknown(0, new KvRequest.Revoke(7, Expired: true));
        story.Known(8, 9, new KvRequest.Range("a", "c"), new KvAnswer.Range([Key("b", "2", 3, 3, 1, 7)], 1), 4);
        Assert.Equal(Verdict.NotLinearizable, story.Check().Verdict);
    }

    [Fact]
    public void Without_revisions_keys_are_judged_apart()
    {
        var story = new Story();
        story.Put(0, 10, "a", "1");
        story.Put(0, 10, "a", "2");
        story.Put(0, 10, "b", "1");
        story.Get(11, 12, "a", "1");
        story.Get(11, 12, "b", "1");
        Assert.True(story.Check().Ok);
        Assert.Equal(2, KeyPartition.Split(story.Operations).Count);
        story.Get(13, 14, "a", "2");                                     // one of the two writes came last
        Assert.Equal(Verdict.NotLinearizable, story.Check().Verdict);
    }

    [Fact]
    public void A_search_that_is_too_long_is_undecided_and_that_is_not_well()
    {
        var story = new Story();
        for (var i = 0; i < 12; i++)
        {
            story.Put(0, 100, "a", $"{i}");
        }
        story.Get(101, 102, "a", "no such value");
        var result = LinearizabilityChecker.Check(story.Operations, maxSteps: 2000);
        Assert.Equal(Verdict.Undecided, result.Verdict);
        Assert.False(result.Ok);
    }

    private static KvRequest.Txn Swap(string key, long mod, string value) =>
        new([new KvCompare(key, CompareOf.Mod, mod)], [new KvRequest.Put(key, value)], []);
}
