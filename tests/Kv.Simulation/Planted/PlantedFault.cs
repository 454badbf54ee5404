using Kv.Simulation.Machines;

namespace Kv.Simulation.Planted;

/// <summary>A way to do wrong, put into a world through what a node is given, never by a branch in what a release runs.</summary>
/// <param name="Name">What is wrong.</param>
/// <param name="How">How it is planted.</param>
/// <param name="Plan">Under which faults it shows.</param>
/// <param name="Near">The seed from 1 that gave it away when this was written: where a test begins, to be quick.</param>
internal sealed record PlantedFault(string Name, string How, SimPlan Plan, ulong Near)
{
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
