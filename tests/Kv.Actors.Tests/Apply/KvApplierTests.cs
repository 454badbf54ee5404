using System.Text;
using Google.Protobuf;
using Kv.Actors.Apply;
using Kv.Actors.Model;
using Kv.Actors.Mvcc;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Actors.Protos.Mvccpb;
using Kv.Testing;
using Xunit;

namespace Kv.Actors.Tests.Apply;

public sealed class KvApplierTests
{
    /// <summary>The whole of the key-value reference at once: whatever the model answers, the store answers.</summary>
    [Theory]
    [InlineData(1, 300)]
    [InlineData(1001, 300)]
    public void Any_sequence_of_requests_is_answered_as_the_naive_model_answers(int firstSeed, int runs)
    {
        for (var seed = firstSeed; seed < firstSeed + runs; seed++)
        {
            try
            {
                RunAgainstModel(seed);
            }
            catch (Exception failure)
            {
                throw new InvalidOperationException($"seed {seed}", failure);
            }
        }
    }

    private static void RunAgainstModel(int seed)
    {
        var random = new RandomKv(seed);
        var model = new NaiveStore();
        var leases = new SetLeaseBook();
        var applier = new KvApplier(new MvccStore(), leases);
        model.Leases.UnionWith([1, 2]);
        leases.Granted.UnionWith([1, 2]);
        for (var step = 0; step < 60; step++)
        {
            switch (random.Random.Next(12))
            {
                case < 4:
                    var put = random.Put();
                    AssertSame(model.Put(put), applier.Apply(put));
                    break;
                case < 6:
                    var delete = random.Delete();
                    AssertSame(model.DeleteRange(delete), applier.Apply(delete));
                    break;
                case < 9:
                    var txn = random.Txn(model.CurrentRevision);
                    if (TxnRules.CheckTxn(txn) == KvError.None)
                    {
                        AssertTxn(model, applier, txn);
                    }
                    break;
                case 9 when random.Chance(3):
                    var revision = random.Random.NextInt64(-1, model.CurrentRevision + 2);
                    Assert.Equal(model.Compact(revision), applier.Apply(new CompactionRequest { Revision = revision }).Error);
                    break;
                case 10:
                    applier.Store.CompactStep(random.Random.Next(1, 5));
                    break;
                default:
                    applier.Store.Publish();
                    break;
            }
            if (random.Chance(3))
            {
                CompareReads(random, model, applier.Store.Publish());
            }
        }
        while (applier.Store.CompactStep(3))
        {
            CompareReads(random, model, applier.Store.Publish());
        }
        CompareEverything(model, applier.Store.Publish(), leases);
    }

    private static void AssertTxn(NaiveStore model, KvApplier applier, TxnRequest txn)
    {
        if (TxnRules.IsReadOnly(txn))
        {
            AssertSame(model.Txn(txn), KvApplier.ReadTxn(applier.Store.Publish(), txn));
        }
        else
        {
            AssertSame(model.Txn(txn), applier.Apply(txn));
        }
    }

    private static void CompareReads(RandomKv random, NaiveStore model, MvccRoot root)
    {
        for (var i = 0; i < 4; i++)
        {
            var request = random.Range(model.CurrentRevision);
            AssertSame(model.Range(request), KvApplier.Range(root, request));
            var written = KvApplier.RangeReply(root, request);
            if (written.Ok)
            {
                var bytes = new byte[written.Value.Size()];
                Assert.Equal(bytes.Length, written.Value.WriteTo(bytes));
                Assert.Equal(model.Range(request).Value, RangeResponse.Parser.ParseFrom(bytes));
            }
        }
    }

    private static void CompareEverything(NaiveStore model, MvccRoot root, SetLeaseBook leases)
    {
        Assert.Equal(model.CurrentRevision, root.CurrentRevision);
        Assert.Equal(model.CompactRevision, root.CompactRevision);
        Assert.Equal(model.CompactRevision, root.FinishedCompactRevision);
        for (var revision = Math.Max(1, model.CompactRevision); revision <= model.CurrentRevision; revision++)
        {
            var all = new RangeRequest { Key = ByteString.CopyFrom(0), RangeEnd = ByteString.CopyFrom(0), Revision = revision };
            AssertSame(model.Range(all), KvApplier.Range(root, all));
        }
        for (var lease = 1L; lease <= 3; lease++)
        {
            Assert.Equal(model.KeysOf(lease), leases.KeysOf(lease));
        }
        var kept = model.KeptRecords().ToList();
        Assert.Equal(kept.Select(Bytes), root.Records().Select(Bytes));
        Assert.Equal(kept.Count, root.Stats.Records);
        Assert.Equal(model.At(model.CurrentRevision).Count, root.Stats.Keys);
        Assert.Equal(kept.Sum(r => 16L + r.RecordKey().Length + r.RecordValue().Length), root.Stats.RecordBytes);
        CompareHistory(model, root);
    }

    private static void CompareHistory(NaiveStore model, MvccRoot root)
    {
        var from = Math.Max(2, model.CompactRevision);
        var expected = model.Records.Where(r => r.Main >= from).ToList();
        var read = new List<KeyVersion>();
        while (true)
        {
            var slice = root.ReadHistory(from, maxRecords: 2, maxBytes: 1_000_000);
            read.AddRange(slice);
            if (slice.NextRevision == 0)
            {
                break;
            }
            Assert.True(slice.Count > 0 && slice[^1].ModRevision < slice.NextRevision);
            from = slice.NextRevision;
        }
        Assert.Equal(expected.Select(Bytes), read.Select(Bytes));
        foreach (var change in read)
        {
            var before = change.ModRevision - 1;
            var previous = before < model.CompactRevision ? null : model.At(before).GetValueOrDefault(Encoding.Latin1.GetString(change.Key));
            Assert.Equal(previous, root.Previous(change) is { } found ? KvProto.ToKeyValue(found) : null);
        }
    }

    private static string Bytes(NaiveRecord record) => Convert.ToHexString([.. record.RecordKey(), .. record.RecordValue()]);

    private static string Bytes(KeyVersion record)
    {
        var bytes = new byte[KvWire.BoltBytes(record)];
        var key = KvWire.WriteRecordKey(bytes, record);
        var value = KvWire.WriteRecordValue(bytes.AsSpan(key), record);
        return Convert.ToHexString(bytes, 0, key + value);
    }

    private static void AssertSame<T>(Outcome<T> expected, Outcome<T> actual)
        where T : class
    {
        Assert.Equal(expected.Error, actual.Error);
        Assert.Equal(expected.Value, actual.Value);
    }

    [Fact]
    public void Revoking_a_lease_deletes_its_keys_in_order_under_one_revision()
    {
        var leases = new SetLeaseBook();
        leases.Granted.Add(7);
        var applier = new KvApplier(new MvccStore(), leases);
        foreach (var key in new[] { "c", "a", "b" })
        {
            applier.Apply(new PutRequest { Key = ByteString.CopyFromUtf8(key), Lease = 7 });
        }
        Assert.Equal(5, applier.DeleteKeys(["c"u8.ToArray(), "a"u8.ToArray(), "x"u8.ToArray(), "b"u8.ToArray()]));
        var deleted = applier.Store.Publish().ReadHistory(5, 10, 1000);
        Assert.Equal(["a", "b", "c"], deleted.Select(d => Encoding.UTF8.GetString(d.Key)));
        Assert.Equal([0, 1, 2], deleted.Select(d => d.Sub));
        Assert.Empty(leases.KeysOf(7));
    }

    [Fact]
    public void A_parsed_requests_bytes_are_taken_over_and_a_slice_of_a_larger_array_is_copied()
    {
        var parsed = PutRequest.Parser.ParseFrom(new PutRequest { Key = ByteString.CopyFromUtf8("key") }.ToByteArray());
        Assert.Same(KvProto.Take(parsed.Key), KvProto.Take(parsed.Key));
        var whole = new byte[10];
        var slice = UnsafeByteOperations.UnsafeWrap(whole.AsMemory(2, 3));
        Assert.Equal(3, KvProto.Take(slice).Length);
    }

    private sealed class SetLeaseBook : ILeaseBook
    {
        private readonly SortedDictionary<string, long> _keys = new(StringComparer.Ordinal);

        public HashSet<long> Granted { get; } = [];

        public IEnumerable<string> KeysOf(long lease) => _keys.Where(pair => pair.Value == lease).Select(pair => pair.Key);

        public bool Contains(LeaseId lease) => Granted.Contains(lease.Value);

        public void Attach(LeaseId lease, byte[] key) => _keys.Add(Encoding.Latin1.GetString(key), lease.Value);

        public void Detach(LeaseId lease, byte[] key)
        {
            Assert.Equal(lease.Value, _keys[Encoding.Latin1.GetString(key)]);
            _keys.Remove(Encoding.Latin1.GetString(key));
        }
    }
}
