using System.Collections.Immutable;

namespace Kv.Actors.Raft;

/// <summary>Raft's types as bytes, in the protobuf format that <c>Protos/raft.proto</c> describes.</summary>
/// <remarks>
/// Written by hand because every put passes here: one array of the exact size, filled in one pass, and nothing else allocated.
/// Decoding copies no payload: entries are views of the input, which must not change or be reused afterwards.
/// </remarks>
public static partial class RaftWire
{
    /// <summary>A journal event.</summary>
    public static byte[] Encode(RaftEvent recorded)
    {
        var (meta, checkpoint, state, entries) = recorded switch
        {
            RaftEvent.Appended e => ((SnapshotMeta?)null, false, e.State, e.Entries),
            RaftEvent.HardStateChanged e => (null, false, e.State, default),
            RaftEvent.SnapshotInstalled e => (e.Meta, false, e.State, default),
            RaftEvent.Checkpoint e => (e.Meta, true, e.State, e.Entries),
            _ => throw new RaftBugException($"unknown event {recorded.GetType().Name}"),
        };
        var stateSize = Size(state);
        var metaSize = meta is null ? 0 : Size(meta);
        var size = ProtoWriter.NestedSize(1, stateSize)
            + (meta is null ? 0 : ProtoWriter.NestedSize(2, metaSize))
            + ProtoWriter.Size(3, checkpoint ? 1UL : 0)
            + EntriesSize(4, entries.AsSpan());
        var bytes = new byte[size];
        var writer = new ProtoWriter(bytes);
        writer.Nested(1, stateSize);
        Write(ref writer, state);
        if (meta is not null)
        {
            writer.Nested(2, metaSize);
            Write(ref writer, meta);
        }

        writer.Flag(3, checkpoint);
        WriteEntries(ref writer, 4, entries.AsSpan());
        return Full(bytes, writer.Position);
    }

    /// <summary>A journal event back from its bytes.</summary>
    /// <exception cref="RaftWireException">These are not the bytes of one.</exception>
    public static RaftEvent DecodeEvent(ReadOnlyMemory<byte> bytes)
    {
        var reader = new ProtoReader(bytes);
        HardState state = default;
        SnapshotMeta? meta = null;
        var checkpoint = false;
        List<Entry>? entries = null;
        while (reader.NextField() is > 0 and var field)
        {
            switch (field)
            {
                case 1: state = ReadHardState(reader.Bytes()); break;
                case 2: meta = ReadMeta(reader.Bytes()); break;
                case 3: checkpoint = reader.Flag(); break;
                case 4: (entries ??= []).Add(ReadEntry(reader.Bytes())); break;
                default: reader.Skip(); break;
            }
        }

        if (checkpoint && meta is null) throw reader.Bad("a checkpoint without its snapshot");
        if (meta is not null && !checkpoint && entries is not null) throw reader.Bad("a snapshot with entries");
        var slice = Slice(entries);
        return meta is null ? slice.Count > 0 ? new RaftEvent.Appended(slice, state) : new RaftEvent.HardStateChanged(state)
            : checkpoint ? new RaftEvent.Checkpoint(meta, state, slice)
            : new RaftEvent.SnapshotInstalled(meta, state);
    }

    /// <summary>The data of an <see cref="EntryType.ConfChange"/> entry.</summary>
    public static byte[] Encode(ConfChange change)
    {
        var bytes = new byte[ProtoWriter.Size(1, change.Id) + ProtoWriter.Size(2, (ulong)change.Type)
            + ProtoWriter.Size(3, change.NodeId) + ProtoWriter.Size(4, change.Context.Span)];
        var writer = new ProtoWriter(bytes);
        writer.Number(1, change.Id);
        writer.Number(2, (ulong)change.Type);
        writer.Number(3, change.NodeId);
        writer.Bytes(4, change.Context.Span);
        return Full(bytes, writer.Position);
    }

    /// <summary>The data of an <see cref="EntryType.ConfChangeV2"/> entry; no bytes at all for <see cref="ConfChangeV2.Leave"/>.</summary>
    public static byte[] Encode(ConfChangeV2 change)
    {
        var size = ProtoWriter.Size(1, (ulong)change.Transition) + ProtoWriter.Size(3, change.Context.Span);
        foreach (var single in change.Changes) size += ProtoWriter.NestedSize(2, Size(single));
        var bytes = new byte[size];
        var writer = new ProtoWriter(bytes);
        writer.Number(1, (ulong)change.Transition);
        foreach (var single in change.Changes)
        {
            writer.Nested(2, Size(single));
            writer.Number(1, (ulong)single.Type);
            writer.Number(2, single.NodeId);
        }

        writer.Bytes(3, change.Context.Span);
        return Full(bytes, writer.Position);
    }

    /// <summary>The change that an entry holds, of either form.</summary>
    /// <exception cref="RaftWireException">The entry is of another type, or its bytes are not a change.</exception>
    public static ConfChangeV2 DecodeConfChange(Entry entry) => entry.Type switch
    {
        EntryType.ConfChange => DecodeConfChange(entry.Data).AsV2(),
        EntryType.ConfChangeV2 => DecodeConfChangeV2(entry.Data),
        _ => throw new RaftWireException($"entry {entry} is no membership change"),
    };

    /// <summary>A change of one member.</summary>
    /// <exception cref="RaftWireException">These are not the bytes of one.</exception>
    public static ConfChange DecodeConfChange(ReadOnlyMemory<byte> bytes)
    {
        var reader = new ProtoReader(bytes);
        var (id, type, node, context) = (0UL, ConfChangeType.AddNode, 0UL, ReadOnlyMemory<byte>.Empty);
        while (reader.NextField() is > 0 and var field)
        {
            switch (field)
            {
                case 1: id = reader.Number(); break;
                case 2: type = ReadChangeType(ref reader); break;
                case 3: node = reader.Number(); break;
                case 4: context = reader.Bytes(); break;
                default: reader.Skip(); break;
            }
        }

        return new ConfChange(type, node, context, id);
    }

    /// <summary>A change of any number of members.</summary>
    /// <exception cref="RaftWireException">These are not the bytes of one.</exception>
    public static ConfChangeV2 DecodeConfChangeV2(ReadOnlyMemory<byte> bytes)
    {
        var reader = new ProtoReader(bytes);
        var transition = ConfChangeTransition.Auto;
        var changes = ImmutableArray.CreateBuilder<ConfChangeSingle>();
        var context = ReadOnlyMemory<byte>.Empty;
        while (reader.NextField() is > 0 and var field)
        {
            switch (field)
            {
                case 1:
                    var number = reader.Number();
                    if (number > (ulong)ConfChangeTransition.JointExplicit) throw reader.Bad($"transition {number}");
                    transition = (ConfChangeTransition)number;
                    break;
                case 2: changes.Add(ReadSingle(reader.Bytes())); break;
                case 3: context = reader.Bytes(); break;
                default: reader.Skip(); break;
            }
        }

        return new ConfChangeV2(transition, changes.ToImmutable(), context);
    }

    private static int Size(HardState state) =>
        ProtoWriter.Size(1, state.Term) + ProtoWriter.Size(2, state.Vote) + ProtoWriter.Size(3, state.Commit);

    private static void Write(ref ProtoWriter writer, HardState state)
    {
        writer.Number(1, state.Term);
        writer.Number(2, state.Vote);
        writer.Number(3, state.Commit);
    }

    private static HardState ReadHardState(ReadOnlyMemory<byte> bytes)
    {
        var reader = new ProtoReader(bytes);
        var (term, vote, commit) = (0UL, 0UL, 0UL);
        while (reader.NextField() is > 0 and var field)
        {
            switch (field)
            {
                case 1: term = reader.Number(); break;
                case 2: vote = reader.Number(); break;
                case 3: commit = reader.Number(); break;
                default: reader.Skip(); break;
            }
        }

        return new HardState(term, vote, commit);
    }

    private static int Size(Entry entry) => ProtoWriter.Size(1, (ulong)entry.Type) + ProtoWriter.Size(2, entry.Term)
        + ProtoWriter.Size(3, entry.Index) + ProtoWriter.Size(4, entry.Data.Span);

    private static int EntriesSize(int field, ReadOnlySpan<Entry> entries)
    {
        var size = 0;
        foreach (var entry in entries) size = checked(size + ProtoWriter.NestedSize(field, Size(entry)));
        return size;
    }

    private static void WriteEntries(ref ProtoWriter writer, int field, ReadOnlySpan<Entry> entries)
    {
        foreach (var entry in entries)
        {
            writer.Nested(field, Size(entry));
            writer.Number(1, (ulong)entry.Type);
            writer.Number(2, entry.Term);
            writer.Number(3, entry.Index);
            writer.Bytes(4, entry.Data.Span);
        }
    }

    private static Entry ReadEntry(ReadOnlyMemory<byte> bytes)
    {
        var reader = new ProtoReader(bytes);
        var (type, term, index, data) = (EntryType.Normal, 0UL, 0UL, ReadOnlyMemory<byte>.Empty);
        while (reader.NextField() is > 0 and var field)
        {
            switch (field)
            {
                case 1:
                    var number = reader.Number();
                    if (number > (ulong)EntryType.ConfChangeV2) throw reader.Bad($"entry type {number}");
                    type = (EntryType)number;
                    break;
                case 2: term = reader.Number(); break;
                case 3: index = reader.Number(); break;
                case 4: data = reader.Bytes(); break;
                default: reader.Skip(); break;
            }
        }

        return new Entry(term, index, type, data);
    }

    private static LogSlice Slice(List<Entry>? entries) => entries is null ? default : new LogSlice([.. entries]);

    private static int Size(SnapshotMeta meta) => ProtoWriter.NestedSize(1, Size(meta.ConfState))
        + ProtoWriter.Size(2, meta.Index) + ProtoWriter.Size(3, meta.Term);

    private static void Write(ref ProtoWriter writer, SnapshotMeta meta)
    {
        writer.Nested(1, Size(meta.ConfState));
        Write(ref writer, meta.ConfState);
        writer.Number(2, meta.Index);
        writer.Number(3, meta.Term);
    }

    private static SnapshotMeta ReadMeta(ReadOnlyMemory<byte> bytes)
    {
        var reader = new ProtoReader(bytes);
        var (conf, index, term) = (ConfState.Empty, 0UL, 0UL);
        while (reader.NextField() is > 0 and var field)
        {
            switch (field)
            {
                case 1: conf = DecodeConfState(reader.Bytes()); break;
                case 2: index = reader.Number(); break;
                case 3: term = reader.Number(); break;
                default: reader.Skip(); break;
            }
        }

        return new SnapshotMeta(index, term, conf);
    }

    /// <summary>A membership, as it stands in snapshots and in the store's own metadata.</summary>
    public static byte[] Encode(ConfState conf)
    {
        var bytes = new byte[Size(conf)];
        var writer = new ProtoWriter(bytes);
        Write(ref writer, conf);
        return Full(bytes, writer.Position);
    }

    /// <summary>A membership back from its bytes.</summary>
    /// <exception cref="RaftWireException">These are not the bytes of one.</exception>
    public static ConfState DecodeConfState(ReadOnlyMemory<byte> bytes)
    {
        var reader = new ProtoReader(bytes);
        var (voters, learners, outgoing, next) = (new List<ulong>(), new List<ulong>(), new List<ulong>(), new List<ulong>());
        var autoLeave = false;
        while (reader.NextField() is > 0 and var field)
        {
            switch (field)
            {
                case 1: reader.Numbers(voters); break;
                case 2: reader.Numbers(learners); break;
                case 3: reader.Numbers(outgoing); break;
                case 4: reader.Numbers(next); break;
                case 5: autoLeave = reader.Flag(); break;
                default: reader.Skip(); break;
            }
        }

        return new ConfState(voters, learners, outgoing, next, autoLeave);
    }

    private static int Size(ConfState conf) => PackedSize(1, conf.Voters) + PackedSize(2, conf.Learners)
        + PackedSize(3, conf.VotersOutgoing) + PackedSize(4, conf.LearnersNext) + ProtoWriter.Size(5, conf.AutoLeave ? 1UL : 0);

    private static void Write(ref ProtoWriter writer, ConfState conf)
    {
        WritePacked(ref writer, 1, conf.Voters);
        WritePacked(ref writer, 2, conf.Learners);
        WritePacked(ref writer, 3, conf.VotersOutgoing);
        WritePacked(ref writer, 4, conf.LearnersNext);
        writer.Flag(5, conf.AutoLeave);
    }

    private static int PackedLength(ImmutableArray<ulong> ids)
    {
        var length = 0;
        foreach (var id in ids) length += ProtoWriter.VarintSize(id);
        return length;
    }

    private static int PackedSize(int field, ImmutableArray<ulong> ids) =>
        ids.IsEmpty ? 0 : ProtoWriter.NestedSize(field, PackedLength(ids));

    private static void WritePacked(ref ProtoWriter writer, int field, ImmutableArray<ulong> ids)
    {
        if (ids.IsEmpty) return;
        writer.Nested(field, PackedLength(ids));
        foreach (var id in ids) writer.Varint(id);
    }

    private static int Size(ConfChangeSingle single) =>
        ProtoWriter.Size(1, (ulong)single.Type) + ProtoWriter.Size(2, single.NodeId);

    private static ConfChangeSingle ReadSingle(ReadOnlyMemory<byte> bytes)
    {
        var reader = new ProtoReader(bytes);
        var (type, node) = (ConfChangeType.AddNode, 0UL);
        while (reader.NextField() is > 0 and var field)
        {
            switch (field)
            {
                case 1: type = ReadChangeType(ref reader); break;
                case 2: node = reader.Number(); break;
                default: reader.Skip(); break;
            }
        }

        return new ConfChangeSingle(type, node);
    }

    private static ConfChangeType ReadChangeType(ref ProtoReader reader)
    {
        var number = reader.Number();
        if (number > (ulong)ConfChangeType.AddLearner) throw reader.Bad($"membership change type {number}");
        return (ConfChangeType)number;
    }

    private static byte[] Full(byte[] bytes, int written)
    {
        RaftBugException.Assert(written == bytes.Length, $"computed {bytes.Length} bytes and wrote {written}");
        return bytes;
    }
}
