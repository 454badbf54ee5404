using Kv.Actors.Model;

namespace Kv.Actors.Lease;

/// <summary>Draws ids for leases whose client named none: positive, and not met again after a restart.</summary>
/// <remarks>
/// <code>
///  bit   63  62..48           47..8                8..0
///        0   low member bits  start, milliseconds  counts on
/// </code>
/// Source: reference, grant. Thread-safe.
/// </remarks>
public sealed class LeaseIdSource(NodeId self, long startMilliseconds)
{
    private long _last = (long)(((self.Value & 0x7fff) << 48) | (((ulong)startMilliseconds & 0xff_ffff_ffff) << 8));

    /// <summary>The next id; never 0, which is no lease, also when the counter wraps around.</summary>
    public LeaseId Next()
    {
        var next = Interlocked.Increment(ref _last) & long.MaxValue;
        return next == 0 ? Next() : new LeaseId(next);
    }
}
