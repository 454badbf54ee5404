using Kv.Chaos.Servers;
using Kv.Testing.History;

namespace Kv.Chaos;

/// <summary>Rounds of faults on one cluster, each healed and judged; ends early when something is found.</summary>
internal static class ChaosRun
{
    /// <summary>Runs to the end.</summary>
    public static async Task<ChaosReport> RunAsync(ChaosOptions options, CancellationToken cancellation = default)
    {
        // A low count of entries between snapshots, so that a member that was away needs one.
        await using var cluster = await ChaosCluster.StartAsync(options.Kind, proxies: true, options.FillDisk, options.Build, "--snapshot-count=1000");
        options.Log($"seed {options.Seed}, {options.Kind}, {options.Time.TotalSeconds:F0}s of faults{(cluster.Fillable is null ? ", no disk to fill" : "")}");
        var (rounds, initial, left, kept) = (new List<RoundReport>(), KvState.Empty, options.Time, (string?)null);
        IReadOnlyList<Operation> late = [];
        while (left > TimeSpan.Zero && !cancellation.IsCancellationRequested)
        {
            var time = left < options.Round * 1.5 ? left : options.Round;
            var round = new ChaosRound(options with { Seed = options.Seed + rounds.Count, Time = time }, cluster, initial, late);
            var report = await round.RunAsync(cancellation);
            rounds.Add(report);
            options.Log(report.ToString());
            left -= time;
            if (report.Violations.Count > 0 || report.Final is null)
            {
                kept = Keep(options, cluster, round);
                break;
            }
            (initial, late) = (report.Final, round.StillUnknown);
        }
        return new ChaosReport(rounds, kept);
    }

    private static string Keep(ChaosOptions options, ChaosCluster cluster, ChaosRound round)
    {
        var folder = options.KeepIn ?? Directory.CreateTempSubdirectory("kv-chaos-kept-").FullName;
        cluster.KeepLogs(folder);
        File.WriteAllLines(Path.Combine(folder, "history.txt"), round.Lines());
        return folder;
    }
}
