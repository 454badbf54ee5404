using Kv.Actors.Raft;
using Kv.Testing.Raft;
using Xunit;

namespace Kv.Actors.Tests.Raft;

/// <summary>Clusters under faults. KV_RAFT_SEEDS=1000 runs that many seeds of each kind; KV_RAFT_FIRST_SEED says where to begin.</summary>
public sealed class SimulationTests
{
    private static readonly int s_seeds = int.Parse(Environment.GetEnvironmentVariable("KV_RAFT_SEEDS") ?? "40");
    private static readonly ulong s_first = ulong.Parse(Environment.GetEnvironmentVariable("KV_RAFT_FIRST_SEED") ?? "1");

    [Fact]
    public void Three_nodes_stay_safe_under_faults_and_agree_once_healed() =>
        RunSeeds(new RaftSimulationOptions { Nodes = 3 }, ticks: 1500);

    [Fact]
    public void Five_nodes_stay_safe_under_faults_and_agree_once_healed() =>
        RunSeeds(new RaftSimulationOptions { Nodes = 5, Spares = 1 }, ticks: 1000);

    [Fact]
    public void Crashes_without_other_faults_lose_nothing_that_was_promised() =>
        RunSeeds(new RaftSimulationOptions { Nodes = 3, Spares = 0, CrashEvery = 25, PartitionEvery = 0, ConfChangeEvery = 0, Drop = 0 }, ticks: 1000);

    [Fact]
    public void Membership_may_change_all_the_time() =>
        RunSeeds(new RaftSimulationOptions { Nodes = 3, Spares = 3, ConfChangeEvery = 15, CrashEvery = 300 }, ticks: 1200);

    [Fact]
    public void Reads_by_lease_are_never_stale()
    {
        var options = new RaftSimulationOptions { Lease = true, ReadEvery = 1, PartitionEvery = 40, TransferEvery = 80, ConfChangeEvery = 60 };
        var byLease = 0;
        for (var seed = s_first; seed < s_first + (ulong)s_seeds; seed++) byLease += Run(seed, options, 800).LeaseReads;
        Assert.True(byLease > 50 * s_seeds, $"only {byLease} reads by lease");
    }

    /// <summary>Seeds that found something, in the membership runs.</summary>
    [Theory]
    [InlineData(10)]                       // a change was applied on top of a snapshot that already held it
    [InlineData(32)]                       // nobody electable: those who stayed did not know that the removed leader was out
    [InlineData(20182)]                    // an old-membership node without pre-votes took every term for itself
    [InlineData(51661)]                    // without checks and pre-votes a leader of an old term was never told of the new one
    public void What_was_found_stays_fixed(ulong seed) =>
        Run(seed, new RaftSimulationOptions { Nodes = 3, Spares = 3, ConfChangeEvery = 15, CrashEvery = 300 }, ticks: 1200);

    [Fact]
    public void A_seed_gives_the_same_run_twice()
    {
        var (one, two) = (Run(s_first, new RaftSimulationOptions(), 600), Run(s_first, new RaftSimulationOptions(), 600));
        Assert.Equal(one.Fingerprint, two.Fingerprint);
        Assert.Equal(one.Events, two.Events);
    }

    [Fact]
    public void The_faults_do_happen()
    {
        var simulation = Run(s_first, new RaftSimulationOptions { Nodes = 3, ConfChangeEvery = 40 }, ticks: 4000);
        Assert.True(simulation.Invariants.Committed > 200, $"only {simulation.Invariants.Committed} entries committed");
        Assert.True(simulation.AnsweredReads > 20, $"only {simulation.AnsweredReads} reads answered");
        Assert.True(simulation.Crashes > 5, $"only {simulation.Crashes} crashes");
        Assert.True(simulation.ConfChanges > 5, $"only {simulation.ConfChanges} membership changes");
        Assert.True(simulation.InstalledSnapshots > 0, "no snapshot was installed");
    }

    private static void RunSeeds(RaftSimulationOptions options, int ticks)
    {
        for (var seed = s_first; seed < s_first + (ulong)s_seeds; seed++) Run(seed, options, ticks);
    }

    private static RaftSimulation Run(ulong seed, RaftSimulationOptions options, int ticks)
    {
        var simulation = new RaftSimulation(seed, options);
        try
        {
            RunToTheEnd(simulation, ticks);
            return simulation;
        }
        catch (Exception broken)
        {
            var again = new RaftSimulation(seed, options, trace: true);
            var rerun = Record.Exception(() => RunToTheEnd(again, ticks));
            var file = Path.Combine(Path.GetTempPath(), $"raft-seed-{seed}.txt");
            File.WriteAllText(file, $"{again.Trace}\n{again.Describe()}\n{rerun?.Message}\n");
            throw new Xunit.Sdk.XunitException($"seed {seed}, {options}: {broken.Message}\n{simulation.Describe()}\ntrace in {file}\n{broken.StackTrace}");
        }
    }

    private static void RunToTheEnd(RaftSimulation simulation, int ticks)
    {
        simulation.Run(ticks);
        simulation.Heal();
        if (!simulation.RunUntilConverged(withinTicks: 4000)) throw new RaftBugException("no agreement after the faults ended");
    }
}
