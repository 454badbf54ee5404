using Google.Protobuf;
using Kv.Actors.Apply;
using Kv.Actors.Lease;
using Kv.Actors.Model;
using Kv.Actors.Mvcc;
using Kv.Actors.Protos.Etcdserverpb;
using Xunit;

namespace Kv.Actors.Tests.Apply;

/// <summary>Rules the random runs may meet too seldom, one by one. Source: reference, txn evaluation, compare, response.</summary>
public sealed class TxnEvaluatorTests
{
    private readonly KvApplier _applier = new(new MvccStore(), new LeaseTable(1));

    private static ByteString B(string text) => ByteString.CopyFromUtf8(text);

    private static RequestOp Put(string key) => new() { RequestPut = new PutRequest { Key = B(key) } };

    private static RequestOp Get(string key, long revision = 0) => new() { RequestRange = new RangeRequest { Key = B(key), Revision = revision } };

    private static RequestOp Del(string key) => new() { RequestDeleteRange = new DeleteRangeRequest { Key = B(key) } };

    private Outcome<TxnResponse> Run(params RequestOp[] ops)
    {
        var txn = new TxnRequest();
        txn.Success.AddRange(ops);
        return _applier.Apply(txn);
    }

    [Fact]
    public void Inner_headers_tell_the_old_revision_before_the_first_write_and_the_new_one_after()
    {
        var response = Run(Get("a"), Del("none"), Put("a"), Get("a"), Del("none"), new RequestOp { RequestTxn = new TxnRequest() }).Value!;
        Assert.Equal(2, response.Header.Revision);
        Assert.Equal(1, response.Responses[0].ResponseRange.Header.Revision);
        Assert.Equal(1, response.Responses[1].ResponseDeleteRange.Header.Revision);
        Assert.Equal(2, response.Responses[2].ResponsePut.Header.Revision);
        Assert.Equal(2, response.Responses[3].ResponseRange.Header.Revision);
        Assert.Equal(2, response.Responses[3].ResponseRange.Kvs[0].ModRevision);
        Assert.Equal(2, response.Responses[4].ResponseDeleteRange.Header.Revision);
        Assert.Equal(new ResponseHeader(), response.Responses[5].ResponseTxn.Header);
        Assert.True(response.Responses[5].ResponseTxn.Succeeded);
    }

    [Fact]
    public void A_range_that_asks_for_the_transactions_own_revision_fails_all_of_it()
    {
        Assert.Equal(KvError.FutureRev, Run(Put("a"), Get("a", 2)).Error);
        Assert.Equal(1, _applier.Store.CurrentRevision);
        Assert.Null(_applier.Store.Publish().Get("a"u8));
    }

    [Fact]
    public void A_negative_revision_is_compacted_in_a_transaction_and_newest_on_its_own()
    {
        Assert.Equal(KvError.None, Run(Get("a", -1)).Error);        // the compact revision of a store never compacted
        Assert.Equal(KvError.Compacted, Run(Get("a", -2)).Error);
        Assert.True(KvApplier.Range(_applier.Store.Root, new RangeRequest { Key = B("a"), Revision = -2 }).Ok);
    }

    [Fact]
    public void Nested_decisions_see_the_state_before_the_transaction()
    {
        var nested = new TxnRequest();
        nested.Compare.Add(new Compare { Key = B("a"), Target = Compare.Types.CompareTarget.Version, Result = Compare.Types.CompareResult.Equal, Version = 1 });
        var response = Run(Put("a"), new RequestOp { RequestTxn = nested }).Value!;
        Assert.False(response.Responses[1].ResponseTxn.Succeeded);
    }

    [Fact]
    public void A_missing_lease_comes_before_a_missing_key_and_undoes_everything()
    {
        var put = new RequestOp { RequestPut = new PutRequest { Key = B("b"), Lease = 9, IgnoreValue = true } };
        Assert.Equal(KvError.LeaseNotFound, Run(Put("a"), put).Error);
        put.RequestPut.Lease = 0;
        Assert.Equal(KvError.KeyNotFound, Run(Put("a"), put).Error);
        Assert.Equal(1, _applier.Store.CurrentRevision);
    }

    [Theory]
    [InlineData(Compare.Types.CompareTarget.Value, 0, false)]
    [InlineData(Compare.Types.CompareTarget.Value, 3, false)]
    [InlineData(Compare.Types.CompareTarget.Value, 9, false)]
    [InlineData(Compare.Types.CompareTarget.Version, 0, true)]
    [InlineData(Compare.Types.CompareTarget.Mod, 1, false)]
    [InlineData((Compare.Types.CompareTarget)9, 0, true)]
    [InlineData((Compare.Types.CompareTarget)9, 3, false)]
    [InlineData(Compare.Types.CompareTarget.Version, 9, true)]
    public void A_missing_key_has_zeros_but_no_value(Compare.Types.CompareTarget target, int result, bool holds)
    {
        foreach (var end in new[] { "", "z" })
        {
            var txn = new TxnRequest();
            txn.Compare.Add(new Compare { Key = B("none"), RangeEnd = B(end), Target = target, Result = (Compare.Types.CompareResult)result });
            Assert.Equal(holds, _applier.Apply(txn).Value!.Succeeded);
        }
    }
}
