using Akka.Actor;
using Kv.Actors.Cluster;

namespace Kv.Actors.Node;

/// <summary>Other members over Akka.Remote, by the host and port of their first peer URL.</summary>
/// <remarks>Selections, not references: they go on to work when the other process was started again, and need no death watch.</remarks>
internal sealed class RemotePeerRoutes(ActorSystem system) : IPeerRoutes
{
    /// <inheritdoc/>
    public ICanTell RouteTo(ClusterMember member)
    {
        ArgumentNullException.ThrowIfNull(member);
        return !member.PeerUrls.IsDefaultOrEmpty && Uri.TryCreate(member.PeerUrls[0], UriKind.Absolute, out var url) && url.Host.Length > 0
            ? system.ActorSelection($"akka.{(url.Scheme == "https" ? "ssl." : "")}tcp://{KvNode.SystemName}@{url.Host}:{url.Port}/user/node/peers")
            : system.DeadLetters;
    }
}

/// <summary>No way to anybody: a node that serves no peers.</summary>
internal sealed class NoPeerRoutes(ActorSystem system) : IPeerRoutes
{
    /// <inheritdoc/>
    public ICanTell RouteTo(ClusterMember member) => system.DeadLetters;
}
