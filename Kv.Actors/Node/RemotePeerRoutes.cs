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
        return UrlOf(member) is { } url
            ? system.ActorSelection($"{ProtocolOf(url)}://{KvNode.SystemName}@{url.Host}:{url.Port}/user/node/peers")
            : system.DeadLetters;
    }

    /// <summary>Akka's name of the transport that serves a URL.</summary>
    public static string ProtocolOf(Uri url) => url.Scheme == "https" ? "akka.ssl.tcp" : "akka.tcp";

    /// <summary>Where a member is reached; null when its first URL has no host and port.</summary>
    public static Uri? UrlOf(ClusterMember member) =>
        !member.PeerUrls.IsDefaultOrEmpty && Uri.TryCreate(member.PeerUrls[0], UriKind.Absolute, out var url) && url.Host.Length > 0 ? url : null;
}

/// <summary>No way to anybody: a node that serves no peers.</summary>
internal sealed class NoPeerRoutes(ActorSystem system) : IPeerRoutes
{
    /// <inheritdoc/>
    public ICanTell RouteTo(ClusterMember member) => system.DeadLetters;
}
