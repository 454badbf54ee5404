namespace Kv.Testing.History;

/// <summary>Decides whether clients could have seen what they saw from one store that does one thing at a time.</summary>
/// <remarks>
/// Answers with revisions: one search over the whole store, nearly linear because revisions say what came when. Answers without any:
/// keys are registers that know nothing of each other, and each group of keys that some operation ties together is searched on its own.
/// Operations that failed are left out, as are reads of the past (<see cref="PastReadJudge"/>); reads of unknown fate say nothing.
/// </remarks>
public static class LinearizabilityChecker
{
    /// <summary>Steps of the model after which a search is given up: some seconds.</summary>
    public const long DefaultMaxSteps = 20_000_000;

    /// <summary>Checks a history.</summary>
    /// <param name="history">In any order. Includes one <see cref="KvRequest.Revoke"/> of unknown fate for each lease that may expire.</param>
    /// <param name="watches">What watchers saw: it tells what unknown writes did. Judged by <see cref="WatchJudge"/>.</param>
    /// <param name="initial">The store when the history began; empty when left out.</param>
    /// <param name="maxSteps">When to give up.</param>
    public static LinearizabilityResult Check(
        IReadOnlyList<Operation> history, IReadOnlyList<WatchLog>? watches = null, KvState? initial = null, long maxSteps = DefaultMaxSteps)
    {
        Operation[] relevant = [.. history.Where(static o => o.Fate != Fate.Failed && !o.ReadsThePast && (o.Fate == Fate.Known || o.Request.MayWrite))];
        var revisions = relevant.Any(static o => o.Answer is { Revision: > 0 });
        var model = new KvModel(revisions);
        if (revisions)
        {
            var hints = RevisionHints.From(history, watches ?? []);
            return hints.Conflict is { } conflict
                ? new LinearizabilityResult(Verdict.NotLinearizable, [], conflict, 0)
                : new LinearizabilitySearch(model, initial ?? KvState.Empty, relevant, hints, maxSteps).Run();
        }
        var none = RevisionHints.From([], []);
        var (order, steps) = (new List<Operation>(), 0L);
        foreach (var part in KeyPartition.Split(relevant))
        {
            var result = new LinearizabilitySearch(model, initial ?? KvState.Empty, part, none, maxSteps - steps).Run();
            steps += result.Steps;
            if (!result.Ok)
            {
                return result with { Steps = steps };
            }
            order.AddRange(result.Order);
        }
        return new LinearizabilityResult(Verdict.Linearizable, order, "", steps);
    }
}
