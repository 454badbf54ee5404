using System.Buffers;
using Google.Protobuf;
using Kv.Actors.Apply;
using Kv.Actors.Model;
using Kv.Actors.Mvcc;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Actors.Protos.Mvccpb;
using Xunit;

namespace Kv.Actors.Tests.Mvcc;

public sealed class KvWireTests
{
    [Fact]
    public void Bytes_equal_those_of_the_generated_classes()
    {
        const int seed = 20251;
        var random = new Random(seed);
        for (var i = 0; i < 2000; i++)
        {
            var version = Any(random);
            var previous = random.Next(2) == 0 ? Any(random) : null;
            foreach (var keysOnly in new[] { false, true })
            {
                var expected = KvProto.ToKeyValue(version, keysOnly).ToByteArray();
                var bytes = new byte[KvWire.KeyValueSize(version, keysOnly)];
                Assert.Equal(bytes.Length, KvWire.WriteKeyValue(bytes, version, keysOnly));
                Assert.True(expected.AsSpan().SequenceEqual(bytes), $"seed {seed}, case {i}");
            }
            var message = new Event
            {
                Type = version.IsTombstone ? Event.Types.EventType.Delete : Event.Types.EventType.Put,
                Kv = KvProto.ToKeyValue(version),
                PrevKv = previous is null ? null : KvProto.ToKeyValue(previous),
            };
            var written = new ArrayBufferWriter<byte>();
            KvWire.WriteEventField(written, 0x5a, version, previous);
            var response = new WatchResponse { Events = { message } };
            Assert.True(response.ToByteArray().AsSpan().SequenceEqual(written.WrittenSpan), $"seed {seed}, case {i}");
            Assert.Equal(message.CalculateSize(), KvWire.EventSize(version, previous));
        }
    }

    [Fact]
    public void A_range_reply_equals_the_generated_response()
    {
        const int seed = 7;
        var random = new Random(seed);
        var store = new MvccStore();
        var txn = store.BeginTxn();
        for (var i = 0; i < 300; i++)
        {
            txn.Put(BitConverter.GetBytes(random.Next()), new byte[random.Next(300)], new LeaseId(random.Next(2)));
        }
        txn.End();
        var root = store.Publish();
        foreach (var limit in new[] { 0, 1, 299, 300 })
        {
            foreach (var keysOnly in new[] { false, true })
            {
                var request = new RangeRequest { Key = ByteString.CopyFrom(0), RangeEnd = ByteString.CopyFrom(0), Limit = limit, KeysOnly = keysOnly };
                var expected = KvApplier.Range(root, request).Value!;
                expected.Header.ClusterId = ulong.MaxValue;
                expected.Header.MemberId = 1;
                expected.Header.RaftTerm = 300;
                var reply = KvApplier.RangeReply(root, request).Value!;
                (reply.ClusterId, reply.MemberId, reply.RaftTerm) = (ulong.MaxValue, 1, 300);
                var output = new ArrayBufferWriter<byte>();
                reply.WriteTo(output);
                Assert.Equal(expected.ToByteArray(), output.WrittenSpan.ToArray());
                Assert.Equal(output.WrittenCount, reply.Size());
            }
        }
        var none = KvApplier.RangeReply(new MvccStore().Root, new RangeRequest { Key = ByteString.CopyFrom(1) }).Value!;
        Assert.Equal(new byte[] { 0x0a, 2, 0x18, 1 }, Written(none));
    }

    /// <summary>What protobuf's own parser refuses is refused, and what it reads is read the same: of our bytes, of later versions' and of damaged ones.</summary>
    [Fact]
    public void Records_read_as_the_generated_classes_read_them()
    {
        const int seed = 20261;
        var random = new Random(seed);
        int taken = 0, refused = 0;
        for (var i = 0; i < 3000; i++)
        {
            var version = Any(random);
            var bytes = KvProto.ToKeyValue(version).ToByteArray().ToList();
            if (random.Next(3) == 0)
            {
                byte[][] later = [[0x38, 5], [0x45, 1, 2, 3, 4], [0x49, 1, 2, 3, 4, 5, 6, 7, 8], [0x52, 2, 9, 9], [0xfa, 0x7f, 0], [0x08, 7]];
                bytes.InsertRange(random.Next(2) == 0 ? 0 : bytes.Count, later[random.Next(later.Length)]);
            }
            switch (random.Next(3))
            {
                case 0:
                    var cut = random.Next(Math.Min(bytes.Count, 20));
                    bytes.RemoveRange(bytes.Count - cut, cut);
                    break;
                case 1:
                    bytes[random.Next(Math.Min(bytes.Count, 40))] ^= (byte)(1 << random.Next(8));
                    break;
            }
            var read = KvWire.TryReadRecord(bytes.ToArray(), version.Revision, version.IsTombstone, out var got);
            KeyValue? expected = null;
            try
            {
                expected = KeyValue.Parser.WithDiscardUnknownFields(true).ParseFrom(bytes.ToArray());
            }
            catch (InvalidProtocolBufferException)
            {
                refused++;
            }
            var belongs = expected is not null && !expected.Key.IsEmpty
                && (version.IsTombstone || (expected.Version > 0 && expected.ModRevision == version.ModRevision));
            Assert.True(!read || belongs, $"seed {seed}, case {i}: taken, but protobuf does not");
            if (read)
            {
                taken++;
                var of = version.IsTombstone ? KeyVersion.Tombstone(expected!.Key.ToByteArray(), version.Revision) : null;
                Assert.Equal(of is null ? expected : KvProto.ToKeyValue(of), KvProto.ToKeyValue(got!));
            }
            else if (belongs)
            {
                Assert.Contains(bytes, static b => (b & 7) is 3 or 4);      // a group, which is all that is refused besides
            }
        }
        Assert.True(taken > 1500 && refused > 300, $"{taken} taken, {refused} refused");
    }

    private static byte[] Written(RangeReply reply)
    {
        var output = new ArrayBufferWriter<byte>();
        reply.WriteTo(output);
        return output.WrittenSpan.ToArray();
    }

    private static KeyVersion Any(Random random)
    {
        var key = new byte[random.Next(1, 200)];
        random.NextBytes(key);
        var mod = new Revision(random.NextInt64(1, 1L << random.Next(1, 62)), random.Next(3));
        if (random.Next(3) == 0)
        {
            return KeyVersion.Tombstone(key, mod);
        }
        var lease = random.Next(3) switch
        {
            0 => 0,
            1 => random.NextInt64(),
            _ => -random.NextInt64(),
        };
        return new KeyVersion(key, new byte[random.Next(300)], mod, random.NextInt64(1, mod.Main + 1), random.NextInt64(1, 1000), new LeaseId(lease));
    }
}
