using System.CommandLine;
using Kv.Load;
using Kv.Load.Servers;
using Kv.Load.Workloads;

var rounds = new Option<int>("--rounds") { Description = "Runs of each workload on each server.", DefaultValueFactory = static _ => 3 };
var seconds = new Option<int>("--seconds") { Description = "Length of one run.", DefaultValueFactory = static _ => 10 };
var warmUp = new Option<int>("--warm-up") { Description = "Seconds each workload runs on each server before it counts; 0 measures cold.", DefaultValueFactory = static _ => 10 };
var names = new Option<string[]>("--workloads") { Description = "Only these; all when left out.", AllowMultipleArgumentsPerToken = true };
var gateway = new Option<string>("--gateway") { Description = "Kv.Gateway.dll to measure, or 'etcd' to see how far etcd differs from itself.", DefaultValueFactory = static _ => Defaults.GatewayAssembly() };
var baseline = new Option<string>("--baseline") { Description = "What to compare with: 'etcd', or another build's Kv.Gateway.dll.", DefaultValueFactory = static _ => "etcd" };

var compare = new Command("compare", "Starts this service and etcd, runs each workload on both in turn, and prints a table of medians and ratios.")
{
    rounds, seconds, warmUp, names, gateway, baseline,
};
compare.SetAction(async (parsed, _) =>
{
    var wanted = parsed.GetValue(names) ?? [];
    var chosen = Defaults.Workloads.Where(workload => wanted.Length == 0 || wanted.Contains(workload.Name)).ToList();
    if (chosen.Count == 0)
    {
        await Console.Error.WriteLineAsync($"No such workload; there are: {string.Join(", ", Defaults.Workloads.Select(static w => w.Name))}");
        return 2;
    }
    static ServerKind Kind(string name, string program) => program == "etcd" ? ServerKind.Etcd : new ServerKind(name, "dotnet", [program]);
    await Compare.RunAsync(
        Kind("kvactors", parsed.GetValue(gateway)!),
        Kind("baseline", parsed.GetValue(baseline)!),
        chosen,
        parsed.GetValue(rounds),
        TimeSpan.FromSeconds(parsed.GetValue(seconds)),
        TimeSpan.FromSeconds(parsed.GetValue(warmUp)));
    return 0;
});
return await new RootCommand("Load generator for anything that speaks the etcd v3 API.") { compare }.Parse(args).InvokeAsync();

internal static class Defaults
{
    public static IReadOnlyList<Workload> Workloads { get; } = [.. KvWorkloads.All];

    /// <summary>The release build of the gateway in this repository, found upwards from this program.</summary>
    public static string GatewayAssembly()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "KvActors.sln")))
            {
                return Path.Combine(folder.FullName, "Kv.Gateway", "bin", "Release", "net10.0", "Kv.Gateway.dll");
            }
        }
        return "Kv.Gateway.dll";
    }
}
