namespace Kv.Gateway.Http;

/// <summary>How often a client may ping: the rule of gRPC's servers, which etcd sets up with <c>--grpc-keepalive-min-time</c>.</summary>
/// <remarks>
/// A ping that comes too soon after the one before is a strike; with one strike more than <see cref="Allowed"/> the connection is
/// ended. Without a call under way, pings have to be <see cref="IdleMinTime"/> apart. Anything the server sent of a call since the
/// ping before takes the strikes back: clients ping to measure the way that data takes.
/// <code>
///  call open, min time 5 s     sent   0 s   1 s   2 s   6 s   7 s
///  strikes                      –     0     1     2     3: too many
/// </code>
/// Not thread-safe, and without a clock.
/// </remarks>
/// <param name="minTime">Between pings while calls are under way. Zero or less is gRPC's own default, as in etcd.</param>
internal sealed class PingStrikes(TimeSpan minTime)
{
    /// <summary>Strikes that are put up with.</summary>
    public const int Allowed = 2;

    private readonly TimeSpan _minTime = minTime > TimeSpan.Zero ? minTime : DefaultMinTime;
    private TimeSpan? _last;
    private int _strikes;

    /// <summary>What gRPC takes when nothing is said.</summary>
    public static TimeSpan DefaultMinTime { get; } = TimeSpan.FromMinutes(5);

    /// <summary>Between pings of a connection without calls.</summary>
    public static TimeSpan IdleMinTime { get; } = TimeSpan.FromHours(2);

    /// <summary>A ping came.</summary>
    /// <param name="now">On a clock that only moves forward.</param>
    /// <param name="hasCalls">Whether a call is under way.</param>
    /// <param name="hasSent">Whether headers or data of a call were sent since the ping before.</param>
    /// <returns>True when it was one too many.</returns>
    public bool IsTooMany(TimeSpan now, bool hasCalls, bool hasSent)
    {
        var last = _last;
        _last = now;
        if (hasSent)
        {
            _strikes = 0;
            return false;
        }
        _strikes += last + (hasCalls ? _minTime : IdleMinTime) > now ? 1 : 0;
        return _strikes > Allowed;
    }
}
