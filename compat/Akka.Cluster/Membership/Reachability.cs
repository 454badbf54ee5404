using System.Collections.Immutable;

namespace Akka.Cluster;

/// <summary>What one member thinks of another.</summary>
internal enum ReachabilityStatus
{
    Reachable,
    Unreachable,

    /// <summary>Known to be gone for good: a new run of the same node has shown up, or it is quarantined.</summary>
    Terminated,
}

/// <summary>
/// Who cannot reach whom. Each observer owns one row and counts its changes; of two rows of one observer the one with the higher count is the newer.
/// <code>
///  observer  version  cannot reach
///  a         3        c: Unreachable
///  b         5        (nobody; it did once)
/// </code>
/// </summary>
internal sealed class Reachability
{
    internal static readonly Reachability Empty = new(ImmutableDictionary<UniqueAddress, Row>.Empty);

    private ImmutableDictionary<UniqueAddress, ReachabilityStatus> _worst;

    internal Reachability(ImmutableDictionary<UniqueAddress, Row> rows) => Rows = rows;

    internal ImmutableDictionary<UniqueAddress, Row> Rows { get; }

    /// <summary>Everybody that somebody cannot reach, with the worst that is said.</summary>
    internal ImmutableDictionary<UniqueAddress, ReachabilityStatus> NotReachable => _worst ??= Worst();

    internal bool IsAllReachable => NotReachable.IsEmpty;

    internal bool IsReachable(UniqueAddress node) => !NotReachable.ContainsKey(node);

    internal ReachabilityStatus Status(UniqueAddress observer, UniqueAddress subject) =>
        Rows.TryGetValue(observer, out var row) ? row.Subjects.GetValueOrDefault(subject) : ReachabilityStatus.Reachable;

    internal Reachability Unreachable(UniqueAddress observer, UniqueAddress subject) => Change(observer, subject, ReachabilityStatus.Unreachable);

    internal Reachability Reachable(UniqueAddress observer, UniqueAddress subject) => Change(observer, subject, ReachabilityStatus.Reachable);

    internal Reachability Terminated(UniqueAddress observer, UniqueAddress subject) => Change(observer, subject, ReachabilityStatus.Terminated);

    private Reachability Change(UniqueAddress observer, UniqueAddress subject, ReachabilityStatus status)
    {
        var row = Rows.GetValueOrDefault(observer) ?? Row.Empty;
        var before = row.Subjects.GetValueOrDefault(subject);
        if (before == status || before == ReachabilityStatus.Terminated) return this;
        var subjects = status == ReachabilityStatus.Reachable ? row.Subjects.Remove(subject) : row.Subjects.SetItem(subject, status);
        return new Reachability(Rows.SetItem(observer, new Row(row.Version + 1, subjects)));
    }

    /// <summary>Without nodes that are gone, as observers and as subjects.</summary>
    internal Reachability Remove(IReadOnlySet<UniqueAddress> gone) => Keep(node => !gone.Contains(node));

    /// <summary>Without what some observers say.</summary>
    internal Reachability WithoutObservers(IReadOnlySet<UniqueAddress> observers) =>
        observers.Count == 0 ? this : new Reachability(Rows.RemoveRange(observers));

    /// <summary>The newer row of each observer, about those in <paramref name="members"/> alone.</summary>
    internal Reachability Merge(IReadOnlySet<UniqueAddress> members, Reachability that)
    {
        var rows = Rows.ToBuilder();
        foreach (var (observer, row) in that.Rows)
            if (!rows.TryGetValue(observer, out var mine) || row.Version > mine.Version) rows[observer] = row;
        return new Reachability(rows.ToImmutable()).Keep(members.Contains);
    }

    private Reachability Keep(Func<UniqueAddress, bool> keep)
    {
        var rows = ImmutableDictionary.CreateBuilder<UniqueAddress, Row>();
        foreach (var (observer, row) in Rows)
        {
            if (!keep(observer)) continue;
            var gone = row.Subjects.Keys.Where(subject => !keep(subject)).ToList();
            rows[observer] = gone.Count == 0 ? row : row with { Subjects = row.Subjects.RemoveRange(gone) };
        }

        return new Reachability(rows.ToImmutable());
    }

    private ImmutableDictionary<UniqueAddress, ReachabilityStatus> Worst()
    {
        var worst = ImmutableDictionary.CreateBuilder<UniqueAddress, ReachabilityStatus>();
        foreach (var row in Rows.Values)
        {
            foreach (var (subject, status) in row.Subjects)
                if (status > worst.GetValueOrDefault(subject)) worst[subject] = status;
        }

        return worst.ToImmutable();
    }

    public override string ToString() => string.Join(", ", Rows.SelectMany(static row =>
        row.Value.Subjects.Select(subject => $"{row.Key.Address} -> {subject.Key.Address}: {subject.Value} ({row.Value.Version})")));

    internal sealed record Row(long Version, ImmutableDictionary<UniqueAddress, ReachabilityStatus> Subjects)
    {
        internal static readonly Row Empty = new(0, ImmutableDictionary<UniqueAddress, ReachabilityStatus>.Empty);
    }
}
