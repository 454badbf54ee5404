using Akka.Actor;
using Akka.Event;
using Kv.Actors.Model;

namespace Kv.Actors.Lease;

/// <summary>How the lessor gets something into the log. Each task ends when the entries are applied here, or are known not to be.</summary>
/// <remarks>Each is told the term in which this member became primary: a leader of another term must refuse it, for another member may
/// have renewed the lease since.</remarks>
/// <param name="Revoke">Proposes the revocation of each lease. How it ends does not matter: a lease that is still there is tried again.</param>
/// <param name="Checkpoint">Proposes remaining TTLs, 0 to clear one.</param>
public sealed record LessorProposals(
    Func<long, IReadOnlyList<LeaseId>, Task> Revoke,
    Func<long, IReadOnlyList<LeaseFact>, Task<KvError>> Checkpoint);

/// <summary>Keeps the leader's deadlines: one timer at the heap's top, and revocations proposed in batches, bounded and paced.</summary>
/// <remarks>Accepts <see cref="LessorCommand"/>. Only it changes which leases have deadlines; keep-alives usually go straight to
/// <see cref="LeaseClock"/>.</remarks>
public sealed class LessorActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan ShortestTimer = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan LongestTimer = TimeSpan.FromHours(1);

    private readonly LeaseClock _clock;
    private readonly LessorProposals _proposals;
    private readonly TimeSpan _electionTimeout;
    private readonly RevokePacer _pacer;
    private readonly ILoggingAdapter _log = Context.GetLogger();

    /// <summary>Keep-alives of leases whose revocation is under way, as many as clients have streams. They end with it, or with the leadership.</summary>
    private readonly Dictionary<LeaseId, List<LessorCommand.KeepAlive>> _expiring = [];
    private MonotonicTime _armed = MonotonicTime.Never;
    private long _term;                                    // of the last demotion
    private long _primaryTerm;
    private bool _checkpointing;

    /// <summary>Starts without deadlines.</summary>
    public LessorActor(LeaseClock clock, LessorProposals proposals, TimeSpan electionTimeout)
    {
        ArgumentNullException.ThrowIfNull(clock);
        _clock = clock;
        _proposals = proposals;
        _electionTimeout = electionTimeout;
        _pacer = new RevokePacer(clock.Limits, clock.Now);

        Receive<LessorCommand.Applied>(Applied);
        Receive<LessorCommand.KeepAlive>(KeepAlive);
        Receive<LessorCommand.Remaining>(ask => ask.Reply.TrySetResult(
            _clock.TryRemaining(ask.Lease, out var remaining, out var ttlSeconds) ? (remaining, ttlSeconds) : null));
        Receive<LessorCommand.Promote>(Promote);
        Receive<LessorCommand.Demote>(Demote);
        Receive<Due>(_ =>
        {
            _armed = MonotonicTime.Never;
            Work();
        });
        Receive<Answered>(RevokesAnswered);
        Receive<Checkpointed>(CheckpointAnswered);
        Receive<Cleared>(CheckpointCleared);
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>How to start one.</summary>
    /// <param name="clock">Shared with the gateway.</param>
    /// <param name="proposals">The way into the log.</param>
    /// <param name="electionTimeout">What a promotion adds to every lease.</param>
    public static Props Props(LeaseClock clock, LessorProposals proposals, TimeSpan electionTimeout) =>
        Akka.Actor.Props.Create(() => new LessorActor(clock, proposals, electionTimeout));

    /// <inheritdoc/>
    protected override void PostStop()
    {
        _clock.Demote();                                   // nobody would revoke what it keeps renewing
        AskAgain();
        base.PostStop();
    }

    private void Promote(LessorCommand.Promote promote)
    {
        if (promote.Term <= _term)
        {
            return;                                        // this leader has already stepped down
        }
        _primaryTerm = promote.Term;
        _clock.Promote(_electionTimeout, promote.Leases);
        AskAgain();
        _log.Info("keeping lease deadlines: term {0} leases {1}", promote.Term, promote.Leases.Count);
        Work();
    }

    private void Demote(LessorCommand.Demote demote)
    {
        _term = Math.Max(_term, demote.Term);
        if (_clock.IsPrimary)
        {
            _clock.Demote();
            AskAgain();
            _log.Info("no longer keeping lease deadlines: term {0}", demote.Term);
        }
        Work();
    }

    private void Applied(LessorCommand.Applied applied)
    {
        _clock.Apply(applied.Changes, applied.Total);
        if (_expiring.Count > 0)
        {
            AnswerRevoked(applied.Changes);
        }
        Work();
    }

    private void AnswerRevoked(IReadOnlyList<LeaseChange> changes)
    {
        foreach (var change in changes)
        {
            if (change.Kind == LeaseChangeKind.Revoked && _expiring.Remove(change.Lease, out var asks))
            {
                asks.ForEach(static ask => ask.Reply.TrySetResult(new KeepAliveReply(KvError.None, 0)));
            }
        }
    }

    /// <summary>This member's leadership began or ended: whoever waited for a revocation gets the answer that holds now.</summary>
    private void AskAgain()
    {
        var asks = _expiring.OrderBy(static waiting => waiting.Key.Value).SelectMany(static waiting => waiting.Value).ToList();
        _expiring.Clear();
        asks.ForEach(KeepAlive);
    }

    private void KeepAlive(LessorCommand.KeepAlive ask)
    {
        switch (_clock.Renew(ask.Lease, out var ttlSeconds))
        {
            case Renewal.Renewed:
                ask.Reply.TrySetResult(new KeepAliveReply(KvError.None, ttlSeconds));
                break;
            case Renewal.Gone:
                ask.Reply.TrySetResult(new KeepAliveReply(KvError.None, 0));
                break;
            case Renewal.Expiring:
                Wait(ask);
                break;
            case Renewal.NotPrimary:
                ask.Reply.TrySetResult(new KeepAliveReply(KvError.NotPrimaryLessor, 0));
                break;
            default:
                _proposals.Checkpoint(_primaryTerm, [new LeaseFact(ask.Lease, 0, RemainingSeconds: 0)]).PipeTo(
                    Self,
                    success: error => new Cleared(ask, error),
                    failure: _ => new Cleared(ask, KvError.Stopped));
                break;
        }
    }

    private void Wait(LessorCommand.KeepAlive ask)
    {
        if (!_expiring.TryGetValue(ask.Lease, out var asks))
        {
            _expiring.Add(ask.Lease, asks = []);
        }
        asks.RemoveAll(static gone => gone.Reply.Task.IsCompleted);
        asks.Add(ask);
    }

    private void CheckpointCleared(Cleared cleared)
    {
        if (cleared.Error != KvError.None)
        {
            cleared.Ask.Reply.TrySetResult(new KeepAliveReply(cleared.Error, 0));
            return;
        }
        _clock.Apply([new LeaseChange(LeaseChangeKind.Checkpointed, cleared.Ask.Lease, 0)]);
        KeepAlive(cleared.Ask);
    }

    /// <summary>Proposes what may be proposed, and sets the timer for the rest.</summary>
    private void Work()
    {
        if (!_clock.IsPrimary)
        {
            return;
        }
        ProposeCheckpoints();
        var now = _clock.Now;
        while (_clock.NextDeadline <= now)
        {
            var allowed = _pacer.Allowed(now);
            if (allowed <= 0)
            {
                Arm(now, _pacer.RetryAt(now));             // or an answer comes first
                return;
            }
            var expired = _clock.PopExpired(allowed);
            if (expired.Length == 0)
            {
                break;                                     // what is due is a checkpoint
            }
            _pacer.Proposed(expired.Length);
            var answered = new Answered(expired.Length, null);
            _proposals.Revoke(_primaryTerm, expired).PipeTo(
                Self,
                success: () => answered,
                failure: error => new Answered(expired.Length, error));
        }
        Arm(now, _clock.NextDeadline);
    }

    private void RevokesAnswered(Answered answered)
    {
        _pacer.Answered(answered.Count);
        if (answered.Error is not null)
        {
            _log.Warning("revoking {0} expired leases failed and is tried again: {1}", answered.Count, answered.Error.Message);
        }
        Work();
    }

    /// <summary>One proposal at a time: its answer asks for the next.</summary>
    private void ProposeCheckpoints()
    {
        if (_checkpointing)
        {
            return;
        }
        var due = _clock.PopCheckpoints();
        if (due.Length > 0)
        {
            _checkpointing = true;
            _proposals.Checkpoint(_primaryTerm, due).PipeTo(
                Self,
                success: error => new Checkpointed(error.ToString()),
                failure: error => new Checkpointed(error.Message));
        }
    }

    private void CheckpointAnswered(Checkpointed checkpointed)
    {
        _checkpointing = false;
        if (checkpointed.Outcome != nameof(KvError.None))
        {
            _log.Warning("remaining lease TTLs were not replicated and wait for the next interval: {0}", checkpointed.Outcome);
        }
        Work();
    }

    /// <summary>Sets the timer unless it is already set for that moment or an earlier one: a renewal then costs no timer at all.</summary>
    private void Arm(MonotonicTime now, MonotonicTime at)
    {
        if (at == MonotonicTime.Never || at >= _armed)
        {
            return;
        }
        var wait = at.Since(now);
        wait = wait < ShortestTimer ? ShortestTimer : wait > LongestTimer ? LongestTimer : wait + ShortestTimer;
        _armed = now.Plus(wait);
        Timers.StartSingleTimer(Due.Instance, Due.Instance, wait);
    }

    private sealed record Due
    {
        public static readonly Due Instance = new();
    }

    private sealed record Answered(int Count, Exception? Error);

    private sealed record Checkpointed(string Outcome);

    private sealed record Cleared(LessorCommand.KeepAlive Ask, KvError Error);
}
