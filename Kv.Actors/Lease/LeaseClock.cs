using Kv.Actors.Model;

namespace Kv.Actors.Lease;

/// <summary>The <see cref="Lessor"/> behind a lock and with a clock, so that the gateway answers a keep-alive on its own thread, without
/// a mailbox.</summary>
/// <remarks>
/// The lock is held for one heap update, well under a microsecond, except at a promotion. <see cref="LessorActor"/> alone calls what is
/// internal: it starts and stops the deadlines and takes out what expired. A lease that was just granted may not be known here yet:
/// on <see cref="Renewal.Gone"/> ask the actor, whose mailbox holds the grant.
/// </remarks>
public sealed class LeaseClock
{
    private readonly Lock _gate = new();
    private readonly TimeProvider _clock;
    private readonly Lessor _lessor;
    private long _seenChanges;

    /// <param name="clock">Its monotonic timestamp is the time.</param>
    /// <param name="limits">Validated.</param>
    public LeaseClock(TimeProvider clock, LessorLimits limits)
    {
        ArgumentNullException.ThrowIfNull(clock);
        ArgumentNullException.ThrowIfNull(limits);
        _clock = clock;
        Limits = limits.Validate();
        _lessor = new Lessor(limits);
    }

    /// <summary>The bounds it was made with.</summary>
    public LessorLimits Limits { get; }

    /// <summary>Changes of leases that it has heard of: what was applied beyond them may have ended a lease that still counts here.</summary>
    public long SeenChanges
    {
        get
        {
            lock (_gate)
            {
                return _seenChanges;
            }
        }
    }

    /// <summary>Whether this member keeps the deadlines.</summary>
    public bool IsPrimary
    {
        get
        {
            lock (_gate)
            {
                return _lessor.IsPrimary;
            }
        }
    }

    /// <summary>Leases with a deadline; 0 unless primary.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _lessor.Count;
            }
        }
    }

    /// <summary>Keep-alives that renewed a lease here, since the start.</summary>
    public long Renewed
    {
        get
        {
            lock (_gate)
            {
                return _lessor.Renewed;
            }
        }
    }

    /// <summary>Leases that ran out here and were revoked for it, since the start.</summary>
    public long Expired
    {
        get
        {
            lock (_gate)
            {
                return _lessor.Expired;
            }
        }
    }

    internal MonotonicTime Now => MonotonicTime.Of(_clock);

    internal MonotonicTime NextDeadline
    {
        get
        {
            lock (_gate)
            {
                return _lessor.NextDeadline;
            }
        }
    }

    /// <summary>A keep-alive, from any thread. See <see cref="Lessor.Renew"/>.</summary>
    /// <returns><see cref="Renewal.Renewed"/> is the answer. Otherwise tell the actor <see cref="LessorCommand.KeepAlive"/>.</returns>
    public Renewal Renew(LeaseId lease, out long ttlSeconds)
    {
        var now = Now;
        lock (_gate)
        {
            return _lessor.Renew(lease, now, out ttlSeconds);
        }
    }

    /// <summary>What is left of a lease, from any thread. See <see cref="Lessor.TryRemaining"/>.</summary>
    public bool TryRemaining(LeaseId lease, out TimeSpan remaining, out long ttlSeconds)
    {
        var now = Now;
        lock (_gate)
        {
            return _lessor.TryRemaining(lease, now, out remaining, out ttlSeconds);
        }
    }

    /// <summary>All leases, the one with the least time left first; empty unless primary. Holds the lock for O(n log n).</summary>
    public LeaseId[] InOrderOfExpiry()
    {
        lock (_gate)
        {
            return _lessor.InOrderOfExpiry();
        }
    }

    internal void Promote(TimeSpan electionTimeout, LeaseView leases)
    {
        lock (_gate)
        {
            _lessor.Promote(Now, electionTimeout, leases);
        }
    }

    internal void Demote()
    {
        lock (_gate)
        {
            _lessor.Demote();
        }
    }

    internal void Apply(IReadOnlyList<LeaseChange> changes, long? total = null)
    {
        var now = Now;
        lock (_gate)
        {
            for (var i = 0; i < changes.Count; i++)
            {
                var (kind, lease, seconds) = changes[i];
                switch (kind)
                {
                    case LeaseChangeKind.Granted: _lessor.Grant(lease, seconds, now); break;
                    case LeaseChangeKind.Revoked: _lessor.Forget(lease); break;
                    case LeaseChangeKind.Checkpointed: _lessor.Checkpointed(lease, seconds); break;
                    default: throw new InvalidOperationException($"lease {lease}: a change of kind {kind}");
                }
            }
            _seenChanges = total ?? _seenChanges;
        }
    }

    internal LeaseId[] PopExpired(int most)
    {
        var now = Now;
        var expired = new LeaseId[most];
        lock (_gate)
        {
            return expired[.._lessor.PopExpired(now, expired)];
        }
    }

    internal LeaseFact[] PopCheckpoints()
    {
        if (Limits.CheckpointInterval == TimeSpan.Zero)
        {
            return [];
        }
        var now = Now;
        var due = new LeaseFact[Limits.CheckpointBatch];
        lock (_gate)
        {
            return due[.._lessor.PopCheckpoints(now, due)];
        }
    }
}
