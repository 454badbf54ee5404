using System.Diagnostics;
using Kv.Load.Servers;

namespace Kv.Load.Workloads;

/// <summary>What only a cluster can show.</summary>
internal static class ClusterWorkloads
{
    private const int MissedPuts = 200_000;
    private static readonly TimeSpan CatchUpLimit = TimeSpan.FromMinutes(2);

    /// <summary>All of them, in the order they are run.</summary>
    public static IReadOnlyList<Workload> All { get; } =
    [
        new("catch-up-200k", "a follower is killed with -9, misses 200,000 puts, starts again and is timed until its revision is the leader's; an op is one missed put",
            null, CatchUpAsync) { OwnsProcess = true, ClusterOnly = true },
    ];

    private static async Task<Result> CatchUpAsync(Target server, TimeSpan time)
    {
        var cluster = (ServerCluster)server;
        await cluster.WaitReadyAsync();                         // the leader may have changed since the round before
        var (leader, follower) = (cluster.Members[0], cluster.Members[^1]);
        await follower.KillAsync();
        await KvWorkloads.FillAsync(leader, "missed/", MissedPuts);
        var target = (await ServerCluster.StatusAsync(leader))?.Revision
            ?? throw new InvalidOperationException($"{server.Name}: the leader does not tell its status.");
        var cpu = leader.CpuSeconds();
        follower.Relaunch(empty: false);
        var started = Stopwatch.GetTimestamp();
        while (!(await ServerCluster.StatusAsync(follower) is { } status && status.Revision >= target))
        {
            follower.ThrowIfEnded();
            if (Stopwatch.GetElapsedTime(started) > CatchUpLimit)
            {
                throw new TimeoutException($"{server.Name}: the follower did not catch up within {CatchUpLimit.TotalSeconds:0} s.");
            }
            await Task.Delay(10);
        }
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var used = follower.CpuSeconds() + leader.CpuSeconds() - cpu;
        await cluster.WaitReadyAsync();
        return new Result(MissedPuts / seconds, double.NaN, double.NaN, used * 1e6 / MissedPuts, double.NaN)
        {
            Figures = [new("caught up after, s", seconds)],
        };
    }
}
