using System.Text.RegularExpressions;
using Akka.Actor.Internal;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Dispatch;
using Akka.Event;

namespace Akka.Actor;

/// <summary>A tree of actors with its dispatchers, timers and configuration.</summary>
public abstract class ActorSystem : IActorRefFactory, IDisposable
{
    private readonly TimeSpan _created = DateTimeOffsetNowTimeProvider.Instance.MonotonicClock;

    /// <summary>Its configuration.</summary>
    public abstract Settings Settings { get; }

    /// <summary>Its name.</summary>
    public abstract string Name { get; }

    /// <summary>Its serializers.</summary>
    public abstract Serialization.Serialization Serialization { get; }

    /// <summary>Its event bus.</summary>
    public abstract EventStream EventStream { get; }

    /// <summary>Where messages without a receiver go.</summary>
    public abstract IActorRef DeadLetters { get; }

    /// <summary>Swallows messages.</summary>
    public abstract IActorRef IgnoreRef { get; }

    /// <summary>Its dispatchers.</summary>
    public abstract Dispatchers Dispatchers { get; }

    /// <summary>Its mailbox types.</summary>
    public abstract Mailboxes Mailboxes { get; }

    /// <summary>Its timers.</summary>
    public abstract IScheduler Scheduler { get; }

    /// <summary>Its log.</summary>
    public abstract ILoggingAdapter Log { get; }

    /// <summary>When it started, on the monotonic clock.</summary>
    public TimeSpan StartTime => _created;

    /// <summary>How long it has run.</summary>
    public TimeSpan Uptime => DateTimeOffsetNowTimeProvider.Instance.MonotonicClock - _created;

    /// <summary>Completes once everything has stopped.</summary>
    public abstract Task WhenTerminated { get; }

    /// <summary>A system with a configuration.</summary>
    public static ActorSystem Create(string name, Config config) => CreateAndStart(name, config, ActorSystemSetup.Empty);

    /// <summary>A system with a set-up.</summary>
    public static ActorSystem Create(string name, BootstrapSetup setup) => Create(name, ActorSystemSetup.Create(setup));

    /// <summary>A system with set-ups.</summary>
    public static ActorSystem Create(string name, ActorSystemSetup setup)
    {
        var bootstrap = setup.Get<BootstrapSetup>();
        var config = bootstrap.HasValue && bootstrap.Value.Config.HasValue ? bootstrap.Value.Config.Value : ConfigurationFactory.Load();
        return CreateAndStart(name, config, setup);
    }

    /// <summary>A system with the default configuration.</summary>
    public static ActorSystem Create(string name) => Create(name, ActorSystemSetup.Empty);

    private static ActorSystemImpl CreateAndStart(string name, Config config, ActorSystemSetup setup)
    {
        var system = new ActorSystemImpl(name, config, setup);
        system.Start();
        return system;
    }

    /// <summary>The extension of an id; made at first use.</summary>
    public abstract object GetExtension(IExtensionId extensionId);

    /// <summary>The extension of a type.</summary>
    public abstract T GetExtension<T>()
        where T : class, IExtension;

    /// <summary>Whether there is an extension of a type.</summary>
    public abstract bool HasExtension(Type type);

    /// <summary>Whether there is an extension of a type.</summary>
    public abstract bool HasExtension<T>()
        where T : class, IExtension;

    /// <summary>The extension of a type, if there is one.</summary>
    public abstract bool TryGetExtension(Type extensionType, out object extension);

    /// <summary>The extension of a type, if there is one.</summary>
    public abstract bool TryGetExtension<T>(out T extension)
        where T : class, IExtension;

    /// <summary>Makes an extension, or finds the one made.</summary>
    public abstract object RegisterExtension(IExtensionId extension);

    /// <summary>Runs code once everything has stopped, before <see cref="WhenTerminated"/>; the last registered first.</summary>
    public abstract void RegisterOnTermination(Action code);

    /// <summary>Stops everything: first coordinated shutdown, then all actors.</summary>
    public abstract Task Terminate();

    /// <summary>Stops an actor after its current message.</summary>
    public abstract void Stop(IActorRef actor);

    /// <inheritdoc/>
    public abstract IActorRef ActorOf(Props props, string name = null);

    /// <inheritdoc/>
    public abstract ActorSelection ActorSelection(ActorPath actorPath);

    /// <inheritdoc/>
    public abstract ActorSelection ActorSelection(string actorPath);

    /// <summary>Starts to stop, without waiting.</summary>
    public void Dispose() => _ = Terminate();
}

/// <summary>A system, from inside.</summary>
public abstract class ExtendedActorSystem : ActorSystem
{
    /// <summary>Makes and finds refs.</summary>
    public abstract IActorRefProvider Provider { get; }

    /// <summary><c>/user</c>.</summary>
    public abstract IInternalActorRef Guardian { get; }

    /// <summary>Where relative selections of the system start.</summary>
    public abstract IInternalActorRef LookupRoot { get; }

    /// <summary><c>/system</c>.</summary>
    public abstract IInternalActorRef SystemGuardian { get; }

    /// <summary>Makes an actor below <c>/system</c>.</summary>
    public abstract IActorRef SystemActorOf(Props props, string name = null);

    /// <summary>Makes an actor below <c>/system</c>.</summary>
    public abstract IActorRef SystemActorOf<TActor>(string name = null)
        where TActor : ActorBase, new();

    /// <summary>Stops everything at once.</summary>
    public abstract void Abort();

    /// <summary>The tree of actors as text.</summary>
    public abstract string PrintTree();
}
