using Xunit;

namespace Kv.Simulation;

/// <summary>Whole nodes under virtual time: seeds that hold, and the promise that a seed is one history.</summary>
public class SimulationTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_seed_is_one_history(ulong seed) => Assert.Equal(SimRun.Run(seed, SimPlan.Alone) with { Faults = null! }, SimRun.Run(seed, SimPlan.Alone) with { Faults = null! });

    [Fact]
    public void Another_seed_is_another_history() => Assert.NotEqual(SimRun.Run(1, SimPlan.Alone).Hash, SimRun.Run(2, SimPlan.Alone).Hash);

    [Fact]
    public void A_lone_member_loses_nothing_whatever_its_disk_does()
    {
        for (var seed = 100UL; seed < 140; seed++) SimRun.Run(seed, SimPlan.Alone);
    }
}
