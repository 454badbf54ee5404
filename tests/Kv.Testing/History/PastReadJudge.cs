namespace Kv.Testing.History;

/// <summary>Serializable reads and reads at a revision: each shows one earlier state exactly, none from the future, none going back.</summary>
public static class PastReadJudge
{
    private const int MostViolations = 5;

    /// <summary>Judges all of them, save for reads at a revision from before the history: what that held is not known.</summary>
    public static IReadOnlyList<Violation> Judge(IReadOnlyList<Operation> history, WriteOrder writes)
    {
        var found = new List<Violation>();
        Operation[] reads = [.. history.Where(static o => o.ReadsThePast && o.Fate == Fate.Known)
            .Where(o => o.Request is not KvRequest.Range { Revision: > 0 and var at } || at >= writes.First).OrderBy(RevisionRead)];
        foreach (var (read, state) in reads.Zip(writes.StatesAt(reads.Select(RevisionRead))))
        {
            Compare(read, state, writes, found);
        }
        FromTheFuture(reads, writes, found);
        foreach (var connection in reads.Where(static o => o.Request is KvRequest.Range { Serializable: true, Revision: 0 }).GroupBy(static o => o.Connection, StringComparer.Ordinal))
        {
            GoingBack([.. connection.OrderBy(static o => o.Return.Order)], found);
        }
        return found.Count > MostViolations ? found[..MostViolations] : found;
    }

    private static long RevisionRead(Operation read) => ((KvRequest.Range)read.Request).Revision is > 0 and var revision ? revision : read.Answer!.Revision;

    private static void Compare(Operation read, KvState state, WriteOrder writes, List<Violation> found)
    {
        var (request, answer) = ((KvRequest.Range)read.Request, (KvAnswer.Range)read.Answer!);
        if (RevisionRead(read) > writes.Last)
        {
            found.Add(new Violation("past read", $"{read}: there is no such revision, the last is {writes.Last}"));
            return;
        }
        var expected = new KvModel().Apply(state, request with { Revision = 0, Serializable = false }).Answer;
        if (!new KvModel().Matches(expected, answer with { Revision = 0 }))
        {
            found.Add(new Violation("past read", $"{read}\n  but revision {state.Revision} held {expected}"));
        }
    }

    /// <summary>A revision cannot be read before its write was called.</summary>
    private static void FromTheFuture(Operation[] reads, WriteOrder writes, List<Violation> found)
    {
        foreach (var read in reads)
        {
            if (writes.At(RevisionRead(read)) is [var change, ..] && change.By.Call.Order > read.Return.Order)
            {
                found.Add(new Violation("past read", $"{read} shows a write that was called later: {change}"));
            }
        }
    }

    /// <summary>On one connection, a read that was called after another returned shows no earlier state.</summary>
    private static void GoingBack(Operation[] byReturn, List<Violation> found)
    {
        var newest = byReturn.FirstOrDefault();
        var (highest, next) = (newest, 0);
        foreach (var read in byReturn.OrderBy(static o => o.Call.Order))
        {
            for (; next < byReturn.Length && byReturn[next].Return.Order < read.Call.Order; next++)
            {
                highest = byReturn[next].Answer!.Revision >= highest!.Answer!.Revision ? byReturn[next] : highest;
            }
            if (next > 0 && highest!.Answer!.Revision > read.Answer!.Revision && highest.Return.Order < read.Call.Order)
            {
                found.Add(new Violation("past read goes back", $"on connection {read.Connection}\n  {highest}\n  {read}"));
                return;
            }
        }
    }
}
