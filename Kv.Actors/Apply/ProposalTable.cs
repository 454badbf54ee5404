using System.Collections.Concurrent;
using Kv.Actors.Model;
using Kv.Actors.Protos.Internal;

namespace Kv.Actors.Apply;

/// <summary>Who waits for what was proposed here: request id to waiting caller, bounded.</summary>
/// <remarks>Thread-safe: the gateway adds, the store takes, a timer sweeps. Adding and taking are O(1).</remarks>
public sealed class ProposalTable
{
    private readonly ConcurrentDictionary<ulong, Proposal> _waiting = new(Environment.ProcessorCount * 2, 1024);
    private readonly int _limit;
    private long _nextId;
    private long _count;
    private long _failed;

    /// <summary>An empty table.</summary>
    /// <param name="self">The member whose requests these are; its low 16 bits begin every id.</param>
    /// <param name="startMilliseconds">Wall-clock milliseconds at start, so that ids of an earlier run are not met again.</param>
    /// <param name="limit">Callers that may wait at once.</param>
    public ProposalTable(NodeId self, long startMilliseconds, int limit)
    {
        _limit = limit;
        // 16 bits of member, 40 of start time, 8 to count on from: the generator etcd's ids come from counts the same way.
        _nextId = (long)((self.Value << 48) | (((ulong)startMilliseconds & 0xff_ffff_ffff) << 8));
    }

    /// <summary>Callers that wait now.</summary>
    public long Count => Interlocked.Read(ref _count);

    /// <summary>Proposals that failed since the start.</summary>
    public long Failed => Interlocked.Read(ref _failed);

    /// <summary>An id no other request of this cluster has.</summary>
    public RequestId NextId() => new((ulong)Interlocked.Increment(ref _nextId));

    /// <summary>Puts a caller in; false when the table is full, which answers <see cref="KvError.RequestTooManyRequests"/>.</summary>
    public bool TryAdd(Proposal proposal)
    {
        if (Interlocked.Increment(ref _count) > _limit)
        {
            Interlocked.Decrement(ref _count);
            return false;
        }
        _waiting[proposal.Id.Value] = proposal;
        return true;
    }

    /// <summary>Takes out the caller of a request; null when it is another member's, or no longer waits.</summary>
    public Proposal? Take(RequestId id)
    {
        if (!_waiting.TryRemove(id.Value, out var proposal))
        {
            return null;
        }
        Interlocked.Decrement(ref _count);
        return proposal;
    }

    /// <summary>Takes out the callers of some requests. O(waiting).</summary>
    public IReadOnlyList<Proposal> TakeWhere(Func<InternalRaftRequest, bool> wanted)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        return [.. _waiting.Values.Where(proposal => wanted(proposal.Request)).Select(proposal => Take(proposal.Id)).OfType<Proposal>()];
    }

    /// <summary>Takes out and fails one caller.</summary>
    public void Fail(RequestId id, KvError error)
    {
        if (Take(id) is { } proposal && proposal.Fail(error))
        {
            Interlocked.Increment(ref _failed);
        }
    }

    /// <summary>Fails every caller that has waited since before <paramref name="deadline"/>. O(waiting).</summary>
    public void Sweep(MonotonicTime deadline, KvError error) => Sweep(deadline, _ => error);

    /// <summary>The same, with an error that depends on how long a caller has waited.</summary>
    public void Sweep(MonotonicTime deadline, Func<MonotonicTime, KvError> error)
    {
        ArgumentNullException.ThrowIfNull(error);
        foreach (var (id, proposal) in _waiting)
        {
            if (proposal.Since < deadline)
            {
                Fail(new RequestId(id), error(proposal.Since));
            }
        }
    }

    /// <summary>Fails every caller.</summary>
    public void FailAll(KvError error) => Sweep(MonotonicTime.Never, error);
}
