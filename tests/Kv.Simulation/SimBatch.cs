using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace Kv.Simulation;

/// <summary>Many seeds, some at once: each has a world and a thread of its own.</summary>
internal static class SimBatch
{
    private static readonly TimeSpan _between = TimeSpan.FromSeconds(10);

    /// <summary>Runs seeds, and writes progress and a summary.</summary>
    /// <param name="first">The first.</param>
    /// <param name="count">How many.</param>
    /// <param name="plan">What all of them have in common.</param>
    /// <param name="threads">How many run at once.</param>
    /// <param name="output">For progress and summary.</param>
    /// <param name="atMost">No seed is begun after that much real time.</param>
    /// <returns>Whether all that ran held.</returns>
    public static bool Run(ulong first, ulong count, SimPlan plan, int threads, TextWriter output, TimeSpan atMost)
    {
        var watch = Stopwatch.StartNew();
        var progress = TimeSpan.Zero;
        var reports = new ConcurrentBag<SimReport>();
        var failures = new ConcurrentDictionary<ulong, string>();
        Parallel.For(0L, (long)count, new ParallelOptions { MaxDegreeOfParallelism = threads }, at =>
        {
            if (watch.Elapsed > atMost) return;
            var seed = first + (ulong)at;
            try
            {
                reports.Add(SimRun.Run(seed, plan));
            }
#pragma warning disable CA1031 // a seed that fails in whatever way is told, and the others go on
            catch (Exception e)
#pragma warning restore CA1031
            {
                failures[seed] = e is JudgedException ? e.Message : $"seed {seed}: {e}";
                lock (output) output.WriteLine($"FAILED {failures[seed]}");
            }

            lock (output)
            {
                if (watch.Elapsed - progress < _between) return;
                progress = watch.Elapsed;
                output.WriteLine(string.Create(
                    CultureInfo.InvariantCulture, $"{watch.Elapsed.TotalSeconds,6:F0} s  {reports.Count + failures.Count} of {count} seeds, {failures.Count} failed, {Hours(reports):F2} h simulated"));
            }
        });
        if ((ulong)(reports.Count + failures.Count) < count) output.WriteLine($"only {reports.Count + failures.Count} of {count} seeds were begun within {atMost}");
        Sum([.. reports.OrderBy(static report => report.Seed)], failures.Count, watch.Elapsed, output);
        return failures.IsEmpty;
    }

    private static double Hours(IEnumerable<SimReport> reports) => reports.Sum(static report => report.Simulated.TotalHours);

    private static void Sum(SimReport[] reports, int failed, TimeSpan elapsed, TextWriter output)
    {
        var all = new Fingerprint();
        foreach (var report in reports) all.Add(Happening.Stop, (long)report.Seed, (long)report.Hash, report.Events);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"""
            seeds            {reports.Length + failed}, {failed} failed
            simulated        {Hours(reports):F2} h in {elapsed.TotalSeconds:F0} s: {Hours(reports) * 3600 / elapsed.TotalSeconds:F0} times real time
            events           {reports.Sum(static r => r.Events)}
            messages         {reports.Sum(static r => r.Messages)} between members
            client calls     {reports.Sum(static r => r.Operations)} judged, {reports.Sum(static r => r.Answers)} of them answered
            snapshots        {reports.Sum(static r => r.Snapshots)} taken by clients, judged
            hash of all      {all.Value:x16}
            faults           {reports.Sum(static r => r.Faults.Values.Sum())}
            """));
        foreach (var fault in reports.SelectMany(static r => r.Faults).GroupBy(static f => f.Key, static f => f.Value).OrderBy(static f => f.Key, StringComparer.Ordinal))
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {fault.Sum(),8}  {fault.Key}"));
        }
    }
}
