using Akka.Actor;

namespace Akka.Remote;

/// <summary>A provider that knows other systems.</summary>
public interface IRemoteActorRefProvider : IActorRefProvider
{
    /// <summary>Watches nodes for those who watch actors there.</summary>
    IActorRef RemoteWatcher { get; }

    /// <summary>Carries the messages.</summary>
    RemoteTransport Transport { get; }

    /// <summary>The <c>akka.remote</c> section, read.</summary>
    RemoteSettings RemoteSettings { get; }

    /// <summary>Whether an address is ours.</summary>
    bool HasAddress(Address address);

    /// <summary>The ref of a path, without a look into caches.</summary>
    IActorRef InternalResolveActorRef(string path);

    /// <summary>The ref of a path, for a connection on which we go by <paramref name="localAddress"/>.</summary>
    IInternalActorRef ResolveActorRefWithLocalAddress(string path, Address localAddress);

    /// <summary>Gives an incarnation of a peer up.</summary>
    void Quarantine(Address address, int? uid);
}
