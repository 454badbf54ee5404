using System.Collections.Immutable;
using Google.Protobuf;
using Kv.Actors.Model;
using Kv.Actors.Raft;
using Xunit;
using Proto = Kv.Actors.Protos.Raft;

namespace Kv.Actors.Tests.Raft;

/// <summary>The hand-written format against the classes that protoc makes of raft.proto, and against pinned bytes.</summary>
public sealed class RaftWireTests
{
    private static readonly SnapshotMeta s_meta = new(300, 7, new ConfState([1, 2, 300], [4], [1, 2], [2], autoLeave: true));

    [Fact]
    public void An_appended_event_is_these_bytes()
    {
        var appended = new RaftEvent.Appended(new LogSlice(new Entry(2, 300, EntryType.Normal, new byte[] { 0xAA, 0xBB })), new HardState(2, 1, 299));
        Assert.Equal("0A070802100118AB02220910021 8AC022202AABB".Replace(" ", ""), Convert.ToHexString(RaftWire.Encode(appended)));
    }

    [Fact]
    public void A_change_is_these_bytes_which_are_etcds()
    {
        Assert.Equal("1801", Convert.ToHexString(RaftWire.Encode(new ConfChange(ConfChangeType.AddNode, 1))));
        Assert.Equal("0805100118032201FF", Convert.ToHexString(RaftWire.Encode(new ConfChange(ConfChangeType.RemoveNode, 3, new byte[] { 0xFF }, 5))));
        var joint = new ConfChangeV2(ConfChangeTransition.JointExplicit, [new(ConfChangeType.AddNode, 2), new(ConfChangeType.AddLearner, 3)]);
        Assert.Equal("080212021002120408031003", Convert.ToHexString(RaftWire.Encode(joint)));
        Assert.Empty(RaftWire.Encode(ConfChangeV2.Leave));
    }

    [Fact]
    public void Every_event_comes_back_and_is_what_protoc_reads()
    {
        var random = new Prng(1);
        RaftEvent[] events =
        [
            new RaftEvent.HardStateChanged(default),
            new RaftEvent.HardStateChanged(new HardState(ulong.MaxValue, 1, 1UL << 63)),
            new RaftEvent.Appended(Entries(random, 1), new HardState(3, 2, 1)),
            new RaftEvent.Appended(Entries(random, 100), new HardState(3, 2, 1)),
            new RaftEvent.SnapshotInstalled(s_meta, new HardState(9, 0, 300)),
            new RaftEvent.Checkpoint(s_meta, new HardState(9, 0, 300), default),
            new RaftEvent.Checkpoint(s_meta, new HardState(9, 0, 300), Entries(random, 5)),
        ];
        foreach (var recorded in events)
        {
            var bytes = RaftWire.Encode(recorded);
            var back = RaftWire.DecodeEvent(bytes);
            Assert.Equal(recorded.GetType(), back.GetType());
            Assert.Equal(bytes, RaftWire.Encode(back));
            // protoc's classes write an absent and an empty message differently; ours always writes the state.
            Assert.Equal(bytes, Proto.Event.Parser.ParseFrom(bytes).ToByteArray());
        }

        var meta = Proto.Event.Parser.ParseFrom(RaftWire.Encode(events[4])).Meta;
        Assert.Equal([1UL, 2, 300], meta.ConfState.Voters);
        Assert.Equal((300UL, 7UL, true), (meta.Index, meta.Term, meta.ConfState.AutoLeave));
        Assert.Equal(s_meta.ConfState, ((RaftEvent.SnapshotInstalled)RaftWire.DecodeEvent(RaftWire.Encode(events[4]))).Meta.ConfState);
    }

    [Fact]
    public void Every_message_comes_back_and_is_what_protoc_reads()
    {
        foreach (var message in Messages())
        {
            var bytes = RaftWire.Encode(message);
            var back = RaftWire.DecodeMessage(bytes);
            Assert.Equal(message.GetType(), back.GetType());
            Assert.Equal((message.From, message.To, message.Term), (back.From, back.To, back.Term));
            Assert.Equal(bytes, RaftWire.Encode(back));
            Assert.Equal(bytes, Proto.PeerMessage.Parser.ParseFrom(bytes).ToByteArray());
            if (message is not (RaftMessage.Propose or RaftMessage.Append or RaftMessage.InstallSnapshot)) Assert.Equal(message, back);
        }
    }

    [Fact]
    public void Every_kind_of_message_is_tried()
    {
        var kinds = typeof(RaftMessage).GetNestedTypes().Where(t => t.IsSubclassOf(typeof(RaftMessage)));
        Assert.Equal(kinds.ToHashSet(), Messages().Select(m => m.GetType()).ToHashSet());
    }

    [Fact]
    public void Decoded_entries_are_views_of_the_input()
    {
        var bytes = RaftWire.Encode(new RaftEvent.Appended(new LogSlice(new Entry(1, 1, EntryType.Normal, new byte[] { 1, 2, 3 })), default));
        var entry = ((RaftEvent.Appended)RaftWire.DecodeEvent(bytes)).Entries[0];
        bytes[^1] = 9;
        Assert.Equal(new byte[] { 1, 2, 9 }, entry.Data.ToArray());
    }

    [Fact]
    public void Broken_bytes_are_refused_and_never_anything_else()
    {
        var random = new Prng(7);
        byte[][] samples = [.. Messages().Select(RaftWire.Encode), RaftWire.Encode(new RaftEvent.Checkpoint(s_meta, default, Entries(random, 3)))];
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = samples[random.NextInt(samples.Length)].ToArray();
            if (bytes.Length == 0) continue;
            if (random.NextBool(0.5)) bytes = bytes[..random.NextInt(bytes.Length)];
            else bytes[random.NextInt(bytes.Length)] ^= (byte)(1 << random.NextInt(8));
            var broken = Record.Exception(() => RaftWire.DecodeMessage(bytes)) ?? Record.Exception(() => RaftWire.DecodeEvent(bytes));
            Assert.True(broken is null or RaftWireException, $"case {i}: {broken}");
        }
    }

    [Fact]
    public void Unknown_fields_are_passed_over()
    {
        byte[] bytes = [.. RaftWire.Encode(new RaftEvent.HardStateChanged(new HardState(4, 2, 1))), 0x78, 0x05, 0x7A, 0x01, 0x00, 0x7D, 1, 2, 3, 4];
        Assert.Equal(new RaftEvent.HardStateChanged(new HardState(4, 2, 1)), RaftWire.DecodeEvent(bytes));
    }

    [Fact]
    public void A_change_in_an_entry_is_read_by_its_type()
    {
        var change = new ConfChangeV2(ConfChangeTransition.JointImplicit, [new(ConfChangeType.AddLearner, 9)], new byte[] { 1 });
        var back = RaftWire.DecodeConfChange(new Entry(1, 1, EntryType.ConfChangeV2, RaftWire.Encode(change)));
        Assert.Equal((change.Transition, 1), (back.Transition, back.Context.Length));
        Assert.True(change.Changes.SequenceEqual(back.Changes));
        Assert.True(RaftWire.DecodeConfChange(new Entry(1, 1, EntryType.ConfChangeV2, default)).IsLeave);
        Assert.Throws<RaftWireException>(() => RaftWire.DecodeConfChange(new Entry(1, 1, EntryType.Normal, default)));
        Assert.Throws<RaftWireException>(() => RaftWire.DecodeConfChange(new byte[] { 0x10, 0x09 }));
    }

    private static RaftMessage[] Messages()
    {
        var random = new Prng(3);
        return
        [
            new RaftMessage.Propose([new Entry(0, 0, EntryType.ConfChange, new byte[] { 1 }), new Entry(0, 0, EntryType.Normal, default)]) { From = 1, To = 2 },
            new RaftMessage.Append(1, 2, Entries(random, 3), 4) { From = 1, To = 2, Term = 3 },
            new RaftMessage.Append(0, 0, default, 0) { From = 1, To = 2, Term = 3 },
            new RaftMessage.AppendAccepted(7) { From = 1, To = 2, Term = 3 },
            new RaftMessage.AppendRejected(7, 5, 2) { From = 1, To = 2, Term = 3 },
            new RaftMessage.VoteRequest(true, 8, 2, false, 5, 2) { From = 1, To = 2, Term = 3 },
            new RaftMessage.VoteRequest(false, 8, 2, true, 0, 0) { From = 1, To = 2, Term = 3 },
            new RaftMessage.VoteReply(true, false, 5, 2) { From = 1, To = 2, Term = 3 },
            new RaftMessage.VoteReply(false, true, 0, 0) { From = 1, To = 2, Term = 3 },
            new RaftMessage.Heartbeat(9, 4) { From = 1, To = 2, Term = 3 },
            new RaftMessage.HeartbeatReply(4) { From = 1, To = 2, Term = 3 },
            new RaftMessage.InstallSnapshot(s_meta) { From = 1, To = 2, Term = 3 },
            new RaftMessage.TransferLeader(3) { From = 1, To = 2, Term = 3 },
            new RaftMessage.TimeoutNow { From = 1, To = 2, Term = 3 },
            new RaftMessage.ReadIndex(ulong.MaxValue) { From = 1, To = 2 },
            new RaftMessage.ReadIndexReply(6, 5) { From = 1, To = 2, Term = 3 },
        ];
    }

    private static LogSlice Entries(Prng random, int count)
    {
        var entries = new Entry[count];
        for (var i = 0; i < count; i++)
        {
            var data = new byte[random.NextInt(4) == 0 ? 0 : random.NextInt(300)];
            random.NextBytes(data);
            entries[i] = new Entry(3, 100 + (ulong)i, (EntryType)random.NextInt(3), data);
        }

        return new LogSlice(entries);
    }
}
