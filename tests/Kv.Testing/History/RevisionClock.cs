namespace Kv.Testing.History;

/// <summary>When it was first known that a revision had come to be: from answers and watch events, at the clients.</summary>
public sealed class RevisionClock
{
    private readonly long[] _revisions;
    private readonly (Moment At, string By)[] _earliest;         // [i]: over all evidence of _revisions[i] and above

    private RevisionClock(long[] revisions, (Moment, string)[] earliest) => (_revisions, _earliest) = (revisions, earliest);

    /// <summary>Gathers the evidence.</summary>
    public static RevisionClock From(IEnumerable<Operation> operations, IEnumerable<WatchLog> watches)
    {
        var evidence = operations.Where(static o => o is { Fate: Fate.Known, Answer.Revision: > 0 })
            .Select(static o => (o.Answer!.Revision, At: o.Return, By: o.Client))
            .Concat(watches.SelectMany(static w => w.Sessions.SelectMany(static s => s.Batches), static (w, b) => (Revision: b.HeaderRevision, b.At, By: w.Name)))
            .OrderBy(static e => e.Revision).ToArray();
        var (revisions, earliest) = (new long[evidence.Length], new (Moment, string)[evidence.Length]);
        var best = (At: Moment.Never, By: "nobody");
        for (var i = evidence.Length - 1; i >= 0; i--)
        {
            best = evidence[i].At.Order < best.At.Order ? (evidence[i].At, evidence[i].By) : best;
            (revisions[i], earliest[i]) = (evidence[i].Revision, best);
        }
        return new RevisionClock(revisions, earliest);
    }

    /// <summary>The first moment at which somebody knew that the store had reached a revision, and who.</summary>
    public (Moment At, string By) Reached(long revision)
    {
        var index = Array.BinarySearch(_revisions, revision);
        index = index < 0 ? ~index : index;
        while (index > 0 && _revisions[index - 1] == revision)
        {
            index--;
        }
        return index < _earliest.Length ? _earliest[index] : (Moment.Never, "nobody");
    }
}
