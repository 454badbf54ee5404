using Kv.Testing.History;
using Xunit;
using static Kv.Chaos.Tests.History.Story;

namespace Kv.Chaos.Tests.History;

/// <summary>Each rule of watches, broken once in a watch that is otherwise right.</summary>
public sealed class WatchJudgeTests
{
    private readonly WriteOrder _writes;

    public WatchJudgeTests()
    {
        var story = new Story();
        story.Put(0, 1, "a", "1", 2);
        story.Known(2, 3, new KvRequest.Txn([], [new KvRequest.Put("a", "2"), new KvRequest.Put("b", "2")], []), new KvAnswer.Txn(true, [new KvAnswer.Put(), new KvAnswer.Put()]), 3);
        story.Known(4, 5, new KvRequest.Delete("a"), new KvAnswer.Delete(1, []), 4);
        story.Put(6, 7, "a", "3", 5);
        _writes = WriteOrder.From(story.Check().Order);
    }

    [Fact]
    public void A_watch_that_saw_everything_passes() => Assert.Empty(Judge(Right));

    [Fact]
    public void A_watch_on_one_key_needs_that_key_only()
    {
        var watch = new WatchLog("w", "b");
        watch.Open("m1");
        watch.Add(new WatchBatch(At(4), 3, [PutB(3)]));
        Assert.Empty(WatchJudge.Judge(watch, _writes, _writes.Last));
    }

    [Fact]
    public void An_event_left_out_is_found() => Assert.Contains("watch complete", Rules(Judge(Right.RemoveAt(2))));

    [Fact]
    public void An_event_that_was_still_to_come_is_found() => Assert.Contains("watch complete", Rules(Judge(Right.RemoveAt(3))));

    [Fact]
    public void Half_a_revision_is_found() => Assert.Contains("watch atomic", Rules(Judge(Right.SetItem(1, Batch(3, PutA(3))))));

    [Fact]
    public void A_revision_in_two_answers_is_found() =>
        Assert.Contains("watch atomic", Rules(Judge(Right.SetItem(1, Batch(3, PutA(3))).Insert(2, Batch(3, PutB(3))))));

    [Fact]
    public void A_revision_in_two_fragments_is_right() =>
        Assert.Empty(Judge(Right.SetItem(1, Batch(3, PutA(3)) with { Fragment = true }).Insert(2, Batch(3, PutB(3)))));

    [Fact]
    public void An_event_sent_twice_is_found() => Assert.Contains("watch atomic or unique", Rules(Judge(Right.Insert(1, Right[0]))));

    [Fact]
    public void An_older_event_after_a_newer_is_found() => Assert.Contains("watch ordered", Rules(Judge(Right.Add(Right[0]))));

    [Fact]
    public void An_event_above_its_header_is_found() => Assert.Contains("watch header", Rules(Judge(Right.SetItem(0, Right[0] with { HeaderRevision = 1 }))));

    [Fact]
    public void A_wrong_value_is_found() => Assert.Contains("watch truth", Rules(Judge(Right.SetItem(3, Batch(5, new WatchEvent(false, Key("a", "4", 5, 5, 1), null))))));

    [Fact]
    public void A_creation_that_is_none_is_found() =>
        Assert.Contains("watch truth", Rules(Judge(Right.SetItem(3, Batch(5, new WatchEvent(false, Key("a", "3", 2, 5, 3), null))))));

    [Fact]
    public void A_put_shown_as_a_delete_is_found() => Assert.Contains("watch truth", Rules(Judge(Right.SetItem(3, Batch(5, DeleteA(5))))));

    [Fact]
    public void A_wrong_previous_state_is_found() =>
        Assert.Contains("watch previous", Rules(Judge(Right.SetItem(2, Batch(4, DeleteA(4) with { Previous = Key("a", "1", 2, 2, 1) })))));

    [Fact]
    public void A_missing_previous_state_is_found() => Assert.Contains("watch previous", Rules(Judge(Right.SetItem(2, Batch(4, DeleteA(4) with { Previous = null })))));

    [Fact]
    public void A_progress_notice_ahead_of_an_event_is_found() => Assert.Contains("watch complete", Rules(Judge(Right.Insert(1, Batch(4)))));

    [Fact]
    public void A_progress_notice_behind_all_events_is_right() => Assert.Empty(Judge(Right.Add(Batch(5))));

    [Fact]
    public void A_watch_resumes_on_another_member_without_gap_or_repeat()
    {
        var watch = new WatchLog("w", "", "\0", prevKv: true);
        watch.Open("m1");
        watch.Add(Right[0]);
        watch.Add(Right[1]);
        Assert.Equal(4, watch.Next);
        watch.Open("m2");
        watch.Add(Right[2]);
        watch.Add(Right[3]);
        Assert.Empty(WatchJudge.Judge(watch, _writes, _writes.Last));
        watch.Open("m3", start: 5);
        watch.Add(Right[2]);                                             // revision 4, before its start
        Assert.Contains("watch start", Rules(WatchJudge.Judge(watch, _writes, _writes.Last)));
    }

    [Fact]
    public void What_was_compacted_need_not_be_sent()
    {
        var watch = new WatchLog("w", "", "\0", prevKv: true);
        watch.Open("m1");
        watch.Compacted(4);
        watch.Open("m1");
        watch.Add(Right[3]);
        Assert.Empty(WatchJudge.Judge(watch, _writes, _writes.Last));
    }

    private static System.Collections.Immutable.ImmutableList<WatchBatch> Right =>
    [
        Batch(2, new WatchEvent(false, Key("a", "1", 2, 2, 1), null)),
        Batch(3, PutA(3), PutB(3)),
        Batch(4, DeleteA(4)),
        Batch(5, new WatchEvent(false, Key("a", "3", 5, 5, 1), null)),
    ];

    private static WatchEvent PutA(long revision) => new(false, Key("a", "2", 2, revision, 2), Key("a", "1", 2, 2, 1));

    private static WatchEvent PutB(long revision) => new(false, Key("b", "2", revision, revision, 1), null);

    private static WatchEvent DeleteA(long revision) => new(true, Key("a", "", 0, revision, 0), Key("a", "2", 2, 3, 2));

    private static WatchBatch Batch(long header, params WatchEvent[] events) => new(At(header), header, events);

    private static IEnumerable<string> Rules(IEnumerable<Violation> found) => found.Select(static v => v.Rule);

    private IReadOnlyList<Violation> Judge(IEnumerable<WatchBatch> batches)
    {
        var watch = new WatchLog("w", "", "\0", prevKv: true);
        watch.Open("m1");
        foreach (var batch in batches)
        {
            watch.Add(batch);
        }
        return WatchJudge.Judge(watch, _writes, _writes.Last);
    }
}
