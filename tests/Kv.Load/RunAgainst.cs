using Kv.Load.Servers;
using Kv.Load.Workloads;

namespace Kv.Load;

/// <summary>Runs workloads against one server that runs already.</summary>
internal static class RunAgainst
{
    /// <summary>Prepares, warms up, measures, and prints a table like the comparison's without the second server.</summary>
    /// <returns>How many workloads failed.</returns>
    public static async Task<int> RunAsync(RunningServer server, IReadOnlyList<Workload> workloads, Plan plan)
    {
        Console.WriteLine(FormattableString.Invariant(
            $"{server.Name}, {plan.Rounds} rounds of {plan.Time.TotalSeconds:0.#} s after {plan.WarmUp.TotalSeconds:0.#} s of warm-up; median (min..max)"));
        Console.WriteLine();
        Console.WriteLine(Table.Header);
        var failures = 0;
        foreach (var workload in workloads)
        {
            try
            {
                Console.WriteLine(Table.Row(workload, server.Name, await RunAsync(server, workload, plan)));
            }
            catch (Exception failure) when (Compare.IsFailure(failure))
            {
                failures++;
                await Console.Error.WriteLineAsync($"  {workload.Name} failed: {failure}");
                Console.WriteLine(Compare.FailedRow(workload, failure));
            }
        }
        return failures;
    }

    private static async Task<List<Result>> RunAsync(RunningServer server, Workload workload, Plan plan)
    {
        if (workload.Prepare is { } prepare)
        {
            await Console.Error.WriteLineAsync($"  {workload.Name}: preparing");
            await prepare(server);
        }
        if (!plan.Cold && !workload.Fresh)
        {
            await workload.Run(server, plan.WarmUp);
        }
        var results = new List<Result>();
        for (var round = 0; round < plan.Rounds; round++)
        {
            results.Add(await workload.Run(server, plan.Time));
            await Console.Error.WriteLineAsync($"  {workload.Name} round {round + 1}/{plan.Rounds}: {results[^1]}");
        }
        return results;
    }
}
