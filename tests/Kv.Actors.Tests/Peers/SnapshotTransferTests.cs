using Kv.Actors.Model;
using Kv.Actors.Peers;
using Xunit;

namespace Kv.Actors.Tests.Peers;

public sealed class SnapshotTransferTests
{
    private static MonotonicTime At(double seconds) => default(MonotonicTime).Plus(TimeSpan.FromSeconds(seconds));

    [Fact]
    public void Nothing_is_sent_before_the_receiver_says_what_it_has_and_then_as_much_as_the_window_holds()
    {
        var transfer = Whole(10, chunkBytes: 2, windowBytes: 4);
        Assert.False(transfer.TryNext(out _, out _));
        transfer.Acknowledge(0, At(1));
        Assert.Equal([(0, 2), (2, 2)], Drain(transfer));
        transfer.Acknowledge(2, At(2));
        Assert.Equal([(4, 2)], Drain(transfer));
    }

    [Fact]
    public void A_receiver_that_has_a_part_already_gets_the_rest()
    {
        var transfer = Whole(9, chunkBytes: 2, windowBytes: 100);
        transfer.Acknowledge(6, At(1));
        Assert.Equal([(6, 2), (8, 1), Tail(9)], Drain(transfer));
    }

    [Fact]
    public void What_is_still_being_written_goes_in_whole_pieces_and_the_tail_comes_last()
    {
        var transfer = new SnapshotTransfer(chunkBytes: 4, windowBytes: 100, At(0));
        transfer.Acknowledge(0, At(1));
        Assert.Empty(Drain(transfer));
        transfer.Grow((10, false));
        Assert.Equal([(0, 4), (4, 4)], Drain(transfer));
        transfer.Grow((11, false));
        Assert.Empty(Drain(transfer));
        transfer.Grow((11, true));
        Assert.Equal([(8, 3), Tail(11)], Drain(transfer));
        Assert.Empty(Drain(transfer));
    }

    [Fact]
    public void A_body_of_no_bytes_is_a_tail()
    {
        var transfer = Whole(0, chunkBytes: 4, windowBytes: 4);
        Assert.Empty(Drain(transfer));
        transfer.Acknowledge(0, At(1));
        Assert.Equal([Tail(0)], Drain(transfer));
    }

    [Fact]
    public void A_tail_that_was_lost_is_sent_again()
    {
        var transfer = Whole(4, chunkBytes: 4, windowBytes: 100);
        transfer.Acknowledge(0, At(1));
        Assert.Equal([(0, 4), Tail(4)], Drain(transfer));
        transfer.Acknowledge(4, At(1.1));
        Assert.Empty(Drain(transfer));
        transfer.Acknowledge(4, At(2));
        Assert.Equal([Tail(4)], Drain(transfer));
    }

    [Fact]
    public void An_answer_that_repeats_itself_means_that_something_was_lost_but_not_twice_at_once()
    {
        var transfer = Whole(10, chunkBytes: 2, windowBytes: 6);
        transfer.Acknowledge(0, At(1));
        Assert.Equal([(0, 2), (2, 2), (4, 2)], Drain(transfer));
        transfer.Acknowledge(0, At(1.3));
        Assert.Equal([(0, 2), (2, 2), (4, 2)], Drain(transfer));
        transfer.Acknowledge(0, At(1.3));
        Assert.Empty(Drain(transfer));
        transfer.Acknowledge(2, At(1.4));
        Assert.Equal([(6, 2)], Drain(transfer));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Over_a_link_that_loses_and_repeats_every_byte_arrives_in_order(ulong seed)
    {
        var random = new Prng(seed);
        var transfer = Whole(1000, chunkBytes: 7, windowBytes: 50);
        var (has, now, done) = (0L, 0.0, false);
        var acks = new Queue<long>([0]);
        for (var step = 0; step < 100_000 && !done; step++)
        {
            now += 0.05;
            if (acks.Count == 0)
            {
                acks.Enqueue(has);                                 // the sender offered again
            }
            while (acks.TryDequeue(out var ack))
            {
                transfer.Acknowledge(ack, At(now));
            }
            foreach (var (offset, bytes) in Drain(transfer))
            {
                if (random.NextInt(4) == 0)
                {
                    continue;
                }
                done |= bytes == 0 && offset == has;
                has = offset == has ? has + bytes : has;
                if (random.NextInt(4) > 0)
                {
                    acks.Enqueue(has);
                }
            }
        }
        Assert.True(done && has == 1000, $"seed {seed}: {has}, tail {done}");
    }

    private static SnapshotTransfer Whole(long bytes, int chunkBytes, long windowBytes)
    {
        var transfer = new SnapshotTransfer(chunkBytes, windowBytes, At(0));
        transfer.Grow((bytes, true));
        return transfer;
    }

    private static (long, int) Tail(long offset) => (offset, 0);

    private static List<(long, int)> Drain(SnapshotTransfer transfer)
    {
        var sent = new List<(long, int)>();
        while (transfer.TryNext(out var offset, out var bytes))
        {
            sent.Add((offset, bytes));
        }
        return sent;
    }
}
