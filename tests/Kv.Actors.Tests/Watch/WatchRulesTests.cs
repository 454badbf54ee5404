using Kv.Actors.Watch;
using Xunit;

namespace Kv.Actors.Tests.Watch;

/// <summary>Watch semantics, rule by rule (reference, watch semantics §1 to §6).</summary>
public sealed class WatchRulesTests
{
    private readonly FakeStore _store = new();

    private static WatchSpec Spec(string key, string? end = null, long start = 0) => Harness.Spec(key, end, start);

    [Fact]
    public void A_watcher_without_a_start_gets_what_comes_after_its_creation()
    {
        var stream = new Harness(_store).Write("a=1").Create(Spec("a")).Write("a=2").Write("b=9").Write("a");
        Assert.Equal(["0 created @2", "0 @3 3:a=2", "0 @5 5:a"], stream.ReadAll().Text());
    }

    [Fact]
    public void A_start_in_the_past_reads_history_with_that_revision_included()
    {
        var stream = new Harness(_store).Write("a=1").Write("a=2").Write("b=1").Write("a=3").Settle().Create(Spec("a", start: 3));
        Assert.Equal(["0 created @5", "0 @5 3:a=2 5:a=3"], stream.ReadAll().Text());
        Assert.Equal(["0 @6 6:a=4"], stream.Write("a=4").ReadAll().Text());
    }

    [Fact]
    public void A_start_in_the_future_delivers_nothing_below_it()
    {
        var stream = new Harness(_store).Create(Spec("a", start: 4)).Write("a=2").Write("a=3").Write("a=4").Write("a=5");
        Assert.Equal(["0 created @1", "0 @4 4:a=4", "0 @5 5:a=5"], stream.ReadAll().Text());
    }

    [Fact]
    public void Ids_count_up_from_zero_and_skip_those_chosen_by_the_client()
    {
        var stream = new Harness(_store).Create(Spec("a") with { WatchId = 1 }).Create(Spec("a")).Create(Spec("a"))
            .Create(Spec("a") with { WatchId = -5 }).Create(Spec("a") with { WatchId = 2 });
        Assert.Equal(
            ["1 created @1", "0 created @1", "2 created @1", "-5 created @1", $"-1 refused @1: {WatchStreamCore.DuplicateIdReason}"],
            stream.ReadAll().Text());
    }

    [Fact]
    public void An_id_can_be_used_again_after_a_cancel_and_the_counter_only_grows()
    {
        var stream = new Harness(_store).Create(Spec("a")).Create(Spec("a")).Cancel(0).Create(Spec("a"))
            .Cancel(1).Create(Spec("b") with { WatchId = 1 }).Cancel(77);
        Assert.Equal(
            ["0 created @1", "1 created @1", "0 canceled @1", "2 created @1", "1 canceled @1", "1 created @1"], stream.ReadAll().Text());
        Assert.Equal(["2 @2 2:a=1", "1 @3 3:b=1"], stream.Write("a=1").Write("b=1").ReadAll().Text());
    }

    [Fact]
    public void What_cannot_be_watched_is_refused_with_the_exact_reason()
    {
        var stream = new Harness(_store).Create(Spec("a", start: -1)).Create(Spec("b", "a")).Create(Spec("b", "b"));
        stream.Core.Refuse("rpc error: code = PermissionDenied desc = etcdserver: permission denied", 1);
        Assert.Equal(
            [
                "-1 refused @1: etcdserver: mvcc: required revision has been compacted",
                "-1 refused @1: mvcc: watcher range is empty",
                "-1 refused @1: mvcc: watcher range is empty",
                "-1 refused @1: rpc error: code = PermissionDenied desc = etcdserver: permission denied",
            ],
            stream.ReadAll().Text());
        Assert.Equal(0, stream.Core.WatcherCount);
    }

    [Fact]
    public void A_start_below_the_compaction_is_created_and_then_ended_and_keeps_its_id_until_cancelled()
    {
        var stream = new Harness(_store).Write("a=1").Write("a=2").Write("a=3");
        _store.Compact(3);
        stream.Settle().Create(Spec("a", start: 2)).Create(Spec("a", start: 3));
        Assert.Equal(["0 created @4", "1 created @4", "0 compacted 3 @0", "1 @4 3:a=2 4:a=3"], stream.ReadAll().Text());
        stream.Create(Spec("a") with { WatchId = 10 }).Cancel(0).Cancel(0);
        Assert.Equal(["10 created @4", "0 canceled @4"], stream.ReadAll().Text());
    }

    [Fact]
    public void An_id_ended_by_compaction_is_a_duplicate_until_cancelled()
    {
        var stream = new Harness(_store).Write("a=1").Write("a=2");
        _store.Compact(3);
        stream.Create(Spec("a", start: 1) with { WatchId = 9 }).ReadAll();
        Assert.Equal([$"-1 refused @3: {WatchStreamCore.DuplicateIdReason}"], stream.Create(Spec("a") with { WatchId = 9 }).ReadAll().Text());
        Assert.Equal(["9 canceled @3", "9 created @3"], stream.Cancel(9).Create(Spec("a") with { WatchId = 9 }).ReadAll().Text());
    }

    [Fact]
    public void A_compaction_does_not_touch_a_live_watcher()
    {
        var stream = new Harness(_store).Create(Spec("a")).Settle();
        stream.Write("b=1").Write("b=2").Write("b=3").Settle();
        _store.Compact(4);
        Assert.Equal(["0 created @1", "0 @5 5:a=1"], stream.Write("a=1").ReadAll().Text());
    }

    [Fact]
    public void Filters_drop_puts_or_deletes_and_what_is_empty_then_is_not_sent()
    {
        var stream = new Harness(_store)
            .Create(Spec("a") with { Filters = WatchFilters.NoPut })
            .Create(Spec("a") with { Filters = WatchFilters.NoDelete })
            .Create(Spec("a") with { Filters = WatchFilters.NoPut | WatchFilters.NoDelete })
            .Write("a=1").Write("a");
        Assert.Equal(["1 @2 2:a=1", "0 @3 3:a"], stream.ReadAll().Text()[3..]);
    }

    [Fact]
    public void One_transaction_is_one_response_with_only_what_the_watcher_watches()
    {
        var stream = new Harness(_store).Create(Spec("a", "c")).Create(Spec("b")).Create(Spec("\0", "\0"))
            .Write("a=1", "b=1", "x=1").Write("a", "b", "x=2");
        Assert.Equal(
            ["0 @2 2:a=1 2:b=1", "0 @3 3:a 3:b", "1 @2 2:b=1", "1 @3 3:b", "2 @2 2:a=1 2:b=1 2:x=1", "2 @3 3:a 3:b 3:x=2"],
            stream.ReadAll().Skip(3).OrderBy(r => r.WatchId).Text());
    }

    [Fact]
    public void Previous_versions_come_with_updates_and_deletes_but_not_with_creates()
    {
        var stream = new Harness(_store).Create(Spec("a") with { PrevKv = true }).Create(Spec("a"))
            .Write("a=1").Write("a=2").Write("a").Write("a=3");
        var responses = stream.ReadAll().Where(r => r is { WatchId: 0, Count: > 0 }).ToList();
        Assert.Equal([null, "1", "2", null], responses.Select(r => r[0].Batch.Previous(0)?.Value).Select(v => v is null ? null : System.Text.Encoding.UTF8.GetString(v)));
        Assert.All(responses, r => Assert.True(r.PrevKv));
    }

    [Fact]
    public void Manual_progress_answers_behind_all_events_and_only_when_every_watcher_is_live()
    {
        var stream = new Harness(_store);
        Assert.Empty(stream.AskProgress().ReadAll());                                    // no watcher, no answer
        stream.Create(Spec("a")).Write("a=1").AskProgress();
        Assert.Equal(["0 created @1", "0 @2 2:a=1", "-1 progress @2"], stream.ReadAll().Text());
        stream.Create(Spec("a", start: 1)).AskProgress();                                // one is behind
        Assert.Equal(["1 created @2", "1 @2 2:a=1"], stream.ReadAll().Text());
        stream.Create(Spec("a", start: 9)).AskProgress();                                // one starts in the future
        Assert.Equal(["2 created @2"], stream.ReadAll().Text());
        Assert.Equal(["2 canceled @2", "-1 progress @2"], stream.Cancel(2).AskProgress().ReadAll().Text());
    }

    [Fact]
    public void Progress_waits_until_the_hub_has_pushed_what_the_asker_may_have_seen()
    {
        var stream = new Harness(_store).Create(Spec("a")).Settle();
        stream.Read();
        _store.Write("a=1");
        stream.AskProgress().Settle();
        Assert.Empty(stream.Read());
        stream.Hub.Applied(_store.Root, _store.All);
        Assert.Equal(["0 @2 2:a=1", "-1 progress @2"], stream.ReadAll().Text());
    }

    [Fact]
    public void Periodic_progress_goes_to_live_watchers_that_asked_and_saw_nothing_since_the_last_tick()
    {
        var stream = new Harness(_store).Create(Spec("a") with { ProgressNotify = true }).Create(Spec("a")).Tick();
        Assert.Equal(["0 created @1", "1 created @1", "0 progress @1"], stream.ReadAll().Text());
        Assert.Equal(["0 @2 2:a=1", "1 @2 2:a=1"], stream.Write("a=1").Tick().ReadAll().Text());
        Assert.Equal(["0 progress @3"], stream.Write("b=1").Tick().ReadAll().Text());
    }

    [Fact]
    public void A_replaced_history_is_caught_up_with_or_ends_the_watcher()
    {
        var stream = new Harness(_store).Create(Spec("a")).Write("a=1").Settle();
        _store.Write("a=2");
        _store.Write("a=3");
        Assert.Equal(["0 created @1", "0 @2 2:a=1", "0 @4 3:a=2 4:a=3"], stream.Replace().ReadAll().Text());
        _store.Write("a=4");
        _store.Write("a=5");
        _store.Compact(6);
        Assert.Equal(["0 compacted 6 @0"], stream.Replace().ReadAll().Text());
    }

    [Fact]
    public void A_big_response_is_split_between_events_when_the_watcher_allows_it()
    {
        var limits = new WatchLimits { FragmentBytes = 2048 };
        var stream = new Harness(_store, limits).Create(Spec("k", "l") with { Fragment = true }).Create(Spec("k", "l")).Settle();
        var big = new string('x', 900);
        stream.Write([.. Enumerable.Range(0, 5).Select(i => $"k{i}={big}")]).Write("k9=" + new string('y', 5000));
        var responses = stream.ReadAll().Where(r => r.Count > 0).ToList();
        Assert.Equal([2, 2, 1, 1], responses.Where(r => r.WatchId == 0).Select(r => r.Count));
        Assert.Equal([true, true, false, false], responses.Where(r => r.WatchId == 0).Select(r => r.IsFragment));
        Assert.Equal([5, 1], responses.Where(r => r.WatchId == 1).Select(r => r.Count));
        Assert.Equal(
            ["k0", "k1", "k2", "k3", "k4", "k9"],
            responses.Where(r => r.WatchId == 0).SelectMany(r => r.Events())
                .Select(e => System.Text.Encoding.UTF8.GetString(e.Batch[e.Index].Key)));
    }

    [Fact]
    public void A_client_that_does_not_read_costs_a_bounded_queue_and_then_a_cursor()
    {
        var limits = new WatchLimits { QueueResponses = 10 };
        var stream = new Harness(_store, limits).Create(Spec("a")).Settle();
        for (var i = 0; i < 500; i++)
        {
            stream.Write($"a={i}").Settle();
        }
        Assert.Equal(11, stream.Core.QueuedResponses);
        Assert.True(stream.Core.IsBehind);
        Assert.Equal(0, stream.Hub.LiveCount);
        var events = stream.ReadAll().SelectMany(r => r.Events()).Select(e => e.Batch[e.Index].ModRevision);
        Assert.Equal(Enumerable.Range(2, 500).Select(r => (long)r), events);
        Assert.Equal(1, stream.Hub.LiveCount);
        Assert.Equal(["0 @502 502:a=live"], stream.Write("a=live").ReadAll().Text());
    }

    [Fact]
    public void Compaction_overtakes_a_client_that_does_not_read()
    {
        var limits = new WatchLimits { QueueResponses = 2 };
        var stream = new Harness(_store, limits).Create(Spec("a")).Settle();
        for (var i = 0; i < 10; i++)
        {
            stream.Write($"a={i}").Settle();
        }
        _store.Compact(8);
        Assert.Equal(["0 created @1", "0 @2 2:a=0", "0 @3 3:a=1", "0 compacted 8 @0"], stream.ReadAll().Text());
        Assert.Equal(0, stream.Hub.WatcherCount);
    }

    [Fact]
    public void The_queue_is_bounded_in_bytes_too()
    {
        var limits = new WatchLimits { QueueBytes = 10_000 };
        var stream = new Harness(_store, limits).Create(Spec("a")).Settle();
        for (var i = 0; i < 50; i++)
        {
            stream.Write("a=" + new string('x', 1000)).Settle();
        }
        Assert.InRange(stream.Core.QueuedBytes, 10_000, 11_500);
        Assert.Equal(50, stream.ReadAll().Sum(r => r.Count));
    }

    [Fact]
    public void Reading_history_stops_after_a_bounded_number_of_changes_and_goes_on_later()
    {
        var stream = new Harness(_store, new WatchLimits { CatchUpScan = 10, CatchUpRevisions = 4 });
        for (var i = 0; i < 100; i++)
        {
            stream.Write("b=1");
        }
        stream.Write("a=1").Settle().Create(Spec("a", start: 1)).Create(Spec("b", start: 1)).Settle();
        stream.Core.Take(long.MaxValue);
        var reads = 0;
        while (stream.Core.ReadHistory(_store.Root))
        {
            reads++;
        }
        Assert.InRange(reads, 20, 40);
        var responses = stream.Core.Take(long.MaxValue)!.Responses;
        Assert.All(responses, r => Assert.True(r.Count <= 4));
        Assert.Equal(101, responses.Sum(r => r.Count));
    }
}
