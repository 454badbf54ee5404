using Xunit;

namespace Kv.Simulation;

/// <summary>Whole nodes under virtual time: seeds that hold, and the promise that a seed is one history.</summary>
public class SimulationTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_seed_is_one_history(ulong seed) => Assert.Equal(SimRun.Run(seed, members: 1) with { Faults = null! }, SimRun.Run(seed, members: 1) with { Faults = null! });

    [Fact]
    public void Another_seed_is_another_history() => Assert.NotEqual(SimRun.Run(1, members: 1).Hash, SimRun.Run(2, members: 1).Hash);

    [Fact]
    public void A_lone_member_loses_nothing_whatever_its_disk_does()
    {
        for (var seed = 100UL; seed < 140; seed++) SimRun.Run(seed, members: 1);
    }
}
