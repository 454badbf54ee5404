using Kv.Actors.Model;
using Xunit;

namespace Kv.Actors.Tests.Model;

public sealed class PrngTests
{
    [Fact]
    public void A_seed_gives_the_same_numbers_on_every_machine()
    {
        // The reference code of xoshiro256** with splitmix64 seeding, seed 0: a change here changes every recorded seed.
        var random = new Prng(0);
        Assert.Equal([0x99EC5F36CB75F2B4, 0xBF6E1F784956452A, 0x1A5F849D4933E6E0], new[] { random.NextULong(), random.NextULong(), random.NextULong() });
    }

    [Fact]
    public void Numbers_stay_in_their_range_and_fill_it_evenly()
    {
        var random = new Prng(42);
        var counts = new int[10];
        for (var i = 0; i < 100_000; i++) counts[random.NextInt(10)]++;
        Assert.All(counts, c => Assert.InRange(c, 9_500, 10_500));
        for (var i = 0; i < 1000; i++)
        {
            Assert.InRange(random.NextInt(5, 8), 5, 7);
            Assert.InRange(random.NextDouble(), 0, 0.9999999999999999);
        }

        Assert.False(random.NextBool(0));
        Assert.True(random.NextBool(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => random.NextInt(0));
    }

    [Fact]
    public void A_fork_goes_its_own_way()
    {
        var (one, two) = (new Prng(1), new Prng(1));
        var fork = one.Fork();
        two.NextULong();
        Assert.Equal(two.NextULong(), one.NextULong());
        Assert.NotEqual(one.NextULong(), fork.NextULong());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(29)]
    public void Bytes_are_filled_to_the_last(int length)
    {
        var (a, b) = (new byte[length], new byte[length]);
        new Prng(5).NextBytes(a);
        new Prng(5).NextBytes(b);
        Assert.Equal(a, b);
        if (length > 8) Assert.Contains(a[^5..], x => x != 0);
    }
}
