using System.Net.Sockets;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Event;
using Akka.Streams;
using Google.Protobuf;
using Kv.Actors.Apply;
using Kv.Actors.Cluster;
using Kv.Actors.Lease;
using Kv.Actors.Meters;
using Kv.Actors.Model;
using Kv.Actors.Peers;
using Kv.Actors.Protos.Internal;
using Kv.Actors.Raft;
using Kv.Actors.Watch;
using Kv.Persistence;
using Kv.Persistence.Io;

namespace Kv.Actors.Node;

/// <summary>A lease's time and keys, as LeaseTimeToLive answers them.</summary>
/// <param name="RemainingSeconds">Whole seconds left; may be below zero while the revocation is on its way.</param>
/// <param name="GrantedSeconds">The TTL granted.</param>
/// <param name="Keys">Ascending; empty when not asked for.</param>
public sealed record LeaseTime(long RemainingSeconds, long GrantedSeconds, IReadOnlyList<byte[]> Keys);

/// <summary>A running member: the handle that the gateway, tests and tools hold. Thread-safe.</summary>
public sealed class KvNode : IAsyncDisposable
{
    /// <summary>The version reported to clients, plain integers as etcd's clients parse them.</summary>
    public const string ServerVersion = "3.6.8";

    /// <summary>The API level agreed by the cluster, and the level of what is stored.</summary>
    public const string ApiVersion = "3.6.0";

    /// <summary>Name of the node's actor system.</summary>
    public const string SystemName = "kv";

    private readonly ActorSystem _system;
    private readonly NodeParts _parts;
    private readonly Proposer _proposer;
    private readonly TimeProvider _clock;
    private readonly DataDirectory _directory;
    private readonly PeerLeases _leaderLeases;
    private readonly TaskCompletionSource<NodeEnd> _ended;
    private readonly Workers _workers;
    private readonly SnapshotImages _images;
    private readonly CancellationTokenSource _stopping = new();
    private readonly bool _isGuarded;

    private KvNode(
        ActorSystem system, KvSettings settings, NodeParts parts, NodeStatus status, RootHolder roots, Proposer proposer,
        LeaseClock leases, LeaseIdSource leaseIds, Metrics metrics, TaskCompletionSource<NodeEnd> ended,
        DataDirectory directory, PeerTable peers, PeerServices services, TimeProvider clock, Workers workers, bool isGuarded)
    {
        _isGuarded = isGuarded;
        (_system, _parts, _proposer, _clock, _ended, _directory) = (system, parts, proposer, clock, ended, directory);
        (Settings, Status, Roots, Leases, LeaseIds, Metrics, Peers, Services) = (settings, status, roots, leases, leaseIds, metrics, peers, services);
        _workers = workers;
        _leaderLeases = new PeerLeases(parts.Peers, workers);
        PeerLeases.ServeTo(services, this);
        NodeGauges.Connect(this);
        Reads = new ReadGate(parts.Raft, status, roots, settings.RequestTimeout, clock, workers, metrics, _stopping.Token);
        _images = new SnapshotImages(StorageExtension.For(system).Disk, directory.SnapPath);
        // Whatever ends the node, nobody waits for parts that are no more.
        ended.Task.ContinueWith(_ => Refuse(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        Membership = new MembershipCalls(
            settings, status, roots, peers, new MembershipSeams(ProposeConfChangeAsync, ProgressOf, AskLeaderAsync), clock);
        Membership.ServeTo(services);
    }

    /// <summary>What it was started with.</summary>
    public KvSettings Settings { get; }

    /// <summary>Term, leader, indexes; makes response headers.</summary>
    public NodeStatus Status { get; }

    /// <summary>The published state: serializable reads are served from it as it is.</summary>
    public RootHolder Roots { get; }

    /// <summary>The way to a root for a linearizable read.</summary>
    public ReadGate Reads { get; }

    /// <summary>Members come, change and go.</summary>
    public MembershipCalls Membership { get; }

    /// <summary>The leader's deadlines.</summary>
    public LeaseClock Leases { get; }

    /// <summary>Ids for leases whose client named none.</summary>
    public LeaseIdSource LeaseIds { get; }

    /// <summary>Every meter of the node.</summary>
    public Metrics Metrics { get; }

    /// <summary>Which other members this one hears, and since when.</summary>
    public PeerTable Peers { get; }

    /// <summary>The actor system, for extensions and tests.</summary>
    public ActorSystem System => _system;

    /// <summary>Ends with why the node cannot go on; never while it runs.</summary>
    public Task<NodeEnd> Ended => _ended.Task;

    /// <summary>The time it lives by.</summary>
    internal TimeProvider Clock => _clock;

    /// <summary>What this member does when other members ask for it.</summary>
    public PeerServices Services { get; }

    /// <summary>Starts a member on its data directory. It is not ready before <see cref="PublishAsync"/> is done.</summary>
    /// <param name="hocon">HOCON texts over <c>hocon/reference.conf</c>, the strongest first.</param>
    /// <param name="metrics">Where it counts.</param>
    /// <param name="environment">What it stands on.</param>
    /// <exception cref="StorageException">The data directory is in use, not writable, or not this service's; the message says which.</exception>
    /// <exception cref="InvalidDataException">A setting is missing or out of bounds; the message names it.</exception>
    public static async Task<KvNode> StartAsync(IReadOnlyList<string> hocon, Metrics metrics, NodeEnvironment environment)
    {
        ArgumentNullException.ThrowIfNull(hocon);
        ArgumentNullException.ThrowIfNull(metrics);
        ArgumentNullException.ThrowIfNull(environment);
        var (clock, disk, workers) = (environment.Clock, environment.Disk, environment.Workers);
        var config = hocon.Aggregate(ConfigurationFactory.Empty, static (sum, text) => sum.WithFallback(ConfigurationFactory.ParseString(text)))
            .WithFallback(ReferenceConfig.Load());
        var settings = KvSettings.Read(config);
        var remoting = environment.Routes is null && settings.ListenPeerUrls.Count > 0;
        config = ReferenceConfig.For(settings, remoting).WithFallback(config);
        disk = settings.UnsafeNoFsync ? new UnsyncedDisk(disk) : disk;
        var taken = EtcdTakeover.Run(disk, settings, clock);
        var directory = DataDirectory.Open(disk, settings.DataDir, settings.WalDir);
        ActorSystem? system = null;
        try
        {
            var identity = IdentityFile.Read(disk, directory.Root);
            if (identity is { Removed: true })
            {
                throw new InvalidDataException($"{NodeEnd.Removed.Reason}; the data-dir used by this member must be removed: {directory.Root}");
            }
            system = CreateSystem(settings, SetupOf(settings, config, remoting, clock));
            if (remoting && settings.ListensForPeersOverTls)
            {
                HandshakeGuard.Protect(system);
            }
            _ = system.Materializer();   // its supervisor starts in a turn of its own, and the first watch would hold up its thread for that
            var storage = StorageExtension.For(system);
            (storage.Disk, storage.WalObserver, storage.Workers, storage.Clock) = (disk, new WalMeters(metrics, system), workers, clock);
            storage.CheckpointObserver = new CheckpointMeters(metrics);
            if (taken is not null)
            {
                Logging.GetLogger(system, nameof(KvNode)).Info(
                    "took over a data directory of etcd's, whose files keep their places with {0} behind their names: index {1} term {2} revision {3} keys {4} leases {5}",
                    DataDirectory.AsideSuffix, taken.Index, taken.Term, taken.Revision, taken.Keys, taken.Leases);
            }
            var routes = environment.Routes ?? (remoting ? new RemotePeerRoutes(system) : new NoPeerRoutes(system));
            routes.Attach(system);
            if (identity is null)
            {
                identity = await FirstStart.IdentifyAsync(settings, hasLog: disk.List(settings.WalDir).Count > 0, system, routes, environment).ConfigureAwait(false);
                IdentityFile.Write(disk, directory.Root, identity);
            }
            return await StartAsync(system, settings, identity, routes, remoting, metrics, environment, directory).ConfigureAwait(false);
        }
        catch
        {
            if (system is not null)
            {
                await system.Terminate().ConfigureAwait(false);
            }
            directory.Dispose();
            throw;
        }
    }

    /// <summary>A peer port that cannot be bound is told as the listeners for clients tell it.</summary>
    private static ActorSystem CreateSystem(KvSettings settings, ActorSystemSetup setup)
    {
        try
        {
            return ActorSystem.Create(SystemName, setup);
        }
        catch (Exception failure) when (SocketErrorIn(failure) is { } socket)
        {
            var reason = socket.SocketErrorCode == SocketError.AddressAlreadyInUse ? "address already in use" : socket.Message;
            throw new IOException($"listen tcp {new Uri(settings.ListenPeerUrls[0]).Authority}: bind: {reason}", failure);
        }
    }

    private static SocketException? SocketErrorIn(Exception failure) => failure switch
    {
        SocketException socket => socket,
        AggregateException several => several.Flatten().InnerExceptions.Select(SocketErrorIn).FirstOrDefault(static found => found is not null),
        { InnerException: { } inner } => SocketErrorIn(inner),
        _ => null,
    };

    private static ActorSystemSetup SetupOf(KvSettings settings, Config config, bool remoting, TimeProvider clock)
    {
        var setup = ActorSystemSetup.Create(BootstrapSetup.Create().WithConfig(config));
        if (!remoting || !settings.ListensForPeersOverTls)
        {
            return setup;
        }
        if (settings.PeerTls.WhyNotListen(settings.ListenPeerUrls[0]) is { } wrong)
        {
            throw new InvalidDataException(wrong);
        }
        return setup.And(new PeerCertificates(settings.PeerTls, clock).Setup(settings.DataDir, new Uri(settings.AdvertisePeerUrls[0]).Host));
    }

    private static async Task<KvNode> StartAsync(
        ActorSystem system, KvSettings settings, MemberIdentity identity, IPeerRoutes routes, bool remoting, Metrics metrics, NodeEnvironment environment, DataDirectory directory)
    {
        var (clock, workers) = (environment.Clock, environment.Workers);
        var member = identity.Member;
        var status = new NodeStatus(member, identity.Cluster);
        var start = clock.GetUtcNow().ToUnixTimeMilliseconds();
        var waiting = new ProposalTable(member, start, settings.MaxWaitingProposals);
        var machine = new StateMachine(member, settings.MinLeaseTtlSeconds, settings.QuotaBytes);
        var roots = new RootHolder(machine.Root, workers);
        var leases = new LeaseClock(clock, settings.Lessor);
        var proposer = new Proposer(waiting, status, roots, settings.QuotaBytes, settings.MaxRequestBytes, clock);
        var ended = workers.Promise<NodeEnd>();
        var (peers, services) = (new PeerTable(), new PeerServices());
        var shelf = new SnapshotShelf(StorageExtension.For(system).Disk, directory.SnapPath);
        shelf.RemoveLeftovers();
        var setup = new NodeSetup(
            settings, identity, start, machine, waiting, proposer, status, roots, leases, metrics, environment, routes, peers, services, shelf, remoting, ended);
        var actor = await FirstStart.PlaceAsync(system, Props.Create(() => new NodeActor(setup)), clock).ConfigureAwait(false);
        var asked = workers.Promise<NodeParts>();
        actor.Tell(new NodeActor.AskParts(asked), ActorRefs.NoSender);
        var parts = await asked.Task.WaitAsync(TimeSpan.FromSeconds(30), clock).ConfigureAwait(false);
        return new KvNode(
            system, settings, parts, status, roots, proposer, leases, new LeaseIdSource(member, start), metrics, ended, directory, peers, services, clock, workers,
            isGuarded: remoting && settings.ListensForPeersOverTls);
    }

    /// <summary>Waits for a leader, and tells the cluster this member's name and client URLs and the API version: then it is ready.</summary>
    /// <returns>None, or why it could not be published. Time-outs are no reason: applying a long log again takes its time, and
    /// so may the other members until a majority is there.</returns>
    public async Task<KvError> PublishAsync()
    {
        var attributes = new MemberAttributes { MemberId = Status.Self.Value, Name = Settings.Name };
        attributes.ClientUrls.AddRange(Settings.AdvertiseClientUrls);
        var error = await PublishAsync(() => new InternalRaftRequest { MemberAttributes = attributes }).ConfigureAwait(false);
        return error == KvError.None && Roots.Current.ClusterVersion != ApiVersion
            ? await PublishAsync(static () => new InternalRaftRequest { ClusterVersionSet = new ClusterVersionSet { Version = ApiVersion } }).ConfigureAwait(false)
            : error;
    }

    private async Task<KvError> PublishAsync(Func<InternalRaftRequest> request)
    {
        while (true)
        {
            var published = await _proposer.ProposeOwnAsync<Published>(request()).ConfigureAwait(false);
            if (published.Error is not (KvError.Timeout or KvError.TimeoutDueToLeaderFail or KvError.TimeoutDueToConnectionLost or KvError.DeadlineExceeded))
            {
                return published.Error;
            }
        }
    }

    /// <summary>Replicates a request and answers what applying it answered, or why it was not accepted.</summary>
    /// <typeparam name="TResponse">The message that applying this request gives.</typeparam>
    public Task<Outcome<TResponse>> ProposeAsync<TResponse>(InternalRaftRequest request)
        where TResponse : class, IMessage => _proposer.ProposeAsync<TResponse>(request);

    /// <summary>Replicates a membership change, whose id is chosen here, and answers the members as of it, or why it was refused.</summary>
    public Task<Outcome<MemberSet>> ProposeConfChangeAsync(ConfChange change) => _proposer.ProposeConfChangeAsync(change);

    /// <summary>Hands leadership to another voter, and waits until this member follows it.</summary>
    /// <returns>
    /// None; <see cref="KvError.NotLeader"/>; <see cref="KvError.BadLeaderTransferee"/> for a learner or a stranger; or
    /// <see cref="KvError.LeaderTransferTimeout"/> when it was not done before <paramref name="cancel"/> or the request timeout.
    /// </returns>
    public async Task<KvError> TransferLeaderAsync(NodeId target, CancellationToken cancel)
    {
        var done = _workers.Promise<KvError>();
        _parts.Raft.Tell(new RaftCommand.TransferLeader(target.Value, done), ActorRefs.NoSender);
        try
        {
            return await done.Task.WaitAsync(Settings.RequestTimeout, _clock, cancel).ConfigureAwait(false);
        }
        catch (Exception late) when (late is TimeoutException or OperationCanceledException)
        {
            done.TrySetResult(KvError.LeaderTransferTimeout);
            return KvError.LeaderTransferTimeout;
        }
    }

    /// <summary>How far a member's log is; null on a member that does not lead, and for one that the leader does not know.</summary>
    /// <exception cref="TimeoutException">This member is too busy to say, or stopped.</exception>
    public Task<MemberProgress?> ProgressOf(NodeId member)
    {
        var answer = _workers.Promise<MemberProgress?>();
        _parts.Raft.Tell(new RaftCommand.AskProgress(member.Value, answer), ActorRefs.NoSender);
        return answer.Task.WaitAsync(Settings.RequestTimeout, _clock);
    }

    /// <summary>Renews a lease, through the leader if that is another member; the TTL is 0 when the lease is unknown or expired.</summary>
    /// <remarks>When it has run out and its revocation is under way, that is waited for: the answer is given when the keys are gone.</remarks>
    public ValueTask<KeepAliveReply> KeepAliveAsync(LeaseId lease)
    {
        return Status.Raft.IsLeader ? KeepAliveAsLeaderAsync(lease) : new ValueTask<KeepAliveReply>(_leaderLeases.KeepAliveAsync(lease));
    }

    /// <summary>Renews a lease on the member that leads.</summary>
    /// <remarks>
    /// As a linearizable read does, it first makes sure that this member still leads and has applied all that was acknowledged by
    /// any member: otherwise a lease whose revocation was answered, perhaps by a member that applies faster, would be kept alive, or
    /// one that the next leader already counts down. Renewals share their rounds with reads; a sole voter needs none.
    /// </remarks>
    internal ValueTask<KeepAliveReply> KeepAliveAsLeaderAsync(LeaseId lease)
    {
        return Status.Raft.IsSoleVoter ? RenewAsync(lease) : ConfirmedAsync(lease);

        async ValueTask<KeepAliveReply> ConfirmedAsync(LeaseId kept)
        {
            var confirmed = await Reads.LinearizableAsync(CancellationToken.None).ConfigureAwait(false);
            return confirmed.Ok ? await RenewAsync(kept).ConfigureAwait(false) : new KeepAliveReply(KvError.NotPrimaryLessor, 0);
        }
    }

    private Task<PeerReply> AskLeaderAsync(PeerCall call, ReadOnlyMemory<byte> body)
    {
        var reply = _workers.Promise<PeerReply>();
        _parts.Peers.Tell(new PeerCommand.Call(default, call, body, reply), ActorRefs.NoSender);
        return reply.Task;
    }

    private ValueTask<KeepAliveReply> RenewAsync(LeaseId lease)
    {
        // The actor hears of applied changes by message; until it has, only its mailbox gives the right answer.
        if (Leases.SeenChanges == Status.LeaseChanges && Leases.Renew(lease, out var ttlSeconds) == Renewal.Renewed)
        {
            return ValueTask.FromResult(new KeepAliveReply(KvError.None, ttlSeconds));
        }
        var waiter = _workers.Promise<KeepAliveReply>();
        _parts.Lessor.Tell(new LessorCommand.KeepAlive(lease, waiter), ActorRefs.NoSender);
        return new ValueTask<KeepAliveReply>(InTimeAsync(waiter));

        async Task<KeepAliveReply> InTimeAsync(TaskCompletionSource<KeepAliveReply> asked)
        {
            var kept = await AnswerAsync(asked).ConfigureAwait(false);
            asked.TrySetResult(kept);                          // given up: the actor need not keep it
            return kept.Error == KvError.NotPrimaryLessor && !Status.Raft.IsLeader
                ? await _leaderLeases.KeepAliveAsync(lease).ConfigureAwait(false)
                : kept;
        }

        async Task<KeepAliveReply> AnswerAsync(TaskCompletionSource<KeepAliveReply> asked)
        {
            try
            {
                return await asked.Task.WaitAsync(Settings.RequestTimeout, _clock, _stopping.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return new KeepAliveReply(KvError.Stopped, 0);
            }
            catch (TimeoutException)
            {
                return new KeepAliveReply(Status.Raft.HasLeader ? KvError.Timeout : KvError.NoLeader, 0);
            }
        }
    }

    /// <summary>A lease's remaining time and, if wanted, its keys, as the leader knows them.</summary>
    /// <returns>Or <see cref="KvError.LeaseNotFound"/>, or why the leader could not be asked.</returns>
    public Task<Outcome<LeaseTime>> TimeToLiveAsync(LeaseId lease, bool withKeys) =>
        Status.Raft.IsLeader ? TimeToLiveAsLeaderAsync(lease, withKeys) : _leaderLeases.TimeToLiveAsync(lease, withKeys);

    /// <summary>The same on the member that leads, which first makes sure of that, as for a keep-alive.</summary>
    internal async Task<Outcome<LeaseTime>> TimeToLiveAsLeaderAsync(LeaseId lease, bool withKeys)
    {
        if (!Status.Raft.IsSoleVoter && await Reads.LinearizableAsync(CancellationToken.None).ConfigureAwait(false) is { Ok: false } unconfirmed)
        {
            return unconfirmed.Error;
        }
        try
        {
            var told = _workers.Promise<(TimeSpan, long)?>();
            _parts.Lessor.Tell(new LessorCommand.Remaining(lease, told), ActorRefs.NoSender);
            if (await told.Task.WaitAsync(Settings.RequestTimeout, _clock, _stopping.Token).ConfigureAwait(false) is not var (remaining, granted))
            {
                return Status.Raft.IsLeader && !Leases.IsPrimary ? KvError.NotLeader : KvError.LeaseNotFound;
            }
            IReadOnlyList<byte[]>? keys = [];
            if (withKeys)
            {
                var waiter = _workers.Promise<IReadOnlyList<byte[]>?>();
                _parts.Store.Tell(new StoreCommand.KeysOf(lease, waiter), ActorRefs.NoSender);
                keys = await waiter.Task.WaitAsync(Settings.RequestTimeout, _clock, _stopping.Token).ConfigureAwait(false);
            }
            return keys is null ? KvError.LeaseNotFound : new LeaseTime((long)remaining.TotalSeconds, granted, keys);
        }
        catch (TimeoutException)
        {
            return KvError.Timeout;
        }
        catch (OperationCanceledException)
        {
            return KvError.Stopped;
        }
    }

    /// <summary>Every lease, the one with the least time left first; in order of id on a member that keeps no deadlines.</summary>
    /// <exception cref="TimeoutException">Nobody answered in time.</exception>
    /// <exception cref="OperationCanceledException">The node stopped.</exception>
    public async Task<IReadOnlyList<LeaseId>> LeasesByExpiryAsync()
    {
        // Behind every grant that was answered: the lessor hears of them before their callers do, but on its own turn.
        var settled = _workers.Promise<(TimeSpan, long)?>();
        _parts.Lessor.Tell(new LessorCommand.Remaining(LeaseId.None, settled), ActorRefs.NoSender);
        await settled.Task.WaitAsync(Settings.RequestTimeout, _clock, _stopping.Token).ConfigureAwait(false);
        var view = Roots.Current.Leases;
        var ordered = Leases.InOrderOfExpiry();
        return ordered.Length >= view.Count ? ordered : [.. view.InOrder().Select(static lease => lease.Id)];
    }

    /// <summary>Opens a watch stream whose responses go to <paramref name="write"/>, one bunch at a time.</summary>
    public Task<WatchStream> OpenWatchAsync(Func<WatchBunch, Task> write) => WatchHubActor.OpenAsync(_parts.WatchHub, write, _workers);

    /// <summary>Writes a checkpoint now and waits until it is on disk: all that is left to do for a defragmentation.</summary>
    /// <exception cref="IOException">It could not be written.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up, or the node stopped.</exception>
    public async Task CheckpointAsync(CancellationToken cancel)
    {
        var done = _workers.Promise();
        _parts.Store.Tell(new StoreCommand.CheckpointNow(done), ActorRefs.NoSender);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, _stopping.Token);
        await done.Task.WaitAsync(either.Token).ConfigureAwait(false);
    }

    /// <summary>The current state as a bbolt file that etcd's tools read; the file goes when the stream is closed.</summary>
    public Task<Stream> OpenSnapshotAsync(CancellationToken cancel)
    {
        var root = Roots.Current;
        return _workers.Run("snapshot", () => _images.Write(root), cancel);
    }

    /// <summary>Proposals of this member that wait now.</summary>
    public long WaitingProposals => _proposer.Waiting;

    /// <summary>Proposals of this member that were given up since it started.</summary>
    public long FailedProposals => _proposer.Failed;

    /// <summary>Hands leadership to the voter that was heard for longest, so that the others need not find out by themselves that this
    /// member is gone. Returns when it is done, or could not be within two election timeouts.</summary>
    /// <returns>Whether there was anything to hand over, and anybody to hand it to.</returns>
    public async Task<bool> HandOverAsync()
    {
        if (!Status.Raft.IsLeader)
        {
            return false;
        }
        var heir = Roots.Current.Members.All.Where(member => !member.IsLearner && Peers.ConnectedSince(member.Id) is not null)
            .MinBy(member => Peers.ConnectedSince(member.Id)?.Nanoseconds ?? long.MaxValue);
        if (heir is null)
        {
            return false;
        }
        using var patience = new CancellationTokenSource(2 * Settings.ElectionTimeout, _clock);
        return await TransferLeaderAsync(heir.Id, patience.Token).ConfigureAwait(false) == KvError.None;
    }

    /// <summary>Hands leadership over, stops every part and waits; callers that still wait get <see cref="KvError.Stopped"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_ended.Task.IsCompleted)
        {
            await HandOverAsync().ConfigureAwait(false);
        }
        Refuse();
        await (_isGuarded ? HandshakeGuard.StopAsync(_system) : _system.Terminate()).ConfigureAwait(false);
        _directory.Dispose();
    }

    /// <summary>Fails whoever waits and refuses whoever comes, as stopped.</summary>
    private void Refuse()
    {
        _proposer.Close();
        _stopping.Cancel();
    }
}
