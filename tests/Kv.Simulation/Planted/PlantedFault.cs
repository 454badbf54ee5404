using Kv.Simulation.Machines;

namespace Kv.Simulation.Planted;

/// <summary>A way to do wrong, put into a world through what a node is given, never by a branch in what a release runs.</summary>
/// <param name="Name">What is wrong.</param>
/// <param name="How">How it is planted.</param>
/// <param name="Plan">Under which faults it shows.</param>
internal sealed record PlantedFault(string Name, string How, SimPlan Plan)
{
    /// <summary>The first seed that a judge does not let pass.</summary>
    /// <param name="most">Seeds that are tried.</param>
    /// <returns>The seed from 1 and what was found; 0 when none was.</returns>
    public (ulong Seed, string Found) Catch(ulong most)
    {
        for (var seed = 1UL; seed <= most; seed++)
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
