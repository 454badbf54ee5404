using Kv.Actors.Model;
using Kv.Actors.Raft;
using Xunit;

namespace Kv.Actors.Tests.Raft;

public sealed class RaftLogTests
{
    [Fact]
    public void An_append_is_refused_where_the_entry_before_is_missing_or_different()
    {
        var log = Log(1, 1, 2);
        Assert.False(log.TryAppend(4, 2, Entries(5, 3), 0, out _));
        Assert.False(log.TryAppend(3, 1, Entries(4, 3), 0, out _));
        Assert.Equal(3UL, log.LastIndex);
    }

    [Fact]
    public void An_append_keeps_what_matches_and_cuts_off_what_does_not()
    {
        var log = Log(1, 1, 2, 2);
        Assert.True(log.TryAppend(1, 1, Entries(2, 1, 2), 2, out var last));
        Assert.Equal((3UL, 4UL, 2UL), (last, log.LastIndex, log.Committed));     // a prefix of what is here: nothing is cut
        Assert.True(log.TryAppend(2, 1, Entries(3, 2, 3, 3), 9, out last));
        Assert.Equal((5UL, 5UL, 5UL), (last, log.LastIndex, log.Committed));
        Assert.True(log.Matches(4, 3));
    }

    [Fact]
    public void A_conflict_with_what_is_committed_is_fatal()
    {
        var log = Log(1, 1, 1);
        log.CommitTo(2);
        Assert.Throws<RaftBugException>(() => log.TryAppend(0, 0, Entries(1, 1, 2), 0, out _));
        Assert.Throws<RaftBugException>(() => log.CommitTo(4));
        Assert.Throws<RaftBugException>(() => log.TruncateFrom(2));
    }

    [Fact]
    public void Up_to_date_compares_the_last_term_first()
    {
        var log = Log(1, 2, 2);
        Assert.True(log.IsUpToDate(1, 3));
        Assert.True(log.IsUpToDate(3, 2));
        Assert.False(log.IsUpToDate(2, 2));
        Assert.False(log.IsUpToDate(9, 1));
    }

    [Fact]
    public void Conflicts_are_found_term_by_term()
    {
        var log = Log(1, 1, 4, 4, 6);
        Assert.Equal((5UL, 6UL), log.FindConflictByTerm(5, 7));
        Assert.Equal((4UL, 4UL), log.FindConflictByTerm(5, 5));
        Assert.Equal((2UL, 1UL), log.FindConflictByTerm(4, 3));
        Assert.Equal((0UL, 0UL), log.FindConflictByTerm(4, 0));
        Assert.Equal((9UL, 0UL), log.FindConflictByTerm(9, 3));        // beyond the end nothing is known
    }

    [Fact]
    public void Slices_are_bounded_by_bytes_but_never_empty()
    {
        var log = Log(1, 1, 1, 1);
        Assert.Equal("[2..3]", log.Slice(2, 4, 2 * Entry.OverheadBytes).ToString());
        Assert.Equal("[2..2]", log.Slice(2, 4, 1).ToString());
        Assert.Equal("[]", log.Slice(5, 4, 100).ToString());
    }

    [Fact]
    public void A_slice_is_not_touched_by_later_truncation()
    {
        var log = Log(1, 1, 1);
        var slice = log.Slice(1, 3);
        log.TruncateFrom(2);
        log.Append(new Entry(5, 2, EntryType.Normal, default));
        Assert.Equal(1UL, slice[1].Term);
        Assert.Equal(5UL, log.Slice(1, 2)[1].Term);
    }

    [Fact]
    public void Truncation_takes_back_what_was_handed_out_and_what_was_stable()
    {
        var log = Log(1, 1, 1);
        log.HandOut();
        log.TruncateFrom(2);
        log.Append(new Entry(2, 2, EntryType.Normal, default));
        log.HandedIsStable();                          // the write that is done had the old entries 2 and 3
        Assert.Equal((1UL, 1UL, true), (log.Stable, log.Handed, log.HasUnhanded));
        Assert.Equal("[2..2]", log.HandOut().ToString());
        log.HandedIsStable();
        Assert.Equal(2UL, log.Stable);
    }

    [Fact]
    public void Applying_stays_within_its_budget_and_always_moves()
    {
        var log = Log(1, 1, 1);
        log.CommitTo(3);
        Assert.Equal("[1..2]", log.HandOutCommitted(2 * Entry.OverheadBytes).ToString());
        Assert.False(log.CanApply(2 * Entry.OverheadBytes));
        log.AppliedTo(1);
        Assert.Equal("[3..3]", log.HandOutCommitted(2 * Entry.OverheadBytes).ToString());
        log.AppliedTo(3);
        Assert.Equal(0, log.UnappliedBytes);
        Assert.Throws<RaftBugException>(() => log.AppliedTo(4));
        Assert.Equal(0, log.AppliedTo(1));             // an older report
    }

    [Fact]
    public void Compaction_needs_a_snapshot_and_keeps_the_term_before_the_first_entry()
    {
        var log = Applied(1, 2, 3);
        Assert.Throws<RaftBugException>(() => log.Compact(2));
        log.SnapshotTaken(new SnapshotMeta(2, 2, new ConfState([1])));
        log.Compact(2);
        Assert.Equal((3UL, 2UL, 2UL), (log.FirstIndex, log.BaseIndex, log.BaseTerm));
        Assert.True(log.TryTerm(2, out var term) && term == 2);
        Assert.False(log.TryTerm(1, out _));
        Assert.Throws<RaftBugException>(() => log[2]);
        log.Compact(1);                                // nothing left to do
    }

    [Fact]
    public void A_snapshot_replaces_the_log_and_reports_from_before_are_let_go()
    {
        var log = Log(1, 1, 1);
        log.CommitTo(2);
        log.HandOutCommitted(long.MaxValue);
        var meta = new SnapshotMeta(10, 4, new ConfState([1]));
        log.Install(meta);
        Assert.Equal((11UL, 10UL, 10UL, 4UL), (log.FirstIndex, log.LastIndex, log.Committed, log.LastTerm));
        Assert.False(log.CanApply(100));
        log.AppliedTo(2);
        log.SnapshotIsStable(meta);
        Assert.Equal((10UL, 10UL, 0L), (log.Applied, log.Applying, log.UnappliedBytes));
        Assert.Equal(meta, log.Snapshot);
    }

    [Fact]
    public void Any_sequence_of_operations_matches_a_list()
    {
        for (var seed = 1UL; seed <= 300; seed++)
        {
            var random = new Prng(seed);
            var (log, model, baseIndex, term) = (new RaftLog(), new List<(ulong Term, EntryType Type)>(), 0UL, 1UL);
            for (var step = 0; step < 200; step++)
            {
                switch (random.NextInt(4))
                {
                    case 0:
                    case 1:
                        if (random.NextBool(0.1)) term++;
                        for (var i = random.NextInt(40); i >= 0; i--)
                        {
                            model.Add((term, random.NextBool(0.05) ? EntryType.ConfChange : EntryType.Normal));
                            log.Append(new Entry(term, (ulong)model.Count, model[^1].Type, default));
                        }

                        break;
                    case 2 when log.LastIndex > log.Committed:
                        var from = log.Committed + 1 + (ulong)random.NextInt((int)(log.LastIndex - log.Committed));
                        log.TruncateFrom(from);
                        model.RemoveRange((int)from - 1, model.Count - (int)from + 1);
                        break;
                    case 3 when log.LastIndex > 0:
                        log.CommitTo(log.Committed + (ulong)random.NextInt((int)(log.LastIndex - log.Committed) + 1));
                        log.HandOut();
                        log.HandedIsStable();
                        var slice = log.HandOutCommitted(long.MaxValue);
                        if (slice.Count > 0) log.AppliedTo(slice.LastIndex);
                        if (log.Applied <= log.BaseIndex || !random.NextBool(0.5)) break;
                        baseIndex = log.BaseIndex + 1 + (ulong)random.NextInt((int)(log.Applied - log.BaseIndex));
                        log.SnapshotTaken(new SnapshotMeta(log.Applied, model[(int)log.Applied - 1].Term, new ConfState([1])));
                        log.Compact(baseIndex);
                        break;
                }

                var expected = model.Skip((int)baseIndex);
                var actual = log.Slice(log.FirstIndex, log.LastIndex).ToArray().Select(e => (e.Term, e.Type));
                Assert.True(expected.SequenceEqual(actual), $"seed {seed} step {step}");
                Assert.True(log.LastIndex == (ulong)model.Count && log.FirstIndex == baseIndex + 1, $"seed {seed} step {step}");
                var after = baseIndex + (ulong)random.NextInt((int)(log.LastIndex - baseIndex) + 1);
                var change = model.FindIndex((int)after, static e => e.Type == EntryType.ConfChange) + 1;
                Assert.True(log.FirstCommittedConfChange(after) == (change <= (int)log.Committed ? (ulong)change : 0), $"seed {seed} step {step}");
            }
        }
    }

    private static RaftLog Log(params ulong[] terms)
    {
        var log = new RaftLog();
        foreach (var term in terms) log.Append(new Entry(term, log.LastIndex + 1, EntryType.Normal, default));
        return log;
    }

    private static RaftLog Applied(params ulong[] terms)
    {
        var log = Log(terms);
        log.HandOut();
        log.HandedIsStable();
        log.CommitTo(log.LastIndex);
        log.HandOutCommitted(long.MaxValue);
        log.AppliedTo(log.LastIndex);
        return log;
    }

    private static LogSlice Entries(ulong first, params ulong[] terms) =>
        new([.. terms.Select((term, i) => new Entry(term, first + (ulong)i, EntryType.Normal, default))]);
}
