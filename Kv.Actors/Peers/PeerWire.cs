using System.Collections.Immutable;
using System.Text.Json;
using Google.Protobuf;
using Kv.Actors.Cluster;
using Kv.Actors.Model;
using Kv.Actors.Raft;
using Proto = Kv.Actors.Protos.Raft;

namespace Kv.Actors.Peers;

/// <summary><see cref="PeerMessage"/>s as bytes: <c>PeerEnvelope</c> of <c>Protos/raft.proto</c>.</summary>
/// <remarks>
/// Messages of the core are written by hand, in one pass into one array; every write passes here once for each follower. So are pieces of
/// snapshots: the generated code copies each once more where it arrives, and clears the array that it is about to fill.
/// </remarks>
public static class PeerWire
{
    private const int RaftField = 10, ChunkField = Proto.PeerEnvelope.SnapshotChunkFieldNumber;

    /// <summary>The bytes of a message.</summary>
    public static byte[] Encode(PeerMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        return message switch
        {
            PeerMessage.Consensus consensus => Encode(consensus),
            PeerMessage.SnapshotChunk chunk => Encode(chunk),
            _ => Envelope(message).ToByteArray(),
        };
    }

    /// <summary>A message back from its bytes, of which it keeps views. Never throws: what cannot be read is <see cref="PeerMessage.Unreadable"/>.</summary>
    public static PeerMessage Decode(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            return Read(bytes);
        }
        catch (Exception bad) when (bad is RaftWireException or InvalidProtocolBufferException or JsonException or ArgumentException)
        {
            return new PeerMessage.Unreadable(bad.Message);
        }
    }

    /// <summary>About how many bytes a message takes, without the cost of encoding it: for metrics.</summary>
    public static long RoughSize(PeerMessage message) => message switch
    {
        PeerMessage.Consensus { Message: var inner } => PeerLane.SizeOf(inner),
        PeerMessage.SnapshotChunk chunk => 96 + chunk.Data.Length,
        PeerMessage.Ask ask => 64 + ask.Body.Length,
        PeerMessage.Answer answer => 64 + answer.Body.Length,
        _ => 64,
    };

    private static byte[] Encode(PeerMessage.Consensus consensus)
    {
        var size = RaftWire.Size(consensus.Message);
        var bytes = new byte[HeadSize(consensus) + ProtoWriter.Size(4, consensus.Sequence)
            + ProtoWriter.Size(5, consensus.Run) + ProtoWriter.Size(6, consensus.Number) + ProtoWriter.NestedSize(RaftField, size)];
        var writer = new ProtoWriter(bytes);
        WriteHead(ref writer, consensus);
        writer.Number(4, consensus.Sequence);
        writer.Number(5, consensus.Run);
        writer.Number(6, consensus.Number);
        writer.Nested(RaftField, size);
        RaftWire.Write(ref writer, consensus.Message);
        return bytes;
    }

    private static byte[] Encode(PeerMessage.SnapshotChunk chunk)
    {
        var size = ProtoWriter.Size(1, chunk.Id.Span) + ProtoWriter.Size(2, (ulong)chunk.Offset) + ProtoWriter.Size(3, chunk.Data.Span)
            + ProtoWriter.Size(4, chunk.IsTail ? 1UL : 0);
        var bytes = GC.AllocateUninitializedArray<byte>(HeadSize(chunk) + ProtoWriter.NestedSize(ChunkField, size));
        var writer = new ProtoWriter(bytes);
        WriteHead(ref writer, chunk);
        writer.Nested(ChunkField, size);
        writer.Bytes(1, chunk.Id.Span);
        writer.Number(2, (ulong)chunk.Offset);
        writer.Bytes(3, chunk.Data.Span);
        writer.Flag(4, chunk.IsTail);
        return bytes;
    }

    private static int HeadSize(PeerMessage message) =>
        ProtoWriter.Size(1, message.Cluster.Value) + ProtoWriter.Size(2, message.From.Value) + ProtoWriter.Size(3, message.To.Value);

    private static void WriteHead(ref ProtoWriter writer, PeerMessage message)
    {
        writer.Number(1, message.Cluster.Value);
        writer.Number(2, message.From.Value);
        writer.Number(3, message.To.Value);
    }

    private static PeerMessage.SnapshotChunk ReadChunk(ReadOnlyMemory<byte> body)
    {
        var reader = new ProtoReader(body);
        var (id, offset, data, isTail) = (ReadOnlyMemory<byte>.Empty, 0L, ReadOnlyMemory<byte>.Empty, false);
        while (reader.NextField() is > 0 and var field)
        {
            switch (field)
            {
                case 1: id = reader.Bytes(); break;
                case 2: offset = (long)reader.Number(); break;
                case 3: data = reader.Bytes(); break;
                case 4: isTail = reader.Flag(); break;
                default: reader.Skip(); break;
            }
        }
        return new PeerMessage.SnapshotChunk(id, offset, data, isTail);
    }

    private static PeerMessage Read(ReadOnlyMemory<byte> bytes)
    {
        var reader = new ProtoReader(bytes);
        var (cluster, from, to, sequence, run, number) = (0UL, 0UL, 0UL, 0UL, 0UL, 0UL);
        var (kind, body) = (0, ReadOnlyMemory<byte>.Empty);
        while (reader.NextField() is > 0 and var field)
        {
            switch (field)
            {
                case 1: cluster = reader.Number(); break;
                case 2: from = reader.Number(); break;
                case 3: to = reader.Number(); break;
                case 4: sequence = reader.Number(); break;
                case 5: run = reader.Number(); break;
                case 6: number = reader.Number(); break;
                case >= RaftField: (kind, body) = (field, reader.Bytes()); break;
                default: reader.Skip(); break;
            }
        }
        var read = kind switch
        {
            RaftField => new PeerMessage.Consensus(RaftWire.DecodeMessage(body), sequence, run, number),
            ChunkField => ReadChunk(body),
            _ => Read(kind, body.Span),
        };
        return read with { Cluster = new ClusterId(cluster), From = new NodeId(from), To = new NodeId(to) };
    }

    private static PeerMessage Read(int kind, ReadOnlySpan<byte> body)
    {
        switch (kind)
        {
            case Proto.PeerEnvelope.PingFieldNumber:
                var ping = Proto.PeerPing.Parser.ParseFrom(body);
                return new PeerMessage.Ping(new MonotonicTime(ping.SentAt), ping.Through, [.. ping.PeerUrls]);
            case Proto.PeerEnvelope.PongFieldNumber:
                var pong = Proto.PeerPong.Parser.ParseFrom(body);
                return new PeerMessage.Pong(new MonotonicTime(pong.SentAt), pong.Through);
            case Proto.PeerEnvelope.CreditFieldNumber:
                return new PeerMessage.Credit(Proto.PeerCredit.Parser.ParseFrom(body).Through);
            case Proto.PeerEnvelope.AskFieldNumber:
                var ask = Proto.PeerAsk.Parser.ParseFrom(body);
                return new PeerMessage.Ask(ask.Id, (PeerCall)ask.Call, ask.Body.Memory);
            case Proto.PeerEnvelope.AnswerFieldNumber:
                var answer = Proto.PeerAnswer.Parser.ParseFrom(body);
                return new PeerMessage.Answer(answer.Id, ErrorOf(answer.Error), answer.Body.Memory);
            case Proto.PeerEnvelope.RemovedFieldNumber:
                return new PeerMessage.Removed();
            case Proto.PeerEnvelope.SnapshotOfferFieldNumber:
                var offer = Proto.SnapshotOffer.Parser.ParseFrom(body);
                return new PeerMessage.SnapshotOffer(MetaOf(offer), offer.Term, offer.Id.Memory, offer.AboutBytes);
            case Proto.PeerEnvelope.SnapshotAckFieldNumber:
                var ack = Proto.SnapshotAck.Parser.ParseFrom(body);
                return new PeerMessage.SnapshotAck(ack.Id.Memory, ack.Offset, (SnapshotState)ack.State, ack.Reason);
            case Proto.PeerEnvelope.MembersAskFieldNumber:
                var members = Proto.MembersAsk.Parser.ParseFrom(body);
                return new PeerMessage.MembersAsk([.. members.PeerUrls], members.Number);
            case Proto.PeerEnvelope.MembersAnswerFieldNumber:
                var belong = Proto.MembersAnswer.Parser.ParseFrom(body);
                return new PeerMessage.MembersAnswer([.. belong.Members.Select(static json => ClusterMember.FromJson(json.Span))], [.. belong.Removed], belong.Number);
            default:
                return new PeerMessage.Unreadable($"a message of kind {kind}, which this version does not know");
        }
    }

    private static Proto.PeerEnvelope Envelope(PeerMessage message)
    {
        var envelope = new Proto.PeerEnvelope { Cluster = message.Cluster.Value, From = message.From.Value, To = message.To.Value };
        switch (message)
        {
            case PeerMessage.Ping ping:
                envelope.Ping = new Proto.PeerPing { SentAt = ping.SentAt.Nanoseconds, Through = ping.Through, PeerUrls = { ping.PeerUrls } };
                break;
            case PeerMessage.Pong pong:
                envelope.Pong = new Proto.PeerPong { SentAt = pong.SentAt.Nanoseconds, Through = pong.Through };
                break;
            case PeerMessage.Credit credit:
                envelope.Credit = new Proto.PeerCredit { Through = credit.Through };
                break;
            case PeerMessage.Ask ask:
                envelope.Ask = new Proto.PeerAsk { Id = ask.Id, Call = (uint)ask.Call, Body = View(ask.Body) };
                break;
            case PeerMessage.Answer answer:
                envelope.Answer = new Proto.PeerAnswer { Id = answer.Id, Error = answer.Error == KvError.None ? "" : answer.Error.ToString(), Body = View(answer.Body) };
                break;
            case PeerMessage.Removed:
                envelope.Removed = new Proto.PeerRemoved();
                break;
            case PeerMessage.SnapshotOffer offer:
                envelope.SnapshotOffer = new Proto.SnapshotOffer
                {
                    Install = new Proto.InstallSnapshot { Meta = MetaOf(offer.Meta) },
                    Term = offer.Term,
                    Id = View(offer.Id),
                    AboutBytes = offer.AboutBytes,
                };
                break;
            case PeerMessage.SnapshotAck ack:
                envelope.SnapshotAck = new Proto.SnapshotAck
                {
                    Id = View(ack.Id),
                    Offset = ack.Offset,
                    State = (Proto.SnapshotState)ack.State,
                    Reason = ack.Reason,
                };
                break;
            case PeerMessage.MembersAsk ask:
                envelope.MembersAsk = new Proto.MembersAsk { PeerUrls = { ask.PeerUrls }, Number = ask.Number };
                break;
            case PeerMessage.MembersAnswer members:
                envelope.MembersAnswer = new Proto.MembersAnswer
                {
                    Members = { members.Members.Select(static member => ByteString.CopyFrom(member.ToJson())) },
                    Removed = { members.RemovedIds },
                    Number = members.Number,
                };
                break;
            default:
                throw new ArgumentException($"{message.GetType().Name} is not sent.", nameof(message));
        }
        return envelope;
    }

    /// <summary>An error of a later version that this one does not know is not none.</summary>
    private static KvError ErrorOf(string name) =>
        name.Length == 0 ? KvError.None : Enum.TryParse<KvError>(name, out var error) ? error : KvError.Unhealthy;

    private static ByteString View(ReadOnlyMemory<byte> bytes) => UnsafeByteOperations.UnsafeWrap(bytes);

    private static SnapshotMeta MetaOf(Proto.SnapshotOffer offer)
    {
        var meta = offer.Install?.Meta ?? throw new ArgumentException("a snapshot without its meta");
        var conf = meta.ConfState ?? new Proto.ConfState();
        return new SnapshotMeta(
            meta.Index, meta.Term, new ConfState(conf.Voters, conf.Learners, conf.VotersOutgoing, conf.LearnersNext, conf.AutoLeave));
    }

    private static Proto.SnapshotMetadata MetaOf(SnapshotMeta meta) => new()
    {
        Index = meta.Index,
        Term = meta.Term,
        ConfState = new Proto.ConfState
        {
            Voters = { meta.ConfState.Voters },
            Learners = { meta.ConfState.Learners },
            VotersOutgoing = { meta.ConfState.VotersOutgoing },
            LearnersNext = { meta.ConfState.LearnersNext },
            AutoLeave = meta.ConfState.AutoLeave,
        },
    };
}
