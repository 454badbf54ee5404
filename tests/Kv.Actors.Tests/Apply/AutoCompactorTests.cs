using Kv.Actors.Apply;
using Kv.Actors.Model;
using Xunit;

namespace Kv.Actors.Tests.Apply;

public class AutoCompactorTests
{
    private static readonly MonotonicTime _start = new(1_000_000_000);

    /// <summary>Runs a compactor for <paramref name="minutes"/>; the revision is the minute. Answers (minute, target) of each compaction.</summary>
    private static List<(int Minute, long Target)> Run(AutoCompactor compactor, int minutes, Func<int, bool>? succeeds = null, Func<int, long>? revisionAt = null)
    {
        var done = new List<(int, long)>();
        for (var minute = 0; minute <= minutes; minute++)
        {
            var now = _start.Plus(TimeSpan.FromMinutes(minute));
            if (compactor.Look(now, revisionAt?.Invoke(minute) ?? minute + 100) is { } target)
            {
                done.Add((minute, target));
                if (succeeds?.Invoke(minute) != false)
                {
                    compactor.Succeeded(target);
                }
            }
        }

        return done;
    }

    [Fact]
    public void Periodic_waits_one_period_and_then_compacts_every_interval_to_a_period_ago() => Assert.Equal(
        [(60, 100), (120, 160), (180, 220)],
        Run(AutoCompactor.Periodic(TimeSpan.FromHours(1), _start), 190));

    [Fact]
    public void A_long_period_is_compacted_hourly() => Assert.Equal(
        [(180, 100), (240, 160), (300, 220)],
        Run(AutoCompactor.Periodic(TimeSpan.FromHours(3), _start), 310));

    [Fact]
    public void A_short_period_is_its_own_interval() => Assert.Equal(
        [(10, 100), (20, 110), (30, 120)],
        Run(AutoCompactor.Periodic(TimeSpan.FromMinutes(10), _start), 35));

    [Fact]
    public void A_failure_is_tried_again_a_tenth_of_the_interval_later() => Assert.Equal(
        [(60, 100), (66, 106), (126, 166)],
        Run(AutoCompactor.Periodic(TimeSpan.FromHours(1), _start), 130, succeeds: minute => minute != 60));

    [Fact]
    public void Nothing_is_compacted_twice() => Assert.Equal(
        [(60, 7L)],
        Run(AutoCompactor.Periodic(TimeSpan.FromHours(1), _start), 400, revisionAt: _ => 7));

    [Fact]
    public void Paused_it_samples_but_does_not_compact()
    {
        var compactor = AutoCompactor.Periodic(TimeSpan.FromHours(1), _start);
        compactor.Pause();
        Assert.Empty(Run(compactor, 119));
        compactor.Resume();
        Assert.Equal(160, compactor.Look(_start.Plus(TimeSpan.FromMinutes(120)), 220));
    }

    [Fact]
    public void Revision_mode_keeps_that_many_every_five_minutes() => Assert.Equal(
        [(5, 95), (10, 100), (15, 105)],
        Run(AutoCompactor.Revisions(10, _start), 19));

    [Fact]
    public void Revision_mode_has_nothing_to_do_for_a_young_or_idle_store()
    {
        Assert.Empty(Run(AutoCompactor.Revisions(1000, _start), 60));
        Assert.Equal([(5, 90L)], Run(AutoCompactor.Revisions(10, _start), 60, revisionAt: _ => 100));
    }

    [Fact]
    public void It_says_when_it_wants_to_be_asked_and_ignores_earlier_calls()
    {
        var compactor = AutoCompactor.Revisions(10, _start);
        Assert.Equal(_start.Plus(TimeSpan.FromMinutes(5)), compactor.NextLook);
        Assert.Null(compactor.Look(_start.Plus(TimeSpan.FromMinutes(4)), 100));
        Assert.Equal(90, compactor.Look(compactor.NextLook, 100));
    }
}
