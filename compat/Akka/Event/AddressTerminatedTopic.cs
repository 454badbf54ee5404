using Akka.Actor;

namespace Akka.Event;

/// <summary>A node is given up: its actors count as stopped.</summary>
internal sealed class AddressTerminated(Address address) : IAutoReceivedMessage, IPossiblyHarmful, IDeadLetterSuppression, INoSerializationVerificationNeeded
{
    internal Address Address { get; } = address;
}

/// <summary>Tells actors that watch, or are watched, across nodes when a node is given up.</summary>
internal sealed class AddressTerminatedTopic : IExtension
{
    private readonly HashSet<IActorRef> _subscribers = [];
    private readonly Lock _lock = new();

    internal static AddressTerminatedTopic Get(ActorSystem system) => system.WithExtension<AddressTerminatedTopic>(typeof(AddressTerminatedTopicProvider));

    internal void Subscribe(IActorRef subscriber)
    {
        lock (_lock) _subscribers.Add(subscriber);
    }

    internal void Unsubscribe(IActorRef subscriber)
    {
        lock (_lock) _subscribers.Remove(subscriber);
    }

    internal void Publish(AddressTerminated message)
    {
        IActorRef[] subscribers;
        lock (_lock) subscribers = [.. _subscribers];
        foreach (var subscriber in subscribers) subscriber.Tell(message, ActorRefs.NoSender);
    }
}

/// <summary>Makes it.</summary>
internal sealed class AddressTerminatedTopicProvider : ExtensionIdProvider<AddressTerminatedTopic>
{
    public override AddressTerminatedTopic CreateExtension(ExtendedActorSystem system) => new();
}
