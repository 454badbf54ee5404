using Google.Protobuf;
using Grpc.Core;
using Kv.Actors.Protos.Etcdserverpb;
using Xunit;
using static Kv.Gateway.Tests.Services.NodeHost;
using Order = Kv.Actors.Protos.Etcdserverpb.RangeRequest.Types.SortOrder;
using Target = Kv.Actors.Protos.Etcdserverpb.RangeRequest.Types.SortTarget;

namespace Kv.Gateway.Tests.Services;

/// <summary>Range, put, delete and compact as clients see them (reference, kv-semantics).</summary>
public sealed class KvServiceTests(NodeHost node) : IClassFixture<NodeHost>
{
    private const string EmptyKey = "etcdserver: key is not provided";
    private const string Future = "etcdserver: mvcc: required revision is a future revision";
    private const string Compacted = "etcdserver: mvcc: required revision has been compacted";

    [Fact]
    public async Task An_empty_key_is_refused_everywhere()
    {
        await FailsAsync(StatusCode.InvalidArgument, EmptyKey, node.Kv.RangeAsync(new RangeRequest()));
        await FailsAsync(StatusCode.InvalidArgument, EmptyKey, node.Kv.RangeAsync(new RangeRequest { RangeEnd = B("z"), Serializable = true }));
        await FailsAsync(StatusCode.InvalidArgument, EmptyKey, node.Kv.PutAsync(new PutRequest { Value = B("v") }));
        await FailsAsync(StatusCode.InvalidArgument, EmptyKey, node.Kv.DeleteRangeAsync(new DeleteRangeRequest { RangeEnd = B("\0") }));
        using var stream = node.Kv.RangeStream(new RangeRequest());
        var refused = await Assert.ThrowsAsync<RpcException>(() => stream.ResponseStream.MoveNext(CancellationToken.None));
        Assert.Equal((StatusCode.InvalidArgument, EmptyKey), (refused.StatusCode, refused.Status.Detail));
    }

    [Theory]
    [InlineData("m", "l")]
    [InlineData("m", "m")]
    [InlineData("m", "a")]
    public async Task An_inverted_or_empty_range_holds_nothing_and_deletes_nothing(string from, string to)
    {
        var before = (await node.Kv.PutAsync(new PutRequest { Key = B("m"), Value = B("v") })).Header.Revision;

        var range = await node.Kv.RangeAsync(new RangeRequest { Key = B(from), RangeEnd = B(to) });
        var delete = await node.Kv.DeleteRangeAsync(new DeleteRangeRequest { Key = B(from), RangeEnd = B(to), PrevKv = true });

        Assert.Equal((0, 0, false, before), (range.Kvs.Count, range.Count, range.More, range.Header.Revision));
        Assert.Equal((0, 0, before), (delete.Deleted, delete.PrevKvs.Count, delete.Header.Revision));
        Assert.Single((await node.Kv.RangeAsync(new RangeRequest { Key = B("m") })).Kvs);
    }

    [Fact]
    public async Task Revisions_ahead_and_compacted_are_refused_and_negative_ones_mean_now()
    {
        var old = (await node.Kv.PutAsync(new PutRequest { Key = B("rev"), Value = B("1") })).Header.Revision;
        var now = (await node.Kv.PutAsync(new PutRequest { Key = B("rev"), Value = B("2") })).Header.Revision;

        await FailsAsync(StatusCode.OutOfRange, Future, node.Kv.RangeAsync(new RangeRequest { Key = B("rev"), Revision = now + 1 }));
        await FailsAsync(StatusCode.OutOfRange, Future, node.Kv.RangeAsync(new RangeRequest { Key = B("rev"), Revision = long.MaxValue, Serializable = true }));
        await FailsAsync(StatusCode.OutOfRange, Future, node.Kv.CompactAsync(new CompactionRequest { Revision = now + 1 }));
        Assert.Equal("2", (await node.Kv.RangeAsync(new RangeRequest { Key = B("rev"), Revision = -1 })).Kvs[0].Value.ToStringUtf8());
        Assert.Equal("2", (await node.Kv.RangeAsync(new RangeRequest { Key = B("rev"), Revision = long.MinValue })).Kvs[0].Value.ToStringUtf8());
        var past = await node.Kv.RangeAsync(new RangeRequest { Key = B("rev"), Revision = old });
        Assert.Equal(("1", now), (past.Kvs[0].Value.ToStringUtf8(), past.Header.Revision));

        Assert.Equal(now, (await node.Kv.CompactAsync(new CompactionRequest { Revision = now, Physical = true })).Header.Revision);
        await FailsAsync(StatusCode.OutOfRange, Compacted, node.Kv.RangeAsync(new RangeRequest { Key = B("rev"), Revision = old }));
        await FailsAsync(StatusCode.OutOfRange, Compacted, node.Kv.RangeAsync(new RangeRequest { Key = B("rev"), Revision = 1, Serializable = true }));
        foreach (var revision in (long[])[now, now - 1, 0, -1, long.MinValue])
        {
            await FailsAsync(StatusCode.OutOfRange, Compacted, node.Kv.CompactAsync(new CompactionRequest { Revision = revision }));
        }
        Assert.Equal("2", (await node.Kv.RangeAsync(new RangeRequest { Key = B("rev"), Revision = now })).Kvs[0].Value.ToStringUtf8());
    }

    [Fact]
    public async Task A_request_over_the_limit_is_too_large_and_a_message_far_over_it_is_not_even_read()
    {
        var value = ByteString.CopyFrom(new byte[1_572_864 - 200]);
        await node.Kv.PutAsync(new PutRequest { Key = B("large"), Value = value });
        await FailsAsync(
            StatusCode.InvalidArgument, "etcdserver: request is too large",
            node.Kv.PutAsync(new PutRequest { Key = B("large"), Value = ByteString.CopyFrom(new byte[1_572_864]) }));
        var txn = new TxnRequest();
        txn.Success.Add(new RequestOp { RequestPut = new PutRequest { Key = B("large/1"), Value = value } });
        txn.Success.Add(new RequestOp { RequestPut = new PutRequest { Key = B("large/2"), Value = ByteString.CopyFrom(new byte[1000]) } });
        await FailsAsync(StatusCode.InvalidArgument, "etcdserver: request is too large", node.Kv.TxnAsync(txn));

        var enormous = new PutRequest { Key = B("large"), Value = ByteString.CopyFrom(new byte[2_097_152]) };
        await FailsAsync(
            StatusCode.ResourceExhausted, $"grpc: received message larger than max ({enormous.CalculateSize()} vs. 2097152)", node.Kv.PutAsync(enormous));
        Assert.Equal(value.Length, (await node.Kv.RangeAsync(new RangeRequest { Key = B("large") })).Kvs[0].Value.Length);
    }

    [Fact]
    public async Task An_answer_may_be_larger_than_any_request()
    {
        for (var i = 0; i < 8; i++)
        {
            await node.Kv.PutAsync(new PutRequest { Key = B($"big/{i}"), Value = ByteString.CopyFrom(new byte[1_000_000]) });
        }
        var all = await node.Kv.RangeAsync(new RangeRequest { Key = B("big/"), RangeEnd = B("big0") });
        Assert.Equal((8, 8_000_000), (all.Kvs.Count, all.Kvs.Sum(static kv => kv.Value.Length)));
        Assert.Equal(8, (await node.Kv.DeleteRangeAsync(new DeleteRangeRequest { Key = B("big/"), RangeEnd = B("big0") })).Deleted);
    }

    [Fact]
    public async Task Put_keeps_what_it_is_told_to_keep_and_refuses_contradictions()
    {
        const string KeyNotFound = "etcdserver: key not found";
        await FailsAsync(StatusCode.InvalidArgument, "etcdserver: value is provided", node.Kv.PutAsync(new PutRequest { Key = B("keep"), Value = B("v"), IgnoreValue = true }));
        await FailsAsync(StatusCode.InvalidArgument, "etcdserver: lease is provided", node.Kv.PutAsync(new PutRequest { Key = B("keep"), Lease = 1, IgnoreLease = true }));
        await FailsAsync(StatusCode.InvalidArgument, KeyNotFound, node.Kv.PutAsync(new PutRequest { Key = B("keep"), IgnoreValue = true }));
        await FailsAsync(StatusCode.InvalidArgument, KeyNotFound, node.Kv.PutAsync(new PutRequest { Key = B("keep"), Value = B("v"), IgnoreLease = true }));
        await FailsAsync(StatusCode.NotFound, "etcdserver: requested lease not found", node.Kv.PutAsync(new PutRequest { Key = B("keep"), Value = B("v"), Lease = 4711 }));

        var lease = (await node.Lease.LeaseGrantAsync(new LeaseGrantRequest { TTL = 600 })).ID;
        var first = await node.Kv.PutAsync(new PutRequest { Key = B("keep"), Value = B("v"), Lease = lease, PrevKv = true });
        Assert.Null(first.PrevKv);
        var second = await node.Kv.PutAsync(new PutRequest { Key = B("keep"), IgnoreValue = true, IgnoreLease = true, PrevKv = true });
        Assert.Equal((1, "v", lease), (second.PrevKv.Version, second.PrevKv.Value.ToStringUtf8(), second.PrevKv.Lease));
        var kv = (await node.Kv.RangeAsync(new RangeRequest { Key = B("keep") })).Kvs[0];
        Assert.Equal(
            (first.Header.Revision, second.Header.Revision, 2, "v", lease),
            (kv.CreateRevision, kv.ModRevision, kv.Version, kv.Value.ToStringUtf8(), kv.Lease));
        await node.Kv.PutAsync(new PutRequest { Key = B("keep"), Value = B("w") });
        Assert.Equal(0, (await node.Kv.RangeAsync(new RangeRequest { Key = B("keep") })).Kvs[0].Lease);
        Assert.Empty((await node.Lease.LeaseTimeToLiveAsync(new LeaseTimeToLiveRequest { ID = lease, Keys = true })).Keys);
    }

    [Fact]
    public async Task A_delete_of_several_keys_is_one_revision_and_of_none_is_no_revision()
    {
        foreach (var name in (string[])["c", "a", "b"])
        {
            await node.Kv.PutAsync(new PutRequest { Key = B($"del/{name}"), Value = B(name) });
        }
        var before = (await node.Kv.RangeAsync(new RangeRequest { Key = B("del/a") })).Header.Revision;
        var deleted = await node.Kv.DeleteRangeAsync(new DeleteRangeRequest { Key = B("del/"), RangeEnd = B("del0"), PrevKv = true });
        Assert.Equal((3, before + 1), (deleted.Deleted, deleted.Header.Revision));
        Assert.Equal(["a", "b", "c"], deleted.PrevKvs.Select(static kv => kv.Value.ToStringUtf8()));
        var again = await node.Kv.DeleteRangeAsync(new DeleteRangeRequest { Key = B("del/"), RangeEnd = B("del0"), PrevKv = true });
        Assert.Equal((0, 0, before + 1), (again.Deleted, again.PrevKvs.Count, again.Header.Revision));
        var reborn = await node.Kv.PutAsync(new PutRequest { Key = B("del/a"), Value = B("again"), PrevKv = true });
        Assert.Null(reborn.PrevKv);
        Assert.Equal(1, (await node.Kv.RangeAsync(new RangeRequest { Key = B("del/a") })).Kvs[0].Version);
    }

    [Fact]
    public async Task Every_option_of_a_range_does_what_it_does_in_etcd()
    {
        //      key   a  b  c  d  e
        //  created   1  2  3  4  5      (as offsets from the first revision)
        //  changed   1  6  3  7  5
        //  version   1  2  1  2  1
        //    value   5  4  3  2  1
        var at = new long[8];
        (string Key, string Value)[] puts = [("a", "5"), ("b", "x"), ("c", "3"), ("d", "y"), ("e", "1"), ("b", "4"), ("d", "2")];
        for (var i = 0; i < puts.Length; i++)
        {
            at[i + 1] = (await node.Kv.PutAsync(new PutRequest { Key = B($"opt/{puts[i].Key}"), Value = B(puts[i].Value) })).Header.Revision;
        }

        Assert.Equal("abcde", await Keys(static _ => { }));
        Assert.Equal("edcba", await Keys(static r => r.SortOrder = Order.Descend));
        Assert.Equal("abcde", await Keys(static r => r.SortOrder = Order.Ascend));
        Assert.Equal("edcba", await Keys(static r => (r.SortTarget, r.SortOrder) = (Target.Value, Order.Ascend)));
        Assert.Equal("edcba", await Keys(static r => r.SortTarget = Target.Value));
        Assert.Equal("abcde", await Keys(static r => (r.SortTarget, r.SortOrder) = (Target.Value, Order.Descend)));
        Assert.Equal("abcde", await Keys(static r => (r.SortTarget, r.SortOrder) = (Target.Create, Order.Ascend)));
        Assert.Equal("edcba", await Keys(static r => (r.SortTarget, r.SortOrder) = (Target.Create, Order.Descend)));
        Assert.Equal("acebd", await Keys(static r => (r.SortTarget, r.SortOrder) = (Target.Mod, Order.Ascend)));
        Assert.Equal("dbeca", await Keys(static r => (r.SortTarget, r.SortOrder) = (Target.Mod, Order.Descend)));
        Assert.Equal("bd", Sorted((await Keys(static r => (r.SortTarget, r.SortOrder) = (Target.Version, Order.Descend)))[..2]));
        Assert.Equal("bd", Sorted((await Keys(static r => (r.SortTarget, r.SortOrder) = (Target.Version, Order.Ascend)))[3..]));

        // With a real order the limit is applied last; with a target and no order it is applied first.
        Assert.Equal("ed", await Keys(static r => (r.SortOrder, r.Limit) = (Order.Descend, 2)));
        Assert.Equal("cb", await Keys(static r => (r.SortTarget, r.Limit) = (Target.Value, 2)));
        Assert.Equal("abcde", await Keys(static r => r.Limit = -1));
        Assert.Equal("bde", Sorted(await Keys(r => r.MinModRevision = at[5])));
        Assert.Equal("ace", await Keys(r => r.MaxModRevision = at[5]));
        Assert.Equal("de", await Keys(r => r.MinCreateRevision = at[4]));
        Assert.Equal("ab", await Keys(r => r.MaxCreateRevision = at[2]));
        Assert.Equal("b", await Keys(r => (r.MinModRevision, r.MaxCreateRevision) = (at[6], at[2])));
        Assert.Equal("cde", await Keys(static r => (r.Key, r.RangeEnd, r.Limit) = (B("opt/c"), B("\0"), 3)));
        Assert.Equal("a", await Keys(static r => r.RangeEnd = B("opt/b")));

        var limited = await Range(static r => r.Limit = 2);
        Assert.Equal((2, 5, true), (limited.Kvs.Count, limited.Count, limited.More));
        var exact = await Range(static r => r.Limit = 5);
        Assert.Equal((5, 5, false), (exact.Kvs.Count, exact.Count, exact.More));
        var filtered = await Range(r => (r.MinModRevision, r.Limit) = (at[6], 1));
        Assert.Equal((1, 5, true), (filtered.Kvs.Count, filtered.Count, filtered.More));
        var counted = await Range(r => (r.CountOnly, r.Limit, r.MinModRevision) = (true, 1, at[6]));
        Assert.Equal((0, 5, false), (counted.Kvs.Count, counted.Count, counted.More));
        var names = await Range(static r => (r.KeysOnly, r.SortTarget, r.SortOrder) = (true, Target.Value, Order.Ascend));
        Assert.Equal("edcba", Letters(names));
        Assert.All(names.Kvs, kv => Assert.True(kv.Value.IsEmpty && kv.ModRevision > 0 && kv.CreateRevision > 0 && kv.Version > 0));
        var past = await Range(r => (r.Revision, r.Serializable) = (at[5], true));
        Assert.Equal(("abcde", "x", 1), (Letters(past), past.Kvs[1].Value.ToStringUtf8(), past.Kvs[1].Version));
        Assert.Equal(3, (await Range(r => (r.Revision, r.CountOnly) = (at[3], true))).Count);

        async Task<string> Keys(Action<RangeRequest> options) => Letters(await Range(options));

        async Task<RangeResponse> Range(Action<RangeRequest> options)
        {
            var request = new RangeRequest { Key = B("opt/a"), RangeEnd = B("opt0") };
            options(request);
            return await node.Kv.RangeAsync(request);
        }

        static string Letters(RangeResponse response) => string.Concat(response.Kvs.Select(static kv => kv.Key.ToStringUtf8()[4..]));
        static string Sorted(string letters) => string.Concat(letters.Order());
    }

    [Fact]
    public async Task An_undefined_order_or_target_is_refused()
    {
        const string Text = "etcdserver: invalid sort option";
        await FailsAsync(StatusCode.InvalidArgument, Text, node.Kv.RangeAsync(new RangeRequest { Key = B("k"), SortOrder = (Order)3 }));
        await FailsAsync(StatusCode.InvalidArgument, Text, node.Kv.RangeAsync(new RangeRequest { Key = B("k"), SortTarget = (Target)5 }));
        await FailsAsync(StatusCode.InvalidArgument, Text, node.Kv.RangeAsync(new RangeRequest { Key = B("k"), SortTarget = (Target)(-1), Serializable = true }));
        var txn = new TxnRequest();
        txn.Failure.Add(new RequestOp { RequestRange = new RangeRequest { Key = B("k"), SortOrder = (Order)77 } });
        await FailsAsync(StatusCode.InvalidArgument, Text, node.Kv.TxnAsync(txn));
    }

    [Fact]
    public async Task A_range_stream_adds_up_to_the_range_of_the_revision_it_began_at()
    {
        for (var i = 0; i < 60; i++)
        {
            await node.Kv.PutAsync(new PutRequest { Key = B($"stream/{i:d3}"), Value = B($"value {i}") });
        }
        var request = new RangeRequest { Key = B("stream/"), RangeEnd = B("stream0") };
        var whole = await node.Kv.RangeAsync(request);
        var parts = await Parts(request);

        Assert.Equal(10, parts[0].Kvs.Count);
        Assert.True(parts.Count > 2);
        Assert.All(parts.SkipLast(1), static part => Assert.True(part.Header is null && part.Count == 0 && !part.More));
        var sum = new RangeResponse();
        parts.ForEach(sum.MergeFrom);
        Assert.Equal(whole, sum);

        var limited = await Parts(new RangeRequest(request) { Limit = 25, KeysOnly = true });
        Assert.Equal((25, true, 60), (limited.Sum(static part => part.Kvs.Count), limited[^1].More, limited[^1].Count));
        var counted = Assert.Single(await Parts(new RangeRequest(request) { CountOnly = true }));
        Assert.Equal((60, 0, whole.Header), (counted.Count, counted.Kvs.Count, counted.Header));
        await Refused(new RangeRequest(request) { SortOrder = Order.Descend }, StatusCode.Unimplemented, "RangeStream does not support custom sort orders");
        await Refused(new RangeRequest(request) { MinModRevision = 1 }, StatusCode.Unimplemented, "RangeStream does not support revision filters");
        await Refused(new RangeRequest(request) { Revision = whole.Header.Revision + 1 }, StatusCode.OutOfRange, Future);

        async Task<List<RangeResponse>> Parts(RangeRequest asked)
        {
            using var call = node.Kv.RangeStream(asked);
            var parts = new List<RangeResponse>();
            while (await call.ResponseStream.MoveNext(CancellationToken.None).WaitAsync(ServiceHost.Patience))
            {
                parts.Add(call.ResponseStream.Current.RangeResponse);
            }
            return parts;
        }

        async Task Refused(RangeRequest asked, StatusCode code, string text)
        {
            var failure = await Assert.ThrowsAsync<RpcException>(() => Parts(asked));
            Assert.Equal((code, text), (failure.StatusCode, failure.Status.Detail));
        }
    }

    [Fact]
    public async Task Every_header_names_cluster_member_term_and_the_revision_its_call_has()
    {
        var self = (await node.Maintenance.StatusAsync(new StatusRequest())).Header;
        Assert.True(self.ClusterId != 0 && self.MemberId != 0 && self.RaftTerm != 0 && self.Revision != 0);
        var now = (await node.Kv.PutAsync(new PutRequest { Key = B("head"), Value = B("1") })).Header.Revision;

        Same(now + 1, (await node.Kv.PutAsync(new PutRequest { Key = B("head"), Value = B("2") })).Header);
        Same(now + 1, (await node.Kv.RangeAsync(new RangeRequest { Key = B("head"), Revision = now })).Header);
        Same(now + 1, (await node.Kv.RangeAsync(new RangeRequest { Key = B("head"), Serializable = true })).Header);
        Same(now + 1, (await node.Kv.TxnAsync(new TxnRequest())).Header);
        Same(now + 2, (await node.Kv.DeleteRangeAsync(new DeleteRangeRequest { Key = B("head") })).Header);
        var grant = await node.Lease.LeaseGrantAsync(new LeaseGrantRequest { TTL = 60 });
        Same(now + 2, grant.Header);
        Same(now + 2, (await node.Lease.LeaseTimeToLiveAsync(new LeaseTimeToLiveRequest { ID = grant.ID })).Header);
        Same(now + 2, (await node.Lease.LeaseLeasesAsync(new LeaseLeasesRequest())).Header);
        Same(now + 2, (await node.Lease.LeaseRevokeAsync(new LeaseRevokeRequest { ID = grant.ID })).Header);
        Same(0, (await node.Cluster.MemberListAsync(new MemberListRequest { Linearizable = true })).Header);
        Same(0, (await node.Cluster.MemberListAsync(new MemberListRequest())).Header);
        Same(now + 2, (await node.Maintenance.StatusAsync(new StatusRequest())).Header);
        Same(now + 2, (await node.Maintenance.HashAsync(new HashRequest())).Header);
        Same(now + 2, (await node.Maintenance.HashKVAsync(new HashKVRequest())).Header);
        Same(now + 2, (await node.Maintenance.AlarmAsync(new AlarmRequest())).Header);
        Assert.Null((await node.Maintenance.DefragmentAsync(new DefragmentRequest())).Header);

        void Same(long revision, ResponseHeader header) =>
            Assert.Equal((self.ClusterId, self.MemberId, self.RaftTerm, revision), (header.ClusterId, header.MemberId, header.RaftTerm, header.Revision));
    }
}
