using Akka.Actor;
using Akka.Actor.Internal;
using Akka.Configuration;
using Akka.Event;
using Akka.Remote.Configuration;
using Akka.Serialization;

namespace Akka.Remote;

/// <summary>Local refs as ever, and refs to actors of other systems.</summary>
/// <remarks>Chosen by <c>akka.actor.provider = remote</c>. Akka.Cluster derives from it.</remarks>
public class RemoteActorRefProvider : IRemoteActorRefProvider
{
    private readonly LocalActorRefProvider _local;
    private ActorSystemImpl _system;
    private IActorRef _remoteWatcher;

    /// <summary>For a system's name.</summary>
    public RemoteActorRefProvider(string systemName, Settings settings, EventStream eventStream)
    {
        settings.InjectTopLevelFallback(RemoteConfigFactory.Default());
        RemoteSettings = new RemoteSettings(settings.Config);
        _local = new LocalActorRefProvider(systemName, settings, eventStream);
    }

    /// <inheritdoc/>
    public RemoteSettings RemoteSettings { get; private set; }

    /// <inheritdoc/>
    public RemoteTransport Transport { get; private set; }

    /// <inheritdoc/>
    public IActorRef RemoteWatcher => _remoteWatcher;

    /// <inheritdoc/>
    public IInternalActorRef RootGuardian => _local.RootGuardian;

    /// <inheritdoc/>
    public LocalActorRef Guardian => _local.Guardian;

    /// <inheritdoc/>
    public LocalActorRef SystemGuardian => _local.SystemGuardian;

    /// <inheritdoc/>
    public IActorRef DeadLetters => _local.DeadLetters;

    /// <inheritdoc/>
    public IActorRef IgnoreRef => _local.IgnoreRef;

    /// <inheritdoc/>
    public ActorPath RootPath => _local.RootPath;

    /// <inheritdoc/>
    public Settings Settings => _local.Settings;

    /// <inheritdoc/>
    public Task TerminationTask => _local.TerminationTask;

    /// <inheritdoc/>
    public IInternalActorRef TempContainer => _local.TempContainer;

    /// <summary>Our address as other systems see it.</summary>
    public Address DefaultAddress => Transport.DefaultAddress;

    /// <inheritdoc/>
    public Information SerializationInformation => new(Transport.DefaultAddress, _system);

    /// <inheritdoc/>
    public virtual void Init(ActorSystemImpl system)
    {
        _system = system;
        _local.Init(system);
        var transport = new Remoting(system, this);
        Transport = transport;
        system.SystemActorOf(RemoteSettings.ConfigureDispatcher(Props.Create(() => new RemotingTerminator(transport))), "remoting-terminator");
        transport.Start();
        _remoteWatcher = CreateRemoteWatcher(system);
    }

    /// <summary>The actor that watches nodes; a cluster has one of its own.</summary>
    protected virtual IActorRef CreateRemoteWatcher(ActorSystemImpl system) => system.SystemActorOf(
        RemoteSettings.ConfigureDispatcher(Akka.Remote.RemoteWatcher.Props(
            CreateRemoteWatcherFailureDetector(system),
            RemoteSettings.WatchHeartBeatInterval,
            RemoteSettings.WatchUnreachableReaperInterval,
            RemoteSettings.WatchHeartbeatExpectedResponseAfter)),
        "remote-watcher");

    /// <summary>One detector for each node watched.</summary>
    protected DefaultFailureDetectorRegistry<Address> CreateRemoteWatcherFailureDetector(ActorSystem system) =>
        new(() => FailureDetectorLoader.Load(RemoteSettings.WatchFailureDetectorImplementationClass, RemoteSettings.WatchFailureDetectorConfig, _system));

    /// <summary>A ref to a path elsewhere.</summary>
    protected virtual IInternalActorRef CreateRemoteRef(ActorPath actorPath, Address localAddress) =>
        new RemoteActorRef(Transport, localAddress, actorPath, Nobody.Instance, Props.None, Deploy.None);

    internal IInternalActorRef MakeRemoteRef(ActorPath path, Address localAddress) => CreateRemoteRef(path, localAddress);

    /// <inheritdoc/>
    public ActorPath TempPath() => _local.TempPath();

    /// <inheritdoc/>
    public void RegisterTempActor(IInternalActorRef actorRef, ActorPath path) => _local.RegisterTempActor(actorRef, path);

    /// <inheritdoc/>
    public void UnregisterTempActor(ActorPath path) => _local.UnregisterTempActor(path);

    /// <inheritdoc/>
    public FutureActorRef<T> CreateFutureRef<T>(TaskCompletionSource<T> tcs) => _local.CreateFutureRef(tcs);

    /// <inheritdoc/>
    public bool HasAddress(Address address) => address.Equals(_local.RootPath.Address) || Transport.Addresses.Contains(address);

    /// <inheritdoc/>
    public IActorRef ResolveActorRef(string path) => InternalResolveActorRef(path);

    /// <inheritdoc/>
    public IActorRef ResolveActorRef(ActorPath actorPath)
    {
        if (HasAddress(actorPath.Address)) return _local.ResolveWhateverAddress(actorPath);
        return actorPath.Address.HasLocalScope ? _local.DeadLetters : CreateRemoteRef(actorPath, Transport.LocalAddressForRemote(actorPath.Address));
    }

    /// <inheritdoc/>
    public IActorRef InternalResolveActorRef(string path)
    {
        if (path == string.Empty) return ActorRefs.NoSender;
        return ActorPath.TryParse(path, out var parsed) ? ResolveActorRef(parsed) : _local.DeadLetters;
    }

    /// <inheritdoc/>
    public IInternalActorRef ResolveActorRefWithLocalAddress(string path, Address localAddress)
    {
        if (!ActorPath.TryParse(path, out var parsed)) return (IInternalActorRef)_local.DeadLetters;
        return HasAddress(parsed.Address) ? (IInternalActorRef)_local.ResolveWhateverAddress(parsed) : CreateRemoteRef(parsed, localAddress);
    }

    /// <summary>The ref at a path of ours that a peer named, without its address.</summary>
    internal IInternalActorRef ResolveLocal(string pathWithoutAddress) =>
        ActorPath.TryParse(_local.RootPath.Address + pathWithoutAddress, out var path)
            ? (IInternalActorRef)_local.ResolveWhateverAddress(path)
            : (IInternalActorRef)_local.DeadLetters;

    /// <inheritdoc/>
    public IActorRef RootGuardianAt(Address address) =>
        HasAddress(address) ? RootGuardian : CreateRemoteRef(new RootActorPath(address), Transport.LocalAddressForRemote(address));

    /// <inheritdoc/>
    public Address GetExternalAddressFor(Address address) =>
        HasAddress(address) ? _local.RootPath.Address
        : string.IsNullOrEmpty(address.Host) || address.Port is null ? null
        : Transport.LocalAddressForRemote(address);

    /// <inheritdoc/>
    public void Quarantine(Address address, int? uid) => Transport.Quarantine(address, uid);

    IInternalActorRef IActorRefProvider.MakeActor(ActorSystemImpl system, Props props, IInternalActorRef supervisor, ActorPath path, bool systemService) =>
        ((IActorRefProvider)_local).MakeActor(system, props, supervisor, path, systemService);
}
