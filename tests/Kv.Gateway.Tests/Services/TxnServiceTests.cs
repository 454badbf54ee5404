using Grpc.Core;
using Kv.Actors.Protos.Etcdserverpb;
using Xunit;
using static Kv.Gateway.Tests.Services.NodeHost;
using Result = Kv.Actors.Protos.Etcdserverpb.Compare.Types.CompareResult;
using Target = Kv.Actors.Protos.Etcdserverpb.Compare.Types.CompareTarget;

namespace Kv.Gateway.Tests.Services;

/// <summary>Transactions as clients see them (reference, kv-semantics §6).</summary>
public sealed class TxnServiceTests(NodeHost node) : IClassFixture<NodeHost>
{
    private const string Duplicate = "etcdserver: duplicate key given in txn request";
    private const string TooMany = "etcdserver: too many operations in txn request";
    private const string Future = "etcdserver: mvcc: required revision is a future revision";

    [Fact]
    public async Task Each_list_may_have_128_operations_and_so_may_a_path_of_nested_ones()
    {
        await node.Kv.TxnAsync(Then(Puts("ops/", 128)));
        await FailsAsync(StatusCode.InvalidArgument, TooMany, node.Kv.TxnAsync(Then(Puts("ops/", 129))));
        await FailsAsync(StatusCode.InvalidArgument, TooMany, node.Kv.TxnAsync(Else(Puts("ops/", 129))));
        var compares = new TxnRequest();
        compares.Compare.AddRange(Enumerable.Range(0, 129).Select(static i => new Compare { Key = B($"ops/{i}") }));
        await FailsAsync(StatusCode.InvalidArgument, TooMany, node.Kv.TxnAsync(compares));
        await node.Kv.TxnAsync(Then(Nested(Then(Puts("ops/", 127)))));
        await FailsAsync(StatusCode.InvalidArgument, TooMany, node.Kv.TxnAsync(Then(Nested(Then(Puts("ops/", 128))))));
    }

    [Fact]
    public async Task Nesting_deeper_than_the_limit_is_refused_and_does_no_harm()
    {
        var txn = Then(Put("deep"));
        for (var i = 0; i < 90; i++)
        {
            txn = Then(Nested(txn));
        }
        // 91 levels of two messages each are more than a protobuf parser takes by default, here as in most clients; etcd's own
        // parser takes 128 operations. Either answer is an error of this call alone.
        var failure = await Assert.ThrowsAsync<RpcException>(async () => await node.Kv.TxnAsync(Deepen(txn, 60)));
        Assert.Contains(failure.StatusCode, (StatusCode[])[StatusCode.InvalidArgument, StatusCode.Internal]);
        Assert.Single((await node.Kv.TxnAsync(Deepen(Then(Put("deep")), 20))).Responses);

        static TxnRequest Deepen(TxnRequest inner, int levels)
        {
            for (var i = 0; i < levels; i++)
            {
                inner = Then(Nested(inner));
            }
            return inner;
        }
    }

    [Fact]
    public async Task A_key_may_be_changed_once_in_nested_operations_too()
    {
        await Refused(Then(Put("dup"), Put("dup")));
        await Refused(Then(Put("dup"), Delete("dup")));
        await Refused(Then(Delete("d", "e"), Put("dup")));
        await Refused(Else(Put("dup"), Put("dup")));
        await Refused(Then(Put("dup"), Nested(Then(Put("dup")))));
        await Refused(Then(Put("dup"), Nested(Else(Put("dup")))));
        await Refused(Then(Delete("dup"), Nested(Then(Put("dup")))));
        await Refused(Then(Put("dup"), Nested(Then(Delete("dup")))));
        await Refused(Then(Nested(Then(Put("dup"))), Nested(Then(Put("dup")))));
        await Refused(Then(Nested(Then(Delete("dup"))), Nested(Then(Put("dup")))));

        await Taken(Then(Delete("dup"), Delete("d", "e")));
        await Taken(Then(Put("dup"), Get("dup"), Get("d", "e")));
        await Taken(Both(Put("dup"), Put("dup")));
        await Taken(Then(Nested(Both(Put("dup"), Put("dup")))));
        await Taken(Then(Nested(Then(Put("dup"))), Nested(Then(Delete("dup")))));

        Task Refused(TxnRequest txn) => FailsAsync(StatusCode.InvalidArgument, Duplicate, node.Kv.TxnAsync(txn));
        async Task Taken(TxnRequest txn) => Assert.True((await node.Kv.TxnAsync(txn)).Succeeded);
    }

    [Fact]
    public async Task Operations_are_checked_as_on_their_own()
    {
        const string EmptyKey = "etcdserver: key is not provided";
        await Refused(EmptyKey, Then(Put("")));
        await Refused(EmptyKey, Else(Get("")));
        await Refused(EmptyKey, Then(Delete("")));
        await Refused(EmptyKey, Then(Nested(Else(Put("")))));
        await Refused(EmptyKey, If(new Compare { Target = Target.Version }));
        await Refused("etcdserver: key not found", Then(new RequestOp()));
        await Refused("etcdserver: value is provided", Then(new RequestOp { RequestPut = new PutRequest { Key = B("k"), Value = B("v"), IgnoreValue = true } }));
        await Refused("etcdserver: lease is provided", Then(new RequestOp { RequestPut = new PutRequest { Key = B("k"), Lease = 3, IgnoreLease = true } }));
        await Refused("etcdserver: key not found", Then(new RequestOp { RequestPut = new PutRequest { Key = B("never"), IgnoreValue = true } }));
        await FailsAsync(
            StatusCode.NotFound, "etcdserver: requested lease not found",
            node.Kv.TxnAsync(Then(Put("checked"), new RequestOp { RequestPut = new PutRequest { Key = B("k"), Lease = 3 } })));
        Assert.Empty((await node.Kv.RangeAsync(new RangeRequest { Key = B("checked") })).Kvs);

        Task Refused(string text, TxnRequest txn) => FailsAsync(StatusCode.InvalidArgument, text, node.Kv.TxnAsync(txn));
    }

    [Fact]
    public async Task A_failing_range_undoes_the_whole_transaction_and_only_in_the_branch_taken()
    {
        var now = (await node.Kv.PutAsync(new PutRequest { Key = B("undo"), Value = B("1") })).Header.Revision;
        var future = new RequestOp { RequestRange = new RangeRequest { Key = B("undo"), Revision = now + 1 } };
        await FailsAsync(StatusCode.OutOfRange, Future, node.Kv.TxnAsync(Then(Put("undo"), future)));
        await FailsAsync(StatusCode.OutOfRange, Future, node.Kv.TxnAsync(Then(future)));
        Assert.Equal((now, now), await State());
        Assert.True((await node.Kv.TxnAsync(Both(Get("undo"), future))).Succeeded);
        Assert.Equal((now, now), await State());

        async Task<(long, long)> State()
        {
            var read = await node.Kv.RangeAsync(new RangeRequest { Key = B("undo") });
            return (read.Header.Revision, read.Kvs[0].ModRevision);
        }
    }

    [Theory]
    [InlineData(Target.Version, Result.Equal, 2, true)]
    [InlineData(Target.Version, Result.Greater, 2, false)]
    [InlineData(Target.Version, Result.Greater, 1, true)]
    [InlineData(Target.Version, Result.Less, 3, true)]
    [InlineData(Target.Version, Result.NotEqual, 2, false)]
    [InlineData(Target.Lease, Result.Equal, 0, true)]
    [InlineData(Target.Version, (Result)9, 77, true)]
    [InlineData((Target)9, Result.Equal, 77, true)]
    [InlineData((Target)9, Result.NotEqual, 77, false)]
    [InlineData((Target)9, Result.Less, 77, false)]
    public async Task Compares_hold_as_etcds_do_undefined_ones_too(Target target, Result result, long operand, bool holds)
    {
        await node.Kv.DeleteRangeAsync(new DeleteRangeRequest { Key = B("cmp") });
        await node.Kv.PutAsync(new PutRequest { Key = B("cmp"), Value = B("1") });
        await node.Kv.PutAsync(new PutRequest { Key = B("cmp"), Value = B("2") });
        var compare = new Compare { Key = B("cmp"), Target = target, Result = result };
        if (target == Target.Lease)
        {
            compare.Lease = operand;
        }
        else
        {
            compare.Version = operand;
        }
        Assert.Equal(holds, (await node.Kv.TxnAsync(If(compare))).Succeeded);
    }

    [Fact]
    public async Task Compares_of_missing_keys_ranges_and_mismatched_operands()
    {
        await node.Kv.PutAsync(new PutRequest { Key = B("cr/a"), Value = B("1") });
        await node.Kv.PutAsync(new PutRequest { Key = B("cr/b"), Value = B("1") });
        await node.Kv.PutAsync(new PutRequest { Key = B("cr/c"), Value = B("2") });
        Assert.True(await Holds(new Compare { Key = B("no"), Target = Target.Create, CreateRevision = 0 }));
        Assert.True(await Holds(new Compare { Key = B("no"), Target = Target.Mod, Result = Result.Less, ModRevision = 1 }));
        Assert.False(await Holds(new Compare { Key = B("no"), Target = Target.Value, Value = B("") }));
        Assert.False(await Holds(new Compare { Key = B("no"), Target = Target.Value, Result = Result.NotEqual, Value = B("x") }));
        Assert.True(await Holds(new Compare { Key = B("cr/a"), RangeEnd = B("cr/c"), Target = Target.Value, Value = B("1") }));
        Assert.False(await Holds(new Compare { Key = B("cr/a"), RangeEnd = B("cr0"), Target = Target.Value, Value = B("1") }));
        Assert.True(await Holds(new Compare { Key = B("cr/x"), RangeEnd = B("cr/a"), Target = Target.Version, Version = 0 }));
        Assert.False(await Holds(new Compare { Key = B("cr/x"), RangeEnd = B("cr/a"), Target = Target.Value, Result = Result.NotEqual, Value = B("1") }));
        Assert.True(await Holds(new Compare { Key = B("cr/a"), Target = Target.Value, Result = Result.Greater, Version = 9 }));
        Assert.False(await Holds(new Compare { Key = B("cr/a"), Target = Target.Version, Value = B("1") }));

        async Task<bool> Holds(Compare compare) => (await node.Kv.TxnAsync(If(compare))).Succeeded;
    }

    [Fact]
    public async Task Responses_stand_in_order_with_the_revisions_of_their_moment()
    {
        var before = (await node.Kv.PutAsync(new PutRequest { Key = B("seq/a"), Value = B("0") })).Header.Revision;
        var done = await node.Kv.TxnAsync(Then(Get("seq/", "seq0"), Delete("seq/none"), Put("seq/b"), Get("seq/", "seq0"), Delete("seq/a"), Nested(Then(Get("seq/", "seq0")))));
        Assert.True(done.Succeeded);
        Assert.Equal(before + 1, done.Header.Revision);
        var inner = done.Responses;
        Assert.Equal(new ResponseHeader { Revision = before }, inner[0].ResponseRange.Header);
        Assert.Equal((1, 1), (inner[0].ResponseRange.Kvs.Count, inner[0].ResponseRange.Count));
        Assert.Equal((0, before), (inner[1].ResponseDeleteRange.Deleted, inner[1].ResponseDeleteRange.Header.Revision));
        Assert.Equal(new ResponseHeader { Revision = before + 1 }, inner[2].ResponsePut.Header);
        Assert.Equal((2, before + 1), (inner[3].ResponseRange.Kvs.Count, inner[3].ResponseRange.Kvs[1].ModRevision));
        Assert.Equal((1, before + 1), (inner[4].ResponseDeleteRange.Deleted, inner[4].ResponseDeleteRange.Header.Revision));
        Assert.Equal(new ResponseHeader(), inner[5].ResponseTxn.Header);
        Assert.Equal(["seq/b"], inner[5].ResponseTxn.Responses[0].ResponseRange.Kvs.Select(static kv => kv.Key.ToStringUtf8()));
    }

    [Fact]
    public async Task Transactions_that_only_read_move_no_revision()
    {
        var now = (await node.Kv.PutAsync(new PutRequest { Key = B("ro"), Value = B("1") })).Header.Revision;
        var serializable = new RequestOp { RequestRange = new RangeRequest { Key = B("ro"), Serializable = true } };
        foreach (var txn in (TxnRequest[])[new TxnRequest(), Then(Get("ro")), Then(serializable), Then(Nested(Then(Get("ro")))), Then(Delete("ro/none"))])
        {
            var done = await node.Kv.TxnAsync(txn);
            Assert.Equal((true, now, txn.Success.Count), (done.Succeeded, done.Header.Revision, done.Responses.Count));
        }
        Assert.Equal("1", (await node.Kv.TxnAsync(Then(serializable))).Responses[0].ResponseRange.Kvs[0].Value.ToStringUtf8());
        Assert.False((await node.Kv.TxnAsync(If(new Compare { Key = B("ro"), Version = 5 }))).Succeeded);
    }

    private static TxnRequest Then(params IEnumerable<RequestOp> ops)
    {
        var txn = new TxnRequest();
        txn.Success.AddRange(ops);
        return txn;
    }

    private static TxnRequest Else(params IEnumerable<RequestOp> ops)
    {
        var txn = new TxnRequest();
        txn.Failure.AddRange(ops);
        return txn;
    }

    private static TxnRequest Both(RequestOp success, RequestOp failure)
    {
        var txn = Then(success);
        txn.Failure.Add(failure);
        return txn;
    }

    private static TxnRequest If(Compare compare)
    {
        var txn = new TxnRequest();
        txn.Compare.Add(compare);
        return txn;
    }

    private static IEnumerable<RequestOp> Puts(string prefix, int count) => Enumerable.Range(0, count).Select(i => Put($"{prefix}{i}"));

    private static RequestOp Put(string key) => new() { RequestPut = new PutRequest { Key = B(key), Value = B("v") } };

    private static RequestOp Delete(string key, string end = "") => new() { RequestDeleteRange = new DeleteRangeRequest { Key = B(key), RangeEnd = B(end) } };

    private static RequestOp Get(string key, string end = "") => new() { RequestRange = new RangeRequest { Key = B(key), RangeEnd = B(end) } };

    private static RequestOp Nested(TxnRequest txn) => new() { RequestTxn = txn };
}
