using System.Text;
using Kv.Actors.Apply;
using Kv.Actors.Lease;
using Kv.Actors.Model;
using Kv.Actors.Mvcc;
using Kv.Persistence.Bolt;
using Xunit;

namespace Kv.Actors.Tests.Apply;

public sealed class BoltBucketsTests
{
    /// <summary>A checkpoint's whole way: root to bbolt file and back, with enough keys for pages of several levels.</summary>
    [Fact]
    public void A_state_written_as_a_bbolt_file_reads_back_with_the_same_hash()
    {
        const int seed = 3;
        var random = new Random(seed);
        var store = new MvccStore();
        for (var i = 0; i < 3000; i++)
        {
            var txn = store.BeginTxn();
            var value = new byte[random.Next(400) == 0 ? 9000 : random.Next(200)];
            txn.Put(Encoding.ASCII.GetBytes($"key-{random.Next(1500)}"), value, LeaseId.None);
            if (random.Next(10) == 0)
            {
                txn.DeleteRange(KeyRange.Prefix(Encoding.ASCII.GetBytes($"key-{random.Next(100, 200)}")));
            }
            txn.End();
        }
        store.Compact(1000);
        var root = store.Publish();
        var image = new EtcdImage { ConsistentIndex = 9, Term = 2, Leases = [new LeaseFact(new LeaseId(4), 60, 0)] };
        using var file = new MemoryStream();
        var writer = new BoltWriter(file);
        EtcdSchema.Write(root, image, new BoltBucketSink(writer));
        writer.Finish();

        using var reader = new BoltReader(BoltSource.From(file.ToArray()));
        Assert.Empty(BoltCheck.Check(reader));
        Assert.Equal(
            ["alarm", "auth", "authRoles", "authUsers", "cluster", "key", "lease", "members", "members_removed", "meta"],
            reader.BucketNames().Select(Encoding.ASCII.GetString));
        var restored = new MvccStore();
        var read = EtcdSchema.Read(new BoltBucketSource(reader), restored);
        Assert.Equal((9UL, 2UL), (read.ConsistentIndex, read.Term));
        Assert.Equal(image.Leases, read.Leases);
        foreach (var revision in new[] { 1000, 2000, root.CurrentRevision })
        {
            Assert.Equal(KvError.None, StateHash.HashKv(root, revision, out var before));
            Assert.Equal(KvError.None, StateHash.HashKv(restored.Root, revision, out var after));
            Assert.True(before == after, $"seed {seed}: {after} instead of {before}");
        }

        // The size that quotas go by is near the file's.
        Assert.InRange((double)restored.Stats.SizeBytes / file.Length, 0.8, 1.25);
    }
}
