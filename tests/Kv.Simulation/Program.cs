using System.Diagnostics;
using System.Globalization;
using Kv.Simulation;

var seed = args.Length > 1 ? ulong.Parse(args[1], CultureInfo.InvariantCulture) : 1;
var plan = args.Contains("--alone") ? SimPlan.Alone : SimPlan.Cluster;
var watch = Stopwatch.StartNew();
if (args is ["replay", ..])
{
    Console.WriteLine(SimRun.Run(seed, plan, new Kv.Simulation.Trace(Console.Out)));
    return 0;
}

for (var i = 1UL; i <= seed; i++)
{
    try
    {
        var report = SimRun.Run(i, plan);
        Console.WriteLine($"{report.Seed} {report.Hash:x16} {report.Events} {report.Simulated} {report.Answers} {watch.Elapsed.TotalSeconds:F1}");
    }
    catch (JudgedException e)
    {
        Console.WriteLine($"{i} FAILED {e.Message}");
    }
}

return 0;
