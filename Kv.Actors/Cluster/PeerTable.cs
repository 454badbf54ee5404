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
    private volatile Peer[] _peers = [];                       // a handful: looked through, not looked up

    /// <summary>The members watched over, by ascending id: everyone but this one.</summary>
    public IEnumerable<NodeId> Members => _peers.Select(static peer => peer.Id);

    /// <summary>How many of them are connected now.</summary>
    public int ConnectedCount => _peers.Count(static peer => peer.ConnectedSince != MonotonicTime.Never);

    /// <summary>Since when this member hears of another without a break; null when it does not, or does not know it.</summary>
    public MonotonicTime? ConnectedSince(NodeId member) =>
        Find(_peers, member) is { } peer && peer.ConnectedSince is var since && since != MonotonicTime.Never ? since : null;

    /// <summary>Whether it was heard without a break from <paramref name="moment"/> on.</summary>
    public bool IsConnectedSince(NodeId member, MonotonicTime moment) => ConnectedSince(member) is { } since && since <= moment;

    /// <summary>The last time anything came from it; null when nothing ever did.</summary>
    public MonotonicTime? LastHeard(NodeId member) =>
        Find(_peers, member) is { } peer && peer.LastHeard is var last && last != MonotonicTime.Never ? last : null;

    /// <summary>How long the last ping took there and back; null when none was answered.</summary>
    public TimeSpan? RoundTrip(NodeId member) =>
        Find(_peers, member) is { RoundTripTicks: > 0 and var ticks } ? new TimeSpan(ticks) : null;

    /// <summary>These are the others from here on; what is known of those that stay is kept.</summary>
    public void Follow(IEnumerable<NodeId> members)
    {
        ArgumentNullException.ThrowIfNull(members);
        var (known, peers) = (_peers, new List<Peer>());
        foreach (var id in members)
        {
            peers.Add(Find(known, id) ?? new Peer(id));
        }
        peers.Sort(static (a, b) => a.Id.Value.CompareTo(b.Id.Value));
        _peers = [.. peers];
    }

    /// <summary>Something came from a member.</summary>
    /// <returns>Whether that connected it.</returns>
    public bool Heard(NodeId member, MonotonicTime now)
    {
        if (Find(_peers, member) is not { } peer)
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
        if (Find(_peers, member) is { } peer)
        {
            peer.RoundTripTicks = Math.Max(1, roundTrip.Ticks);
        }
    }

    /// <summary>Takes those that were connected and have said nothing for <paramref name="limit"/> as lost.</summary>
    /// <returns>Them.</returns>
    public IReadOnlyList<NodeId> Silent(MonotonicTime now, TimeSpan limit)
    {
        List<NodeId>? lost = null;
        foreach (var peer in _peers)
        {
            if (peer.ConnectedSince != MonotonicTime.Never && now.Since(peer.LastHeard) >= limit)
            {
                peer.ConnectedSince = MonotonicTime.Never;
                (lost ??= []).Add(peer.Id);
            }
        }
        return lost ?? (IReadOnlyList<NodeId>)[];
    }

    private static Peer? Find(Peer[] peers, NodeId member)
    {
        foreach (var peer in peers)
        {
            if (peer.Id == member)
            {
                return peer;
            }
        }
        return null;
    }

    private sealed class Peer(NodeId id)
    {
        public NodeId Id { get; } = id;

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
