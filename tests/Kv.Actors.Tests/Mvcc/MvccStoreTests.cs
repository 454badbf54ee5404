using System.Text;
using Kv.Actors.Model;
using Kv.Actors.Mvcc;
using Xunit;

namespace Kv.Actors.Tests.Mvcc;

public sealed class MvccStoreTests
{
    private readonly MvccStore _store = new();

    private void Put(string key, string value = "v")
    {
        var txn = _store.BeginTxn();
        txn.Put(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(value), LeaseId.None);
        txn.End();
    }

    private void Delete(string key)
    {
        var txn = _store.BeginTxn();
        txn.DeleteRange(KeyRange.Of(Encoding.UTF8.GetBytes(key)));
        txn.End();
    }

    private string Records() => string.Join(' ', _store.Publish().Records().Select(r => $"{Encoding.UTF8.GetString(r.Key)}{(r.IsTombstone ? "-" : "+")}{r.ModRevision}"));

    [Fact]
    public void Nothing_shows_before_it_is_published()
    {
        var before = _store.Root;
        Put("a");
        Assert.Same(before, _store.Root);
        Assert.Null(_store.Root.Get("a"u8));
        var after = _store.Publish();
        Assert.Equal(2, after.Get("a"u8)!.ModRevision);
        Assert.Null(before.Get("a"u8));
        Assert.Same(after, _store.Publish());
    }

    /// <summary>The worked example of Kv.Actors/Mvcc/README.md.</summary>
    [Fact]
    public void The_worked_example_of_the_readme_is_true()
    {
        Put("a", "1");
        Put("b", "2");
        Put("a", "3");
        Delete("b");
        Put("c", "4");
        Assert.Equal("a+2 b+3 a+4 b-5 c+6", Records());
        Assert.Equal(KvError.None, _store.Compact(5));
        Assert.True(_store.IsCompacting);
        Assert.Equal("a+4 b-5 c+6", Records());                 // what will go is hidden at once
        Assert.Equal(5, _store.Stats.Records);
        while (_store.CompactStep())
        {
        }
        Assert.Equal("a+4 b-5 c+6", Records());
        Assert.Equal(3, _store.Stats.Records);
        Assert.Equal(5, _store.FinishedCompactRevision);
        Assert.Equal(KvError.None, _store.Compact(6));
        _store.CompactStep();
        Assert.Equal("a+4 c+6", Records());
        Assert.Equal(2, _store.Stats.Records);
    }

    [Theory]
    [InlineData(-1, KvError.Compacted)]
    [InlineData(0, KvError.None)]
    [InlineData(2, KvError.None)]
    [InlineData(3, KvError.FutureRev)]
    public void A_first_compaction_takes_zero_up_to_the_current_revision(long revision, KvError expected)
    {
        Put("a");
        Assert.Equal(expected, _store.Compact(revision));
        if (expected == KvError.None)
        {
            Assert.Equal(KvError.Compacted, _store.Compact(revision));
            Assert.False(_store.CompactStep());
            Assert.Equal(revision, _store.FinishedCompactRevision);
        }
    }

    [Fact]
    public void A_pinned_root_answers_as_before_while_its_history_is_compacted_away()
    {
        for (var i = 0; i < 5000; i++)
        {
            Put($"k{i % 50}", $"{i}");
        }
        var pinned = _store.Publish();
        _store.Compact(_store.CurrentRevision);
        while (_store.CompactStep(100))
        {
            _store.Publish();
        }
        Assert.Equal(50, _store.Publish().Stats.Records);
        Assert.Equal(KvError.Compacted, _store.Root.Range(new RangeQuery(KeyRange.All) { Revision = 2 }).Error);
        for (var revision = 2; revision <= 5001; revision += 97)
        {
            var found = pinned.Range(new RangeQuery(KeyRange.All) { Revision = revision }).Value!;
            Assert.Equal(Math.Min(50, revision - 1), found.Count);
            Assert.Equal(revision, found.Kvs.ToArray().Max(kv => kv.ModRevision));
        }
        Assert.Equal(5000, pinned.ReadHistory(1, int.MaxValue, long.MaxValue).Count);
    }

    [Fact]
    public void History_is_read_in_whole_revisions_within_the_bounds()
    {
        var txn = _store.BeginTxn();
        for (var i = 0; i < 5; i++)
        {
            txn.Put([(byte)i], [1, 2, 3], LeaseId.None);
        }
        txn.End();
        Put("x");
        Put("y");
        var root = _store.Publish();
        Assert.Equal((5, 3L), Read(1, 1, 1000));
        Assert.Equal((6, 4L), Read(2, 6, 1000));
        Assert.Equal((5, 3L), Read(0, 100, 4));
        Assert.Equal((2, 0L), Read(3, 100, 1000));
        Assert.Equal((0, 0L), Read(5, 100, 1000));
        (int, long) Read(long from, int records, long bytes)
        {
            var slice = root.ReadHistory(from, records, bytes);
            return (slice.Count, slice.NextRevision);
        }
    }

    /// <summary>Every root a reader may hold is whole: the writer keeps the sum of all values equal to zero in each transaction.</summary>
    [Fact]
    public async Task Readers_see_whole_transactions_while_the_writer_writes_and_compacts()
    {
        const int seed = 5;
        var random = new Random(seed);
        var done = false;
        var reader = Task.Run(() =>
        {
            var roots = 0;
            var pinned = _store.Root;
            while (!Volatile.Read(ref done) || roots < 3)
            {
                var root = _store.Root;
                CheckWhole(root, root.CurrentRevision);
                CheckWhole(root, Math.Max(1, root.CompactRevision));
                CheckWhole(pinned, Math.Max(1, pinned.CompactRevision));
                Assert.Equal(root.CurrentRevision, root.Records().Select(r => r.ModRevision).DefaultIfEmpty(1).Max());
                if (++roots % 7 == 0)
                {
                    pinned = root;
                }
            }
        });
        for (var batch = 0; batch < 1500; batch++)
        {
            for (var i = 0; i < 4; i++)
            {
                var (plus, minus) = (random.Next(300), 300 + random.Next(300));
                var txn = _store.BeginTxn();
                txn.Put(Key(plus), Value(ValueOf(txn.Get(Key(plus))) + 1), LeaseId.None);
                txn.Put(Key(minus), Value(ValueOf(txn.Get(Key(minus))) - 1), LeaseId.None);
                if (random.Next(20) == 0 && ValueOf(txn.Get(Key(plus))) == 0)
                {
                    txn.DeleteRange(KeyRange.Of(Key(plus)));
                }
                txn.End();
            }
            if (random.Next(40) == 0)
            {
                Assert.Equal(KvError.None, _store.Compact(_store.CurrentRevision - random.Next(3)));
            }
            _store.CompactStep(20);
            _store.Publish();
        }
        Volatile.Write(ref done, true);
        await reader;

        static byte[] Key(int number) => Encoding.ASCII.GetBytes($"key-{number:d4}");
        static byte[] Value(int value) => BitConverter.GetBytes(value);
        static int ValueOf(KeyVersion? version) => version is null ? 0 : BitConverter.ToInt32(version.Value);
        static void CheckWhole(MvccRoot root, long revision)
        {
            var found = root.Range(new RangeQuery(KeyRange.All) { Revision = revision }).Value!;
            Assert.Equal(found.Count, found.Kvs.Length);
            var sum = 0;
            foreach (var kv in found.Kvs)
            {
                Assert.True(kv.ModRevision <= revision);
                sum += ValueOf(kv);
            }
            Assert.True(sum == 0, $"seed {seed}: root {root.CurrentRevision} at {revision} sums to {sum}");
        }
    }

    [Fact]
    public void Misuse_of_the_one_transaction_is_an_error()
    {
        var txn = _store.BeginTxn();
        Assert.Throws<InvalidOperationException>(() => _store.BeginTxn());
        Assert.Throws<InvalidOperationException>(() => _store.Publish());
        txn.End();
        Assert.Throws<InvalidOperationException>(() => txn.Put([1], [], LeaseId.None));
    }

    [Fact]
    public void Records_out_of_order_are_not_restored()
    {
        var late = new KeyVersion([1], [], new Revision(3, 0), 3, 1, LeaseId.None);
        var early = new KeyVersion([2], [], new Revision(2, 0), 2, 1, LeaseId.None);
        Assert.Throws<InvalidDataException>(() => _store.Restore([late, early], -1));
    }
}
