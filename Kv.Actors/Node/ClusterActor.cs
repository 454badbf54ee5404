using Akka.Actor;
using Akka.Cluster;
using Akka.Event;
using Kv.Actors.Apply;
using Kv.Actors.Cluster;
using AkkaCluster = Akka.Cluster.Cluster;

namespace Kv.Actors.Node;

/// <summary>Brings the members' actor systems together in an Akka cluster, for extensions, and says who of it cannot be reached.</summary>
/// <remarks>
/// Nothing of Raft rests on it. Who is asked to join it are the members of the replicated set; who is gone from that set and cannot
/// be reached is declared gone from the Akka cluster too. Nobody else ever is.
/// </remarks>
internal sealed class ClusterActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(2);

    private readonly AkkaCluster _cluster = AkkaCluster.Get(Context.System);
    private readonly RootHolder _roots;
    private readonly MemberSet _known;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Kv.Actors.Meters.Gauge _unreachable;
    private readonly HashSet<Address> _lost = [];
    private bool _joining;

    /// <summary>Looks for others from its start on.</summary>
    /// <param name="roots">Hold the members.</param>
    /// <param name="known">Members known before the log tells of any.</param>
    /// <param name="metrics">Where it is counted who cannot be reached.</param>
    public ClusterActor(RootHolder roots, MemberSet known, Kv.Actors.Meters.Metrics metrics)
    {
        (_roots, _known, _unreachable) = (roots, known, metrics.Peers.Unreachable);
        Receive<Look>(_ => LookNow());
        Receive<ClusterEvent.CurrentClusterState>(state =>
        {
            foreach (var member in state.Unreachable)
            {
                Lost(member);
            }
        });
        Receive<ClusterEvent.UnreachableMember>(lost => Lost(lost.Member));
        Receive<ClusterEvent.ReachableMember>(found => Found(found.Member));
        Receive<ClusterEvent.MemberUp>(up => _log.Info("a member's system is up in the cluster of systems: {0}", up.Member.Address));
        Receive<ClusterEvent.MemberRemoved>(removed => Found(removed.Member));
        Receive<ClusterEvent.IMemberEvent>(_ => { });
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc/>
    protected override void PreStart()
    {
        base.PreStart();
        _cluster.Subscribe(Self, typeof(ClusterEvent.IMemberEvent), typeof(ClusterEvent.IReachabilityEvent));
        Timers.StartPeriodicTimer(Look.Instance, Look.Instance, TimeSpan.Zero, LookInterval);
    }

    /// <inheritdoc/>
    protected override void PostStop()
    {
        _cluster.Unsubscribe(Self);
        base.PostStop();
    }

    private void LookNow()
    {
        var members = _roots.Current.Members;
        var addresses = (members.Count > 0 ? members : _known).All
            .Select(static member => AddressOf(member)).OfType<Address>().ToList();
        if (!_joining && addresses.Contains(_cluster.SelfAddress))
        {
            // All of them name the same first one: it founds the cluster of systems where there is none.
            _joining = true;
            _cluster.JoinSeedNodes(addresses);
        }
        foreach (var gone in _lost.Where(address => members.Count > 0 && !addresses.Contains(address)).ToList())
        {
            _cluster.Down(gone);
        }
    }

    private void Lost(Member member)
    {
        if (_lost.Add(member.Address))
        {
            _log.Warning("a member's system cannot be reached: {0}", member.Address);
        }
        _unreachable.Set(_lost.Count);
    }

    private void Found(Member member)
    {
        if (_lost.Remove(member.Address))
        {
            _log.Info("a member's system is reached again, or gone for good: {0}", member.Address);
        }
        _unreachable.Set(_lost.Count);
    }

    private static Address? AddressOf(ClusterMember member) => RemotePeerRoutes.UrlOf(member) is { } url
        ? new Address(RemotePeerRoutes.ProtocolOf(url), KvNode.SystemName, url.Host, url.Port)
        : null;

    private sealed record Look
    {
        public static readonly Look Instance = new();
    }
}
