namespace Kv.Testing.History;

/// <summary>Holds what a watcher saw against the order of writes.</summary>
/// <remarks>
/// Ordered, unique, atomic (a revision is never split over two answers), complete (nothing left out), resumable (a new watch goes on
/// where the old one ended, on any member), right in every field (previous state, creation, version), never before its start, never
/// above the header's revision, and a progress notice only when all up to its revision was sent.
/// </remarks>
public static class WatchJudge
{
    private const int MostViolations = 5;

    /// <summary>Judges one watcher.</summary>
    /// <param name="watch">What it saw.</param>
    /// <param name="writes">What happened.</param>
    /// <param name="mustReach">It must have been sent everything up to here; 0 when it was ended early.</param>
    /// <param name="compactedTo">A change at or below it may lack its previous state, as in etcd: that may be gone.</param>
    public static IReadOnlyList<Violation> Judge(WatchLog watch, WriteOrder writes, long mustReach, long compactedTo = 0)
    {
        var found = new List<Violation>();
        var reached = 0L;
        foreach (var session in watch.Sessions)
        {
            if (reached > 0 && session.Start > reached + 1 && session.Start > Compacted(watch, session) + 1)
            {
                found.Add(new Violation("watch resumed", $"{watch.Name} skipped from {reached} to {session.Start}: the harness itself is wrong"));
            }
            reached = Math.Max(reached, JudgeSession(watch, session, writes, compactedTo, found));
            if (found.Count >= MostViolations)
            {
                return found;
            }
        }
        var next = watch.Sessions.Count == 0 ? 1 : Math.Max(reached + 1, watch.Next);
        if (mustReach > 0 && writes.Between(next, mustReach, watch.Key, watch.End).FirstOrDefault() is { } missing)
        {
            found.Add(new Violation("watch complete", $"{watch.Name} was never told of {missing}; it had everything up to {next - 1} and the history ends at {mustReach}"));
        }
        return found;
    }

    /// <summary>Returns the highest revision up to which the session proved that it had everything.</summary>
    private static long JudgeSession(WatchLog watch, WatchSession session, WriteOrder writes, long compactedTo, List<Violation> found)
    {
        var (sent, split) = (session.Start - 1, false);
        foreach (var batch in session.Batches)
        {
            if (batch.Events.Count == 0)
            {
                Complete(watch, session, writes, sent + 1, batch.HeaderRevision, $"the progress notice of revision {batch.HeaderRevision} at {batch.At}", found);
                sent = Math.Max(sent, batch.HeaderRevision);
            }
            foreach (var group in Grouped(batch.Events))
            {
                var revision = group[0].Now.ModRevision;
                var place = $"{watch.Name} on {session.Connection} from {session.Start}, at {batch.At}";
                if (revision > batch.HeaderRevision)
                {
                    found.Add(new Violation("watch header", $"{place}: {group[0]} under header revision {batch.HeaderRevision}"));
                }
                if (revision < session.Start)
                {
                    found.Add(new Violation("watch start", $"{place}: {group[0]} lies before its start"));
                }
                else if (revision <= sent && !(split && revision == sent))
                {
                    found.Add(new Violation(revision == sent ? "watch atomic or unique" : "watch ordered", $"{place}: {group[0]} after revision {sent} was sent already"));
                }
                else
                {
                    Complete(watch, session, writes, sent + 1, revision - 1, $"{group[0]} at {batch.At}", found);
                    Compare(watch, place, group, writes, batch.Fragment || (split && revision == sent), compactedTo, found);
                }
                sent = Math.Max(sent, revision);
                if (found.Count >= MostViolations)
                {
                    return sent;
                }
            }
            split = batch.Fragment;
        }
        return Math.Max(sent, session.CompactRevision);
    }

    private static void Complete(WatchLog watch, WatchSession session, WriteOrder writes, long from, long to, string before, List<Violation> found)
    {
        if (writes.Between(from, to, watch.Key, watch.End).FirstOrDefault() is { } missing)
        {
            found.Add(new Violation("watch complete", $"{watch.Name} on {session.Connection} from {session.Start}: {missing} was left out before {before}"));
        }
    }

    private static void Compare(WatchLog watch, string place, List<WatchEvent> events, WriteOrder writes, bool isPart, long compactedTo, List<Violation> found)
    {
        var revision = events[0].Now.ModRevision;
        var changes = writes.Between(revision, revision, watch.Key, watch.End).ToDictionary(static c => c.Key, StringComparer.Ordinal);
        foreach (var e in events)
        {
            if (!changes.Remove(e.Now.Key, out var change) || change.Now is null != e.IsDelete)
            {
                found.Add(new Violation("watch truth", $"{place}: {e}, but revision {revision} did {Text(writes.At(revision))}"));
                continue;
            }
            if (!e.IsDelete && e.Now != change.Now)
            {
                found.Add(new Violation("watch truth", $"{place}: {e}, but it was {change}"));
            }
            if (watch.PrevKv && e.Previous is { } seen && seen != change.Previous)
            {
                found.Add(new Violation("watch previous", $"{place}: {e} with previous {seen}, but that was {change.Previous?.ToString() ?? "nothing"}"));
            }
            else if (watch.PrevKv && e.Previous is null && change.Previous is not null && revision > compactedTo)
            {
                found.Add(new Violation("watch previous", $"{place}: {e} without its previous state {change.Previous}"));
            }
        }
        if (!isPart && changes.Count > 0)
        {
            found.Add(new Violation("watch atomic", $"{place}: revision {revision} came without {Text([.. changes.Values])}"));
        }
    }

    private static long Compacted(WatchLog watch, WatchSession until) =>
        watch.Sessions.TakeWhile(s => s != until).Select(static s => s.CompactRevision).DefaultIfEmpty(0).Max();

    private static IEnumerable<List<WatchEvent>> Grouped(IReadOnlyList<WatchEvent> events)
    {
        var group = new List<WatchEvent>();
        foreach (var e in events)
        {
            if (group.Count > 0 && group[0].Now.ModRevision != e.Now.ModRevision)
            {
                yield return group;
                group = [];
            }
            group.Add(e);
        }
        if (group.Count > 0)
        {
            yield return group;
        }
    }

    private static string Text(IReadOnlyList<KeyChange> changes) => changes.Count == 0 ? "nothing" : string.Join(", ", changes);
}
