using Akka.Actor;
using Kv.Actors.Cluster;

namespace Kv.Actors.Node;

/// <summary>The way to other members. A process has Akka.Remote for it; a simulation carries the messages itself.</summary>
/// <remarks>
/// A route promises nothing but order: what is told to it arrives once or not at all, after what was told before. It never blocks.
/// Everything told to it is a <c>PeerMessage</c>, which has a serializer; answers come back over the other member's own route.
/// </remarks>
public interface IPeerRoutes
{
    /// <summary>The peer endpoint (<c>/user/node/peers</c>) of a member, found by its peer URLs, whether anybody is there or not.</summary>
    ICanTell RouteTo(ClusterMember member);

    /// <summary>Called once, before anything is told: what others send to this member is for <c>/user/node/peers</c> of this system.</summary>
    void Attach(ActorSystem system)
    {
    }
}
