using System.Diagnostics;
using System.Globalization;
using Kv.Simulation;

var seed = args.Length > 1 ? ulong.Parse(args[1], CultureInfo.InvariantCulture) : 1;
var watch = Stopwatch.StartNew();
if (args is ["replay", ..])
{
    Console.WriteLine(SimRun.Run(seed, 1, new Kv.Simulation.Trace(Console.Out)));
    return 0;
}

for (var i = 1UL; i <= seed; i++)
{
    var report = SimRun.Run(i, 1);
    Console.WriteLine($"{report.Seed} {report.Hash:x16} {report.Events} {report.Simulated} {report.Answers} {watch.Elapsed.TotalSeconds:F1}");
}

return 0;
