using Akka.Actor;

namespace Akka.Cluster;

/// <summary>Decides who is declared dead; constructed with (ActorSystem, Cluster).</summary>
public interface IDowningProvider
{
    /// <summary>How long others should wait after a removal before they take over what the removed had.</summary>
    TimeSpan DownRemovalMargin { get; }

    /// <summary>The actor that decides, as a child of the cluster's; null for none.</summary>
    Props DowningActorProps { get; }
}
