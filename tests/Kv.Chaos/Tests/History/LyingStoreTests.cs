using Kv.Testing.History;
using Xunit;

namespace Kv.Chaos.Tests.History;

/// <summary>Stores that lie now and then, each in the way of a known bug: the judges must see it from what clients saw, and soon.</summary>
public sealed class LyingStoreTests
{
    [Theory]
    [InlineData(Lie.StaleRead)]             // a leader that was deposed answers from its own state
    [InlineData(Lie.LostWrite)]             // acknowledged, then gone with the leader
    [InlineData(Lie.DoubleApply)]           // sent again after a time-out, applied twice
    [InlineData(Lie.AbortedRead)]           // shows a write that never was
    [InlineData(Lie.SplitTransaction)]      // a read between the halves of a transaction
    [InlineData(Lie.LostUpdate)]            // a compare that looked at an older state
    [InlineData(Lie.WatchSkips)]            // a revision is left out at catch-up
    [InlineData(Lie.WatchRepeats)]          // a revision is sent again after resuming
    [InlineData(Lie.LeaseEndsEarly)]        // an old leader's clock
    public void It_is_caught(Lie lie)
    {
        const int Runs = 25;
        var caught = 0;
        for (var seed = 0; seed < Runs; seed++)
        {
            Assert.True(new LyingStore(seed, lie, lies: false).Run().Judge() is var honest && honest.Ok, $"seed {seed}, without a lie: {honest}");
            var judgement = new LyingStore(seed, lie, lies: true).Run().Judge();
            caught += judgement.Ok ? 0 : 1;
        }
        Assert.InRange(caught, Runs * 8 / 10, Runs);        // a lie may be about something that nobody looked at
    }
}
