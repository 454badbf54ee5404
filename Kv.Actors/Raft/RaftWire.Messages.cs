using System.Runtime.InteropServices;

namespace Kv.Actors.Raft;

public static partial class RaftWire
{
    /// <summary>A message between nodes, without the bytes of a snapshot.</summary>
    public static byte[] Encode(RaftMessage message)
    {
        var bytes = new byte[Size(message)];
        var writer = new ProtoWriter(bytes);
        Write(ref writer, message);
        return Full(bytes, writer.Position);
    }

    /// <summary>How many bytes a message takes. O(entries).</summary>
    internal static int Size(RaftMessage message) => ProtoWriter.Size(1, message.From) + ProtoWriter.Size(2, message.To)
        + ProtoWriter.Size(3, message.Term) + ProtoWriter.NestedSize(BodyField(message), BodySize(message));

    /// <summary>Writes a message where it is part of another.</summary>
    internal static void Write(ref ProtoWriter writer, RaftMessage message)
    {
        var (field, bodySize) = (BodyField(message), BodySize(message));
        writer.Number(1, message.From);
        writer.Number(2, message.To);
        writer.Number(3, message.Term);
        writer.Nested(field, bodySize);
        switch (message)
        {
            case RaftMessage.Propose m:
                WriteEntries(ref writer, 1, Entries(m));
                break;
            case RaftMessage.Append m:
                writer.Number(1, m.PrevIndex);
                writer.Number(2, m.PrevTerm);
                writer.Number(3, m.Commit);
                WriteEntries(ref writer, 4, m.Entries.AsSpan());
                break;
            case RaftMessage.InstallSnapshot m:
                writer.Nested(1, Size(m.Meta));
                Write(ref writer, m.Meta);
                break;
            default:
                var n = FieldsOf(message);
                writer.Number(1, n.One);
                writer.Number(2, n.Two);
                writer.Number(3, n.Three);
                writer.Number(4, n.Four);
                writer.Number(5, n.Five);
                writer.Number(6, n.Six);
                break;
        }
    }

    /// <summary>A message back from its bytes.</summary>
    /// <exception cref="RaftWireException">These are not the bytes of one, or of a kind this version does not know.</exception>
    public static RaftMessage DecodeMessage(ReadOnlyMemory<byte> bytes)
    {
        var reader = new ProtoReader(bytes);
        var (from, to, term, kind, body) = (0UL, 0UL, 0UL, 0, ReadOnlyMemory<byte>.Empty);
        while (reader.NextField() is > 0 and var field)
        {
            switch (field)
            {
                case 1: from = reader.Number(); break;
                case 2: to = reader.Number(); break;
                case 3: term = reader.Number(); break;
                case >= 10 and <= 22: (kind, body) = (field, reader.Bytes()); break;
                default: reader.Skip(); break;
            }
        }

        switch (kind)
        {
            case 10: return new RaftMessage.Propose(ReadBody(body, 1, out _).ToArray()) { From = from, To = to, Term = term };
            case 11:
                var entries = ReadBody(body, 4, out var append);
                return new RaftMessage.Append(append.One, append.Two, Slice(entries), append.Three) { From = from, To = to, Term = term };
            case 18: return new RaftMessage.InstallSnapshot(ReadInstall(body)) { From = from, To = to, Term = term };
        }

        ReadBody(body, 0, out var n);
        return kind switch
        {
            12 => new RaftMessage.AppendAccepted(n.One) { From = from, To = to, Term = term },
            13 => new RaftMessage.AppendRejected(n.One, n.Two, n.Three) { From = from, To = to, Term = term },
            14 => new RaftMessage.VoteRequest(n.One != 0, n.Two, n.Three, n.Four != 0, n.Five, n.Six) { From = from, To = to, Term = term },
            15 => new RaftMessage.VoteReply(n.One != 0, n.Two != 0, n.Three, n.Four) { From = from, To = to, Term = term },
            16 => new RaftMessage.Heartbeat(n.One, n.Two) { From = from, To = to, Term = term },
            17 => new RaftMessage.HeartbeatReply(n.One) { From = from, To = to, Term = term },
            19 => new RaftMessage.TransferLeader(n.One) { From = from, To = to, Term = term },
            20 => new RaftMessage.TimeoutNow { From = from, To = to, Term = term },
            21 => new RaftMessage.ReadIndex(n.One) { From = from, To = to, Term = term },
            22 => new RaftMessage.ReadIndexReply(n.One, n.Two) { From = from, To = to, Term = term },
            _ => throw reader.Bad("a message of no known kind"),
        };
    }

    private static int BodyField(RaftMessage message) => message switch
    {
        RaftMessage.Propose => 10,
        RaftMessage.Append => 11,
        RaftMessage.AppendAccepted => 12,
        RaftMessage.AppendRejected => 13,
        RaftMessage.VoteRequest => 14,
        RaftMessage.VoteReply => 15,
        RaftMessage.Heartbeat => 16,
        RaftMessage.HeartbeatReply => 17,
        RaftMessage.InstallSnapshot => 18,
        RaftMessage.TransferLeader => 19,
        RaftMessage.TimeoutNow => 20,
        RaftMessage.ReadIndex => 21,
        RaftMessage.ReadIndexReply => 22,
        _ => throw new RaftBugException($"unknown message {message.GetType().Name}"),
    };

    private static int BodySize(RaftMessage message)
    {
        switch (message)
        {
            case RaftMessage.Propose m: return EntriesSize(1, Entries(m));
            case RaftMessage.Append m:
                return ProtoWriter.Size(1, m.PrevIndex) + ProtoWriter.Size(2, m.PrevTerm) + ProtoWriter.Size(3, m.Commit)
                    + EntriesSize(4, m.Entries.AsSpan());
            case RaftMessage.InstallSnapshot m: return ProtoWriter.NestedSize(1, Size(m.Meta));
            default:
                var n = FieldsOf(message);
                return ProtoWriter.Size(1, n.One) + ProtoWriter.Size(2, n.Two) + ProtoWriter.Size(3, n.Three)
                    + ProtoWriter.Size(4, n.Four) + ProtoWriter.Size(5, n.Five) + ProtoWriter.Size(6, n.Six);
        }
    }

    /// <summary>The kinds that hold only numbers and flags.</summary>
    private static Fields FieldsOf(RaftMessage message) => message switch
    {
        RaftMessage.AppendAccepted m => new(m.Index),
        RaftMessage.AppendRejected m => new(m.Index, m.HintIndex, m.HintTerm),
        RaftMessage.VoteRequest m => new(m.Pre ? 1UL : 0, m.LastIndex, m.LastTerm, m.Transfer ? 1UL : 0, m.Commit, m.CommitTerm),
        RaftMessage.VoteReply m => new(m.Pre ? 1UL : 0, m.Granted ? 1UL : 0, m.Commit, m.CommitTerm),
        RaftMessage.Heartbeat m => new(m.Commit, m.ReadPosition),
        RaftMessage.HeartbeatReply m => new(m.ReadPosition),
        RaftMessage.TransferLeader m => new(m.Target),
        RaftMessage.TimeoutNow => default,
        RaftMessage.ReadIndex m => new(m.Context),
        RaftMessage.ReadIndexReply m => new(m.Index, m.Context),
        _ => throw new RaftBugException($"{message.GetType().Name} holds more than numbers"),
    };

    /// <summary>Number fields 1 to 6 of a message.</summary>
    private record struct Fields(ulong One, ulong Two = 0, ulong Three = 0, ulong Four = 0, ulong Five = 0, ulong Six = 0);

    private static ReadOnlySpan<Entry> Entries(RaftMessage.Propose message) => message.Entries switch
    {
        Entry[] array => array,
        List<Entry> list => CollectionsMarshal.AsSpan(list),
        var other => other.ToArray(),
    };

    private static List<Entry> ReadBody(
        ReadOnlyMemory<byte> body, int entriesField, out Fields numbers)
    {
        var reader = new ProtoReader(body);
        var entries = new List<Entry>();
        numbers = default;
        while (reader.NextField() is > 0 and var field)
        {
            if (field == entriesField)
            {
                entries.Add(ReadEntry(reader.Bytes()));
                continue;
            }

            switch (field)
            {
                case 1: numbers.One = reader.Number(); break;
                case 2: numbers.Two = reader.Number(); break;
                case 3: numbers.Three = reader.Number(); break;
                case 4: numbers.Four = reader.Number(); break;
                case 5: numbers.Five = reader.Number(); break;
                case 6: numbers.Six = reader.Number(); break;
                default: reader.Skip(); break;
            }
        }

        return entries;
    }

    private static SnapshotMeta ReadInstall(ReadOnlyMemory<byte> body)
    {
        var reader = new ProtoReader(body);
        SnapshotMeta? meta = null;
        while (reader.NextField() is > 0 and var field)
        {
            if (field == 1) meta = ReadMeta(reader.Bytes());
            else reader.Skip();
        }

        return meta ?? throw reader.Bad("a snapshot message without its meta");
    }
}
