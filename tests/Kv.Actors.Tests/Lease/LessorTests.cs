using Kv.Actors.Lease;
using Kv.Actors.Model;
using Xunit;

namespace Kv.Actors.Tests.Lease;

public sealed class LessorTests
{
    private static readonly TimeSpan Election = TimeSpan.FromSeconds(1);

    private static MonotonicTime At(double seconds) => new((long)(seconds * 1_000_000_000));

    private static LeaseId Id(long id) => new(id);

    private static LeaseView View(params LeaseFact[] facts)
    {
        var table = new LeaseTable(1);
        foreach (var fact in facts)
        {
            table.Load(fact);
        }
        return table.View();
    }

    private static Lessor Primary(params LeaseFact[] facts)
    {
        var lessor = new Lessor(new LessorLimits());
        lessor.Promote(At(0), Election, View(facts));
        return lessor;
    }

    private static LeaseId[] Pop(Lessor lessor, double at)
    {
        var buffer = new LeaseId[4096];
        return buffer[..lessor.PopExpired(At(at), buffer)];
    }

    [Fact]
    public void A_promotion_gives_full_ttl_or_checkpoint_and_an_election_timeout_on_top()
    {
        var lessor = Primary(new LeaseFact(Id(1), 60, 0), new LeaseFact(Id(2), 60, 10));
        Assert.Equal(At(11), lessor.NextDeadline);
        Assert.Empty(Pop(lessor, 10.999999999));
        Assert.Equal([Id(2)], Pop(lessor, 11));
        Assert.Empty(Pop(lessor, 13.9));
        lessor.Forget(Id(2));
        Assert.Equal(At(61), lessor.NextDeadline);
    }

    [Fact]
    public void A_renewal_sets_the_full_ttl_from_now()
    {
        var lessor = Primary();
        lessor.Grant(Id(1), 10, At(0));
        Assert.Equal(Renewal.Renewed, lessor.Renew(Id(1), At(9.5), out var ttl));
        Assert.Equal(10, ttl);
        Assert.Empty(Pop(lessor, 19.4));
        Assert.True(lessor.TryRemaining(Id(1), At(12), out var remaining, out var granted));
        Assert.Equal(TimeSpan.FromSeconds(7.5), remaining);
        Assert.Equal(10, granted);
        Assert.Equal([Id(1)], Pop(lessor, 19.5));
    }

    [Fact]
    public void A_lease_past_its_deadline_cannot_be_renewed_even_before_it_is_handed_over()
    {
        var lessor = Primary();
        lessor.Grant(Id(1), 10, At(0));
        Assert.Equal(Renewal.Expiring, lessor.Renew(Id(1), At(10), out _));
        Assert.Equal([Id(1)], Pop(lessor, 10));
        Assert.Equal(Renewal.Expiring, lessor.Renew(Id(1), At(10.1), out _));
        Assert.True(lessor.TryRemaining(Id(1), At(12), out var remaining, out _));
        Assert.Equal(TimeSpan.FromSeconds(-2), remaining);
        Assert.Equal(Renewal.Gone, lessor.Renew(Id(99), At(0), out _));
        Assert.Equal(Renewal.Gone, lessor.Renew(LeaseId.None, At(0), out _));
    }

    [Fact]
    public void A_lease_handed_over_and_still_here_after_three_seconds_is_handed_over_again()
    {
        var lessor = Primary();
        lessor.Grant(Id(1), 10, At(0));
        Assert.Equal([Id(1)], Pop(lessor, 10));
        Assert.Empty(Pop(lessor, 12.9));
        Assert.Equal([Id(1)], Pop(lessor, 13));
        lessor.Forget(Id(1));
        Assert.Empty(Pop(lessor, 100));
        Assert.Equal(MonotonicTime.Never, lessor.NextDeadline);
    }

    [Fact]
    public void Only_a_primary_keeps_deadlines()
    {
        var lessor = new Lessor(new LessorLimits());
        lessor.Grant(Id(1), 10, At(0));
        Assert.Equal(0, lessor.Count);
        Assert.Equal(Renewal.NotPrimary, lessor.Renew(Id(1), At(0), out _));
        lessor.Promote(At(0), Election, View(new LeaseFact(Id(1), 10, 0)));
        Assert.True(lessor.IsPrimary);
        lessor.Demote();
        Assert.Equal(Renewal.NotPrimary, lessor.Renew(Id(1), At(1), out _));
        Assert.Empty(Pop(lessor, 1000));
        Assert.False(lessor.TryRemaining(Id(1), At(1), out _, out _));
    }

    [Fact]
    public void A_checkpointed_lease_is_renewed_only_after_its_checkpoint_is_cleared()
    {
        var lessor = Primary(new LeaseFact(Id(1), 60, 30));
        Assert.Equal(Renewal.ClearCheckpoint, lessor.Renew(Id(1), At(1), out var none));
        Assert.Equal(0, none);
        lessor.Checkpointed(Id(1), 0);
        Assert.Equal(Renewal.Renewed, lessor.Renew(Id(1), At(1), out var ttl));
        Assert.Equal(60, ttl);
        lessor.Checkpointed(Id(1), 40);
        Assert.Equal(Renewal.ClearCheckpoint, lessor.Renew(Id(1), At(2), out _));
    }

    [Fact]
    public void Checkpoints_come_every_interval_for_leases_longer_than_it()
    {
        var lessor = new Lessor(new LessorLimits { CheckpointInterval = TimeSpan.FromMinutes(5) });
        lessor.Promote(At(0), TimeSpan.Zero, View(new LeaseFact(Id(1), 300, 0), new LeaseFact(Id(2), 1000, 0)));
        var due = new LeaseFact[8];
        Assert.Equal(At(300), lessor.NextDeadline);
        Assert.Equal(0, lessor.PopCheckpoints(At(299.9), due));
        Assert.Equal(1, lessor.PopCheckpoints(At(300.5), due));
        Assert.Equal(new LeaseFact(Id(2), 1000, 700), due[0]);
        Assert.Equal(0, lessor.PopCheckpoints(At(600), due));
        Assert.Equal(1, lessor.PopCheckpoints(At(600.5), due));
        lessor.Forget(Id(2));
        lessor.Forget(Id(1));
        Assert.Equal(MonotonicTime.Never, lessor.NextDeadline);
    }

    [Fact]
    public void A_pile_up_at_promotion_is_spread_to_750_a_second_and_nothing_is_moved_earlier()
    {
        var facts = Enumerable.Range(1, 5000).Select(i => new LeaseFact(Id(i), i <= 4000 ? 10 : 12, 0)).ToArray();
        var lessor = Primary(facts);
        var expired = new List<(LeaseId Lease, int Ms)>();
        for (var ms = 0; ms < 30_000; ms += 50)
        {
            foreach (var lease in Pop(lessor, ms / 1000.0))
            {
                lessor.Forget(lease);
                expired.Add((lease, ms));
            }
        }
        Assert.Equal(5000, expired.Count);
        Assert.All(expired, e => Assert.True(e.Ms >= (e.Lease.Value <= 4000 ? 11_000 : 13_000)));
        for (var i = 750; i < expired.Count; i++)
        {
            Assert.True(expired[i].Ms - expired[i - 750].Ms >= 950, $"{expired[i - 750]} .. {expired[i]}");
        }
        Assert.True(expired[^1].Ms < 20_000, "no later than the pace asks for");
    }

    [Fact]
    public void Fewer_than_a_thousand_leases_are_not_spread()
    {
        var lessor = Primary([.. Enumerable.Range(1, 999).Select(i => new LeaseFact(Id(i), 10, 0))]);
        Assert.Equal(999, Pop(lessor, 11).Length);
    }

    [Fact]
    public void The_longest_ttl_does_not_overflow()
    {
        var lessor = Primary(new LeaseFact(Id(1), Limits.MaxLeaseTtlSeconds, 0));
        Assert.Equal(Renewal.Renewed, lessor.Renew(Id(1), At(1_000_000_000), out _));
        Assert.Empty(Pop(lessor, 2_000_000_000));
    }

    [Fact]
    public void The_list_is_ordered_by_what_is_left()
    {
        var lessor = Primary();
        lessor.Grant(Id(3), 30, At(0));
        lessor.Grant(Id(9), 10, At(0));
        lessor.Grant(Id(1), 30, At(0));
        Assert.Equal([Id(9), Id(1), Id(3)], lessor.InOrderOfExpiry());
        lessor.Renew(Id(9), At(9), out _);
        lessor.Renew(Id(1), At(9), out _);
        Assert.Equal([Id(9), Id(3), Id(1)], lessor.InOrderOfExpiry());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Every_history_matches_a_naive_list_of_deadlines(int seed)
    {
        var random = new Random(seed);
        var lessor = Primary();
        var model = new Dictionary<LeaseId, (long Ttl, double Expiry, double Due, bool HandedOver)>();
        var now = 0.0;
        for (var step = 0; step < 5000; step++)
        {
            now += random.Next(4) * 0.25;
            var lease = Id(random.Next(1, 120));
            switch (random.Next(6))
            {
                case 0 or 1:
                    var ttl = random.Next(1, 60);
                    lessor.Grant(lease, ttl, At(now));
                    model.TryAdd(lease, (ttl, now + ttl, now + ttl, false));
                    break;
                case 2 or 3:
                    var alive = model.TryGetValue(lease, out var known) && !known.HandedOver && known.Expiry > now;
                    var answer = lessor.Renew(lease, At(now), out var granted);
                    Assert.True(alive == (answer == Renewal.Renewed), $"seed {seed} step {step}");
                    Assert.Equal(alive ? known.Ttl : 0, granted);
                    if (alive)
                    {
                        model[lease] = known with { Expiry = now + known.Ttl, Due = now + known.Ttl };
                    }
                    break;
                case 4:
                    lessor.Forget(lease);
                    model.Remove(lease);
                    break;
                default:
                    var expected = model.Where(m => m.Value.Due <= now).Select(m => m.Key).OrderBy(l => l.Value).ToList();
                    Assert.True(expected.SequenceEqual(Pop(lessor, now).OrderBy(l => l.Value)), $"seed {seed} step {step}");
                    foreach (var gone in expected)
                    {
                        model[gone] = model[gone] with { HandedOver = true, Due = now + 3 };
                    }
                    break;
            }
            Assert.Equal(model.Count, lessor.Count);
            Assert.Equal(model.Count == 0 ? MonotonicTime.Never : At(model.Values.Min(m => m.Due)), lessor.NextDeadline);
        }
    }

    [Fact]
    public void The_pacer_bounds_what_is_outstanding_and_what_a_second_brings()
    {
        var limits = new LessorLimits { RevokeBatch = 64, MaxOutstandingRevokes = 100, RevokesPerSecond = 1000 }.Validate();
        var pacer = new RevokePacer(limits, At(0));
        Assert.Equal(64, pacer.Allowed(At(0)));
        pacer.Proposed(64);
        Assert.Equal(36, pacer.Allowed(At(0)));
        pacer.Proposed(36);
        Assert.Equal(0, pacer.Allowed(At(0)));
        Assert.Equal(MonotonicTime.Never, pacer.RetryAt(At(0)));
        pacer.Answered(100);
        Assert.Equal(0, pacer.Allowed(At(0)));                 // the bucket held 100
        Assert.Equal(At(0.001), pacer.RetryAt(At(0)));
        Assert.Equal(50, pacer.Allowed(At(0.05)));
        Assert.Equal(64, pacer.Allowed(At(60)));
    }

    [Fact]
    public void A_hundred_thousand_expiries_take_less_than_five_seconds_at_the_default_pace()
    {
        var lessor = Primary();
        for (var i = 1; i <= 100_000; i++)
        {
            lessor.Grant(Id(i), 10, At(i / 100_000.0));
        }
        var limits = new LessorLimits();
        var pacer = new RevokePacer(limits, At(10));
        var buffer = new LeaseId[limits.RevokeBatch];
        var now = 10.0;
        while (lessor.Count > 0)
        {
            while (pacer.Allowed(At(now)) is > 0 and var allowed)
            {
                var count = lessor.PopExpired(At(now), buffer.AsSpan(0, allowed));
                if (count == 0)
                {
                    break;
                }
                pacer.Proposed(count);
                foreach (var lease in buffer.AsSpan(0, count))
                {
                    lessor.Forget(lease);
                }
                pacer.Answered(count);
            }
            now += 0.01;
            Assert.True(now < 15, $"{lessor.Count} left at {now}");
        }
    }

    [Theory]
    [InlineData(0, 256, 40_000)]
    [InlineData(64, 0, 40_000)]
    [InlineData(64, 256, 0)]
    public void Limits_out_of_bounds_name_their_key(int batch, int outstanding, int rate)
    {
        var limits = new LessorLimits { RevokeBatch = batch, MaxOutstandingRevokes = outstanding, RevokesPerSecond = rate };
        Assert.StartsWith("kv.lease.", Assert.Throws<ArgumentOutOfRangeException>(limits.Validate).ParamName, StringComparison.Ordinal);
    }
}
