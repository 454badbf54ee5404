using Google.Protobuf;
using Kv.Actors.Cluster;
using Kv.Actors.Model;
using Kv.Actors.Peers;
using Kv.Actors.Raft;
using Xunit;
using Proto = Kv.Actors.Protos.Raft;

namespace Kv.Actors.Tests.Peers;

public sealed class PeerWireTests
{
    private static readonly SnapshotMeta _meta = new(300, 7, new ConfState([1, 2, 300], [4], [1, 2], [2], autoLeave: true));
    private static readonly byte[] _id = [.. Enumerable.Range(0, 32).Select(static i => (byte)i)];

    public static TheoryData<PeerMessage> Messages() =>
    [
        new PeerMessage.Consensus(new RaftMessage.Heartbeat(5, 9) { From = 2, To = 3, Term = 4 }, 0),
        new PeerMessage.Consensus(
            new RaftMessage.Append(5, 4, new LogSlice([new Entry(4, 6, EntryType.Normal, new byte[] { 1, 2 }), new Entry(4, 7, EntryType.Normal, new byte[300])]), 5) { From = 2, To = 3, Term = 4 },
            77),
        new PeerMessage.Ping(new MonotonicTime(123456789), 8, ["http://127.0.0.1:1", "http://127.0.0.1:2"]),
        new PeerMessage.Pong(new MonotonicTime(-5), 8),
        new PeerMessage.Credit(12),
        new PeerMessage.Ask(5, PeerCall.KeepAlive, new byte[] { 1, 2, 3 }),
        new PeerMessage.Answer(5, KvError.LeaseNotFound, default),
        new PeerMessage.Answer(5, KvError.None, new byte[] { 4 }),
        new PeerMessage.Removed(),
        new PeerMessage.SnapshotOffer(_meta, 9, _id),
        new PeerMessage.SnapshotChunk(_id, 1L << 33, new byte[] { 9, 8 }),
        new PeerMessage.SnapshotChunk(_id, 1L << 33, new byte[] { 9, 8 }, IsTail: true),
        new PeerMessage.SnapshotAck(_id, 4096, SnapshotState.Refused, "disk full"),
        new PeerMessage.MembersAsk(["http://127.0.0.1:1"], 5),
        new PeerMessage.MembersAnswer([new ClusterMember(new NodeId(2), "b", ["http://b:1"], ["http://b:2"], IsLearner: true)], [7], 5),
    ];

    [Theory]
    [MemberData(nameof(Messages))]
    public void Every_message_comes_back_as_it_went(PeerMessage message)
    {
        var sent = message with { Cluster = new ClusterId(ulong.MaxValue), From = new NodeId(2), To = new NodeId(3) };
        var bytes = PeerWire.Encode(sent);
        var back = PeerWire.Decode(bytes);
        Assert.Equal(sent.GetType(), back.GetType());
        Assert.Equal((sent.Cluster, sent.From, sent.To), (back.Cluster, back.From, back.To));
        Assert.Equal(Convert.ToHexString(bytes), Convert.ToHexString(PeerWire.Encode(back)));
        Assert.Equal(bytes, Proto.PeerEnvelope.Parser.ParseFrom(bytes).ToByteArray());     // what protoc reads and writes
    }

    [Fact]
    public void Bytes_that_are_no_message_are_unreadable_and_never_thrown()
    {
        Assert.IsType<PeerMessage.Unreadable>(PeerWire.Decode(Array.Empty<byte>()));
        Assert.IsType<PeerMessage.Unreadable>(PeerWire.Decode(new byte[] { 0x08 }));
        Assert.IsType<PeerMessage.Unreadable>(PeerWire.Decode(new byte[] { 0x82, 0x06, 0x00 }));   // field 96: of a later version
        var random = new Prng(5);
        for (var round = 0; round < 2000; round++)
        {
            var bytes = new byte[random.NextInt(60)];
            for (var i = 0; i < bytes.Length; i++)
            {
                bytes[i] = (byte)random.NextInt(256);
            }
            Assert.NotNull(PeerWire.Decode(bytes));
        }
    }

    [Theory]
    [MemberData(nameof(Messages))]
    public void A_message_cut_anywhere_is_read_as_something_or_refused(PeerMessage message)
    {
        var bytes = PeerWire.Encode(message with { Cluster = new ClusterId(1), From = new NodeId(2), To = new NodeId(3) });
        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.NotNull(PeerWire.Decode(bytes.AsMemory(0, length)));
        }
    }
}
