namespace Kv.Testing.History;

/// <summary>Everything that clients saw of one run, and the judgement over all of it.</summary>
public sealed record RunHistory
{
    /// <summary>All requests.</summary>
    public required IReadOnlyList<Operation> Operations { get; init; }

    /// <summary>All watchers.</summary>
    public IReadOnlyList<WatchLog> Watches { get; init; } = [];

    /// <summary>All leases.</summary>
    public IReadOnlyList<LeaseLog> Leases { get; init; } = [];

    /// <summary>All members after the run; empty to leave them out.</summary>
    public IReadOnlyList<MemberState> Members { get; init; } = [];

    /// <summary>The store when the run began; empty when left out.</summary>
    public KvState? Initial { get; init; }

    /// <summary>Watchers must have been told of everything by the end: the cluster was whole, and they were given the time.</summary>
    public bool WatchersCaughtUp { get; init; }

    /// <summary>The highest revision that anybody compacted at: states before it are gone, and watchers may not be shown them.</summary>
    public long CompactedTo { get; init; }

    /// <summary>By then every lease that nobody keeps must have ended; nothing is asked when left out.</summary>
    public Moment? LeasesEndedBy { get; init; }

    /// <summary>How long after its time a lease may live on.</summary>
    public TimeSpan LeaseGrace { get; init; }

    /// <summary>When the checker gives up.</summary>
    public long MaxSteps { get; init; } = LinearizabilityChecker.DefaultMaxSteps;

    /// <summary>Judges it by all rules. The later rules need the order of writes, so they wait until the history is linearizable.</summary>
    public Judgement Judge()
    {
        Operation[] history = [.. Operations, .. Leases.Select(static l => l.Expiry())];
        var checkedOrder = LinearizabilityChecker.Check(history, Watches, Initial, MaxSteps);
        if (!checkedOrder.Ok)
        {
            return new Judgement(checkedOrder, null, [new Violation(checkedOrder.Verdict == Verdict.Undecided ? "undecided" : "not linearizable", checkedOrder.Explanation)]);
        }
        var writes = WriteOrder.From(checkedOrder.Order, Initial);
        var clock = RevisionClock.From(history, Watches);
        return new Judgement(checkedOrder, writes,
        [
            .. ClusterJudge.AcknowledgedWrites(history, writes),
            .. PastReadJudge.Judge(history, writes),
            .. Watches.SelectMany(w => WatchJudge.Judge(w, writes, WatchersCaughtUp ? writes.Last : 0, CompactedTo)),
            .. Leases.SelectMany(l => LeaseJudge.Judge(l, history, writes, clock, LeasesEndedBy, LeaseGrace)),
            .. ClusterJudge.Members(Members, writes),
        ]);
    }
}

/// <summary>What came out of <see cref="RunHistory.Judge"/>.</summary>
/// <param name="Order">The checker's verdict.</param>
/// <param name="Writes">What every revision did; none when there is no order.</param>
/// <param name="Violations">Everything that must not have happened.</param>
public sealed record Judgement(LinearizabilityResult Order, WriteOrder? Writes, IReadOnlyList<Violation> Violations)
{
    /// <summary>Whether nothing was found.</summary>
    public bool Ok => Violations.Count == 0;

    /// <inheritdoc/>
    public override string ToString() => Ok ? Order.ToString() : string.Join('\n', Violations);
}
