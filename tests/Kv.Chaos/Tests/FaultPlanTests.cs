using Kv.Chaos.Faults;
using Xunit;

namespace Kv.Chaos.Tests;

public sealed class FaultPlanTests
{
    [Fact]
    public void A_seed_is_a_plan() => Assert.Equal(Plan(7).Take(100), Plan(7).Take(100));

    [Fact]
    public void Another_seed_is_another_plan() => Assert.NotEqual(Plan(7).Take(100), Plan(8).Take(100));

    [Fact]
    public void Every_kind_of_fault_strikes_in_the_end() => Assert.Equal(
        ["CutLink", "Deafen", "FillDisk", "Flap", "Isolate", "Kill", "KillAll", "MoveLeader", "Mute", "Pause", "Restart", "SlowLinks"],
        Plan(1).Take(1000).Select(static p => p.Fault.GetType().Name).Distinct().Order(StringComparer.Ordinal));

    [Fact]
    public void Without_a_small_disk_none_is_filled() =>
        Assert.DoesNotContain(Plan(1, canFillDisk: false).Take(1000), static p => p.Fault is Fault.FillDisk);

    [Fact]
    public void Never_more_than_two_at_once()
    {
        var plan = Plan(3).Take(1000).ToArray();
        Assert.Contains(plan, static p => p.Overlaps);
        Assert.DoesNotContain(plan.Zip(plan.Skip(1)), static pair => pair.First.Overlaps && pair.Second.Overlaps);
    }

    private static IEnumerable<PlannedFault> Plan(int seed, bool canFillDisk = true)
    {
        for (var plan = new FaultPlan(seed, canFillDisk); ;)
        {
            yield return plan.Next();
        }
    }
}
