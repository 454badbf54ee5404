using Akka.Actor;
using Akka.Actor.Internal;
using Akka.Configuration;
using Akka.Event;
using Akka.Remote;

namespace Akka.Cluster;

/// <summary>A provider whose system is a node of a cluster.</summary>
public interface IClusterActorRefProvider : IRemoteActorRefProvider;

/// <summary>Remoting, and the cluster extension from the start. Chosen by <c>akka.actor.provider = cluster</c>.</summary>
public class ClusterActorRefProvider : RemoteActorRefProvider, IClusterActorRefProvider
{
    /// <summary>For a system's name.</summary>
    public ClusterActorRefProvider(string systemName, Settings settings, EventStream eventStream)
        : base(systemName, settings, eventStream) =>
        settings.InjectTopLevelFallback(ConfigurationFactory.FromResource<ClusterActorRefProvider>("Akka.Cluster.Configuration.Cluster.conf"));

    /// <inheritdoc/>
    public override void Init(ActorSystemImpl system)
    {
        base.Init(system);
        Cluster.Get(system);
    }
}
