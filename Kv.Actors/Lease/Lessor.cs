using System.Runtime.InteropServices;
using Kv.Actors.Model;

namespace Kv.Actors.Lease;

/// <summary>What became of a keep-alive.</summary>
public enum Renewal
{
    /// <summary>The lease lives for its full TTL from now.</summary>
    Renewed,

    /// <summary>No such lease here: the client is told TTL 0.</summary>
    Gone,

    /// <summary>Its deadline has passed and its revocation is not applied yet: ask again when it is, or when another member leads.</summary>
    Expiring,

    /// <summary>This member does not keep the deadlines now.</summary>
    NotPrimary,

    /// <summary>A checkpoint of the remaining TTL stands in the log: replicate 0 first, then renew again.</summary>
    ClearCheckpoint,
}

/// <summary>When each lease ends, on the leader. Holds nothing on any other member.</summary>
/// <remarks>
/// Not thread-safe and without a clock: every call that needs the time is given it, from one monotonic clock. A lease is never
/// handed over as expired before its deadline. One handed over stays here until <see cref="Forget"/> says that its revocation was
/// applied, and is handed over again <see cref="RetryAfter"/> later if that does not come.
/// <code>
///  t=0    Promote([7: 60 s], election timeout 1 s)   7 due at 61
///  t=40   Renew(7) -> Renewed, 60                    7 due at 100
///  t=100  PopExpired -> [7]                          7 handed over, due again at 103; Renew(7) -> Expiring
///  t=100.2 Forget(7)                                 gone; Renew(7) -> Gone
/// </code>
/// Source: reference, lease semantics §4 to §9.
/// </remarks>
public sealed class Lessor(LessorLimits limits)
{
    private readonly Dictionary<LeaseId, Entry> _entries = [];
    private readonly LeaseHeap _expiries = new();
    private readonly LeaseHeap _checkpoints = new();

    /// <summary>How long a lease that was handed over may stay before it is handed over again.</summary>
    public static TimeSpan RetryAfter { get; } = TimeSpan.FromSeconds(3);

    /// <summary>From this many leases on, a promotion spreads the expiries.</summary>
    public const int PileUpLeases = 1000;

    /// <summary>The most leases that end within one second after a promotion that spreads.</summary>
    public const int PileUpPerSecond = 750;

    /// <summary>Whether this member keeps the deadlines.</summary>
    public bool IsPrimary { get; private set; }

    /// <summary>Leases with a deadline; 0 unless primary.</summary>
    public int Count => _entries.Count;

    /// <summary>Keep-alives that renewed a lease here.</summary>
    public long Renewed { get; private set; }

    /// <summary>Leases that ran out here and whose revocation was applied.</summary>
    public long Expired { get; private set; }

    /// <summary>The next moment there is something to do; <see cref="MonotonicTime.Never"/> when there is nothing. O(1).</summary>
    public MonotonicTime NextDeadline
    {
        get
        {
            _expiries.TryPeek(out _, out var expiry);
            _checkpoints.TryPeek(out _, out var checkpoint);
            return expiry < checkpoint ? expiry : checkpoint;
        }
    }

    /// <summary>Starts keeping deadlines: each lease gets its checkpointed remainder, or else its full TTL, and an election timeout on
    /// top, for time may have passed that its holder could not use.</summary>
    /// <remarks>From <see cref="PileUpLeases"/> leases on, deadlines are moved later, never earlier and never past one another, until
    /// any second holds at most <see cref="PileUpPerSecond"/>. O(n log n).</remarks>
    public void Promote(MonotonicTime now, TimeSpan electionTimeout, LeaseView leases)
    {
        ArgumentNullException.ThrowIfNull(leases);
        Demote();
        IsPrimary = true;
        var facts = leases.InOrder();
        var expiries = new MonotonicTime[facts.Length];
        for (var i = 0; i < facts.Length; i++)
        {
            var left = facts[i].RemainingSeconds > 0 ? facts[i].RemainingSeconds : facts[i].TtlSeconds;
            expiries[i] = now.Plus(TimeSpan.FromSeconds(left)).Plus(electionTimeout);
        }
        Array.Sort(expiries, facts);                       // the same leases lead to the same order on every member
        var second = TimeSpan.FromSeconds(1);
        for (var i = 0; i < facts.Length; i++)
        {
            if (facts.Length >= PileUpLeases && i >= PileUpPerSecond)
            {
                var earliest = expiries[i - PileUpPerSecond].Plus(second);
                expiries[i] = expiries[i] < earliest ? earliest : expiries[i];
            }
            Add(now, facts[i], expiries[i]);
        }
    }

    /// <summary>Stops keeping deadlines and forgets them all.</summary>
    public void Demote()
    {
        IsPrimary = false;
        _entries.Clear();
        _entries.TrimExcess();
        _expiries.Clear();
        _checkpoints.Clear();
    }

    /// <summary>A lease was granted: its TTL runs from now. Does nothing unless primary, nor for a lease that is here.</summary>
    public void Grant(LeaseId lease, long ttlSeconds, MonotonicTime now)
    {
        if (IsPrimary && !_entries.ContainsKey(lease))
        {
            Add(now, new LeaseFact(lease, ttlSeconds, 0), now.Plus(TimeSpan.FromSeconds(ttlSeconds)));
        }
    }

    /// <summary>A keep-alive: the lease lives for its full TTL from <paramref name="now"/>. O(log n), allocates nothing.</summary>
    /// <param name="lease">The lease.</param>
    /// <param name="now">The time.</param>
    /// <param name="ttlSeconds">The TTL granted, with <see cref="Renewal.Renewed"/> only; 0 otherwise.</param>
    public Renewal Renew(LeaseId lease, MonotonicTime now, out long ttlSeconds)
    {
        ttlSeconds = 0;
        if (!IsPrimary)
        {
            return Renewal.NotPrimary;
        }
        ref var entry = ref CollectionsMarshal.GetValueRefOrNullRef(_entries, lease);
        if (System.Runtime.CompilerServices.Unsafe.IsNullRef(ref entry))
        {
            return Renewal.Gone;
        }
        if (entry.HandedOver || entry.Expiry <= now)
        {
            return Renewal.Expiring;
        }
        if (entry.Checkpointed)
        {
            return Renewal.ClearCheckpoint;
        }
        ttlSeconds = entry.TtlSeconds;
        entry.Expiry = now.Plus(TimeSpan.FromSeconds(ttlSeconds));
        _expiries.Update(entry.ExpiryHandle, entry.Expiry);
        Renewed++;
        return Renewal.Renewed;
    }

    /// <summary>The lease was revoked, by whomever. Unknown leases are fine.</summary>
    public void Forget(LeaseId lease)
    {
        if (_entries.Remove(lease, out var entry))
        {
            Expired += entry.HandedOver ? 1 : 0;
            _expiries.Remove(entry.ExpiryHandle);
            if (entry.CheckpointHandle >= 0)
            {
                _checkpoints.Remove(entry.CheckpointHandle);
            }
        }
    }

    /// <summary>A checkpoint of the remaining TTL was applied; 0 clears it. Unknown leases are fine.</summary>
    public void Checkpointed(LeaseId lease, long remainingSeconds)
    {
        ref var entry = ref CollectionsMarshal.GetValueRefOrNullRef(_entries, lease);
        if (!System.Runtime.CompilerServices.Unsafe.IsNullRef(ref entry))
        {
            entry.Checkpointed = remainingSeconds > 0;
        }
    }

    /// <summary>Hands over leases whose deadline is at or before <paramref name="now"/>, and those handed over
    /// <see cref="RetryAfter"/> ago that are still here.</summary>
    /// <returns>How many were written; call again while it equals <c>expired.Length</c>. O(log n) for each lease.</returns>
    public int PopExpired(MonotonicTime now, Span<LeaseId> expired)
    {
        var count = 0;
        while (count < expired.Length && _expiries.TryPeek(out var lease, out var due) && due <= now)
        {
            expired[count++] = lease;
            HandOver(lease, now.Plus(RetryAfter));
        }
        return count;
    }

    /// <summary>A revocation failed: the lease is handed over again at <paramref name="retryAt"/>, if it is still here.</summary>
    public void Retry(LeaseId lease, MonotonicTime retryAt) => HandOver(lease, retryAt);

    /// <summary>Leases whose remaining TTL is due to be checkpointed, with that remainder rounded up to seconds. Each is due again one
    /// interval later.</summary>
    /// <returns>How many were written; call again while it equals <c>due.Length</c>. Always 0 while checkpoints are off.</returns>
    public int PopCheckpoints(MonotonicTime now, Span<LeaseFact> due)
    {
        var count = 0;
        while (count < due.Length && _checkpoints.TryPeek(out var lease, out var at) && at <= now)
        {
            ref var entry = ref CollectionsMarshal.GetValueRefOrNullRef(_entries, lease);
            var left = entry.Expiry.Since(now);
            if (!entry.HandedOver && left > TimeSpan.Zero)
            {
                var seconds = (left.Ticks + TimeSpan.TicksPerSecond - 1) / TimeSpan.TicksPerSecond;
                due[count++] = new LeaseFact(lease, entry.TtlSeconds, Math.Min(seconds, entry.TtlSeconds));
            }
            _checkpoints.Update(entry.CheckpointHandle, now.Plus(limits.CheckpointInterval));
        }
        return count;
    }

    /// <summary>How long the lease has left; zero or negative when it expired and its revocation is not applied yet. False when it is
    /// not here, or this member is not primary. O(1).</summary>
    public bool TryRemaining(LeaseId lease, MonotonicTime now, out TimeSpan remaining, out long ttlSeconds)
    {
        var found = _entries.TryGetValue(lease, out var entry);
        remaining = found ? entry.Expiry.Since(now) : TimeSpan.Zero;
        ttlSeconds = found ? entry.TtlSeconds : 0;
        return found;
    }

    /// <summary>All leases, the one with the least time left first, equals by id. O(n log n), copies.</summary>
    public LeaseId[] InOrderOfExpiry()
    {
        var leases = new LeaseId[_entries.Count];
        var order = new (MonotonicTime Expiry, long Id)[leases.Length];
        var i = 0;
        foreach (var (lease, entry) in _entries)
        {
            leases[i] = lease;
            order[i++] = (entry.Expiry, lease.Value);
        }
        Array.Sort(order, leases);
        return leases;
    }

    private void Add(MonotonicTime now, LeaseFact fact, MonotonicTime expiry)
    {
        var checkpointing = limits.CheckpointInterval > TimeSpan.Zero && TimeSpan.FromSeconds(fact.TtlSeconds) > limits.CheckpointInterval;
        _entries[fact.Id] = new Entry
        {
            TtlSeconds = fact.TtlSeconds,
            Expiry = expiry,
            ExpiryHandle = _expiries.Add(fact.Id, expiry),
            CheckpointHandle = checkpointing ? _checkpoints.Add(fact.Id, now.Plus(limits.CheckpointInterval)) : -1,
            Checkpointed = fact.RemainingSeconds > 0,
        };
    }

    private void HandOver(LeaseId lease, MonotonicTime again)
    {
        ref var entry = ref CollectionsMarshal.GetValueRefOrNullRef(_entries, lease);
        if (!System.Runtime.CompilerServices.Unsafe.IsNullRef(ref entry))
        {
            entry.HandedOver = true;
            _expiries.Update(entry.ExpiryHandle, again);
        }
    }

    private struct Entry
    {
        public long TtlSeconds;
        public MonotonicTime Expiry;
        public int ExpiryHandle;
        public int CheckpointHandle;
        public bool HandedOver;
        public bool Checkpointed;
    }
}
