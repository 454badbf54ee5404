namespace Kv.Testing.History;

/// <summary>A member's whole store, read from that member alone after the run, with its hash of it.</summary>
public sealed record MemberState(string Member, long Revision, IReadOnlyList<KeyRecord> Keys, long HashRevision, long CompactRevision, uint Hash);

/// <summary>After the run: no acknowledged write is lost, and all members hold the same.</summary>
public static class ClusterJudge
{
    /// <summary>Each acknowledged write must be what its revision did.</summary>
    public static IReadOnlyList<Violation> AcknowledgedWrites(IReadOnlyList<Operation> history, WriteOrder writes) =>
    [
        .. history.Where(o => o is { Fate: Fate.Known, Answer: { Changed: true, Revision: > 0 } answer } && !writes.At(answer.Revision).Any(c => ReferenceEquals(c.By, o)))
            .Take(5).Select(o => new Violation("acknowledged write lost", $"{o}\n  but revision {o.Answer!.Revision} did {string.Join(", ", writes.At(o.Answer.Revision))}")),
    ];

    /// <summary>Each member must hold the store at the end of the order, and all must hash alike.</summary>
    public static IReadOnlyList<Violation> Members(IReadOnlyList<MemberState> members, WriteOrder writes)
    {
        var found = new List<Violation>();
        foreach (var member in members)
        {
            if (member.Revision != writes.Last)
            {
                found.Add(new Violation("member state", $"{member.Member} is at revision {member.Revision}, the history ends at {writes.Last}"));
                continue;
            }
            var difference = member.Keys.Except(writes.Final.Keys.Values).Select(static k => $"has {k}")
                .Concat(writes.Final.Keys.Values.Except(member.Keys).Select(static k => $"lacks {k}")).Take(5).ToArray();
            if (difference.Length > 0)
            {
                found.Add(new Violation("member state", $"{member.Member} at revision {member.Revision} {string.Join(", ", difference)}"));
            }
        }
        foreach (var same in members.GroupBy(static m => (m.HashRevision, m.CompactRevision)))
        {
            if (same.Select(static m => m.Hash).Distinct().Count() > 1)
            {
                found.Add(new Violation("member hash", $"at revision {same.Key.HashRevision}: {string.Join(", ", same.Select(static m => $"{m.Member} {m.Hash:x8}"))}"));
            }
        }
        if (members.Select(static m => (m.HashRevision, m.CompactRevision)).Distinct().Count() > 1)
        {
            found.Add(new Violation("member hash", "members were hashed at different revisions: "
                + string.Join(", ", members.Select(static m => $"{m.Member} {m.HashRevision} (compacted {m.CompactRevision})"))));
        }
        return found;
    }
}
