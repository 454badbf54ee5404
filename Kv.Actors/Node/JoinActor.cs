using Akka.Actor;
using Kv.Actors.Cluster;
using Kv.Actors.Peers;

namespace Kv.Actors.Node;

/// <summary>Asks the members of a cluster who belongs to it, for one that joins and does not know its own id yet.</summary>
/// <remarks>
/// It stands where the node will stand, and its child where the node's peer endpoint will: that is where members answer to.
/// </remarks>
internal sealed class JoinActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan AskInterval = TimeSpan.FromMilliseconds(500);

    private readonly IReadOnlyList<InitialMember> _others;
    private readonly PeerMessage.MembersAsk _ask;
    private readonly IPeerRoutes _routes;
    private readonly TaskCompletionSource _stopped;

    /// <summary>Begins to ask at once.</summary>
    /// <param name="others">Whom to ask.</param>
    /// <param name="ask">What they are asked, and where the answer is to go.</param>
    /// <param name="routes">The way to them.</param>
    /// <param name="answered">Gets the first answer.</param>
    /// <param name="stopped">Is kept when this actor has stopped.</param>
    public JoinActor(IReadOnlyList<InitialMember> others, PeerMessage.MembersAsk ask, IPeerRoutes routes, TaskCompletionSource<PeerMessage.MembersAnswer> answered, TaskCompletionSource stopped)
    {
        (_others, _ask, _routes, _stopped) = (others, ask, routes, stopped);
        Context.ActorOf(Props.Create(() => new Endpoint(ask.Number, answered)), "peers");
        Receive<Ask>(_ => AskAll());
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc/>
    protected override void PreStart()
    {
        base.PreStart();
        Timers.StartPeriodicTimer(Ask.Instance, Ask.Instance, TimeSpan.Zero, AskInterval);
    }

    /// <inheritdoc/>
    protected override void PostStop()
    {
        base.PostStop();
        _stopped.TrySetResult();
    }

    private void AskAll()
    {
        foreach (var other in _others)
        {
            _routes.RouteTo(new ClusterMember(default, other.Name, other.PeerUrls, [], IsLearner: false))
                .Tell(_ask, ActorRefs.NoSender);
        }
    }

    private sealed record Ask
    {
        public static readonly Ask Instance = new();
    }

    /// <summary>
    /// Takes the answers, but none to another run: a late one may be from before the member that was here was removed. What else may
    /// arrive was meant for the node that is not there yet.
    /// </summary>
    private sealed class Endpoint : ReceiveActor
    {
        public Endpoint(ulong number, TaskCompletionSource<PeerMessage.MembersAnswer> answered)
        {
            Receive<PeerMessage.MembersAnswer>(answer => answered.TrySetResult(answer), answer => answer.Number == number);
            Receive<PeerMessage>(_ => { });
        }
    }
}
