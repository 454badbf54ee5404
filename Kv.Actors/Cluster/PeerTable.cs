using System.Collections.Immutable;
using Kv.Actors.Model;

namespace Kv.Actors.Cluster;

/// <summary>What this member hears of each other one: since when without a break, when last, and how long an answer takes.</summary>
/// <remarks>
/// One writer, who says what time it is; any thread reads.
/// <code>
///  Follow([2, 3])                 2, 3: not connected
///  t=1  Heard(2)                  2 connected since 1
///  t=4  Heard(2)                  2 connected since 1
///  t=9  Silent(for 4 s) -> [2]    2: not connected
/// </code>
/// </remarks>
public sealed class PeerTable
{
    private volatile ImmutableSortedDictionary<ulong, Peer> _peers = ImmutableSortedDictionary<ulong, Peer>.Empty;

    /// <summary>The members watched over, by ascending id: everyone but this one.</summary>
    public IEnumerable<NodeId> Members => _peers.Keys.Select(static id => new NodeId(id));

    /// <summary>How many of them are connected now.</summary>
    public int ConnectedCount => _peers.Values.Count(static peer => peer.ConnectedSince != MonotonicTime.Never);

    /// <summary>Since when this member hears of another without a break; null when it does not, or does not know it.</summary>
    public MonotonicTime? ConnectedSince(NodeId member) =>
        _peers.TryGetValue(member.Value, out var peer) && peer.ConnectedSince is var since && since != MonotonicTime.Never ? since : null;

    /// <summary>Whether it was heard without a break from <paramref name="moment"/> on.</summary>
    public bool IsConnectedSince(NodeId member, MonotonicTime moment) => ConnectedSince(member) is { } since && since <= moment;

    /// <summary>The last time anything came from it; null when nothing ever did.</summary>
    public MonotonicTime? LastHeard(NodeId member) =>
        _peers.TryGetValue(member.Value, out var peer) && peer.LastHeard is var last && last != MonotonicTime.Never ? last : null;

    /// <summary>How long the last ping took there and back; null when none was answered.</summary>
    public TimeSpan? RoundTrip(NodeId member) =>
        _peers.TryGetValue(member.Value, out var peer) && peer.RoundTripTicks is > 0 and var ticks ? new TimeSpan(ticks) : null;

    /// <summary>These are the others from here on; what is known of those that stay is kept.</summary>
    public void Follow(IEnumerable<NodeId> members)
    {
        ArgumentNullException.ThrowIfNull(members);
        var known = _peers;
        _peers = members.ToImmutableSortedDictionary(static id => id.Value, id => known.GetValueOrDefault(id.Value) ?? new Peer());
    }

    /// <summary>Something came from a member.</summary>
    /// <returns>Whether that connected it.</returns>
    public bool Heard(NodeId member, MonotonicTime now)
    {
        if (!_peers.TryGetValue(member.Value, out var peer))
        {
            return false;
        }
        peer.LastHeard = now;
        if (peer.ConnectedSince != MonotonicTime.Never)
        {
            return false;
        }
        peer.ConnectedSince = now;
        return true;
    }

    /// <summary>A ping was answered.</summary>
    public void Answered(NodeId member, TimeSpan roundTrip)
    {
        if (_peers.TryGetValue(member.Value, out var peer))
        {
            peer.RoundTripTicks = Math.Max(1, roundTrip.Ticks);
        }
    }

    /// <summary>Takes those that were connected and have said nothing for <paramref name="limit"/> as lost.</summary>
    /// <returns>Them.</returns>
    public IReadOnlyList<NodeId> Silent(MonotonicTime now, TimeSpan limit)
    {
        List<NodeId>? lost = null;
        foreach (var (id, peer) in _peers)
        {
            if (peer.ConnectedSince != MonotonicTime.Never && now.Since(peer.LastHeard) >= limit)
            {
                peer.ConnectedSince = MonotonicTime.Never;
                (lost ??= []).Add(new NodeId(id));
            }
        }
        return lost ?? (IReadOnlyList<NodeId>)[];
    }

    private sealed class Peer
    {
        private long _connectedSince = long.MaxValue;
        private long _lastHeard = long.MaxValue;
        private long _roundTripTicks;

        public MonotonicTime ConnectedSince
        {
            get => new(Volatile.Read(ref _connectedSince));
            set => Volatile.Write(ref _connectedSince, value.Nanoseconds);
        }

        public MonotonicTime LastHeard
        {
            get => new(Volatile.Read(ref _lastHeard));
            set => Volatile.Write(ref _lastHeard, value.Nanoseconds);
        }

        public long RoundTripTicks
        {
            get => Volatile.Read(ref _roundTripTicks);
            set => Volatile.Write(ref _roundTripTicks, value);
        }
    }
}
