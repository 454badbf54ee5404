using Google.Protobuf;
using Grpc.Core;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Actors.Protos.Mvccpb;
using Xunit;
using static Kv.Gateway.Tests.Services.NodeHost;
using Filter = Kv.Actors.Protos.Etcdserverpb.WatchCreateRequest.Types.FilterType;

namespace Kv.Gateway.Tests.Services;

/// <summary>Watches over the wire (reference, watch-semantics).</summary>
public sealed class WatchServiceTests(WatchServiceTests.Host node) : IClassFixture<WatchServiceTests.Host>
{
    /// <summary>A node that tells of progress every 100 ms.</summary>
    public sealed class Host() : NodeHost("", "--watch-progress-notify-interval=100ms");

    [Fact]
    public async Task A_watch_is_created_then_told_every_change_in_order_with_what_was_before()
    {
        using var watch = new WatchCall(node);
        var created = await watch.CreateAsync(new WatchCreateRequest { Key = B("basic/"), RangeEnd = B("basic0"), PrevKv = true });
        Assert.Equal(0, created.WatchId);
        var one = await Put("basic/a", "1");
        var two = await Put("basic/a", "2");
        await Put("elsewhere", "x");
        var three = (await node.Kv.DeleteRangeAsync(new DeleteRangeRequest { Key = B("basic/a") })).Header.Revision;

        var (first, second, third) = (await watch.NextAsync(), await watch.NextAsync(), await watch.NextAsync());
        Assert.Equal((one, Event.Types.EventType.Put, "1"), (first.Header.Revision, first.Events.Single().Type, first.Events[0].Kv.Value.ToStringUtf8()));
        Assert.Null(first.Events[0].PrevKv);
        Assert.Equal((two, 2, "1"), (second.Header.Revision, second.Events.Single().Kv.Version, second.Events[0].PrevKv.Value.ToStringUtf8()));
        Assert.Equal(new KeyValue { Key = B("basic/a"), ModRevision = three }, third.Events.Single().Kv);
        Assert.Equal((Event.Types.EventType.Delete, "2", two), (third.Events[0].Type, third.Events[0].PrevKv.Value.ToStringUtf8(), third.Events[0].PrevKv.ModRevision));
        Assert.True(first.Header.ClusterId != 0 && first.Header.MemberId != 0 && first.Header.RaftTerm != 0);
    }

    [Fact]
    public async Task A_transaction_is_one_response()
    {
        using var watch = new WatchCall(node);
        await watch.CreateAsync(new WatchCreateRequest { Key = B("txn/"), RangeEnd = B("txn0") });
        await Put("txn/b", "0");
        Assert.Single((await watch.NextAsync()).Events);
        var txn = new TxnRequest();
        txn.Success.Add(new RequestOp { RequestPut = new PutRequest { Key = B("txn/z"), Value = B("1") } });
        txn.Success.Add(new RequestOp { RequestDeleteRange = new DeleteRangeRequest { Key = B("txn/b") } });
        txn.Success.Add(new RequestOp { RequestPut = new PutRequest { Key = B("txn/a"), Value = B("2") } });
        await node.Kv.TxnAsync(txn);
        Assert.Equal(["txn/z", "txn/b", "txn/a"], (await watch.NextAsync()).Events.Select(static e => e.Kv.Key.ToStringUtf8()));
    }

    [Fact]
    public async Task Ids_are_given_in_order_or_taken_from_the_client_and_are_used_once()
    {
        using var watch = new WatchCall(node);
        Assert.Equal(7, (await watch.CreateAsync(new WatchCreateRequest { Key = B("id"), WatchId = 7 })).WatchId);
        Assert.Equal(-5, (await watch.CreateAsync(new WatchCreateRequest { Key = B("id"), WatchId = -5 })).WatchId);
        Assert.Equal(0, (await watch.CreateAsync(new WatchCreateRequest { Key = B("id") })).WatchId);
        await watch.SendAsync(new WatchCreateRequest { Key = B("id"), WatchId = 7 });
        var refused = await watch.NextAsync();
        Assert.Equal(
            (-1, true, true, "mvcc: duplicate watch ID provided on the WatchStream"),
            (refused.WatchId, refused.Created, refused.Canceled, refused.CancelReason));

        await Put("id", "1");
        var told = new[] { await watch.NextAsync(), await watch.NextAsync(), await watch.NextAsync() };
        Assert.Equal([-5, 0, 7], told.Select(static response => response.WatchId).Order());

        await watch.CancelAsync(12345);                        // unknown: no answer at all
        await watch.CancelAsync(7);
        var canceled = await watch.NextAsync();
        Assert.Equal((7, true, false, "", 0), (canceled.WatchId, canceled.Canceled, canceled.Created, canceled.CancelReason, canceled.CompactRevision));
        Assert.Equal(7, (await watch.CreateAsync(new WatchCreateRequest { Key = B("id"), WatchId = 7 })).WatchId);
        await watch.CancelAsync(7);
        Assert.True((await watch.NextAsync()).Canceled);
        await Put("id", "2");
        Assert.Equal([-5, 0], new[] { (await watch.NextAsync()).WatchId, (await watch.NextAsync()).WatchId }.Order());
    }

    [Fact]
    public async Task Ranges_without_keys_and_negative_starts_are_refused_in_the_stream_which_goes_on()
    {
        using var watch = new WatchCall(node);
        await Refused(new WatchCreateRequest { Key = B("b"), RangeEnd = B("a") }, "mvcc: watcher range is empty");
        await Refused(new WatchCreateRequest { Key = B("b"), RangeEnd = B("b") }, "mvcc: watcher range is empty");
        await Refused(new WatchCreateRequest { Key = B("b"), StartRevision = -1 }, "etcdserver: mvcc: required revision has been compacted");
        await watch.Call.RequestStream.WriteAsync(new WatchRequest());
        await watch.CreateAsync(new WatchCreateRequest { RangeEnd = B("\0") });
        var at = await Put("anything", "1");
        Assert.Equal(at, (await watch.NextAsync()).Header.Revision);

        async Task Refused(WatchCreateRequest request, string reason)
        {
            await watch.SendAsync(request);
            var response = await watch.NextAsync();
            Assert.Equal((-1, true, true, reason), (response.WatchId, response.Created, response.Canceled, response.CancelReason));
        }
    }

    [Fact]
    public async Task A_watch_from_the_past_catches_up_and_one_from_below_the_compaction_is_cancelled()
    {
        var start = await Put("past", "0");
        var last = start;
        for (var i = 1; i < 20; i++)
        {
            last = await Put("past", $"{i}");
        }
        using var watch = new WatchCall(node);
        await watch.CreateAsync(new WatchCreateRequest { Key = B("past"), StartRevision = start });
        Assert.Equal(Enumerable.Range(0, 20).Select(static i => $"{i}"), (await EventsAsync(watch, 20)).Select(static e => e.Kv.Value.ToStringUtf8()));
        last = await Put("past", "20");
        Assert.Equal("20", (await EventsAsync(watch, 1))[0].Kv.Value.ToStringUtf8());

        await node.Kv.CompactAsync(new CompactionRequest { Revision = last });
        Assert.Equal(1, (await watch.CreateAsync(new WatchCreateRequest { Key = B("past"), StartRevision = start })).WatchId);
        var compacted = await watch.NextAsync();
        Assert.Equal((1, true, false, last, "", 0), (compacted.WatchId, compacted.Canceled, compacted.Created, compacted.CompactRevision, compacted.CancelReason, compacted.Header.Revision));
        Assert.Equal(2, (await watch.CreateAsync(new WatchCreateRequest { Key = B("past"), StartRevision = last })).WatchId);
        Assert.Equal("20", (await EventsAsync(watch, 1))[0].Kv.Value.ToStringUtf8());
    }

    [Fact]
    public async Task A_watch_from_the_future_hears_nothing_before_it()
    {
        var now = await Put("future", "0");
        using var watch = new WatchCall(node);
        await watch.CreateAsync(new WatchCreateRequest { Key = B("future"), StartRevision = now + 3 });
        await Put("future", "1");
        await Put("future", "2");
        var third = await Put("future", "3");
        var first = await watch.NextAsync();
        Assert.Equal(("3", third), (first.Events.Single().Kv.Value.ToStringUtf8(), first.Header.Revision));
    }

    [Fact]
    public async Task Filters_leave_out_puts_or_deletes()
    {
        using var watch = new WatchCall(node);
        await watch.CreateAsync(new WatchCreateRequest { Key = B("filter"), Filters = { Filter.Noput } });
        await watch.CreateAsync(new WatchCreateRequest { Key = B("filter"), Filters = { Filter.Nodelete, (Filter)9 } });
        await watch.CreateAsync(new WatchCreateRequest { Key = B("filter"), Filters = { Filter.Nodelete, Filter.Noput } });
        await Put("filter", "1");
        await node.Kv.DeleteRangeAsync(new DeleteRangeRequest { Key = B("filter") });
        await Put("filter", "2");
        var told = new[] { await watch.NextAsync(), await watch.NextAsync(), await watch.NextAsync() };
        Assert.Equal(
            [(0, Event.Types.EventType.Delete), (1, Event.Types.EventType.Put), (1, Event.Types.EventType.Put)],
            told.Select(static response => (response.WatchId, response.Events.Single().Type)).Order());
    }

    [Fact]
    public async Task Progress_is_told_on_request_after_every_event_and_periodically_to_who_asked()
    {
        using var watch = new WatchCall(node);
        await watch.CreateAsync(new WatchCreateRequest { Key = B("progress") });
        var at = await Put("progress", "1");
        Assert.Equal(at, (await watch.NextAsync()).Header.Revision);
        await watch.ProgressAsync();
        var manual = await watch.NextAsync();
        Assert.Equal((-1, 0, false, false), (manual.WatchId, manual.Events.Count, manual.Created, manual.Canceled));
        Assert.True(manual.Header.Revision >= at);

        var id = (await watch.CreateAsync(new WatchCreateRequest { Key = B("progress"), ProgressNotify = true })).WatchId;
        var periodic = await watch.NextAsync();
        Assert.Equal((id, 0, false), (periodic.WatchId, periodic.Events.Count, periodic.Canceled));
        Assert.True(periodic.Header.Revision >= at);
    }

    [Fact]
    public async Task Without_a_watcher_a_progress_request_has_no_answer()
    {
        using var watch = new WatchCall(node);
        await watch.ProgressAsync();
        await watch.CreateAsync(new WatchCreateRequest { Key = B("unasked") });
    }

    [Fact]
    public async Task A_large_response_is_split_for_who_allows_it_and_whole_for_others()
    {
        var large = ByteString.CopyFrom(new byte[700_000]);
        await node.Kv.TxnAsync(Two());
        using var watch = new WatchCall(node);
        await watch.CreateAsync(new WatchCreateRequest { Key = B("frag/"), RangeEnd = B("frag0"), PrevKv = true, Fragment = true });
        using var whole = new WatchCall(node);
        await whole.CreateAsync(new WatchCreateRequest { Key = B("frag/"), RangeEnd = B("frag0"), PrevKv = true });
        var at = (await node.Kv.TxnAsync(Two())).Header.Revision;

        var (first, second) = (await watch.NextAsync(), await watch.NextAsync());
        Assert.Equal((true, 1, at), (first.Fragment, first.Events.Count, first.Header.Revision));
        Assert.Equal((false, 1, at), (second.Fragment, second.Events.Count, second.Header.Revision));
        var both = await whole.NextAsync();
        Assert.Equal((false, 2, at), (both.Fragment, both.Events.Count, both.Header.Revision));
        Assert.Equal(both.Events, first.Events.Concat(second.Events));

        TxnRequest Two()
        {
            var txn = new TxnRequest();
            txn.Success.Add(new RequestOp { RequestPut = new PutRequest { Key = B("frag/1"), Value = large } });
            txn.Success.Add(new RequestOp { RequestPut = new PutRequest { Key = B("frag/2"), Value = large } });
            return txn;
        }
    }

    [Fact]
    public async Task A_half_closed_stream_goes_on_delivering_and_a_cancelled_one_is_forgotten()
    {
        using (var watch = new WatchCall(node))
        {
            await watch.CreateAsync(new WatchCreateRequest { Key = B("half") });
            await watch.Call.RequestStream.CompleteAsync();
            var at = await Put("half", "1");
            Assert.Equal(at, (await watch.NextAsync()).Header.Revision);
        }
        await UntilAsync(() => node.MetricAsync("etcd_debugging_mvcc_watch_stream_total"), static streams => streams == 0);
        Assert.Equal(0, await node.MetricAsync("etcd_debugging_mvcc_watcher_total"));
    }

    private async Task<long> Put(string key, string value) =>
        (await node.Kv.PutAsync(new PutRequest { Key = B(key), Value = B(value) })).Header.Revision;

    private static async Task<List<Event>> EventsAsync(WatchCall watch, int count)
    {
        var events = new List<Event>();
        while (events.Count < count)
        {
            events.AddRange((await watch.NextAsync()).Events);
        }
        return events;
    }
}
