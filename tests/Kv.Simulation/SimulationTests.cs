using System.Globalization;
using Kv.Simulation.Planted;
using Xunit;
using Xunit.Abstractions;

namespace Kv.Simulation;

/// <summary>Whole nodes under virtual time: seeds that hold, and the promise that a seed is one history.</summary>
public class SimulationTests(ITestOutputHelper output)
{
    // CI has little time, and its machine may be busy: seeds that are asked for by name are all run.
    private static TimeSpan AtMost => Environment.GetEnvironmentVariable("KV_SIM_SEEDS") is null ? TimeSpan.FromSeconds(150) : TimeSpan.MaxValue;

    private static ulong Seeds => FromEnvironment("KV_SIM_SEEDS", 300);

    private static ulong FirstSeed => FromEnvironment("KV_SIM_FIRST_SEED", 1);

    [Fact]
    public void Three_members_hold_what_they_promise_whatever_happens_to_them()
    {
        var text = new StringWriter(CultureInfo.InvariantCulture);
        var held = SimBatch.Run(FirstSeed, Seeds, SimPlan.Cluster, Environment.ProcessorCount, text, AtMost);
        output.WriteLine(text.ToString());
        Assert.True(held, text.ToString());
    }

    [Fact]
    public void A_lone_member_loses_nothing_whatever_its_disk_does()
    {
        for (var seed = 1UL; seed <= 12; seed++) SimRun.Run(seed, SimPlan.Alone);
    }

    /// <summary>Members come and go, and are told to end, where nothing else goes wrong.</summary>
    [Fact]
    public void Members_come_and_go_while_clients_work()
    {
        var kinds = new SortedSet<string>(StringComparer.Ordinal);
        for (var seed = 1UL; seed <= 12; seed++) kinds.UnionWith(SimRun.Run(seed, SimPlan.Cluster with { Faults = FaultKinds.Members | FaultKinds.Stops }).Faults.Keys);
        Assert.Superset(new SortedSet<string>(["leader transfer", "learner added", "learner promoted", "member removed", "orderly stop", "voter added"], StringComparer.Ordinal), kinds);
    }

    /// <summary>One in a hundred seeds runs twice: whatever is not the seed's doing would show in the hash of all events.</summary>
    [Fact]
    public void A_seed_is_one_history()
    {
        for (var seed = FirstSeed; seed < FirstSeed + Math.Clamp(Seeds / 100, 3, 50); seed++)
        {
            var (once, again) = (SimRun.Run(seed, SimPlan.Cluster), SimRun.Run(seed, SimPlan.Cluster));
            Assert.Equal((once.Hash, once.Events, once.Simulated), (again.Hash, again.Events, again.Simulated));
        }
    }

    [Fact]
    public void Another_seed_is_another_history() => Assert.NotEqual(SimRun.Run(1, SimPlan.Alone).Hash, SimRun.Run(2, SimPlan.Alone).Hash);

    [Fact]
    public void Without_faults_everything_works() => SimRun.Run(1, SimPlan.Cluster with { Faults = FaultKinds.None });

    /// <summary>What the judges are worth: each of these must be noticed.</summary>
    public static TheoryData<string> Planted => [.. PlantedFaults.All.Select(static fault => fault.Name)];

    [Theory]
    [MemberData(nameof(Planted))]
    public void A_planted_fault_is_noticed(string name)
    {
        var fault = PlantedFaults.All.Single(fault => fault.Name == name);
        var (seed, found) = fault.Catch(fault.Near, 2000);
        output.WriteLine($"{name}, planted by {fault.How}: seed {seed}\n{found}");
        Assert.True(seed > 0, $"{name} ({fault.How}) was noticed in none of 2000 seeds");
    }

    private static ulong FromEnvironment(string name, ulong otherwise) =>
        ulong.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value > 0 ? value : otherwise;
}
