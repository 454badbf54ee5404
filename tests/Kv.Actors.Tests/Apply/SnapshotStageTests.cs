using System.Text;
using Google.Protobuf;
using Kv.Actors.Apply;
using Kv.Actors.Lease;
using Kv.Actors.Model;
using Kv.Actors.Mvcc;
using Kv.Actors.Protos.Authpb;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Persistence.Bolt;
using Kv.Persistence.Checkpoint;
using Kv.Testing;
using Xunit;

namespace Kv.Actors.Tests.Apply;

/// <summary>A snapshot loaded while it comes is the one loaded from its file, or is given up.</summary>
public sealed class SnapshotStageTests
{
    [Fact]
    public void What_is_loaded_piece_by_piece_is_what_the_file_holds()
    {
        for (var seed = 1; seed <= 60; seed++)
        {
            var random = new RandomKv(seed);
            var applier = new KvApplier(new MvccStore(), new LeaseTable(1));
            for (var step = random.Random.Next(400); step > 0; step--)
            {
                if (random.Chance(3))
                {
                    applier.Apply(random.Delete());
                }
                else
                {
                    var put = random.Put();
                    put.Value = ByteString.CopyFrom(new byte[random.Random.Next(random.Chance(20) ? 20_000 : 300)]);
                    applier.Apply(put);
                }
                if (random.Chance(50))
                {
                    applier.Apply(new CompactionRequest { Revision = random.Random.NextInt64(1, applier.Store.CurrentRevision + 1) });
                }
            }
            var root = applier.Store.Publish();
            var file = Write(root, new EtcdImage { Leases = [new LeaseFact(new LeaseId(1), 10, 5)] });
            var stage = Stage(file, random.Random);
            using var reader = new BoltReader(BoltSource.From(file));
            var loaded = new MvccStore();
            EtcdSchema.Read(new BoltBucketSource(reader), loaded);
            var staged = stage.TakeStore(reader);
            if (root.Records().Any())
            {
                Assert.True(staged is { IsRestoring: true }, $"seed {seed}");
            }
            else
            {
                Assert.Null(staged);                           // nothing to guess from
                continue;
            }
            EtcdSchema.Read(new BoltBucketSource(reader), staged!);
            Assert.Equal(loaded.Root.Stats, staged!.Root.Stats);
            Assert.Equal((loaded.Root.CurrentRevision, loaded.Root.CompactRevision), (staged.Root.CurrentRevision, staged.Root.CompactRevision));
            Assert.Equal(Write(loaded.Root, new EtcdImage()), Write(staged.Root, new EtcdImage()));
            Assert.Equal(loaded.Root.History.Count, staged.Root.History.Count);

            // It goes on like any other.
            var (one, two) = (new KvApplier(loaded, new LeaseTable(1)), new KvApplier(staged, new LeaseTable(1)));
            var next = new PutRequest { Key = ByteString.CopyFromUtf8("b"), PrevKv = true };
            Assert.Equal(one.Apply(next), two.Apply(next));
            Assert.Equal(Write(loaded.Publish(), new EtcdImage()), Write(staged.Publish(), new EtcdImage()));
        }
    }

    /// <summary>A user may be called as a record of a key is; a guess that takes him for one is seen through.</summary>
    [Theory]
    [InlineData("an entry_that is ", false)]                   // no record: the stage gives up
    [InlineData("\0\0\0\0\0\0\0\u0001_\0\0\0\0\0\0\0\0", true)]
    public void What_only_looks_like_a_key_is_not_taken_for_one(string name, bool readsAsOne)
    {
        var user = new User { Name = ByteString.CopyFromUtf8(name) };
        if (readsAsOne)
        {
            // Its name stands where a KeyValue has its key; behind it, as fields no user has, a modification and a version.
            user = User.Parser.ParseFrom([.. user.ToByteArray(), 0x18, 1, 0x20, 1]);
        }
        var store = new MvccStore();
        var txn = store.BeginTxn();
        txn.Put("k"u8.ToArray(), "v"u8.ToArray(), LeaseId.None);
        txn.End();
        var file = Write(store.Publish(), new EtcdImage { Users = [user] });
        using var reader = new BoltReader(BoltSource.From(file));
        var stage = Stage(file, new Random(1));
        Assert.Equal(!readsAsOne, stage.IsSpoilt);
        Assert.Null(stage.TakeStore(reader));
        EtcdSchema.Read(new BoltBucketSource(reader), store);
        Assert.Equal("v", Encoding.UTF8.GetString(store.Root.Get("k"u8)!.Value));
    }

    [Fact]
    public void A_piece_that_is_missing_or_damaged_spoils_it_and_what_comes_then_changes_nothing()
    {
        var store = new MvccStore();
        for (var i = 0; i < 500; i++)
        {
            var txn = store.BeginTxn();
            txn.Put(BitConverter.GetBytes(i), new byte[100], LeaseId.None);
            txn.End();
        }
        var file = Write(store.Publish(), new EtcdImage());
        var body = file.AsSpan(SnapshotFile.HeadBytes);
        var (gap, damaged, late) = (new SnapshotStage(), new SnapshotStage(), new SnapshotStage());
        gap.Append(body[..4096]);
        gap.Append(body[8192..]);
        Assert.True(gap.IsSpoilt);
        var bytes = body.ToArray();
        var key = bytes.AsSpan().IndexOf("\0\0\0\0\0\0\0\u0020_"u8);
        bytes[key + 7] = 1;                                    // a revision that was before
        damaged.Append(bytes);
        Assert.True(damaged.IsSpoilt);
        late.Append(body[..8]);
        late.Append(body);
        Assert.True(late.IsSpoilt);
        using var reader = new BoltReader(BoltSource.From(file));
        foreach (var stage in (SnapshotStage[])[gap, damaged, late, new SnapshotStage()])
        {
            stage.Append(body);
            Assert.Equal(stage.IsSpoilt, stage.TakeStore(reader) is null);
        }
    }

    private static byte[] Write(MvccRoot root, EtcdImage image)
    {
        using var stream = new MemoryStream();
        var writer = new BoltWriter(stream);
        EtcdSchema.Write(root, image, new BoltBucketSink(writer));
        writer.Finish();
        return stream.ToArray();
    }

    private static SnapshotStage Stage(byte[] file, Random random)
    {
        var stage = new SnapshotStage();
        var most = random.Next(1, 40_000);
        for (var at = SnapshotFile.HeadBytes; at < file.Length;)
        {
            var bytes = Math.Min(random.Next(1, most + 1), file.Length - at);
            stage.Append(file.AsSpan(at, bytes));
            at += bytes;
        }
        return stage;
    }
}
