using Akka.Actor;

namespace Akka.Cluster.SBR;

/// <summary>The default: when a part of the cluster cannot reach another for long enough, one of them is declared dead, the same one by both.</summary>
public class SplitBrainResolverProvider : IDowningProvider
{
    private readonly Cluster _cluster;
    private readonly SplitBrainResolverSettings _settings;

    /// <summary>For a cluster.</summary>
    public SplitBrainResolverProvider(ActorSystem system, Cluster cluster)
    {
        _cluster = cluster;
        _settings = new SplitBrainResolverSettings(system.Settings.Config);
    }

    /// <inheritdoc/>
    public TimeSpan DownRemovalMargin => _cluster.Settings.DownRemovalMargin == TimeSpan.Zero ? _settings.DowningStableAfter : _cluster.Settings.DownRemovalMargin;

    /// <inheritdoc/>
    public Props DowningActorProps
    {
        get
        {
            var (settings, self) = (_settings, _cluster.SelfUniqueAddress);
            return Props.Create(() => new SplitBrainResolverActor(settings, self));
        }
    }
}
