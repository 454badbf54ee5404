using Google.Protobuf;
using Kv.Actors.Apply;
using Kv.Actors.Lease;
using Kv.Actors.Model;
using Kv.Actors.Mvcc;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Testing;
using Xunit;

namespace Kv.Actors.Tests.Apply;

public sealed class StateHashTests
{
    [Fact]
    public void The_hash_equals_the_definitions_at_every_revision_however_far_compaction_has_got()
    {
        for (var seed = 1; seed <= 150; seed++)
        {
            var random = new RandomKv(seed) { Leases = 1 };
            var model = new NaiveStore();
            model.Leases.Add(1);
            var leases = new LeaseTable(1);
            leases.Load(new LeaseFact(new LeaseId(1), 10, 0));
            var applier = new KvApplier(new MvccStore(), leases);
            for (var step = 0; step < 40; step++)
            {
                if (random.Chance(3))
                {
                    var delete = random.Delete();
                    model.DeleteRange(delete);
                    applier.Apply(delete);
                }
                else
                {
                    var put = random.Put();
                    model.Put(put);
                    applier.Apply(put);
                }
                if (random.Chance(10))
                {
                    var revision = random.Random.NextInt64(1, model.CurrentRevision + 1);
                    model.Compact(revision);
                    applier.Apply(new CompactionRequest { Revision = revision });
                }
                applier.Store.CompactStep(1);
                CompareHashes(model, applier.Store.Publish(), seed);
            }
            while (applier.Store.CompactStep())
            {
                applier.Store.Publish();
            }
            CompareHashes(model, applier.Store.Publish(), seed);
        }
    }

    [Fact]
    public void Revisions_out_of_reach_are_refused()
    {
        var store = new MvccStore();
        Assert.Equal(KvError.FutureRev, StateHash.HashKv(store.Root, 2, out _));
        Assert.Equal(KvError.None, StateHash.HashKv(store.Root, 0, out var empty));
        Assert.Equal(new KvHash(Crc(), -1, 1), empty);
        var txn = store.BeginTxn();
        txn.Put([1], [], LeaseId.None);
        txn.End();
        store.Compact(2);
        Assert.Equal(KvError.Compacted, StateHash.HashKv(store.Publish(), 1, out _));
    }

    [Fact]
    public void A_compactions_hash_is_taken_under_the_compact_revision_before_it()
    {
        var (store, model) = (new MvccStore(), new NaiveStore());
        var applier = new KvApplier(store, new LeaseTable(1));
        var (put, delete) = (new PutRequest { Key = ByteString.CopyFrom(1) }, new DeleteRangeRequest { Key = ByteString.CopyFrom(1) });
        applier.Apply(put);
        model.Put(put);
        Assert.Equal(new KvHash(model.HashKv(2), -1, 2), StateHash.HashCompaction(store.Publish(), 2));
        store.Compact(2);
        model.Compact(2);
        applier.Apply(delete);
        model.DeleteRange(delete);

        // Nothing lives at 3. HashKV then leaves nothing out, but the compactor keeps the delete and leaves the put out.
        var root = store.Publish();
        StateHash.HashKv(root, 3, out var plain);
        Assert.Equal(model.HashKv(3), plain.Hash);
        var compaction = StateHash.HashCompaction(root, 3);
        Assert.Equal((2, 3), (compaction.CompactRevision, compaction.HashRevision));
        Assert.NotEqual(plain.Hash, compaction.Hash);
    }

    [Fact]
    public void The_hashes_of_the_last_ten_compactions_are_kept()
    {
        var hashes = CompactHashes.None;
        for (var revision = 1; revision <= 12; revision++)
        {
            hashes = hashes.With(new KvHash((uint)revision, revision - 1, revision));
        }
        Assert.Equal(10, hashes.All.Length);
        Assert.False(hashes.TryGet(2, out _));
        Assert.True(hashes.TryGet(3, out var oldest));
        Assert.Equal(new KvHash(3, 2, 3), oldest);
        Assert.False(CompactHashes.None.TryGet(0, out _));
    }

    private static uint Crc() => new NaiveStore().HashKv(1);

    private static void CompareHashes(NaiveStore model, MvccRoot root, int seed)
    {
        for (var revision = Math.Max(1, model.CompactRevision); revision <= model.CurrentRevision; revision++)
        {
            Assert.Equal(KvError.None, StateHash.HashKv(root, revision, out var hash));
            var expected = new KvHash(model.HashKv(revision), model.CompactRevision, revision);
            Assert.True(expected == hash, $"seed {seed}: {hash} instead of {expected}");
        }
    }
}
