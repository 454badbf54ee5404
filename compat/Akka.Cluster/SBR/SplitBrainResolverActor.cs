using Akka.Actor;
using Akka.Event;

namespace Akka.Cluster.SBR;

/// <summary><c>/system/cluster/core/daemon/downing</c>: waits until a split has stood still for long enough, then declares one side dead.</summary>
internal sealed class SplitBrainResolverActor : UntypedActor, IWithTimers
{
    private static readonly TimeSpan s_tick = TimeSpan.FromSeconds(1);

    private readonly SplitBrainResolverSettings _settings;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private MembershipState _state;
    private string _picture = "";
    private long _stableSince;
    private long _splitSince;
    private bool _split;

    public SplitBrainResolverActor(SplitBrainResolverSettings settings, UniqueAddress self)
    {
        _settings = settings;
        _state = new MembershipState(Gossip.Empty, self);
    }

    public ITimerScheduler Timers { get; set; }

    private static long NowMs => Environment.TickCount64;

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case ClusterCommand.StateChanged changed:
                StateChanged(changed.State);
                break;
            case Tick:
                Judge();
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void StateChanged(MembershipState state)
    {
        _state = state;
        var split = !state.Gossip.Reachability.IsAllReachable;
        if (split)
        {
            var picture = Picture(state.Gossip);
            if (picture != _picture) (_picture, _stableSince) = (picture, NowMs);
        }

        if (split && !_split)
        {
            _splitSince = NowMs;
            Timers.StartPeriodicTimer(Tick.Instance, Tick.Instance, s_tick);
        }
        else if (!split && _split)
        {
            _picture = "";
            Timers.Cancel(Tick.Instance);
        }

        _split = split;
    }

    private void Judge()
    {
        var now = NowMs;
        if (_state.Leader != _state.Self || _state.SelfMember.Status is not (MemberStatus.Up or MemberStatus.Leaving)) return;
        if (now - _stableSince >= _settings.DowningStableAfter.TotalMilliseconds)
        {
            Down(Verdict.Of(_state, _settings), $"strategy [{_settings.DowningStrategy}]");
            (_stableSince, _splitSince) = (now, now);
        }
        else if (_settings.DownAllWhenUnstable > TimeSpan.Zero && now - _splitSince >= (_settings.DowningStableAfter + _settings.DownAllWhenUnstable).TotalMilliseconds)
        {
            // It goes back and forth; sides could come to different verdicts by judging different moments.
            Down(Verdict.All(_state), "down-all-when-unstable");
            _splitSince = now;
        }
    }

    private void Down(IReadOnlyCollection<UniqueAddress> nodes, string why)
    {
        if (nodes.Count == 0) return;
        _log.Warning("SBR took a decision by {0}: downing [{1}], unreachable [{2}]", why, string.Join(", ", nodes), string.Join(", ", _state.Gossip.Reachability.NotReachable.Keys));

        // Ourselves last: with the first word about us our leadership may end.
        foreach (var node in nodes.OrderBy(node => node == _state.Self)) Context.Parent.Tell(new ClusterMessage.Down(node.Address), Self);
    }

    /// <summary>What must stand still: who is a member, how far, and who cannot be reached.</summary>
    private static string Picture(Gossip gossip) =>
        string.Join(',', gossip.Members.Select(static m => $"{m.UniqueAddress}{m.Status}")) + "|" + string.Join(',', gossip.Reachability.NotReachable.Keys.Order());

    private sealed record Tick : INoSerializationVerificationNeeded
    {
        internal static readonly Tick Instance = new();
    }
}
