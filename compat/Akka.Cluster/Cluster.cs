using System.Collections.Immutable;
using Akka.Actor;
using Akka.Actor.Internal;
using Akka.Configuration;
using Akka.Event;
using Akka.Remote;

namespace Akka.Cluster;

/// <summary>Membership of this node in a cluster, with <c>akka.actor.provider = cluster</c>.</summary>
/// <remarks>
/// What it says is this node's view at one moment, and it may lag or differ from the others'. A system joins one cluster in its life; once it
/// has left or was declared down, only a new system can join again.
/// </remarks>
public class Cluster : IExtension
{
    private readonly ILoggingAdapter _log;
    private readonly Lazy<IDowningProvider> _downing;
    private readonly MemberCallbacks _callbacks;
    private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly IActorRef _daemon;
    private volatile ClusterEvent.CurrentClusterState _state = new();
    private volatile Member _selfMember;
    private int _terminated;
    private int _leaving;

    /// <summary>For a system; use <see cref="Get"/>.</summary>
    /// <exception cref="ConfigurationException">The system's provider is not the cluster's, or a setting makes no sense.</exception>
    public Cluster(ActorSystemImpl system)
    {
        System = system;
        Settings = new ClusterSettings(system.Settings.Config, system.Name);
        if (system.Provider is not IClusterActorRefProvider provider)
            throw new ConfigurationException($"ActorSystem {system} needs to have a 'IClusterActorRefProvider' enabled in the configuration, currently uses {system.Provider.GetType().FullName}");
        SelfUniqueAddress = new UniqueAddress(provider.Transport.DefaultAddress, AddressUidExtension.Uid(system));
        _selfMember = Member.Removed(SelfUniqueAddress);
        _log = Logging.GetLogger(system, "Cluster");
        _callbacks = new MemberCallbacks(_log);
#pragma warning disable CS0618 // read only to warn about it
        if (Settings.AutoDownUnreachableAfter is not null)
            _log.Warning("akka.cluster.auto-down-unreachable-after has no effect any more; the downing provider [{0}] decides instead", Settings.DowningProviderType);
#pragma warning restore CS0618
        if (Settings.DowningProviderType == typeof(SBR.SplitBrainResolverProvider)) _ = new SBR.SplitBrainResolverSettings(system.Settings.Config);   // a bad strategy fails here, not when nodes are lost
        LogInfo("Starting up...");
        FailureDetector = new DefaultFailureDetectorRegistry<Address>(() =>
            FailureDetectorLoader.Load(Settings.FailureDetectorImplementationClass, Settings.FailureDetectorConfig, system));

        // Lazy: a provider may want the cluster itself, which is not there before this constructor has ended.
        _downing = new Lazy<IDowningProvider>(() => (IDowningProvider)Activator.CreateInstance(Settings.DowningProviderType, system, this));
        _daemon = system.SystemActorOf(Props.Create(() => new ClusterDaemonActor(this)).WithDispatcher(Settings.UseDispatcher), "cluster");
        system.RegisterOnTermination(Shutdown);
        LogInfo("Started up successfully");
    }

    /// <summary>The settings.</summary>
    public ClusterSettings Settings { get; }

    /// <summary>This run of this node.</summary>
    public UniqueAddress SelfUniqueAddress { get; }

    /// <summary>Where this node is.</summary>
    public Address SelfAddress => SelfUniqueAddress.Address;

    /// <summary>What this node is for.</summary>
    public ImmutableHashSet<string> SelfRoles => Settings.Roles;

    /// <summary>The cluster as this node has it now.</summary>
    public ClusterEvent.CurrentClusterState State => _state;

    /// <summary>This node as a member; its status is Removed before it joins and after it has left.</summary>
    public Member SelfMember => _selfMember;

    /// <summary>Whether this node is up, or weakly.</summary>
    public bool IsUp => SelfMember.Status is MemberStatus.Up or MemberStatus.WeaklyUp;

    /// <summary>Whether the extension has ended: the node has left or was declared down.</summary>
    public bool IsTerminated => Volatile.Read(ref _terminated) != 0;

    /// <summary>The system.</summary>
    public ExtendedActorSystem System { get; }

    /// <summary>Judges the other members by their heartbeats.</summary>
    public DefaultFailureDetectorRegistry<Address> FailureDetector { get; }

    /// <summary>Decides who is declared dead.</summary>
    public IDowningProvider DowningProvider => _downing.Value;

    internal MemberCallbacks Callbacks => _callbacks;

    internal ILoggingAdapter Log => _log;

    /// <summary>The system's cluster.</summary>
    public static Cluster Get(ActorSystem system) => system.WithExtension<Cluster, ClusterExtension>();

    /// <summary>Sends a <see cref="ClusterEvent.CurrentClusterState"/>, then events of some types as they happen.</summary>
    public void Subscribe(IActorRef subscriber, params Type[] to) =>
        Subscribe(subscriber, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsSnapshot, to);

    /// <summary>Sends what was before in one form or the other, then events of some types as they happen.</summary>
    /// <exception cref="ArgumentException">There is no type, or one that is no event of the cluster.</exception>
    public void Subscribe(IActorRef subscriber, ClusterEvent.SubscriptionInitialStateMode initialStateMode, params Type[] to)
    {
        if (to.Length == 0) throw new ArgumentException("At least one `IClusterDomainEvent` class is required", nameof(to));
        if (!Array.TrueForAll(to, typeof(ClusterEvent.IClusterDomainEvent).IsAssignableFrom))
            throw new ArgumentException($"Subscribe to `IClusterDomainEvent` or subclasses, was [{string.Join(", ", to.Select(static type => type.Name))}]", nameof(to));
        _daemon.Tell(new ClusterCommand.Subscribe(subscriber, initialStateMode, [.. to]));
    }

    /// <summary>Ends all subscriptions of an actor.</summary>
    public void Unsubscribe(IActorRef subscriber) => Unsubscribe(subscriber, null);

    /// <summary>Ends the subscription of an actor to one type.</summary>
    public void Unsubscribe(IActorRef subscriber, Type to) => _daemon.Tell(new ClusterCommand.Unsubscribe(subscriber, to));

    /// <summary>Sends a <see cref="ClusterEvent.CurrentClusterState"/> once.</summary>
    public void SendCurrentClusterState(IActorRef receiver) => _daemon.Tell(new ClusterCommand.SendState(receiver));

    /// <summary>Joins the cluster of another node, or founds one when the address is this node's own. Without effect in a cluster.</summary>
    public void Join(Address address) => _daemon.Tell(new ClusterCommand.JoinTo(Own(address)));

    /// <summary>The same; the task ends once this node is up.</summary>
    /// <exception cref="ClusterJoinFailedException">The cluster has ended, or the token was cancelled first. Joining goes on all the same.</exception>
    public Task JoinAsync(Address address, CancellationToken token = default) =>
        UntilUp($"address: {address}", () => Join(address), token);

    /// <summary>Joins through seeds; the first of them founds the cluster when there is none.</summary>
    public void JoinSeedNodes(IEnumerable<Address> seedNodes) =>
        _daemon.Tell(new ClusterCommand.JoinSeedNodes(seedNodes.Select(Own).ToImmutableList()));

    /// <summary>The same; the task ends once this node is up.</summary>
    /// <exception cref="ClusterJoinFailedException">The cluster has ended, or the token was cancelled first. Joining goes on all the same.</exception>
    public Task JoinSeedNodesAsync(IEnumerable<Address> seedNodes, CancellationToken token = default)
    {
        var seeds = seedNodes.ToList();
        return UntilUp($"addresses: [{string.Join(",", seeds)}]", () => JoinSeedNodes(seeds), token);
    }

    /// <summary>Makes a node leave, this one or another. A node that has left ends its system.</summary>
    public void Leave(Address address)
    {
        if (Own(address) == SelfAddress) _ = LeaveAsync();
        else _daemon.Tell(new ClusterMessage.Leave(address));
    }

    /// <summary>Leaves; the task ends once this node is removed.</summary>
    public Task LeaveAsync()
    {
        if (Interlocked.Exchange(ref _leaving, 1) == 0)
        {
            RegisterOnMemberRemoved(() => _left.TrySetResult());
            _daemon.Tell(new ClusterMessage.Leave(SelfAddress));
        }

        return _left.Task;
    }

    /// <summary>The same; cancelled, the task ends, but not the leaving.</summary>
    public Task LeaveAsync(CancellationToken cancellationToken) => LeaveAsync().WaitAsync(cancellationToken);

    /// <summary>Declares a node dead. A member that is unreachable keeps the leader from acting until this is done or it comes back.</summary>
    public void Down(Address address) => _daemon.Tell(new ClusterMessage.Down(Own(address)));

    /// <summary>Calls back once this node is up; at once when it is.</summary>
    public void RegisterOnMemberUp(Action callback)
    {
        if (IsUp) callback();
        else _callbacks.OnUp(callback);
    }

    /// <summary>Calls back once this node is removed or the extension ends; at once when it has.</summary>
    public void RegisterOnMemberRemoved(Action callback)
    {
        if (IsTerminated) callback();
        else _callbacks.OnRemoved(callback);
    }

    /// <summary>The path of an actor with the address of its node.</summary>
    public ActorPath RemotePathOf(IActorRef actorRef)
    {
        var path = actorRef.Path;
        return path.Address.HasGlobalScope ? path : (new RootActorPath(SelfAddress) / path.Elements).WithUid(path.Uid);
    }

    /// <summary>Ends the extension, without leaving: the others will find this node unreachable.</summary>
    internal void Shutdown()
    {
        if (Interlocked.Exchange(ref _terminated, 1) != 0) return;
        LogInfo("Shutting down...");

        // A message, not a stop of the ref: the daemon may call this while the constructor has not set the field yet.
        _daemon?.Tell(PoisonPill.Instance);
        LogInfo("Successfully shut down");
    }

    internal void Take(MembershipState state)
    {
        _selfMember = state.SelfMember;
        _state = state.ToPublic();
    }

    internal void LogInfo(string message)
    {
        if (Settings.LogInfo) _log.Info("Cluster Node [{0}] - {1}", SelfAddress, message);
    }

    /// <summary>The full address, for one taken from a local path.</summary>
    private Address Own(Address address) => address.HasLocalScope && address.System == SelfAddress.System ? SelfAddress : address;

    private Task UntilUp(string what, Action join, CancellationToken token)
    {
        if (IsTerminated) throw new ClusterJoinFailedException("Cluster has already been terminated");
        if (IsUp) return Task.CompletedTask;
        var up = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var cancellation = token.Register(() => up.TrySetException(new ClusterJoinFailedException($"Node has not managed to join the cluster using provided {what}")));
        RegisterOnMemberUp(() =>
        {
            up.TrySetResult();
            cancellation.Unregister();
        });
        join();
        return up.Task;
    }
}
