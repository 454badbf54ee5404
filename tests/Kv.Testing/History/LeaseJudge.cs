namespace Kv.Testing.History;

/// <summary>Leases never expire early by their holder's clock, stay dead, and end at last when nobody keeps them.</summary>
/// <remarks>That a lease's keys go in one revision is the model's rule (<see cref="KvModel"/>): a half would be a revision that nobody wrote.</remarks>
public static class LeaseJudge
{
    /// <summary>Judges one lease.</summary>
    /// <param name="lease">Its life.</param>
    /// <param name="history">All operations: a revoke by a client is no expiry.</param>
    /// <param name="writes">What happened.</param>
    /// <param name="clock">When it was known.</param>
    /// <param name="endedBy">The end of the run, if leases must have ended by then.</param>
    /// <param name="grace">How long after its time a lease may live on: a new leader starts every lease's time anew.</param>
    public static IReadOnlyList<Violation> Judge(
        LeaseLog lease, IReadOnlyList<Operation> history, WriteOrder writes, RevisionClock clock, Moment? endedBy = null, TimeSpan grace = default)
    {
        var found = new List<Violation>();
        var revokes = history.Where(o => o.Request is KvRequest.Revoke { Expired: false } revoke && revoke.Lease == lease.Id && o.Fate != Fate.Failed).ToArray();
        var firstRevoke = revokes.Select(static o => o.Call.Order).DefaultIfEmpty(long.MaxValue).Min();
        var (end, how) = EarliestEnd(lease, revokes, writes, clock);

        foreach (var call in lease.Calls.Where(static c => c.Answer == LeaseAnswer.Alive))
        {
            // Whoever kept it alive proved that it lived at some time after the call, and may count on the whole TTL from there.
            if (end.At < call.Call.At + call.Ttl && firstRevoke > end.Order)
            {
                found.Add(new Violation("lease early", $"lease {lease.Id:x} was gone at {end}, {how}, but {call} promised it until {(call.Call.At + call.Ttl).TotalSeconds:F3}s"));
                break;
            }
        }
        if (lease.Calls.FirstOrDefault(c => c.Answer == LeaseAnswer.Alive && c.Call.Order > end.Order) is { } revived)
        {
            found.Add(new Violation("lease revived", $"lease {lease.Id:x} was gone at {end}, {how}, but later: {revived}"));
        }
        if (endedBy is { } over && lease.Calls.Max(static c => c.Answer == LeaseAnswer.Alive || c.Return == Moment.Never ? c.Call.At + c.Ttl : TimeSpan.Zero) is var last
            && last + grace < over.At && writes.Final.Keys.Values.FirstOrDefault(k => k.Lease == lease.Id) is { } left)
        {
            found.Add(new Violation("lease late", $"lease {lease.Id:x} was last alive until {last.TotalSeconds:F3}s, but at {over} it still holds {left}"));
        }
        return found;
    }

    /// <summary>The first moment at which somebody knew that it was gone.</summary>
    private static (Moment At, string How) EarliestEnd(LeaseLog lease, Operation[] revokes, WriteOrder writes, RevisionClock clock)
    {
        var (end, how) = (Moment.Never, "never");
        void Know(Moment at, string why)
        {
            if (at.Order < end.Order)
            {
                (end, how) = (at, why);
            }
        }
        foreach (var call in lease.Calls.Where(static c => c.Answer == LeaseAnswer.Gone))
        {
            Know(call.Return, $"as {call.Client} was told");
        }
        foreach (var revoke in revokes.Where(static o => o.Fate == Fate.Known))
        {
            Know(revoke.Return, "revoked");
        }
        for (var revision = writes.First + 1; revision <= writes.Last; revision++)
        {
            if (writes.At(revision) is [{ By.Request: KvRequest.Revoke revoke }, ..] && revoke.Lease == lease.Id)
            {
                var (at, by) = clock.Reached(revision);
                Know(at, $"as {by} saw in revision {revision}");
            }
        }
        return (end, how);
    }
}
