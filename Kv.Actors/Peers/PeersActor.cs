using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;
using Kv.Actors.Cluster;
using Kv.Actors.Model;
using Kv.Actors.Raft;

namespace Kv.Actors.Peers;

/// <summary>The member's peer endpoint: what other members send arrives here and is checked; one <see cref="PeerActor"/> carries what goes
/// to each of them.</summary>
/// <remarks>
/// Who the members are it is told by the Raft actor, as a <see cref="MemberSet"/>. Somebody who is not among them yet, for this
/// member's log lags, is answered where its ping says that it is reached; somebody who was removed is told so.
/// </remarks>
public sealed class PeersActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan QuietAfterLog = TimeSpan.FromSeconds(10);

    private readonly PeersSetup _setup;
    private readonly Func<ClusterMember, ICanTell> _routeTo;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Dictionary<ulong, Peer> _peers = [];
    private readonly IActorRef _calls;
    private readonly IActorRef _sender;
    private readonly IActorRef _receiver;
    private readonly string _self;
    private MemberSet _members = MemberSet.Empty;
    private IActorRef _raft = ActorRefs.Nobody;
    private MonotonicTime _loggedRefusal;
    private bool _hasRefused;
    private ulong? _committedAtStart;
    private long _started;

    /// <summary>Starts with the members known.</summary>
    /// <param name="setup">What it is given.</param>
    /// <param name="routeTo">The way to a member's endpoint.</param>
    public PeersActor(PeersSetup setup, Func<ClusterMember, ICanTell> routeTo)
    {
        (_setup, _routeTo, _self) = (setup, routeTo, setup.Status.Self.ToString());
        _calls = Context.ActorOf(Props.Create(() => new PeerCallsActor(setup)), "calls");
        _sender = Context.ActorOf(Props.Create(() => new SnapshotSendActor(setup)), "snapshots-out");
        _receiver = Context.ActorOf(Props.Create(() => new SnapshotReceiveActor(setup)), "snapshots-in");

        Receive<PeerMessage>(Take);
        Receive<RaftMessage.InstallSnapshot>(wanted => _sender.Tell(wanted));
        Receive<PeerCommand.Send>(send => Send(send.To, send.Message));
        Receive<PeerCommand.Call>(_calls.Forward);
        Receive<MemberSet>(Follow);
        Receive<RaftCommand>(command => _raft.Tell(command));
        Receive<PeerCommand.Look>(_ => Look());
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc/>
    protected override void PreStart()
    {
        base.PreStart();
        Timers.StartPeriodicTimer(PeerCommand.Look.Instance, PeerCommand.Look.Instance, LookInterval);
    }

    /// <summary>What fails here is a bug, and the node's to meet.</summary>
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(static _ => Directive.Escalate);

    private MonotonicTime Now => MonotonicTime.Of(_setup.Clock);

    private void Follow(MemberSet members)
    {
        _raft = Sender;
        _members = members;
        _committedAtStart ??= _setup.Status.CommitIndex;
        // A member that joins learns from its log who the others are; until then those it was told of stand in for them.
        var wanted = members.Find(_setup.Status.Self) is null ? _setup.Known.All.Concat(members.All) : members.All;
        var others = new Dictionary<ulong, ClusterMember>();
        foreach (var member in wanted.Where(member => member.Id != _setup.Status.Self && !members.WasRemoved(member.Id)))
        {
            others[member.Id.Value] = member;                  // what the log says of one counts, not what was told
        }
        foreach (var (id, peer) in _peers.ToArray())
        {
            if (members.WasRemoved(new NodeId(id)) || (!peer.IsGuest && !others.ContainsKey(id)))
            {
                Stop(id, peer);
            }
        }
        foreach (var (id, member) in others)
        {
            Start(member, isGuest: false);
        }
        Publish();
    }

    private void Start(ClusterMember member, bool isGuest)
    {
        if (_peers.TryGetValue(member.Id.Value, out var known))
        {
            if (known.Urls.SequenceEqual(member.PeerUrls))
            {
                _peers[member.Id.Value] = known with { IsGuest = isGuest };
                return;
            }
            Stop(member.Id.Value, known);
        }
        if (member.PeerUrls.IsDefaultOrEmpty)
        {
            return;
        }
        var route = _routeTo(member);
        var carrier = Context.ActorOf(
            Props.Create(() => new PeerActor(_setup, member.Id, route)).WithDispatcher(Context.Props.Dispatcher), $"{member.Id}-{++_started}");
        _peers[member.Id.Value] = new Peer(carrier, member.PeerUrls, isGuest, _setup.Metrics.Peers.ReceivedBytes.With(member.Id.ToString()), new ForwardFilter());
        _setup.Metrics.Peers.Known.With(_self, member.Id.ToString()).Set(1);
        _log.Info("added remote peer: local-member-id {0} remote-peer-id {1} urls {2}", _self, member.Id, string.Join(',', member.PeerUrls));
    }

    private void Stop(ulong id, Peer peer)
    {
        peer.Carrier.Tell(PoisonPill.Instance);                // behind what it is to send yet: the member may learn from it that it is removed
        _peers.Remove(id);
        _setup.Metrics.Peers.Known.With(_self, new NodeId(id).ToString()).Set(0);
        _setup.Metrics.Peers.Active.With(_self, new NodeId(id).ToString()).Set(0);
        _log.Info("removed remote peer: local-member-id {0} removed-remote-peer-id {1}", _self, new NodeId(id));
    }

    private void Publish()
    {
        _setup.Table.Follow(_peers.Keys.Select(static id => new NodeId(id)));
        _raft.Tell(new PeerRefs(_peers.ToDictionary(static peer => peer.Key, static peer => peer.Value.Carrier)));
    }

    /// <summary>What came over the wire. Nothing of it is believed that is not of this cluster and for this member.</summary>
    private void Take(PeerMessage message)
    {
        if (message is PeerMessage.Unreadable unreadable)
        {
            Refuse(message, $"it cannot be read: {unreadable.Reason}");
            return;
        }
        if (message is PeerMessage.MembersAsk ask)
        {
            AnswerMembers(ask);
            return;
        }
        if (message.Cluster != _setup.Status.Cluster)
        {
            Refuse(message, $"request cluster ID mismatch: local-member-cluster-id {_setup.Status.Cluster} remote-peer-cluster-id {message.Cluster}");
            return;
        }
        if (message.To != _setup.Status.Self)
        {
            Refuse(message, $"request ID mismatch: it is for member {message.To}");
            return;
        }
        if (_members.WasRemoved(message.From))
        {
            Refuse(message, "rejected message from a removed member");
            if (message is PeerMessage.Ping { PeerUrls: [_, ..] } ping)
            {
                Tell(ping.PeerUrls, message.From, new PeerMessage.Removed());
            }
            return;
        }
        if (!_peers.TryGetValue(message.From.Value, out var peer))
        {
            if (message is not PeerMessage.Ping { PeerUrls: [_, ..] } stranger || !TryWelcome(stranger, out peer))
            {
                TakeFromStranger(message);
                return;
            }
        }
        peer.ReceivedBytes.Add(PeerWire.RoughSize(message));
        if (_setup.Table.Heard(message.From, Now))
        {
            _log.Info("peer became active: peer-id {0}", message.From);
            _setup.Metrics.Peers.Active.With(_self, message.From.ToString()).Set(1);
        }
        Take(message, peer);
    }

    private void Take(PeerMessage message, Peer peer)
    {
        switch (message)
        {
            case PeerMessage.Consensus { Message: RaftMessage.InstallSnapshot }:
                Refuse(message, "a snapshot without its bytes");
                break;
            case PeerMessage.Consensus consensus:
                if (consensus.Sequence != 0)
                {
                    peer.Carrier.Tell(new PeerMessage.Credit(consensus.Sequence));
                }
                if (consensus.Number == 0 || peer.Forwards.IsNew(consensus.Run, consensus.Number))
                {
                    _raft.Tell(new RaftCommand.Receive(consensus.Message));
                }
                break;
            case PeerMessage.Credit credit:
                peer.Carrier.Tell(new PeerCommand.Credit(credit.Through));
                break;
            case PeerMessage.Ping ping:
                peer.Carrier.Tell(new PeerMessage.Pong(ping.SentAt, ping.Through));
                break;
            case PeerMessage.Pong pong:
                var took = Now.Since(pong.SentAt);
                _setup.Table.Answered(pong.From, took);
                _setup.Metrics.Peers.RoundTrip.With(pong.From.ToString()).Record(took);
                peer.Carrier.Tell(new PeerCommand.Credit(pong.Through));
                break;
            case PeerMessage.Ask or PeerMessage.Answer:
                _calls.Tell(message);
                break;
            case PeerMessage.SnapshotAck:
                _sender.Tell(message);
                break;
            case PeerMessage.SnapshotOffer or PeerMessage.SnapshotChunk:
                _receiver.Tell(message);
                break;
            case PeerMessage.Removed:
                _log.Error("this member was removed from the cluster, another member says: {0}", message.From);
                Context.Parent.Tell(RaftNotice.SelfRemoved.Instance);
                break;
            default:
                Refuse(message, $"{message.GetType().Name} is not expected here");
                break;
        }
    }

    /// <summary>Raft itself knows what to do with those it does not know; they are answered once their ping has come.</summary>
    private void TakeFromStranger(PeerMessage message)
    {
        if (message is PeerMessage.Consensus { Message: not (RaftMessage.InstallSnapshot or RaftMessage.Propose) } consensus)
        {
            _raft.Tell(new RaftCommand.Receive(consensus.Message));
        }
    }

    private bool TryWelcome(PeerMessage.Ping ping, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Peer? peer)
    {
        peer = null;
        if (_raft.IsNobody() || _peers.Values.Count(static peer => peer.IsGuest) >= _setup.Limits.MaxGuests)
        {
            return false;
        }
        Start(new ClusterMember(ping.From, "", ping.PeerUrls, [], IsLearner: false), isGuest: true);
        Publish();
        return _peers.TryGetValue(ping.From.Value, out peer);
    }

    private void AnswerMembers(PeerMessage.MembersAsk ask)
    {
        // While the log is applied again these are members of long ago, and who of them has served is not known yet: they ask once more.
        if (_members.Count > 0 && _setup.Status.AppliedIndex >= _committedAtStart && !ask.PeerUrls.IsDefaultOrEmpty)
        {
            // Names and client URLs are published by another kind of entry, which Raft does not look into.
            var published = _setup.Roots.Current.Members;
            var members = _members.All.Select(member => published.Find(member.Id) is { } known ? member with { Name = known.Name, ClientUrls = known.ClientUrls } : member);
            Tell(ask.PeerUrls, default, new PeerMessage.MembersAnswer([.. members], [.. _members.Removed.Select(static id => id.Value)], ask.Number));
        }
    }

    /// <summary>For whoever has no carrier.</summary>
    private void Tell(ImmutableArray<string> urls, NodeId to, PeerMessage message) =>
        _routeTo(new ClusterMember(to, "", urls, [], IsLearner: false))
            .Tell(message with { Cluster = _setup.Status.Cluster, From = _setup.Status.Self, To = to }, ActorRefs.NoSender);

    private void Send(NodeId to, PeerMessage message)
    {
        if (_peers.TryGetValue(to.Value, out var peer))
        {
            peer.Carrier.Tell(message);
        }
    }

    private void Refuse(PeerMessage message, string why)
    {
        _setup.Metrics.Peers.ReceivedFailures.With(message.From.ToString()).Add();
        var now = Now;
        if (!_hasRefused || now.Since(_loggedRefusal) > QuietAfterLog)
        {
            (_hasRefused, _loggedRefusal) = (true, now);
            _log.Warning("a message from {0} was refused, and others maybe that are not logged: {1}", message.From, why);
        }
    }

    private void Look()
    {
        foreach (var lost in _setup.Table.Silent(Now, _setup.Limits.LostAfter))
        {
            _log.Warning("peer became inactive (message send to peer failed): peer-id {0}", lost);
            _setup.Metrics.Peers.Active.With(_self, lost.ToString()).Set(0);
            _setup.Metrics.Peers.Disconnected.With(_self, lost.ToString()).Add();
            _raft.Tell(new RaftCommand.Unreachable(lost.Value));
            if (_peers.TryGetValue(lost.Value, out var peer))
            {
                peer.Carrier.Tell(PeerCommand.Lost.Instance);
            }
        }
    }

    /// <param name="Carrier">Its <see cref="PeerActor"/>.</param>
    /// <param name="Urls">Where it is reached.</param>
    /// <param name="IsGuest">It is not in this member's own list yet.</param>
    /// <param name="ReceivedBytes">Counts what comes from it.</param>
    /// <param name="Forwards">Keeps what it forwards from being taken in twice.</param>
    private sealed record Peer(IActorRef Carrier, ImmutableArray<string> Urls, bool IsGuest, Meters.Counter ReceivedBytes, ForwardFilter Forwards);
}
