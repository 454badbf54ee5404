using Kv.Load.Servers;
using Kv.Load.Workloads;

namespace Kv.Load;

/// <summary>How often, how long, and where.</summary>
/// <param name="Rounds">Counted runs of each workload on each server.</param>
/// <param name="Time">Length of a run.</param>
/// <param name="WarmUp">How long a workload runs on a server before it counts; zero measures cold.</param>
/// <param name="DataRoot">Folder below which servers keep their data; its disk is what is measured.</param>
/// <param name="Members">Processes of each server; more than one are a cluster.</param>
internal sealed record Plan(int Rounds, TimeSpan Time, TimeSpan WarmUp, string DataRoot, int Members = 1)
{
    /// <summary>Nothing is warmed up: each run meets a process that has just started.</summary>
    public bool Cold => WarmUp == TimeSpan.Zero;
}

/// <summary>Runs workloads against two servers in turn, A B A B, so that both meet the same noise, and prints the table.</summary>
internal static class Compare
{
    /// <summary>Runs every workload; one that fails on either server is reported in the table and the rest goes on.</summary>
    /// <returns>How many workloads failed.</returns>
    public static async Task<int> RunAsync(ServerKind ours, ServerKind theirs, IReadOnlyList<Workload> workloads, Plan plan)
    {
        Console.WriteLine(Title(ours, theirs, plan));
        Console.WriteLine();
        Console.WriteLine(Table.Header);
        var failures = 0;
        foreach (var workload in workloads)
        {
            try
            {
                var (a, b) = await RunAsync(ours, theirs, workload, plan);
                Console.WriteLine(Table.Row(workload, ours.Name, a));
                Console.WriteLine(Table.Row(workload, theirs.Name, b));
                Console.WriteLine(Table.Ratios(workload, a, b));
            }
            catch (Exception failure) when (IsFailure(failure))
            {
                failures++;
                await Console.Error.WriteLineAsync($"  {workload.Name} failed: {failure}");
                Console.WriteLine(FailedRow(workload, failure));
            }
        }
        return failures;
    }

    /// <summary>What a workload may end with when a server does not do its part; anything else is a bug here and ends the program.</summary>
    public static bool IsFailure(Exception failure) =>
        failure is IOException or InvalidDataException or InvalidOperationException or TimeoutException or System.Net.Sockets.SocketException or HttpRequestException;

    /// <summary>The row of a workload that failed.</summary>
    public static string FailedRow(Workload workload, Exception failure) =>
        $"| {workload.Name} | **failed** | {failure.Message.ReplaceLineEndings(" ")}{(failure.InnerException is { } inner ? $" {inner.Message.ReplaceLineEndings(" ")}" : "")} | | | | | |";

    private static string Title(ServerKind ours, ServerKind theirs, Plan plan)
    {
        var rounds = FormattableString.Invariant($"{ours.Name} to {theirs.Name}, {plan.Rounds} rounds of {plan.Time.TotalSeconds:0.#} s, alternating");
        var warm = plan.Cold
            ? "**cold: a process that has just started for every run, no warm-up**"
            : FormattableString.Invariant($"after {plan.WarmUp.TotalSeconds:0.#} s of warm-up");
        var members = plan.Members == 1 ? "" : FormattableString.Invariant($"clusters of {plan.Members} members on one machine, CPU of all together, memory of the largest; ");
        return $"{members}{rounds}, {warm}; median (min..max); ratio: {ours.Name} to {theirs.Name}";
    }

    private static async Task<(List<Result> Ours, List<Result> Theirs)> RunAsync(ServerKind ours, ServerKind theirs, Workload workload, Plan plan)
    {
        using var a = await StartedServer.StartAsync(ours, plan.DataRoot, plan.Members);
        using var b = await StartedServer.StartAsync(theirs, plan.DataRoot, plan.Members);
        StartedServer[] servers = [a, b];
        var eachFresh = workload.Fresh || (plan.Cold && !workload.OwnsProcess);
        foreach (var server in servers)
        {
            if (!eachFresh)
            {
                await PrepareAsync(workload, server);
            }
            if (!eachFresh && !workload.OwnsProcess)
            {
                await Console.Error.WriteLineAsync($"  {workload.Name}: warming up {server.Name}");
                await workload.Run(server, plan.WarmUp);
            }
        }
        if (plan.Cold && !workload.OwnsProcess && !workload.Fresh)
        {
            // The client's own code must not be what is cold, so it practises on the server that is not ours.
            await PrepareAsync(workload, b);
            await workload.Run(b, TimeSpan.FromSeconds(3));
        }
        List<Result>[] results = [[], []];
        for (var round = 0; round < plan.Rounds; round++)
        {
            for (var i = 0; i < servers.Length; i++)
            {
                if (eachFresh)
                {
                    await servers[i].RelaunchAsync(empty: true);
                    await servers[i].WaitReadyAsync();
                    await PrepareAsync(workload, servers[i]);
                }
                results[i].Add(await workload.Run(servers[i], plan.Time));
                await Console.Error.WriteLineAsync($"  {workload.Name} round {round + 1}/{plan.Rounds} {servers[i].Name}: {results[i][^1]}");
            }
        }
        return (results[0], results[1]);
    }

    private static async Task PrepareAsync(Workload workload, Target server)
    {
        if (workload.Prepare is { } prepare)
        {
            await Console.Error.WriteLineAsync($"  {workload.Name}: preparing {server.Name}");
            await prepare(server);
        }
    }
}
