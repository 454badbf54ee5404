using System.Text;
using Google.Protobuf;
using Kv.Actors.Apply;
using Kv.Actors.Lease;
using Kv.Actors.Model;
using Kv.Actors.Mvcc;
using Kv.Actors.Protos.Authpb;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Testing;
using Xunit;

namespace Kv.Actors.Tests.Apply;

public sealed class EtcdSchemaTests
{
    private static readonly string[] Order =
        ["alarm", "auth", "authRoles", "authUsers", "cluster", "key", "lease", "members", "members_removed", "meta"];

    [Fact]
    public void What_is_written_reads_back_the_same_at_every_revision()
    {
        for (var seed = 1; seed <= 60; seed++)
        {
            var random = new RandomKv(seed);
            var leases = new LeaseTable(1);
            leases.Load(new LeaseFact(new LeaseId(1), 10, 5));
            var applier = new KvApplier(new MvccStore(), leases);
            for (var step = 0; step < 50; step++)
            {
                if (random.Chance(3))
                {
                    applier.Apply(random.Delete());
                }
                else
                {
                    applier.Apply(random.Put());
                }
                if (random.Chance(25))
                {
                    applier.Apply(new CompactionRequest { Revision = random.Random.NextInt64(1, applier.Store.CurrentRevision + 1) });
                }
            }
            var root = applier.Store.Publish();         // compaction is pending, and must not show
            var memory = new MemoryBuckets();
            EtcdSchema.Write(root, new EtcdImage(), memory);
            Assert.Equal(Order, memory.Names);
            var store = new MvccStore();
            EtcdSchema.Read(memory, store);
            AssertSame(root, store.Root, seed);
            Assert.Equal(root.CompactRevision, store.Root.FinishedCompactRevision);

            // A restored store goes on like any other.
            var restored = new KvApplier(store, leases);
            var put = new PutRequest { Key = ByteString.CopyFromUtf8("b"), PrevKv = true };
            Assert.Equal(applier.Apply(put), restored.Apply(put));
            applier.Apply(new CompactionRequest { Revision = root.CurrentRevision });
            restored.Apply(new CompactionRequest { Revision = root.CurrentRevision });
            while (applier.Store.CompactStep() | store.CompactStep())
            {
            }
            AssertSame(applier.Store.Publish(), store.Publish(), seed);
            Assert.Equal(applier.Store.Root.Stats, store.Root.Stats);
        }
    }

    [Fact]
    public void Everything_besides_keys_reads_back()
    {
        var image = new EtcdImage
        {
            ConsistentIndex = 77,
            Term = 3,
            ConfStateJson = """{"voters":[1]}""",
            DowngradeJson = """{"enabled":false}""",
            Leases = [new LeaseFact(new LeaseId(2), 60, 0), new LeaseFact(new LeaseId(-1), 10, 4)],
            Alarms = [new AlarmMember { MemberID = 5, Alarm = AlarmType.Nospace }],
            AuthEnabled = true,
            AuthRevision = 9,
            Users = [new User { Name = ByteString.CopyFromUtf8("root"), Roles = { "root" } }],
            Roles = [new Role { Name = ByteString.CopyFromUtf8("root") }],
            Members = [(0xabc, """{"id":2748}""")],
            RemovedMembers = [0xdef],
        };
        var memory = new MemoryBuckets();
        EtcdSchema.Write(new MvccStore().Root, image, memory);
        var read = EtcdSchema.Read(memory, new MvccStore());
        Assert.Equal(image.Leases, read.Leases);
        Assert.Equal(image.Alarms, read.Alarms);
        Assert.Equal(image.Users, read.Users);
        Assert.Equal(image.Roles, read.Roles);
        Assert.Equal(image.Members, read.Members);
        Assert.Equal(image.RemovedMembers, read.RemovedMembers);
        var empty = new EtcdImage();
        Assert.Equal(Plain(image), Plain(read));
        EtcdImage Plain(EtcdImage i) => i with
        {
            Leases = empty.Leases, Alarms = empty.Alarms, Users = empty.Users, Roles = empty.Roles, Members = empty.Members, RemovedMembers = empty.RemovedMembers,
        };
    }

    /// <summary>Pins bytes against the reference's table of buckets.</summary>
    [Fact]
    public void Records_have_etcds_bytes()
    {
        var store = new MvccStore();
        var txn = store.BeginTxn();
        txn.Put("k"u8.ToArray(), "v"u8.ToArray(), new LeaseId(2));
        txn.End();
        txn = store.BeginTxn();
        txn.DeleteRange(KeyRange.All);
        txn.End();
        var memory = new MemoryBuckets();
        EtcdSchema.Write(store.Publish(), new EtcdImage { Leases = [new LeaseFact(new LeaseId(2), 60, 0)], ConsistentIndex = 1, Term = 2 }, memory);
        Assert.Equal(
            ["00000000000000025F0000000000000000=0A016B10021802200" + "12A01763002", "00000000000000035F000000000000000074=0A016B"],
            memory.Hex("key"));
        Assert.Equal(["0000000000000002=0802103C"], memory.Hex("lease"));
        Assert.Equal(["authEnabled=00", "authRevision=0000000000000000"], memory.Text("auth"));
        Assert.Equal(["clusterVersion=332E362E30"], memory.Text("cluster"));
        Assert.Equal(["consistent_index=0000000000000001", "storageVersion=332E362E30", "term=0000000000000002"], memory.Text("meta"));
    }

    [Theory]
    [InlineData("00", "")]
    [InlineData("00000000000000025F00000000000000", "0A016B180220012")]
    [InlineData("00000000000000025F0000000000000000", "FF")]
    [InlineData("00000000000000025F0000000000000000", "")]
    [InlineData("00000000000000025F0000000000000000", "0A016B18032001")]
    [InlineData("00000000000000025F000000000000000075", "0A016B")]
    public void A_record_that_is_none_is_refused(string key, string value)
    {
        var memory = new MemoryBuckets();
        memory.BeginBucket("key"u8);
        memory.Add(Convert.FromHexString(key), Convert.FromHexString(value.Length % 2 == 0 ? value : value + "0"));
        memory.EndBucket();
        Assert.Throws<InvalidDataException>(() => EtcdSchema.Read(memory, new MvccStore()));
    }

    private static void AssertSame(MvccRoot expected, MvccRoot actual, int seed)
    {
        Assert.Equal(expected.CurrentRevision, actual.CurrentRevision);
        Assert.Equal(expected.CompactRevision, actual.CompactRevision);
        for (var revision = Math.Max(1, expected.CompactRevision); revision <= expected.CurrentRevision; revision++)
        {
            StateHash.HashKv(expected, revision, out var before);
            StateHash.HashKv(actual, revision, out var after);
            Assert.True(before == after, $"seed {seed}: hash {after} instead of {before}");
            var all = new RangeRequest { Key = ByteString.CopyFrom(0), RangeEnd = ByteString.CopyFrom(0), Revision = revision };
            Assert.Equal(KvApplier.Range(expected, all).Value, KvApplier.Range(actual, all).Value);
        }
        Assert.Equal(expected.Records().Select(r => r.Revision), actual.Records().Select(r => r.Revision));
        Assert.Equal(
            expected.ReadHistory(expected.CompactRevision, int.MaxValue, long.MaxValue).Select(r => r.Revision).Where(r => Kept(expected, r)),
            actual.ReadHistory(expected.CompactRevision, int.MaxValue, long.MaxValue).Select(r => r.Revision));
    }

    private static bool Kept(MvccRoot root, Revision revision) =>
        revision.Main > root.CompactRevision || root.Records().Any(record => record.Revision == revision);

    private sealed class MemoryBuckets : IBucketSink, IBucketSource
    {
        private readonly List<(string Name, List<(byte[] Key, byte[] Value)> Records)> _buckets = [];
        private bool _open;

        public IEnumerable<string> Names => _buckets.Select(bucket => bucket.Name);

        public void BeginBucket(ReadOnlySpan<byte> name)
        {
            Assert.False(_open);
            _open = true;
            _buckets.Add((Encoding.UTF8.GetString(name), []));
        }

        public void Add(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
        {
            var records = _buckets[^1].Records;
            Assert.True(records.Count == 0 || records[^1].Key.AsSpan().SequenceCompareTo(key) < 0, "records out of order");
            records.Add((key.ToArray(), value.ToArray()));
        }

        public void EndBucket()
        {
            Assert.True(_open);
            _open = false;
        }

        public IBucketCursor? Open(ReadOnlySpan<byte> name)
        {
            var text = Encoding.UTF8.GetString(name);
            var bucket = _buckets.Find(bucket => bucket.Name == text);
            return bucket.Records is null ? null : new Cursor(bucket.Records);
        }

        public IEnumerable<string> Hex(string name) => Find(name).Select(r => $"{Convert.ToHexString(r.Key)}={Convert.ToHexString(r.Value)}");

        public IEnumerable<string> Text(string name) => Find(name).Select(r => $"{Encoding.UTF8.GetString(r.Key)}={Convert.ToHexString(r.Value)}");

        private List<(byte[] Key, byte[] Value)> Find(string name) => _buckets.Find(bucket => bucket.Name == name).Records;

        private sealed class Cursor(List<(byte[] Key, byte[] Value)> records) : IBucketCursor
        {
            private int _index = -1;

            public ReadOnlySpan<byte> Key => records[_index].Key;

            public ReadOnlySpan<byte> Value => records[_index].Value;

            public bool MoveNext() => ++_index < records.Count;
        }
    }
}
