using Kv.Actors.Model;
using Kv.Actors.Mvcc;
using Xunit;

namespace Kv.Actors.Tests.Mvcc;

public sealed class RangePagerTests
{
    private static MvccStore Filled(int keys, int valueBytes)
    {
        var store = new MvccStore();
        var txn = store.BeginTxn();
        for (var i = 0; i < keys; i++)
        {
            txn.Put([(byte)(i >> 8), (byte)i], new byte[valueBytes], LeaseId.None);
        }
        txn.End();
        store.Publish();
        return store;
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(5, 0)]
    [InlineData(10, 0)]
    [InlineData(1000, 0)]
    [InlineData(1000, 7)]
    [InlineData(1000, 10)]
    [InlineData(1000, 500)]
    [InlineData(1000, 1000)]
    public void Chunks_put_together_are_the_range(int keys, int limit)
    {
        var store = Filled(keys, valueBytes: 50);
        var query = new RangeQuery(KeyRange.All) { Limit = limit };
        var whole = store.Root.Range(query).Value!;
        var pager = RangePager.Begin(store.Root, query, aimBytes: 4000).Value!;
        var put = store.BeginTxn();
        put.Put([0, 0, 0], [], LeaseId.None);       // written after the stream began
        put.End();
        store.Publish();
        var read = new List<KeyVersion>();
        var largest = 0;
        while (!pager.IsDone)
        {
            var chunk = pager.Next();
            Assert.True(read.Count > 0 || chunk.Kvs.Length <= 10);
            largest = Math.Max(largest, chunk.Kvs.Length);
            read.AddRange(chunk.Kvs);
        }
        Assert.Equal(whole.Kvs.ToArray(), read);
        Assert.Equal(whole.Count, pager.Count);
        Assert.Equal(whole.More, pager.More);
        Assert.True(largest <= 80);                 // 52 bytes a key: 40 keys pass 2000 bytes, 80 stay under 8000
    }

    [Fact]
    public void Chunks_shrink_when_values_are_large_and_never_below_one_key()
    {
        var store = Filled(200, valueBytes: 1000);
        var pager = RangePager.Begin(store.Root, new RangeQuery(KeyRange.All), aimBytes: 400).Value!;
        var sizes = new List<int>();
        while (!pager.IsDone)
        {
            sizes.Add(pager.Next().Kvs.Length);
        }
        Assert.Equal([10, 5, 2, 1, 1], sizes.Take(5));
        Assert.Equal(200, sizes.Sum());
    }

    [Fact]
    public void What_a_stream_does_not_take_is_refused()
    {
        var root = new MvccStore().Root;
        Assert.Equal(KvError.RangeStreamSort, RangePager.Begin(root, new RangeQuery(KeyRange.All) { Order = RangeOrder.Descend }, 1).Error);
        Assert.Equal(KvError.RangeStreamFilter, RangePager.Begin(root, new RangeQuery(KeyRange.All) { MinModRevision = 1 }, 1).Error);
        Assert.Equal(KvError.FutureRev, RangePager.Begin(root, new RangeQuery(KeyRange.All) { Revision = 9 }, 1).Error);
    }
}
