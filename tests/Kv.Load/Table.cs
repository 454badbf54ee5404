using System.Globalization;
using Kv.Load.Workloads;

namespace Kv.Load;

/// <summary>Markdown rows of medians with minimum and maximum, and of ratios.</summary>
internal static class Table
{
    /// <summary>The header row and the rule below it.</summary>
    public const string Header =
        "| workload | server | ops/s | p50 µs | p99 µs | server CPU µs/op | disk bytes/op | other |\n|---|---|---|---|---|---|---|---|";

    /// <summary>One server's row.</summary>
    public static string Row(Workload workload, string server, IReadOnlyList<Result> runs) =>
        $"| {workload.Name} | {server} | {Spread(runs, static r => r.OpsPerSecond, "0")} | {Spread(runs, static r => r.P50, "0")} | {Spread(runs, static r => r.P99, "0")} | "
        + $"{Spread(runs, static r => r.CpuMicroseconds, "0.0")} | {Spread(runs, static r => r.BytesPerOp, "0")} | {Figures(runs, Describe)} |";

    /// <summary>The row that says what <paramref name="ours"/> is to <paramref name="theirs"/>, of their medians.</summary>
    public static string Ratios(Workload workload, IReadOnlyList<Result> ours, IReadOnlyList<Result> theirs)
    {
        string Ratio(Func<Result, double> of) => Times(Median(ours, of) / Median(theirs, of));
        string FigureRatio(IReadOnlyList<Result> runs, int i)
        {
            var ratio = Median(ours, r => r.Figures[i].Value) / Median(theirs, r => r.Figures[i].Value);
            var (oursCut, theirsCut) = (ours.Any(r => r.Figures[i].AtLeast), theirs.Any(r => r.Figures[i].AtLeast));
            return (oursCut, theirsCut) switch
            {
                (false, false) => Times(ratio),
                (false, true) => $"≤ {Times(ratio)}",
                (true, false) => $"≥ {Times(ratio)}",
                _ => "–",
            };
        }
        return $"| {workload.Name} | **ratio** | {Ratio(static r => r.OpsPerSecond)} | {Ratio(static r => r.P50)} | {Ratio(static r => r.P99)} | "
            + $"{Ratio(static r => r.CpuMicroseconds)} | {Ratio(static r => r.BytesPerOp)} | {Figures(ours, FigureRatio)} |";
    }

    /// <summary>The middle value, or the mean of the two in the middle.</summary>
    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }

    private static double Median(IReadOnlyList<Result> runs, Func<Result, double> of) => Median(runs.Select(of));

    private static string Figures(IReadOnlyList<Result> runs, Func<IReadOnlyList<Result>, int, string> text) =>
        string.Join("; ", Enumerable.Range(0, runs[0].Figures.Count).Select(i => $"{runs[0].Figures[i].Name}: {text(runs, i)}"));

    private static string Describe(IReadOnlyList<Result> runs, int i) =>
        (runs.Any(r => r.Figures[i].AtLeast) ? "≥ " : "") + Spread(runs, r => r.Figures[i].Value, "0.##");

    private static string Times(double ratio) =>
        double.IsFinite(ratio) ? ratio.ToString("0.00", CultureInfo.InvariantCulture) + "×" : "–";

    private static string Spread(IReadOnlyList<Result> runs, Func<Result, double> of, string format)
    {
        var values = runs.Select(of).ToArray();
        if (values.Any(double.IsNaN))
        {
            return "–";
        }
        string Text(double value) => value.ToString(format, CultureInfo.InvariantCulture);
        return values.Length == 1 ? Text(values[0]) : $"{Text(Median(values))} ({Text(values.Min())}..{Text(values.Max())})";
    }
}
