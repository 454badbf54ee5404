using System.CommandLine;
using Kv.Simulation;
using Kv.Simulation.Planted;

var seeds = new Option<ulong>("--seeds") { Description = "How many seeds to run.", DefaultValueFactory = static _ => 300 };
var first = new Option<ulong>("--first-seed") { Description = "The first of them.", DefaultValueFactory = static _ => 1 };
var members = new Option<int>("--members") { Description = "Members that found the cluster: 1, 3 or 5.", DefaultValueFactory = static _ => 3 };
var trouble = new Option<double>("--trouble") { Description = "Simulated seconds that faults go on in each seed.", DefaultValueFactory = static _ => SimPlan.Cluster.Trouble.TotalSeconds };
var faults = new Option<FaultKinds>("--faults") { Description = "Kinds of faults, with commas: crashes, disks, network, time, members, stops; all; none.", DefaultValueFactory = static _ => FaultKinds.All };
var threads = new Option<int>("--threads") { Description = "Seeds that run at once.", DefaultValueFactory = static _ => Environment.ProcessorCount };
var seed = new Argument<ulong>("seed") { Description = "The seed to run again." };
seeds.Validators.Add(static result => Refuse(result, result.GetValueOrDefault<ulong>() < 1, "must be at least 1"));
members.Validators.Add(static result => Refuse(result, result.GetValueOrDefault<int>() is < 1 or > 5, "must be 1 to 5"));
trouble.Validators.Add(static result => Refuse(result, result.GetValueOrDefault<double>() <= 0, "must be above 0"));
threads.Validators.Add(static result => Refuse(result, result.GetValueOrDefault<int>() < 1, "must be at least 1"));

var run = new Command("run", "Runs seeds with progress, and sums up time simulated, events and faults. Exit code 1 if a seed fails.") { seeds, first, members, trouble, faults, threads };
run.SetAction(parsed => SimBatch.Run(parsed.GetValue(first), parsed.GetValue(seeds), PlanOf(parsed), parsed.GetValue(threads), Console.Out, TimeSpan.MaxValue) ? 0 : 1);

var replay = new Command("replay", "Runs one seed with a line for each thing of note. The legend is in the README.") { seed, members, trouble, faults };
replay.SetAction(parsed =>
{
    try
    {
        Console.WriteLine(SimRun.Run(parsed.GetValue(seed), PlanOf(parsed), new Trace(Console.Out)));
        return 0;
    }
    catch (JudgedException e)
    {
        Console.WriteLine(e.Message);
        return 1;
    }
});

var most = new Option<ulong>("--most") { Description = "Seeds tried for each planted fault.", DefaultValueFactory = static _ => 2000 };
var only = new Option<string>("--only") { Description = "Only faults whose name contains this.", DefaultValueFactory = static _ => "" };
var each = new Option<ulong>("--each") { Description = "Run so many seeds of each, and tell in how many it was noticed, and by what; 0 stops at the first.", DefaultValueFactory = static _ => 0 };
var planted = new Command("planted", "Plants faults of the product's own, and tells which seed gives each away. Exit code 1 if one is not noticed.") { most, only, each, threads };
planted.SetAction(parsed =>
{
    var missed = 0;
    foreach (var fault in PlantedFaults.All.Where(fault => fault.Name.Contains(parsed.GetValue(only)!, StringComparison.Ordinal)))
    {
        var (caught, found) = fault.Catch(1, parsed.GetValue(most));
        if (caught == 0) missed++;
        Console.WriteLine($"{(caught == 0 ? "MISSED" : caught),6}  {fault.Name}: {fault.How}\n        {found.Split('\n')[0]}");
        if (parsed.GetValue(each) is not (> 0 and var seeds)) continue;
        var all = fault.CatchAll(seeds, parsed.GetValue(threads));
        var by = all.Values.GroupBy(static what => what.Split(':')[0].Split('\n')[0]).OrderByDescending(static group => group.Count()).Take(4);
        Console.WriteLine($"        in {all.Count} of {seeds} seeds: {string.Join("; ", by.Select(static group => $"{group.Count()} {group.Key[..Math.Min(60, group.Key.Length)]}"))}");
    }

    return missed == 0 ? 0 : 1;
});

return new RootCommand("Simulates whole nodes under virtual time: network, disks, clocks and clients come from a seed.") { run, replay, planted }.Parse(args).Invoke();

SimPlan PlanOf(ParseResult parsed) => new(parsed.GetValue(members), TimeSpan.FromSeconds(parsed.GetValue(trouble)), parsed.GetValue(faults));

static void Refuse(System.CommandLine.Parsing.OptionResult result, bool wrong, string what)
{
    if (wrong) result.AddError($"{result.Option.Name} {what}.");
}
