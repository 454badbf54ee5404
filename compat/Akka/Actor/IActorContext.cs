using Akka.Dispatch;

namespace Akka.Actor;

/// <summary>Handles a message; false when it does not know it.</summary>
public delegate bool Receive(object message);

/// <summary>Handles a message.</summary>
public delegate void UntypedReceive(object message);

/// <summary>Makes actors and finds them.</summary>
public interface IActorRefFactory
{
    /// <summary>Makes a child; without a name it gets one that starts with <c>$</c>.</summary>
    /// <exception cref="InvalidActorNameException">The name is not allowed or is taken.</exception>
    IActorRef ActorOf(Props props, string name = null);

    /// <summary>Whatever lives at a path now and later.</summary>
    ActorSelection ActorSelection(ActorPath actorPath);

    /// <summary>Whatever lives at a path now and later; <c>..</c> and wildcards are allowed.</summary>
    ActorSelection ActorSelection(string actorPath);
}

/// <summary>Shorter forms.</summary>
public static class ActorRefFactoryExtensions
{
    /// <summary>Makes an actor that has a constructor without parameters.</summary>
    public static IActorRef ActorOf<TActor>(this IActorRefFactory factory, string name = null)
        where TActor : ActorBase, new() => factory.ActorOf(Props.Create<TActor>(), name);

    /// <summary>A selection that starts from an actor.</summary>
    public static ActorSelection ActorSelection(this IActorRefFactory factory, IActorRef anchorRef, string actorPath) => new(anchorRef, actorPath);
}

/// <summary>Wants to know when actors stop.</summary>
public interface ICanWatch
{
    /// <summary>A <see cref="Terminated"/> arrives once <paramref name="subject"/> has stopped.</summary>
    IActorRef Watch(IActorRef subject);

    /// <summary><paramref name="message"/> arrives once <paramref name="subject"/> has stopped.</summary>
    IActorRef WatchWith(IActorRef subject, object message);

    /// <summary>Takes a watch back, also when its message is already waiting.</summary>
    IActorRef Unwatch(IActorRef subject);
}

/// <summary>What an actor knows about itself while it handles a message.</summary>
public interface IActorContext : IActorRefFactory, ICanWatch
{
    /// <summary>The actor.</summary>
    IActorRef Self { get; }

    /// <summary>What it was made from.</summary>
    Props Props { get; }

    /// <summary>Who sent the message in work.</summary>
    IActorRef Sender { get; }

    /// <summary>Its system.</summary>
    ActorSystem System { get; }

    /// <summary>Its supervisor.</summary>
    IActorRef Parent { get; }

    /// <summary>What runs it.</summary>
    MessageDispatcher Dispatcher { get; }

    /// <summary>How long without a message until <see cref="Actor.ReceiveTimeout"/>; null for never.</summary>
    TimeSpan? ReceiveTimeout { get; }

    /// <summary>Replaces the behaviour.</summary>
    void Become(Receive receive);

    /// <summary>Puts a behaviour on top.</summary>
    void BecomeStacked(Receive receive);

    /// <summary>Goes back to the behaviour below.</summary>
    void UnbecomeStacked();

    /// <summary>A child by name, or nobody.</summary>
    IActorRef Child(string name);

    /// <summary>The children alive.</summary>
    IEnumerable<IActorRef> GetChildren();

    /// <summary>Sets or, with null, clears the receive timeout.</summary>
    void SetReceiveTimeout(TimeSpan? timeout);

    /// <summary>Stops an actor after its current message.</summary>
    void Stop(IActorRef child);
}

/// <summary>The same for untyped actors.</summary>
public interface IUntypedActorContext : IActorContext
{
    /// <summary>Replaces the behaviour.</summary>
    void Become(UntypedReceive receive);

    /// <summary>Puts a behaviour on top.</summary>
    void BecomeStacked(UntypedReceive receive);
}
