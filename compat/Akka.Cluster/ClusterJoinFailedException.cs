using Akka.Actor;

namespace Akka.Cluster;

/// <summary>This node did not come up in time, or its cluster has ended.</summary>
public class ClusterJoinFailedException : AkkaException
{
    /// <summary>With a message.</summary>
    public ClusterJoinFailedException(string message)
        : base(message)
    {
    }
}
