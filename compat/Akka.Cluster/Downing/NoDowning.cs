using Akka.Actor;

namespace Akka.Cluster;

/// <summary>Nobody is declared dead but by <see cref="Cluster.Down"/>.</summary>
public sealed class NoDowning : IDowningProvider
{
    private readonly Cluster _cluster;

    /// <summary>For a cluster.</summary>
    public NoDowning(ActorSystem system, Cluster cluster) => _cluster = cluster;

    /// <inheritdoc/>
    public TimeSpan DownRemovalMargin => _cluster.Settings.DownRemovalMargin;

    /// <inheritdoc/>
    public Props DowningActorProps => null;
}
