using System.Collections.Concurrent;

namespace Kv.Simulation.Planted;

/// <summary>A way to do wrong, put into a world through what a node is given, never by a branch in what a release runs.</summary>
/// <param name="Name">What is wrong.</param>
/// <param name="How">How it is planted.</param>
/// <param name="Plan">Under which faults it shows.</param>
/// <param name="Near">The seed from 1 that gave it away when this was written: where a test begins, to be quick.</param>
internal sealed record PlantedFault(string Name, string How, SimPlan Plan, ulong Near)
{
    /// <summary>Runs seeds, and tells of each that a judge did not let pass what it said.</summary>
    /// <param name="seeds">From seed 1 on, how many.</param>
    /// <param name="threads">How many run at once.</param>
    public IReadOnlyDictionary<ulong, string> CatchAll(ulong seeds, int threads)
    {
        var found = new ConcurrentDictionary<ulong, string>();
        Parallel.For(1L, (long)seeds + 1, new ParallelOptions { MaxDegreeOfParallelism = threads }, seed =>
        {
            if (Catch((ulong)seed, 1) is (> 0, var what)) found[(ulong)seed] = what;
        });
        return found;
    }

    /// <summary>The first seed that a judge does not let pass.</summary>
    /// <param name="first">Where to begin.</param>
    /// <param name="most">Seeds that are tried.</param>
    /// <returns>The seed and what was found; 0 when none was.</returns>
    public (ulong Seed, string Found) Catch(ulong first, ulong most)
    {
        for (var seed = first; seed < first + most; seed++)
        {
            try
            {
                SimRun.Run(seed, Plan);
            }
            catch (JudgedException e)
            {
                return (seed, e.Message);
            }
        }

        return (0, "");
    }
}
