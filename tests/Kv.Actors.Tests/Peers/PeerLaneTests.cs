using Kv.Actors.Model;
using Kv.Actors.Peers;
using Kv.Actors.Raft;
using Xunit;

namespace Kv.Actors.Tests.Peers;

public sealed class PeerLaneTests
{
    private static RaftMessage.Append Append(ulong index, int bytes) =>
        new(index - 1, 1, new LogSlice(new Entry(1, index, EntryType.Normal, new byte[bytes])), 0) { From = 1, To = 2, Term = 1 };

    [Fact]
    public void Entries_and_forwards_go_in_bulk_everything_else_goes_ahead()
    {
        Assert.True(PeerLane.IsBulk(Append(1, 0)));
        Assert.True(PeerLane.IsBulk(new RaftMessage.Propose([]) { From = 1, To = 2 }));
        Assert.False(PeerLane.IsBulk(new RaftMessage.Heartbeat(1, 1) { From = 1, To = 2 }));
        Assert.False(PeerLane.IsBulk(new RaftMessage.ReadIndex(1) { From = 1, To = 2 }));
        Assert.False(PeerLane.IsBulk(new RaftMessage.AppendAccepted(1) { From = 1, To = 2 }));
    }

    [Fact]
    public void Beyond_the_window_messages_wait_for_credit_in_their_order()
    {
        var lane = new PeerLane(windowBytes: 100_000, queueBytes: 1_000_000);
        for (var i = 1UL; i <= 5; i++)
        {
            Assert.True(lane.TryAdd(Append(i, 60_000)));
        }
        Assert.Equal([(1UL, 1UL), (2, 2)], Drain(lane));           // the second finds room still: one message may cross the window
        lane.Credit(1);
        Assert.Equal([(3UL, 3UL)], Drain(lane));
        lane.Credit(3);
        Assert.Equal([(4UL, 4UL), (5, 5)], Drain(lane));
        Assert.Equal(0, lane.WaitingBytes);
    }

    [Fact]
    public void Small_messages_ask_for_credit_only_now_and_then()
    {
        var lane = new PeerLane(windowBytes: 1 << 20, queueBytes: 1 << 20);
        var sequences = new List<ulong>();
        for (var i = 1UL; i <= 100; i++)
        {
            lane.TryAdd(Append(i, 1000));
            sequences.AddRange(Drain(lane).Select(static sent => sent.Sequence));
        }
        Assert.InRange(sequences.Count(static sequence => sequence > 0), 2, 4);
        Assert.Equal(sequences.Where(static sequence => sequence > 0).Order(), sequences.Where(static sequence => sequence > 0));
    }

    [Fact]
    public void Too_much_that_waits_is_dropped_and_said_to_be()
    {
        var lane = new PeerLane(windowBytes: 1, queueBytes: 10_000);
        Assert.True(lane.TryAdd(Append(1, 50_000)));               // one that would never fit has its turn
        Assert.Single(Drain(lane));
        Assert.True(lane.TryAdd(Append(2, 8000)));
        Assert.False(lane.TryAdd(Append(3, 8000)));
        Assert.Equal(0, lane.WaitingBytes);
        lane.Credit(1);
        Assert.Empty(Drain(lane));
    }

    [Fact]
    public void A_member_out_of_reach_leaves_an_empty_lane_and_old_credit_does_no_harm()
    {
        var lane = new PeerLane(windowBytes: 1, queueBytes: 100_000);
        lane.TryAdd(Append(1, 40_000));
        Drain(lane);
        lane.Reset();
        Assert.Equal((0L, 0L), (lane.UnderWayBytes, lane.WaitingBytes));
        lane.Credit(1);
        lane.TryAdd(Append(2, 40_000));
        Assert.Equal([(2UL, 2UL)], Drain(lane));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Whatever_is_lost_the_lane_stays_bounded_and_goes_on_once_pings_are_answered(ulong seed)
    {
        var random = new Prng(seed);
        var lane = new PeerLane(windowBytes: 200_000, queueBytes: 300_000);
        var (index, sent) = (1UL, 0);
        for (var step = 0; step < 10_000; step++)
        {
            switch (random.NextInt(4))
            {
                case 0 or 1:
                    lane.TryAdd(Append(index++, random.NextInt(60_000)));
                    break;
                case 2:
                    lane.Credit((ulong)random.NextInt((int)lane.Sequence + 1));   // late, repeated or the newest
                    break;
                default:
                    if (random.NextInt(50) == 0)
                    {
                        lane.Reset();
                    }
                    break;
            }
            sent += Drain(lane).Count;
            Assert.True(lane.WaitingBytes <= 300_000 + 60_100 && lane.UnderWayBytes <= 200_000 + 60_100, $"seed {seed} step {step}");
        }
        Assert.True(sent > 100, $"seed {seed}: only {sent}");
        lane.Credit(lane.Sequence);
        lane.TryAdd(Append(index, 10));
        Assert.NotEmpty(Drain(lane));
    }

    private static List<(ulong Index, ulong Sequence)> Drain(PeerLane lane)
    {
        var sent = new List<(ulong, ulong)>();
        while (lane.TryNext(out var message, out var sequence))
        {
            sent.Add((((RaftMessage.Append)message).Entries.FirstIndex, sequence));
        }
        return sent;
    }
}
