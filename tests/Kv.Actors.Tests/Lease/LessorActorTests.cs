using System.Threading.Channels;
using Akka.Actor;
using Akka.TestKit;
using Kv.Actors.Lease;
using Kv.Actors.Model;
using Kv.Testing;
using Xunit;

namespace Kv.Actors.Tests.Lease;

public sealed class LessorActorTests : PatientTestKit
{
    private const string VirtualTime = """akka.scheduler.implementation = "Akka.TestKit.TestScheduler, Akka.TestKit" """;


    private readonly HandClock _clock = new();
    private readonly Channel<Asked<LeaseId>> _revokes = Channel.CreateUnbounded<Asked<LeaseId>>();
    private readonly Channel<Asked<LeaseFact>> _checkpoints = Channel.CreateUnbounded<Asked<LeaseFact>>();

    public LessorActorTests()
        : base(VirtualTime)
    {
    }

    private static LeaseId Id(long id) => new(id);

    [Fact]
    public async Task An_expired_lease_is_revoked_when_its_deadline_comes_and_not_before()
    {
        var (lessor, clock) = Start();
        await Sync(lessor, Granted(1, 10));
        Advance(TimeSpan.FromSeconds(9.9));
        await Sync(lessor);
        Assert.False(_revokes.Reader.TryRead(out _));
        Advance(TimeSpan.FromSeconds(0.2));
        var asked = await Next(_revokes);
        Assert.Equal([Id(1)], asked.Items);
        await Sync(lessor, new LeaseChange(LeaseChangeKind.Revoked, Id(1), 0));
        asked.Done.SetResult(KvError.None);
        Assert.Equal(0, clock.Count);
    }

    [Fact]
    public async Task A_keep_alive_straight_to_the_clock_puts_the_deadline_off()
    {
        var (lessor, clock) = Start();
        await Sync(lessor, Granted(1, 10));
        Advance(TimeSpan.FromSeconds(8));
        Assert.Equal(Renewal.Renewed, clock.Renew(Id(1), out var ttl));
        Assert.Equal(10, ttl);
        Advance(TimeSpan.FromSeconds(9));
        await Sync(lessor);
        Assert.False(_revokes.Reader.TryRead(out _));
        Assert.True(clock.TryRemaining(Id(1), out var remaining, out _));
        Assert.Equal(TimeSpan.FromSeconds(1), remaining);
        Advance(TimeSpan.FromSeconds(1.1));
        Assert.Equal([Id(1)], (await Next(_revokes)).Items);
        Assert.Equal(Renewal.Expiring, clock.Renew(Id(1), out _));
    }

    [Fact]
    public async Task A_keep_alive_of_a_lease_that_runs_out_is_answered_when_its_revocation_is_applied()
    {
        var (lessor, _) = Start();
        await Sync(lessor, Granted(1, 10), Granted(2, 10), Granted(3, 60));
        Advance(TimeSpan.FromSeconds(10.1));
        var asked = await Next(_revokes);
        Task<KeepAliveReply>[] one = [KeepAlive(lessor, 1), KeepAlive(lessor, 1)];
        var two = KeepAlive(lessor, 2);
        Assert.Equal(new KeepAliveReply(KvError.None, 60), await KeepAlive(lessor, 3));
        asked.Done.SetResult(KvError.None);                // proposed and carried out somewhere: it is the change here that counts
        await Sync(lessor);
        Assert.All((Task[])[.. one, two], static kept => Assert.False(kept.IsCompleted));
        // A new lease of the same id in the same batch is another lease.
        await Sync(lessor, new LeaseChange(LeaseChangeKind.Revoked, Id(1), 0), Granted(1, 30));
        Assert.All(await Task.WhenAll(one), static reply => Assert.Equal(new KeepAliveReply(KvError.None, 0), reply));
        Assert.False(two.IsCompleted);
        await Sync(lessor, new LeaseChange(LeaseChangeKind.Revoked, Id(2), 0));
        Assert.Equal(new KeepAliveReply(KvError.None, 0), await two);
        Assert.Equal(new KeepAliveReply(KvError.None, 30), await KeepAlive(lessor, 1));
    }

    [Fact]
    public async Task A_keep_alive_that_waits_for_a_revocation_is_told_when_another_member_leads_or_the_lessor_ends()
    {
        var (lessor, _) = Start();
        await Sync(lessor, Granted(1, 10));
        Advance(TimeSpan.FromSeconds(10.1));
        var kept = KeepAlive(lessor, 1);
        await Sync(lessor);
        Assert.False(kept.IsCompleted);
        lessor.Tell(new LessorCommand.Demote(3));
        Assert.Equal(new KeepAliveReply(KvError.NotPrimaryLessor, 0), await kept);

        lessor.Tell(new LessorCommand.Promote(4, LeaseView.Empty));
        await Sync(lessor, Granted(2, 10));
        Advance(TimeSpan.FromSeconds(10.1));
        kept = KeepAlive(lessor, 2);
        await Sync(lessor);
        Assert.False(kept.IsCompleted);
        Sys.Stop(lessor);
        Assert.Equal(new KeepAliveReply(KvError.NotPrimaryLessor, 0), await kept);
    }

    [Fact]
    public async Task A_keep_alive_by_mail_stands_behind_the_grant_it_may_have_overtaken()
    {
        var (lessor, clock) = Start();
        await Sync(lessor);
        Assert.Equal(Renewal.Gone, clock.Renew(Id(1), out _));
        lessor.Tell(new LessorCommand.Applied([Granted(1, 10)]));
        Assert.Equal(new KeepAliveReply(KvError.None, 10), await KeepAlive(lessor, 1));
        Assert.Equal(new KeepAliveReply(KvError.None, 0), await KeepAlive(lessor, 2));
    }

    [Fact]
    public async Task A_revocation_that_failed_is_tried_again_three_seconds_later()
    {
        var (lessor, _) = Start();
        await Sync(lessor, Granted(1, 2));
        Advance(TimeSpan.FromSeconds(2.1));
        (await Next(_revokes)).Done.SetException(new TimeoutException("no quorum"));
        await Sync(lessor);
        Assert.False(_revokes.Reader.TryRead(out _));
        Advance(TimeSpan.FromSeconds(3.1));
        Assert.Equal([Id(1)], (await Next(_revokes)).Items);
    }

    [Fact]
    public async Task No_more_revocations_are_outstanding_than_the_bound_and_answers_release_more()
    {
        var (lessor, _) = Start(new LessorLimits { RevokeBatch = 4, MaxOutstandingRevokes = 10, RevokesPerSecond = 100_000 });
        await Sync(lessor, [.. Enumerable.Range(1, 25).Select(i => Granted(i, 5))]);
        Advance(TimeSpan.FromSeconds(6));
        var asked = new List<Asked<LeaseId>>();
        for (var i = 0; i < 3; i++)
        {
            asked.Add(await Next(_revokes));
        }
        await Sync(lessor);
        Assert.False(_revokes.Reader.TryRead(out _));
        Assert.Equal([4, 4, 2], asked.Select(a => a.Items.Count));
        asked[0].Done.SetResult(KvError.None);
        Assert.Equal(4, (await Next(_revokes)).Items.Count);
    }

    [Fact]
    public async Task A_hundred_thousand_leases_of_one_second_are_all_proposed_within_three_seconds()
    {
        var (lessor, _) = Start();
        await Sync(lessor, [.. Enumerable.Range(1, 100_000).Select(i => Granted(i, 10))]);
        Advance(TimeSpan.FromSeconds(10));
        var (revoked, steps) = (0, 0);
        while (revoked < 100_000)
        {
            Advance(TimeSpan.FromMilliseconds(10));
            steps++;
            await Sync(lessor);
            while (_revokes.Reader.TryRead(out var asked))
            {
                revoked += asked.Items.Count;
                lessor.Tell(new LessorCommand.Applied([.. asked.Items.Select(l => new LeaseChange(LeaseChangeKind.Revoked, l, 0))]));
                asked.Done.SetResult(KvError.None);
                await Sync(lessor);
            }
            Assert.True(steps <= 300, $"{revoked} after {steps * 10} ms");
        }
        Assert.True(steps >= 200, $"{steps * 10} ms is above the pace of 40,000 a second");
    }

    [Fact]
    public async Task A_member_that_stepped_down_keeps_no_deadlines_and_ignores_a_promotion_that_comes_late()
    {
        var (lessor, clock) = Start();
        await Sync(lessor, Granted(1, 5));
        lessor.Tell(new LessorCommand.Demote(3));
        Assert.Equal(new KeepAliveReply(KvError.NotPrimaryLessor, 0), await KeepAlive(lessor, 1));
        lessor.Tell(new LessorCommand.Promote(3, LeaseView.Empty));
        await Sync(lessor);
        Assert.False(clock.IsPrimary);
        lessor.Tell(new LessorCommand.Promote(4, LeaseView.Empty));
        await Sync(lessor);
        Assert.True(clock.IsPrimary);
    }

    [Fact]
    public async Task A_checkpointed_lease_has_its_checkpoint_cleared_before_it_is_renewed()
    {
        var (lessor, _) = Start();
        await Sync(lessor, Granted(1, 60), new LeaseChange(LeaseChangeKind.Checkpointed, Id(1), 30));
        var reply = KeepAlive(lessor, 1);
        var asked = await Next(_checkpoints);
        Assert.Equal([new LeaseFact(Id(1), 0, 0)], asked.Items);
        Assert.False(reply.IsCompleted);
        asked.Done.SetResult(KvError.None);
        Assert.Equal(new KeepAliveReply(KvError.None, 60), await reply);

        await Sync(lessor, new LeaseChange(LeaseChangeKind.Checkpointed, Id(1), 20));
        reply = KeepAlive(lessor, 1);
        (await Next(_checkpoints)).Done.SetResult(KvError.Timeout);
        Assert.Equal(new KeepAliveReply(KvError.Timeout, 0), await reply);
    }

    [Fact]
    public async Task Remaining_ttls_are_checkpointed_when_that_is_on()
    {
        var (lessor, _) = Start(new LessorLimits { CheckpointInterval = TimeSpan.FromSeconds(300) });
        await Sync(lessor, Granted(1, 1000), Granted(2, 200));
        Advance(TimeSpan.FromSeconds(301));
        var asked = await Next(_checkpoints);
        Assert.Equal(1, Id(1).Value);
        Assert.Contains(new LeaseFact(Id(1), 1000, 699), asked.Items);
        asked.Done.SetResult(KvError.None);
    }

    private static LeaseChange Granted(long id, long ttl) => new(LeaseChangeKind.Granted, Id(id), ttl);

    private static Task<KeepAliveReply> KeepAlive(IActorRef lessor, long id)
    {
        var reply = new TaskCompletionSource<KeepAliveReply>(TaskCreationOptions.RunContinuationsAsynchronously);
        lessor.Tell(new LessorCommand.KeepAlive(Id(id), reply));
        return reply.Task.WaitAsync(Patience);
    }

    /// <summary>Returns once the lessor has carried these changes out, and everything told before.</summary>
    private static async Task Sync(IActorRef lessor, params LeaseChange[] changes)
    {
        lessor.Tell(new LessorCommand.Applied(changes));
        await KeepAlive(lessor, 0);
    }

    private (IActorRef Lessor, LeaseClock Clock) Start(LessorLimits? limits = null)
    {
        var clock = new LeaseClock(_clock, limits ?? new LessorLimits());
        var proposals = new LessorProposals(
            (_, leases) => Ask(_revokes, leases),
            (_, facts) => Ask(_checkpoints, facts));
        var lessor = Sys.ActorOf(LessorActor.Props(clock, proposals, TimeSpan.FromSeconds(1)));
        lessor.Tell(new LessorCommand.Promote(1, LeaseView.Empty));
        return (lessor, clock);
    }

    private static Task<Asked<T>> Next<T>(Channel<Asked<T>> channel) => channel.Reader.ReadAsync().AsTask().WaitAsync(Patience);

    private static Task<KvError> Ask<T>(Channel<Asked<T>> channel, IReadOnlyList<T> items)
    {
        var asked = new Asked<T>(items, new TaskCompletionSource<KvError>());
        channel.Writer.TryWrite(asked);
        return asked.Done.Task;
    }

    private void Advance(TimeSpan by)
    {
        _clock.Advance(by);
        ((TestScheduler)Sys.Scheduler).Advance(by);
    }

    private sealed record Asked<T>(IReadOnlyList<T> Items, TaskCompletionSource<KvError> Done);

    private sealed class HandClock : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Interlocked.Read(ref _ticks);

        public void Advance(TimeSpan by) => Interlocked.Add(ref _ticks, by.Ticks);
    }
}
