using System.Collections.Immutable;
using Akka.Actor;

namespace Akka.Cluster;

/// <summary>
/// Finds a seed to join. The first of the list may found the cluster, but only when no other seed is in one; the others wait for that.
/// So the same list on all nodes gives one cluster, whichever node starts first.
/// </summary>
internal sealed class SeedJoin
{
    private readonly Address _self;
    private readonly ImmutableList<Address> _seeds;
    private readonly long _timeoutMs;
    private readonly HashSet<Address> _unheard;
    private readonly long _startedAt;
    private long _askedAt;
    private int _rounds;

    /// <param name="timeoutMs">The first seed founds a cluster when nobody has answered for so long; another goes on asking.</param>
    internal SeedJoin(Address self, ImmutableList<Address> seeds, long timeoutMs, long nowMs)
    {
        _self = self;
        _seeds = seeds;
        _timeoutMs = timeoutMs;
        _startedAt = nowMs;
        _askedAt = long.MinValue;
        _unheard = [.. seeds.Where(seed => seed != self)];
    }

    /// <summary>How often seeds are asked. A seed that refused may be in a cluster a moment later, so that is not an end.</summary>
    private static readonly TimeSpan AskInterval = TimeSpan.FromSeconds(1);

    internal bool MayFound => _seeds[0] == _self;

    /// <summary>Whether another time-out has passed in vain; true once for each from the second on.</summary>
    internal bool ShouldWarn(long nowMs)
    {
        var rounds = (int)((nowMs - _startedAt) / Math.Max(1, _timeoutMs));
        if (MayFound || rounds <= _rounds) return false;
        _rounds = rounds;
        return rounds >= 2;
    }

    internal IEnumerable<Address> Others => _seeds.Where(seed => seed != _self);

    /// <summary>Whom to ask now.</summary>
    /// <returns>Nobody when it is not time yet.</returns>
    internal IReadOnlyCollection<Address> Ask(long nowMs)
    {
        if (_askedAt != long.MinValue && nowMs - _askedAt < (long)AskInterval.TotalMilliseconds) return [];
        _askedAt = nowMs;
        return MayFound ? _unheard : [.. Others];
    }

    /// <summary>Whether the time has come to found a cluster.</summary>
    internal bool ShouldFound(long nowMs) => MayFound && (_unheard.Count == 0 || nowMs - _startedAt >= _timeoutMs);

    /// <summary>A seed is not in a cluster itself.</summary>
    internal void Refused(Address by) => _unheard.Remove(by);
}
