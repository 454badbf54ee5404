using Kv.Actors.Apply;
using Xunit;

namespace Kv.Actors.Tests.Apply;

/// <summary>What can be said of it in a process whose heap belongs to other tests as well. Alone: the collector's mode is the whole process's.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
[Collection(Name)]
public sealed class LoadingHeapTests
{
    private const string Name = "loading heap";

    [Fact]
    public void A_small_load_leaves_the_collector_alone()
    {
        using var heap = LoadingHeap.Begin(1000);
        Assert.False(heap.Holds);
    }

    [Fact]
    public void One_load_at_a_time_keeps_the_collector_away_and_another_can_after_it()
    {
        for (var i = 0; i < 3; i++)
        {
            using var first = LoadingHeap.Begin(5 << 20);
            using var second = LoadingHeap.Begin(5 << 20);
            Assert.False(second.Holds && first.Holds);
        }
    }

    [Fact]
    public void A_load_that_takes_more_than_it_said_ends_as_any_other()
    {
        var kept = new List<byte[]>();
        using (LoadingHeap.Begin(5 << 20))
        {
            for (var i = 0; i < 60; i++)
            {
                kept.Add(new byte[1 << 20]);
            }
        }
        Assert.Equal(60, kept.Count);
        Assert.NotEqual(System.Runtime.GCLatencyMode.NoGCRegion, System.Runtime.GCSettings.LatencyMode);
    }
}
