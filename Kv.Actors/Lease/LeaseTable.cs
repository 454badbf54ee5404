using System.Collections.Concurrent;
using Kv.Actors.Model;

namespace Kv.Actors.Lease;

/// <summary>The replicated facts about leases: which exist, with which TTL, and which keys hang on each. No deadlines: those are
/// <see cref="Lessor"/>'s, on the leader alone.</summary>
/// <remarks>
/// One writer, the apply loop. Any thread may call <see cref="Contains"/>, <see cref="TryGet"/>, <see cref="KeysOf"/> and
/// <see cref="Count"/>, which show the latest applied state, and may use a <see cref="LeaseView"/> for as long as it likes.
/// A lease with no key or one key, nearly all of them, costs about 130 bytes and the key is the store's own array.
/// <code>
///  grant 7 TTL 60      7 -> (60 s, no keys)
///  put a lease 7       7 -> (60 s, a)
///  put b lease 7       7 -> (60 s, {a, b})
///  delete a            7 -> (60 s, {b})
///  revoke 7            answers [b], for the caller to delete in one revision; 7 is gone
/// </code>
/// Source: reference, lease semantics §1 to §3 and §10.
/// </remarks>
public sealed class LeaseTable : ILeaseBook
{
    private readonly ConcurrentDictionary<long, Entry> _leases = new(concurrencyLevel: 1, capacity: 31);
    private readonly LeasePages _pages = new();

    /// <param name="minimumTtlSeconds">What shorter TTLs are raised to; see <see cref="MinimumTtlSeconds(TimeSpan, int)"/>.</param>
    public LeaseTable(long minimumTtlSeconds)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(minimumTtlSeconds, 1);
        MinimumTtl = minimumTtlSeconds;
    }

    /// <summary>The shortest TTL granted, in seconds.</summary>
    public long MinimumTtl { get; }

    /// <summary>Leases that exist. O(1).</summary>
    public int Count => _pages.Count;

    /// <summary>
    /// The shortest TTL that survives an election: ceil(floor(3 x <paramref name="electionTicks"/> / 2) x
    /// <paramref name="heartbeat"/>) in whole seconds; 2 for 10 ticks of 100 ms.
    /// </summary>
    public static long MinimumTtlSeconds(TimeSpan heartbeat, int electionTicks)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(electionTicks, 1);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(heartbeat, TimeSpan.Zero);
        var span = heartbeat * (3 * (long)electionTicks / 2);
        return Math.Max(1, (span.Ticks + TimeSpan.TicksPerSecond - 1) / TimeSpan.TicksPerSecond);
    }

    /// <summary>Adds a lease. The id 0 must have been replaced by a generated one before the request was proposed.</summary>
    /// <param name="lease">Any id but 0; negative ones are fine.</param>
    /// <param name="ttlSeconds">As asked; below the minimum, zero and negative are raised without an error.</param>
    /// <param name="grantedSeconds">The TTL in force; 0 when refused.</param>
    /// <returns><see cref="KvError.None"/>, <see cref="KvError.LeaseTTLTooLarge"/>, <see cref="KvError.LeaseExist"/>, or
    /// <see cref="KvError.LeaseNotFound"/> for the id 0.</returns>
    public KvError Grant(LeaseId lease, long ttlSeconds, out long grantedSeconds)
    {
        grantedSeconds = 0;
        if (lease.IsNone)
        {
            return KvError.LeaseNotFound;
        }
        if (ttlSeconds > Limits.MaxLeaseTtlSeconds)
        {
            return KvError.LeaseTTLTooLarge;
        }
        if (_leases.ContainsKey(lease.Value))
        {
            return KvError.LeaseExist;
        }
        grantedSeconds = Math.Max(ttlSeconds, MinimumTtl);
        Add(new LeaseFact(lease, grantedSeconds, RemainingSeconds: 0));
        return KvError.None;
    }

    /// <summary>Adds a lease as a checkpoint holds it, a TTL below today's minimum raised; keys follow by <see cref="Attach"/>.</summary>
    /// <exception cref="InvalidDataException">The id is 0, or already there: the checkpoint lists it twice.</exception>
    public void Load(LeaseFact fact)
    {
        if (fact.Id.IsNone || _leases.ContainsKey(fact.Id.Value))
        {
            throw new InvalidDataException($"lease {fact.Id}: not an id, or listed twice");
        }
        Add(fact with { TtlSeconds = Math.Max(fact.TtlSeconds, MinimumTtl) });
    }

    /// <summary>Removes a lease.</summary>
    /// <param name="lease">The lease.</param>
    /// <param name="keys">The keys that hung on it in ascending order, for the caller to delete in one revision.</param>
    /// <returns><see cref="KvError.None"/> or <see cref="KvError.LeaseNotFound"/>.</returns>
    public KvError Revoke(LeaseId lease, out IReadOnlyList<byte[]> keys)
    {
        keys = [];
        if (!_leases.TryRemove(lease.Value, out var entry))
        {
            return KvError.LeaseNotFound;
        }
        keys = entry.CopyKeys();
        var moved = _pages.RemoveAt(entry.Slot);
        if (!moved.IsNone)
        {
            _leases[moved.Value].Slot = entry.Slot;
        }
        return KvError.None;
    }

    /// <summary>Notes how long a lease still had to live when the leader looked; 0 clears the note. Unknown leases are passed over.</summary>
    /// <returns>Whether the lease exists.</returns>
    public bool Checkpoint(LeaseId lease, long remainingSeconds)
    {
        if (!_leases.TryGetValue(lease.Value, out var entry))
        {
            return false;
        }
        var fact = _pages[entry.Slot];
        if (fact.RemainingSeconds != remainingSeconds)
        {
            _pages[entry.Slot] = fact with { RemainingSeconds = remainingSeconds };
        }
        return true;
    }

    /// <inheritdoc/>
    public bool Contains(LeaseId lease) => _leases.ContainsKey(lease.Value);

    /// <inheritdoc/>
    public void Attach(LeaseId lease, byte[] key)
    {
        if (!_leases.TryGetValue(lease.Value, out var entry))
        {
            throw new InvalidOperationException($"lease {lease} does not exist: a key was put on it without a check");
        }
        entry.Attach(key);
    }

    /// <inheritdoc/>
    public void Detach(LeaseId lease, byte[] key)
    {
        if (_leases.TryGetValue(lease.Value, out var entry))
        {
            entry.Detach(key);
        }
    }

    /// <summary>The TTL in force, in seconds; false when the lease does not exist. O(1).</summary>
    public bool TryGet(LeaseId lease, out long ttlSeconds)
    {
        var found = _leases.TryGetValue(lease.Value, out var entry);
        ttlSeconds = found ? entry!.TtlSeconds : 0;
        return found;
    }

    /// <summary>A copy of the keys on a lease in ascending order; empty when it has none or does not exist. O(n log n).</summary>
    public IReadOnlyList<byte[]> KeysOf(LeaseId lease) => _leases.TryGetValue(lease.Value, out var entry) ? entry.CopyKeys() : [];

    /// <summary>Every lease as of now, never to change: for a published root. O(n / 1024); what changes afterwards is copied, at
    /// most 2 KiB a change.</summary>
    public LeaseView View() => _pages.Freeze();

    private void Add(LeaseFact fact) => _leases[fact.Id.Value] = new Entry(fact.TtlSeconds) { Slot = _pages.Add(fact) };

    /// <summary>One lease's keys: nothing, the only key, or a set. Written by one thread; the lock keeps a reader's copy whole.</summary>
    private sealed class Entry(long ttlSeconds)
    {
        private object? _keys;

        public long TtlSeconds { get; } = ttlSeconds;

        public int Slot { get; set; }

        public void Attach(byte[] key)
        {
            lock (this)
            {
                switch (_keys)
                {
                    case null:
                        _keys = key;
                        break;
                    case HashSet<byte[]> set:
                        set.Add(key);
                        break;
                    case byte[] only when !only.AsSpan().SequenceEqual(key):
                        _keys = new HashSet<byte[]>(KeyBytes.Comparer) { only, key };
                        break;
                }
            }
        }

        public void Detach(byte[] key)
        {
            lock (this)
            {
                switch (_keys)
                {
                    case HashSet<byte[]> set:
                        set.Remove(key);
                        _keys = set.Count == 0 ? null : set;
                        break;
                    case byte[] only when only.AsSpan().SequenceEqual(key):
                        _keys = null;
                        break;
                }
            }
        }

        public byte[][] CopyKeys()
        {
            byte[][] keys;
            lock (this)
            {
                keys = _keys switch
                {
                    HashSet<byte[]> set => [.. set],
                    byte[] only => [only],
                    _ => [],
                };
            }
            Array.Sort(keys, KeyBytes.Comparer);
            return keys;
        }
    }
}
