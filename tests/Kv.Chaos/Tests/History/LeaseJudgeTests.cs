using Kv.Testing.History;
using Xunit;
using static Kv.Chaos.Tests.History.Story;

namespace Kv.Chaos.Tests.History;

public sealed class LeaseJudgeTests
{
    private const long Lease = 0x77;

    [Fact]
    public void A_lease_that_ends_when_its_time_is_over_passes() => Assert.Empty(Judge(KeptAliveAt(4), seenGoneAt: 9.5));

    [Fact]
    public void Keys_that_go_before_their_time_are_found() =>
        Assert.Equal("lease early", Assert.Single(Judge(KeptAliveAt(4), seenGoneAt: 8.9)).Rule);

    [Fact]
    public void A_keep_alive_that_may_not_have_arrived_promises_nothing() =>
        Assert.Empty(Judge(KeptAliveAt(4, LeaseAnswer.Unknown), seenGoneAt: 8.9));

    [Fact]
    public void A_lease_that_its_client_revoked_may_go_at_once()
    {
        var story = Holding();
        story.Known(6, 6.5, new KvRequest.Revoke(Lease), new KvAnswer.Revoke());
        Assert.Empty(Judge(KeptAliveAt(4), seenGoneAt: 7, story));
    }

    [Fact]
    public void A_dead_lease_that_is_kept_alive_is_found() =>
        Assert.Contains("lease revived", Judge(KeptAliveAt(12), seenGoneAt: 9.5).Select(static v => v.Rule));

    [Fact]
    public void A_holder_that_is_told_too_early_that_there_is_no_lease_is_enough()
    {
        var lease = KeptAliveAt(4);
        lease.Add(new LeaseCall("holder", At(6), At(6.1), LeaseAnswer.Gone, TimeSpan.Zero));
        Assert.Contains("lease early", Judge(lease, seenGoneAt: 20).Select(static v => v.Rule));
    }

    [Fact]
    public void A_lease_that_nobody_keeps_must_end()
    {
        var (story, lease) = (Holding(), KeptAliveAt(4));
        story.Known(30, 31, new KvRequest.Range("a"), new KvAnswer.Range([Key("a", "1", 2, 2, 1, Lease)], 1), 2);
        RunHistory Run(double grace) => new()
        {
            Operations = story.Operations,
            Leases = [lease],
            LeasesEndedBy = At(30),
            LeaseGrace = TimeSpan.FromSeconds(grace),
        };
        Assert.Equal("lease late", Assert.Single(Run(grace: 10).Judge().Violations).Rule);
        Assert.True(Run(grace: 25).Judge().Ok);
    }

    private static Story Holding()
    {
        var story = new Story();
        story.Put(1, 1.5, "a", "1", 2, Lease);
        return story;
    }

    private static LeaseLog KeptAliveAt(double call, LeaseAnswer answer = LeaseAnswer.Alive)
    {
        var lease = new LeaseLog(Lease, new LeaseCall("holder", At(0), At(0.5), LeaseAnswer.Alive, TimeSpan.FromSeconds(5)));
        lease.Add(new LeaseCall("holder", At(call), answer == LeaseAnswer.Unknown ? Moment.Never : At(call + 0.5), answer, TimeSpan.FromSeconds(5)));
        return lease;
    }

    private static IReadOnlyList<Violation> Judge(LeaseLog lease, double seenGoneAt, Story? story = null)
    {
        story ??= Holding();
        story.Known(seenGoneAt - 0.1, seenGoneAt, new KvRequest.Range("a"), Nothing, 3);
        return new RunHistory { Operations = story.Operations, Leases = [lease] }.Judge().Violations;
    }
}
