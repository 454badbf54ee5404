using Akka.Actor;

namespace Akka.Cluster;

/// <summary>Who hears which events.</summary>
internal sealed class Subscriptions
{
    private readonly Dictionary<IActorRef, HashSet<Type>> _types = [];

    /// <summary>Adds types.</summary>
    /// <returns>Whether the subscriber is new.</returns>
    internal bool Add(IActorRef subscriber, IEnumerable<Type> to)
    {
        var isNew = !_types.TryGetValue(subscriber, out var types);
        if (isNew) _types.Add(subscriber, types = []);
        types.UnionWith(to);
        return isNew;
    }

    /// <summary>Takes one type away, or all for null.</summary>
    /// <returns>Whether nothing is left of the subscriber.</returns>
    internal bool Remove(IActorRef subscriber, Type to)
    {
        if (!_types.TryGetValue(subscriber, out var types)) return false;
        if (to is not null)
        {
            types.Remove(to);
            if (types.Count > 0) return false;
        }

        return _types.Remove(subscriber);
    }

    internal void Publish(ClusterEvent.IClusterDomainEvent e)
    {
        foreach (var (subscriber, types) in _types)
            if (Matches(types, e)) subscriber.Tell(e, ActorRefs.NoSender);
    }

    internal static bool Matches(IEnumerable<Type> types, ClusterEvent.IClusterDomainEvent e) => types.Any(type => type.IsInstanceOfType(e));
}
