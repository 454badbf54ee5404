namespace Kv.Simulation;

/// <summary>What a run came to.</summary>
/// <param name="Seed">Of which seed.</param>
/// <param name="Hash">Of everything that happened, in order.</param>
/// <param name="Events">How much that was.</param>
/// <param name="Simulated">Virtual time passed.</param>
/// <param name="Answers">Client calls that were answered.</param>
/// <param name="Operations">Client calls in the history that the checker has judged.</param>
/// <param name="Messages">Messages between members.</param>
/// <param name="Snapshots">Snapshots that a client took, each judged.</param>
/// <param name="Faults">Faults by kind.</param>
internal sealed record SimReport(
    ulong Seed, ulong Hash, long Events, TimeSpan Simulated, int Answers, int Operations, long Messages, int Snapshots, IReadOnlyDictionary<string, int> Faults);
