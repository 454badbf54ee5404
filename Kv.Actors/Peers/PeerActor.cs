using Akka.Actor;
using Kv.Actors.Meters;
using Kv.Actors.Model;
using Kv.Actors.Raft;

namespace Kv.Actors.Peers;

/// <summary>Carries messages to one other member: what is small at once, what is in bulk through <see cref="PeerLane"/>; and pings it.</summary>
/// <remarks>Accepts a <see cref="RaftMessage"/> or a <see cref="PeerMessage"/> to send, and <see cref="PeerCommand"/>s of its parent.</remarks>
public sealed class PeerActor : ReceiveActor, IWithTimers
{
    private readonly PeersSetup _setup;
    private readonly NodeId _member;
    private readonly ICanTell _route;
    private readonly PeerLane _lane;
    private readonly Counter _sentBytes;
    private readonly Counter _sentFailures;

    /// <summary>Begins to ping at once.</summary>
    /// <param name="setup">Shared by all of them.</param>
    /// <param name="member">The other member.</param>
    /// <param name="route">The way to it.</param>
    public PeerActor(PeersSetup setup, NodeId member, ICanTell route)
    {
        (_setup, _member, _route) = (setup, member, route);
        _lane = new PeerLane(setup.Limits.WindowBytes, setup.Limits.QueueBytes);
        _sentBytes = setup.Metrics.Peers.SentBytes.With(member.ToString());
        _sentFailures = setup.Metrics.Peers.SentFailures.With(member.ToString());

        Receive<RaftMessage>(Send);
        Receive<PeerMessage>(Send);
        Receive<PeerCommand.Credit>(credit =>
        {
            _lane.Credit(credit.Through);
            SendBulk();
        });
        Receive<PeerCommand.PingNow>(_ => Ping());
        Receive<PeerCommand.Lost>(_ => _lane.Reset());
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc/>
    protected override void PreStart()
    {
        base.PreStart();
        Timers.StartPeriodicTimer(PeerCommand.PingNow.Instance, PeerCommand.PingNow.Instance, TimeSpan.Zero, _setup.Limits.PingInterval);
    }

    private void Send(RaftMessage message)
    {
        if (!PeerLane.IsBulk(message))
        {
            Send(message, sequence: 0);
            return;
        }
        if (!_lane.TryAdd(message))
        {
            // More waits than may: the member takes in less than it is sent. Raft probes from what it has acknowledged.
            _sentFailures.Add();
            Context.Parent.Tell(new RaftCommand.Unreachable(_member.Value));
            return;
        }
        SendBulk();
    }

    private void SendBulk()
    {
        while (_lane.TryNext(out var message, out var sequence))
        {
            Send(message, sequence);
        }
    }

    private void Send(RaftMessage message, ulong sequence) => Tell(
        (message is RaftMessage.Propose
            ? new PeerMessage.Consensus(message, sequence, _setup.Forwards.Run.Value, _setup.Forwards.Next())
            : new PeerMessage.Consensus(message, sequence)) with { Cluster = _setup.Status.Cluster, From = _setup.Status.Self, To = _member });

    private void Send(PeerMessage message) => Tell(
        message with { Cluster = _setup.Status.Cluster, From = _setup.Status.Self, To = _member });

    private void Tell(PeerMessage message)
    {
        _sentBytes.Add(PeerWire.RoughSize(message));
        _route.Tell(message, ActorRefs.NoSender);
    }

    private void Ping() => Send(new PeerMessage.Ping(MonotonicTime.Of(_setup.Clock), _lane.Sequence, _setup.PeerUrls));
}
