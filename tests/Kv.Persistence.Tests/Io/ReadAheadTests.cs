using Xunit;

namespace Kv.Persistence.Tests.Io;

public sealed class ReadAheadTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(511)]
    [InlineData(512)]
    [InlineData(513)]
    [InlineData(100_000)]
    public void Everything_comes_in_order(int count) =>
        Assert.Equal(Enumerable.Range(0, count), Workers.Threads.Ahead(Enumerable.Range(0, count)));

    [Fact]
    public void What_the_sequence_throws_comes_behind_what_it_gave_before()
    {
        var seen = new List<int>();
        var failure = Assert.Throws<InvalidDataException>(() =>
        {
            foreach (var item in Workers.Threads.Ahead(Failing(700))) seen.Add(item);
        });
        Assert.Equal("after 700", failure.Message);
        Assert.Equal(Enumerable.Range(0, 700), seen);
    }

    [Fact]
    public void Who_stops_early_may_close_what_it_was_read_from()
    {
        for (var round = 0; round < 200; round++)
        {
            var (closed, late) = (false, false);
            IEnumerable<int> Numbers()
            {
                for (var i = 0; ; i++)
                {
                    late |= Volatile.Read(ref closed);
                    yield return i;
                }
            }

            Assert.Equal(round * 50, Workers.Threads.Ahead(Numbers()).ElementAt(round * 50));
            Volatile.Write(ref closed, true);
            Assert.False(Volatile.Read(ref late), $"round {round}");
        }
    }

    [Fact]
    public void Nothing_is_read_before_somebody_asks()
    {
        var asked = false;
        IEnumerable<int> Numbers()
        {
            asked = true;
            yield return 1;
        }

        using var enumerator = Workers.Threads.Ahead(Numbers()).GetEnumerator();
        Assert.False(asked);
        Assert.True(enumerator.MoveNext());
        Assert.True(asked);
    }

    private static IEnumerable<int> Failing(int after)
    {
        for (var i = 0; i < after; i++) yield return i;
        throw new InvalidDataException($"after {after}");
    }
}
