using System.Globalization;
using System.Text;
using Kv.Testing.History;

namespace Kv.Chaos;

/// <summary>What one round did and what was found.</summary>
internal sealed record RoundReport
{
    public required int Seed { get; init; }

    public required TimeSpan Time { get; init; }

    public required IReadOnlyList<Violation> Violations { get; init; }

    public required IReadOnlyDictionary<string, int> Faults { get; init; }

    public required long Revisions { get; init; }

    public required int Known { get; init; }

    public required int Failed { get; init; }

    public required int Unknown { get; init; }

    public required int UnknownThatHappened { get; init; }

    public required int Events { get; init; }

    public required int WatchSessions { get; init; }

    public required int CompactedWatches { get; init; }

    public required int Leases { get; init; }

    public required int LeasesExpired { get; init; }

    public required int Compactions { get; init; }

    public required ulong Terms { get; init; }

    /// <summary>The longest time without an acknowledged write, and when it was over.</summary>
    public required (TimeSpan Time, TimeSpan Until) LongestOutage { get; init; }

    public required TimeSpan JudgeTime { get; init; }

    public required long JudgeSteps { get; init; }

    /// <summary>State of the store at the end, with which the next round begins; none when there was no order.</summary>
    public required KvState? Final { get; init; }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"seed {Seed}: {(Violations.Count == 0 ? "nothing found" : $"{Violations.Count} VIOLATIONS")} in {Time.TotalSeconds:F0}s; {Known} answered, {Failed} failed, {Unknown} unknown ({UnknownThatHappened} happened); "
        + $"revision {Revisions}; {Events} events on {WatchSessions} watches ({CompactedWatches} compacted); {Leases} leases ({LeasesExpired} expired); {Compactions} compactions; {Terms} terms; "
        + $"longest without a write {LongestOutage.Time.TotalSeconds:F1}s (until {LongestOutage.Until.TotalSeconds:F1}s); judged in {JudgeTime.TotalSeconds:F1}s, {JudgeSteps} steps");
}

/// <summary>All rounds.</summary>
internal sealed record ChaosReport(IReadOnlyList<RoundReport> Rounds, string? KeptIn)
{
    /// <summary>Everything found.</summary>
    public IReadOnlyList<Violation> Violations => [.. Rounds.SelectMany(static r => r.Violations)];

    /// <summary>The summary of a run.</summary>
    public string Summary()
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"{Rounds.Count} rounds, {Rounds.Sum(static r => r.Time.TotalMinutes):F1} minutes of faults, {Rounds.Sum(static r => r.Known)} requests answered, "
            + $"{Rounds.Sum(static r => r.Unknown)} of unknown fate ({Rounds.Sum(static r => r.UnknownThatHappened)} had happened), {Rounds.Sum(static r => r.Events)} watch events, {Rounds.Sum(static r => r.Leases)} leases");
        text.AppendLine("faults: " + string.Join(", ", Rounds.SelectMany(static r => r.Faults).GroupBy(static f => f.Key, StringComparer.Ordinal)
            .OrderBy(static g => g.Key, StringComparer.Ordinal).Select(static g => $"{g.Key} {g.Sum(static f => f.Value)}")));
        text.AppendLine(CultureInfo.InvariantCulture, $"violations: {Violations.Count}{(KeptIn is null ? "" : $"; logs and history in {KeptIn}")}");
        foreach (var violation in Violations.Take(10))
        {
            text.AppendLine(violation.ToString());
        }
        return text.ToString().TrimEnd();
    }
}
