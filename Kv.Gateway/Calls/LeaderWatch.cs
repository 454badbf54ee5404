using Grpc.Core;

namespace Kv.Gateway.Calls;

/// <summary>Ends the streams that asked for a leader (metadata <c>hasleader: true</c>) when there has been none for three election timeouts.</summary>
/// <remarks>
/// Source: reference, watch semantics. Like etcd it looks once an election timeout and counts, so that an election that
/// succeeds at once disturbs nobody; with the defaults a stream ends 3 s after the leader is lost.
/// </remarks>
public sealed class LeaderWatch : IDisposable
{
    /// <summary>Looks in a row that may find no leader before streams are ended.</summary>
    public const int LooksWithout = 3;

    /// <summary>Name of the metadata.</summary>
    public const string Metadata = "hasleader";

    private readonly Func<bool> _hasLeader;
    private readonly ITimer _timer;
    private readonly Lock _gate = new();
    private CancellationTokenSource _lost = new();
    private int _without;

    /// <summary>Begins to look.</summary>
    public LeaderWatch(Func<bool> hasLeader, TimeSpan electionTimeout, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(clock);
        _hasLeader = hasLeader;
        _timer = clock.CreateTimer(static watch => ((LeaderWatch)watch!).Look(), this, electionTimeout, electionTimeout);
    }

    /// <summary>Cancelled when the leader is lost, if the call asked for one; else never.</summary>
    public CancellationToken LostFor(ServerCallContext call) => IsAsked(call.RequestHeaders.GetValue(Metadata)) ? Lost : CancellationToken.None;

    /// <summary>Cancelled when the leader is lost. A later one is handed out after that.</summary>
    public CancellationToken Lost
    {
        get
        {
            lock (_gate)
            {
                return _lost.Token;
            }
        }
    }

    /// <summary>Whether metadata's value asks for a leader.</summary>
    public static bool IsAsked(string? value) => value == "true";

    /// <summary>Looks once; what the timer does.</summary>
    internal void Look()
    {
        CancellationTokenSource? lost = null;
        lock (_gate)
        {
            _without = _hasLeader() ? 0 : _without + 1;
            if (_without >= LooksWithout)
            {
                (lost, _lost, _without) = (_lost, new CancellationTokenSource(), 0);
            }
        }
        if (lost is not null)
        {
            _ = EndAsync(lost);                                // away from the timer: ending a thousand streams takes its time
        }
    }

    private static async Task EndAsync(CancellationTokenSource lost)
    {
        await lost.CancelAsync().ConfigureAwait(false);
        lost.Dispose();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _timer.Dispose();
        lock (_gate)
        {
            _lost.Dispose();
        }
    }
}
