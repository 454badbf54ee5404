using Google.Protobuf;
using Kv.Actors.Apply;
using Kv.Actors.Model;
using Kv.Actors.Protos.Etcdserverpb;
using Xunit;

namespace Kv.Actors.Tests.Apply;

public sealed class TxnRulesTests
{
    private static ByteString B(string text) => ByteString.CopyFromUtf8(text);

    private static RequestOp Put(string key, string value = "v") => new() { RequestPut = new PutRequest { Key = B(key), Value = B(value) } };

    private static RequestOp Del(string key, string end = "") => new() { RequestDeleteRange = new DeleteRangeRequest { Key = B(key), RangeEnd = B(end) } };

    private static RequestOp Get(string key, bool serializable = false) => new() { RequestRange = new RangeRequest { Key = B(key), Serializable = serializable } };

    private static RequestOp Nest(RequestOp[] success, params RequestOp[] failure) => new() { RequestTxn = Txn(success, failure) };

    private static TxnRequest Txn(RequestOp[] success, params RequestOp[] failure)
    {
        var txn = new TxnRequest();
        txn.Success.AddRange(success);
        txn.Failure.AddRange(failure);
        return txn;
    }

    /// <summary>The table of duplicate-key rules, row by row.</summary>
    public static TheoryData<string, TxnRequest, bool> DuplicateRules => new()
    {
        { "put + put", Txn([Put("k"), Put("k")]), false },
        { "put + covering delete", Txn([Put("k"), Del("a", "z")]), false },
        { "covering delete + put", Txn([Del("a", "z"), Put("k")]), false },
        { "delete of all from a key on + put", Txn([Del("a", "\0"), Put("k")]), true },
        { "put + delete of everything in nested", Txn([Put("k"), Nest([Del("\0", "\0")])]), true },
        { "delete of one key + put of it", Txn([Del("k"), Put("k")]), false },
        { "delete up to the key + put", Txn([Del("a", "k"), Put("k")]), true },
        { "delete of another key + put", Txn([Del("j"), Put("k")]), true },
        { "delete of nothing (end below key) + put", Txn([Del("k", "a"), Put("k")]), true },
        { "overlapping deletes", Txn([Del("a", "m"), Del("c", "z")]), true },
        { "put + put in nested", Txn([Put("k"), Nest([Put("k")])]), false },
        { "put + put in nested failure", Txn([Put("k"), Nest([], Put("k"))]), false },
        { "put + put two levels down", Txn([Nest([Nest([Put("k")])]), Put("k")]), false },
        { "delete + covered put in nested", Txn([Del("a", "z"), Nest([Put("k")])]), false },
        { "nested put, then delete on the level", Txn([Nest([Put("k")]), Del("a", "z")]), false },
        { "put + covering delete in nested", Txn([Put("k"), Nest([Del("a", "z")])]), false },
        { "put in nested success and failure", Txn([Nest([Put("k")], Put("k"))]), true },
        { "siblings both put", Txn([Nest([Put("k")]), Nest([Put("k")])]), false },
        { "siblings put in success and in failure", Txn([Nest([Put("k")]), Nest([], Put("k"))]), false },
        { "sibling deletes, later one puts", Txn([Nest([Del("k")]), Nest([Put("k")])]), false },
        { "sibling puts, later one deletes", Txn([Nest([Put("k")]), Nest([Del("k")])]), true },
        { "put in outer success and outer failure", Txn([Put("k")], Put("k")), true },
        { "twice in failure only", Txn([], Put("k"), Put("k")), false },
        { "range over anything", Txn([Put("k"), Get("k"), Get("k")]), true },
    };

    [Theory]
    [MemberData(nameof(DuplicateRules))]
    public void A_key_is_modified_once_in_a_transaction(string rule, TxnRequest txn, bool allowed)
    {
        Assert.True((TxnRules.CheckTxn(txn) == KvError.None) == allowed, rule);
        Assert.Equal(allowed ? KvError.None : KvError.DuplicateKey, TxnRules.CheckTxn(txn));
    }

    [Theory]
    [InlineData(0, 128, true)]
    [InlineData(0, 129, false)]
    [InlineData(127, 1, true)]
    [InlineData(128, 1, false)]
    public void Operations_are_bounded_along_a_path(int inner, int outer, bool allowed)
    {
        var ops = Enumerable.Range(0, outer).Select(i => Get($"{i}")).ToArray();
        if (inner > 0)
        {
            ops[0] = Nest(Enumerable.Range(0, inner).Select(i => Get($"{i}")).ToArray());
        }
        Assert.Equal(allowed ? KvError.None : KvError.TooManyOps, TxnRules.CheckTxn(Txn(ops)));
    }

    [Fact]
    public void Compares_count_as_operations_and_need_a_key()
    {
        var txn = new TxnRequest();
        txn.Compare.Add(new Compare());
        Assert.Equal(KvError.EmptyKey, TxnRules.CheckTxn(txn));
        txn.Compare.Add(Enumerable.Range(0, 128).Select(_ => new Compare()));
        Assert.Equal(KvError.TooManyOps, TxnRules.CheckTxn(txn));
    }

    [Fact]
    public void Each_operation_is_checked_as_on_its_own_and_before_duplicates()
    {
        Assert.Equal(KvError.EmptyKey, TxnRules.CheckTxn(Txn([Put("k"), Put("k"), Put("")])));
        Assert.Equal(KvError.EmptyKey, TxnRules.CheckTxn(Txn([], Del(""))));
        Assert.Equal(KvError.EmptyKey, TxnRules.CheckTxn(Txn([Nest([Get("")])])));
        Assert.Equal(KvError.KeyNotFound, TxnRules.CheckTxn(Txn([new RequestOp()])));
        Assert.Equal(KvError.ValueProvided, TxnRules.CheckTxn(Txn([new RequestOp { RequestPut = new PutRequest { Key = B("k"), Value = B("v"), IgnoreValue = true } }])));
        Assert.Equal(KvError.LeaseProvided, TxnRules.CheckPut(new PutRequest { Key = B("k"), Lease = 1, IgnoreLease = true }));
        Assert.Equal(KvError.None, TxnRules.CheckPut(new PutRequest { Key = B("k"), IgnoreLease = true, IgnoreValue = true }));
    }

    [Theory]
    [InlineData(0, 0, KvError.None)]
    [InlineData(2, 4, KvError.None)]
    [InlineData(3, 0, KvError.InvalidSortOption)]
    [InlineData(0, 5, KvError.InvalidSortOption)]
    [InlineData(-1, 0, KvError.InvalidSortOption)]
    public void Undefined_sort_numbers_are_refused(int order, int target, KvError expected) => Assert.Equal(expected, TxnRules.CheckRange(new RangeRequest
    {
        Key = B("k"),
        SortOrder = (RangeRequest.Types.SortOrder)order,
        SortTarget = (RangeRequest.Types.SortTarget)target,
    }));

    [Fact]
    public void A_stream_takes_no_orders_and_no_bounds()
    {
        Assert.Equal(KvError.None, TxnRules.CheckRangeStream(new RangeRequest { Key = B("k"), SortOrder = RangeRequest.Types.SortOrder.Ascend }));
        Assert.Equal(KvError.RangeStreamSort, TxnRules.CheckRangeStream(new RangeRequest { Key = B("k"), SortOrder = RangeRequest.Types.SortOrder.Descend }));
        Assert.Equal(KvError.RangeStreamFilter, TxnRules.CheckRangeStream(new RangeRequest { Key = B("k"), MinModRevision = 1 }));
    }

    [Fact]
    public void Only_transactions_of_ranges_alone_are_read_only()
    {
        Assert.True(TxnRules.IsReadOnly(Txn([])));
        Assert.True(TxnRules.IsSerializable(Txn([])));
        Assert.True(TxnRules.IsReadOnly(Txn([Get("a")], Get("b"))));
        Assert.False(TxnRules.IsReadOnly(Txn([Get("a")], Put("b"))));
        Assert.False(TxnRules.IsReadOnly(Txn([Nest([Get("a")])])));
        Assert.True(TxnRules.IsSerializable(Txn([Get("a", true)], Get("b", true))));
        Assert.False(TxnRules.IsSerializable(Txn([Get("a", true)], Get("b"))));
    }

    [Fact]
    public void A_transaction_costs_its_dearer_branch()
    {
        Assert.Equal(0, TxnRules.PutCost(Txn([Get("a"), Del("b")])));
        Assert.Equal(256 + 3, TxnRules.PutCost(Txn([Put("a", "22")], Put("b", "1"))));
        Assert.Equal(2 * (256 + 2), TxnRules.PutCost(Txn([Put("a", "1"), Nest([], Put("b", "1"))])));
    }
}
