using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using Kv.Load;
using Kv.Load.Servers;
using Kv.Load.Workloads;

Workload[] all = [.. KvWorkloads.All, .. WatchWorkloads.All, .. LeaseWorkloads.All, .. ProcessWorkloads.All, .. ClusterWorkloads.All];
var list = "Workloads:\n" + string.Join('\n', all.Select(static workload => $"  {workload.Name,-16} {workload.About}"));

var rounds = new Option<int>("--rounds") { Description = "Counted runs of each workload on each server.", DefaultValueFactory = static _ => 3 };
var seconds = new Option<double>("--seconds") { Description = "Length of one run.", DefaultValueFactory = static _ => 10 };
var warmUp = new Option<double>("--warm-up") { Description = "Seconds each workload runs on each server before it counts; 0 measures cold, every run on a process that has just started.", DefaultValueFactory = static _ => 10 };
var names = new Option<string[]>("--workloads", "--workload") { Description = "Only these; all when left out. 'workloads' lists them.", AllowMultipleArgumentsPerToken = true };
var gateway = new Option<string>("--gateway") { Description = "Kv.Gateway.dll to measure, or 'etcd' to see how far etcd differs from itself.", DefaultValueFactory = static _ => GatewayAssembly() };
var baseline = new Option<string>("--baseline") { Description = "What to compare with: 'etcd', or another build's Kv.Gateway.dll.", DefaultValueFactory = static _ => "etcd" };
var dataRoot = new Option<string>("--data-root") { Description = "Folder for the servers' data; must be on the disk to measure, not in memory.", DefaultValueFactory = static _ => Path.GetTempPath() };
var members = new Option<int>("--members") { Description = "Processes of each server; 3 starts clusters of three on loopback, and runs what means something there.", DefaultValueFactory = static _ => 1 };
var endpoint = new Option<string>("--endpoint") { Description = "host:port of a server that runs already, in plain text.", Required = true };
var processId = new Option<int?>("--pid") { Description = "That server's process, when it is on this machine: gives its CPU time and memory." };
var folder = new Option<string?>("--data-dir") { Description = "That server's data folder, when it is on this machine: gives bytes written and flushes of its disk." };
seconds.Validators.Add(static result => Refuse(result, result.GetValueOrDefault<double>() <= 0, "must be above 0"));
warmUp.Validators.Add(static result => Refuse(result, result.GetValueOrDefault<double>() < 0, "must not be below 0"));
rounds.Validators.Add(static result => Refuse(result, result.GetValueOrDefault<int>() < 1, "must be at least 1"));
members.Validators.Add(static result => Refuse(result, result.GetValueOrDefault<int>() is < 1 or > 9, "must be 1 to 9"));
names.Validators.Add(result =>
{
    var unknown = (result.GetValueOrDefault<string[]>() ?? []).Where(name => all.All(workload => workload.Name != name)).ToArray();
    Refuse(result, unknown.Length > 0, $"does not know {string.Join(", ", unknown)}.\n{list}");
});

var compare = new Command("compare", "Starts this service and etcd, runs each workload on both in turn, and prints a table of medians and ratios.")
{
    rounds, seconds, warmUp, names, gateway, baseline, dataRoot, members,
};
compare.SetAction(async (parsed, _) =>
{
    var program = parsed.GetValue(gateway)!;
    if (program != "etcd" && !File.Exists(program))
    {
        await Console.Error.WriteLineAsync($"There is no {program}: build it with 'dotnet build -c Release Kv.Gateway', or name another with --gateway.");
        return 2;
    }
    var plan = PlanOf(parsed) with { Members = parsed.GetValue(members) };
    var chosen = Chosen(parsed);
    if ((parsed.GetValue(names) ?? []).Length == 0)
    {
        chosen = [.. chosen.Where(workload => workload.Suits(plan.Members))];
    }
    if (chosen.FirstOrDefault(workload => !workload.Suits(plan.Members)) is { } other)
    {
        await Console.Error.WriteLineAsync(plan.Members == 1 ? $"{other.Name} needs a cluster: say --members 3." : $"{other.Name} is for a server alone: leave --members out.");
        return 2;
    }
    return await Compare.RunAsync(
        ServerKind.Of(program == "etcd" ? "etcd (a)" : "kvactors", program),
        ServerKind.Of(parsed.GetValue(baseline) == "etcd" ? "etcd" : "baseline", parsed.GetValue(baseline)!),
        chosen,
        plan) == 0 ? 0 : 1;
});

var run = new Command("run", "Runs workloads against a server that runs already, and prints a table of medians. It leaves keys and leases behind.")
{
    endpoint, processId, folder, rounds, seconds, warmUp, names,
};
run.SetAction(async (parsed, _) =>
{
    var chosen = Chosen(parsed);
    if ((parsed.GetValue(names) ?? []).Length == 0)
    {
        chosen = [.. chosen.Where(static workload => !workload.OwnsProcess && workload.Suits(1))];
    }
    if (chosen.FirstOrDefault(static workload => workload.OwnsProcess) is { } owner)
    {
        await Console.Error.WriteLineAsync($"{owner.Name} starts and kills the server itself; only 'compare' can run it.");
        return 2;
    }
    if (await ResolveAsync(parsed.GetValue(endpoint)!) is not { } address)
    {
        await Console.Error.WriteLineAsync($"{parsed.GetValue(endpoint)} is not a host:port that can be found.");
        return 2;
    }
    return await RunAgainst.RunAsync(new RunningServer(address, parsed.GetValue(processId), parsed.GetValue(folder) is { } path ? Path.GetFullPath(path) : null), chosen, PlanOf(parsed)) == 0 ? 0 : 1;
});

var workloads = new Command("workloads", "Lists the workloads.");
workloads.SetAction(_ => Console.WriteLine(list));

return await new RootCommand($"Load generator for anything that speaks the etcd v3 API.\n\n{list}") { compare, run, workloads }.Parse(args).InvokeAsync();

List<Workload> Chosen(ParseResult parsed)
{
    var wanted = parsed.GetValue(names) ?? [];
    return [.. all.Where(workload => wanted.Length == 0 || wanted.Contains(workload.Name))];
}

Plan PlanOf(ParseResult parsed) => new(
    parsed.GetValue(rounds),
    TimeSpan.FromSeconds(parsed.GetValue(seconds)),
    TimeSpan.FromSeconds(parsed.GetValue(warmUp)),
    parsed.GetResult(dataRoot) is null ? Path.GetTempPath() : Path.GetFullPath(parsed.GetValue(dataRoot)!));

static void Refuse(System.CommandLine.Parsing.OptionResult result, bool refused, string why)
{
    if (refused)
    {
        result.AddError($"{result.Option.Name} {why}");
    }
}

static async Task<IPEndPoint?> ResolveAsync(string text)
{
    if (IPEndPoint.TryParse(text, out var literal) && literal.Port > 0)
    {
        return literal;
    }
    var colon = text.LastIndexOf(':');
    if (colon <= 0 || !ushort.TryParse(text.AsSpan(colon + 1), out var port))
    {
        return null;
    }
    try
    {
        // IPv4 first: "localhost" has both, and servers listen on 127.0.0.1 unless told otherwise.
        var addresses = await Dns.GetHostAddressesAsync(text[..colon]);
        return addresses.OrderBy(static address => address.AddressFamily).FirstOrDefault() is { } first ? new IPEndPoint(first, port) : null;
    }
    catch (SocketException)
    {
        return null;
    }
}

// The release build of the gateway in this repository, found upwards from this program.
static string GatewayAssembly()
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
