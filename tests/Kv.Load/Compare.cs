using Kv.Load.Servers;
using Kv.Load.Workloads;

namespace Kv.Load;

/// <summary>Runs workloads against two servers in turn, A B A B, so that both meet the same noise, and prints the table.</summary>
internal static class Compare
{
    /// <summary>Runs <paramref name="workloads"/> for some rounds; the first run of each workload on each server warms it up and is not counted.</summary>
    public static async Task RunAsync(ServerKind ours, ServerKind theirs, IReadOnlyList<Workload> workloads, int rounds, TimeSpan time, TimeSpan warmUp)
    {
        Console.WriteLine($"{ours.Name} to {theirs.Name}, {rounds} rounds of {time.TotalSeconds:0} s after {warmUp.TotalSeconds:0} s of warm-up, alternating; median (min..max)");
        Console.WriteLine();
        Console.WriteLine("| workload | server | ops/s | p50 µs | p99 µs | server CPU µs/op | bytes/op | other |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|");
        foreach (var workload in workloads)
        {
            using var a = await ServerProcess.StartAsync(ours);
            using var b = await ServerProcess.StartAsync(theirs);
            ServerProcess[] servers = [a, b];
            List<Result>[] results = [[], []];
            foreach (var server in servers)
            {
                if (workload.Prepare is { } prepare)
                {
                    await prepare(server);
                }
                if (warmUp > TimeSpan.Zero)
                {
                    await workload.Run(server, warmUp);
                }
            }
            for (var round = 0; round < rounds; round++)
            {
                for (var i = 0; i < servers.Length; i++)
                {
                    results[i].Add(await workload.Run(servers[i], time));
                    await Console.Error.WriteLineAsync($"  {workload.Name} round {round + 1}/{rounds} {servers[i].Name}: {results[i][^1]}");
                }
            }
            for (var i = 0; i < servers.Length; i++)
            {
                Row(workload, servers[i].Name, results[i]);
            }
            Ratios(workload, results[0], results[1]);
        }
    }

    private static void Row(Workload workload, string server, List<Result> runs) => Console.WriteLine(
        $"| {workload.Name} | {server} | {Spread(runs, static r => r.OpsPerSecond, "0")} | {Spread(runs, static r => r.P50, "0")} | {Spread(runs, static r => r.P99, "0")} | "
        + $"{Spread(runs, static r => r.CpuMicroseconds, "0.0")} | {Spread(runs, static r => r.BytesPerOp, "0")} | {Other(workload, runs)} |");

    private static string Other(Workload workload, List<Result> runs) =>
        workload.Extra is null ? "" : $"{workload.Extra}: {Spread(runs, static r => r.Extra, "0.00")}";

    private static void Ratios(Workload workload, List<Result> ours, List<Result> theirs)
    {
        string Ratio(Func<Result, double> of) => (Median(ours, of) / Median(theirs, of)).ToString("0.00", System.Globalization.CultureInfo.InvariantCulture) + "×";
        Console.WriteLine(
            $"| {workload.Name} | **ratio** | {Ratio(static r => r.OpsPerSecond)} | {Ratio(static r => r.P50)} | {Ratio(static r => r.P99)} | "
            + $"{Ratio(static r => r.CpuMicroseconds)} | {Ratio(static r => r.BytesPerOp)} | {(workload.Extra is null ? "" : Ratio(static r => r.Extra))} |");
    }

    private static double Median(List<Result> runs, Func<Result, double> of)
    {
        var sorted = runs.Select(of).Order().ToArray();
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }

    private static string Spread(List<Result> runs, Func<Result, double> of, string format)
    {
        var culture = System.Globalization.CultureInfo.InvariantCulture;
        var values = runs.Select(of).ToArray();
        return $"{Median(runs, of).ToString(format, culture)} ({values.Min().ToString(format, culture)}..{values.Max().ToString(format, culture)})";
    }
}
