using System.CommandLine;
using Kv.Chaos;
using Kv.Chaos.Servers;

var server = new Option<string>("--server") { Description = "'kv' for this service, 'etcd' to try the harness itself.", DefaultValueFactory = static _ => "kv" };
server.AcceptOnlyFromAmong("kv", "etcd");
var gateway = new Option<string?>("--gateway") { Description = "Kv.Gateway.dll of another build to try." };
var minutes = new Option<double>("--minutes") { Description = "How long faults strike, all rounds together.", DefaultValueFactory = static _ => 2 };
var round = new Option<double>("--round-minutes") { Description = "Faults strike this long before everything is healed and judged.", DefaultValueFactory = static _ => 2 };
var seed = new Option<int?>("--seed") { Description = "Decides on faults and requests; a new one when left out. Round n has seed + n." };
var workers = new Option<int>("--clients") { Description = "Clients that read and write.", DefaultValueFactory = static _ => 8 };
var pace = new Option<double>("--rest-ms") { Description = "How long each rests between two requests.", DefaultValueFactory = static _ => 25 };
var calm = new Option<bool>("--no-faults") { Description = "Breaks nothing." };
var keep = new Option<string?>("--keep") { Description = "Folder for logs and history when something is found." };
var kills = new Option<int>("--kills") { Description = "How often the leader is killed.", DefaultValueFactory = static _ => 100 };
foreach (var positive in (Option<double>[])[minutes, round, pace])
{
    positive.Validators.Add(static result => Refuse(result, result.GetValueOrDefault<double>() <= 0));
}
foreach (var positive in (Option<int>[])[workers, kills])
{
    positive.Validators.Add(static result => Refuse(result, result.GetValueOrDefault<int>() < 1));
}

var run = new Command("run", "Three members under load and faults; judges everything that clients saw.") { server, gateway, minutes, round, seed, workers, pace, calm, keep };
run.SetAction(async (given, cancellation) =>
{
    var report = await ChaosRun.RunAsync(new ChaosOptions
    {
        Kind = ServerKinds.Parse(given.GetRequiredValue(server)),
        Build = given.GetValue(gateway),
        Time = TimeSpan.FromMinutes(given.GetRequiredValue(minutes)),
        Round = TimeSpan.FromMinutes(given.GetRequiredValue(round)),
        Seed = given.GetValue(seed) ?? Random.Shared.Next(1_000_000),
        Workers = given.GetRequiredValue(workers),
        Pace = TimeSpan.FromMilliseconds(given.GetRequiredValue(pace)),
        Faults = !given.GetValue(calm),
        KeepIn = given.GetValue(keep),
        Log = Console.WriteLine,
    }, cancellation);
    Console.WriteLine(report.Summary());
    return report.Violations.Count == 0 ? 0 : 1;
});

var failover = new Command("failover", "Kills the leader again and again; prints how soon writes go on.") { server, gateway, kills };
failover.SetAction(async (given, cancellation) =>
{
    var kind = ServerKinds.Parse(given.GetRequiredValue(server));
    var times = await Failover.RunAsync(kind, given.GetValue(gateway), given.GetRequiredValue(kills), Console.WriteLine, cancellation);
    Console.WriteLine(times.Count == 0 ? "no kill was measured" : Failover.Summary(kind, times));
    return times.Count == 0 ? 1 : 0;
});

return await new RootCommand("Real processes under faults.") { run, failover }.Parse(args).InvokeAsync();

static void Refuse(System.CommandLine.Parsing.OptionResult result, bool refused)
{
    if (refused)
    {
        result.AddError($"{result.Option.Name} must be above 0");
    }
}
