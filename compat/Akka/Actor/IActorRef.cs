using Akka.Actor.Internal;
using Akka.Dispatch.SysMsg;
using Akka.Util;

namespace Akka.Actor;

/// <summary>Takes messages.</summary>
public interface ICanTell
{
    /// <summary>Sends without waiting; at most once, in order for one sender and one receiver.</summary>
    void Tell(object message, IActorRef sender);
}

/// <summary>A handle on an actor: safe to share, valid for that incarnation only.</summary>
public interface IActorRef : ICanTell, IEquatable<IActorRef>, IComparable<IActorRef>, ISurrogated, IComparable
{
    /// <summary>Where the actor is.</summary>
    ActorPath Path { get; }
}

/// <summary>Whether an actor lives in this process.</summary>
public interface IActorRefScope
{
    /// <summary>True in this process.</summary>
    bool IsLocal { get; }
}

/// <summary>What Akka itself does with actors.</summary>
public interface IInternalActorRef : IActorRef, IActorRefScope
{
    /// <summary>The supervisor.</summary>
    IInternalActorRef Parent { get; }

    /// <summary>Who made it.</summary>
    IActorRefProvider Provider { get; }

    /// <summary>Whether it has stopped; a guess for remote actors.</summary>
    bool IsTerminated { get; }

    /// <summary>A descendant by names; <c>..</c> goes up.</summary>
    IActorRef GetChild(IReadOnlyList<string> name);

    /// <summary>Continues after a failure.</summary>
    void Resume(Exception causedByFailure = null);

    /// <summary>Starts message handling.</summary>
    void Start();

    /// <summary>Stops after the current message.</summary>
    void Stop();

    /// <summary>Replaces the actor by a new instance.</summary>
    void Restart(Exception cause);

    /// <summary>Stops handling messages until resumed.</summary>
    void Suspend();

    /// <summary>Sends a message that overtakes the ordinary ones.</summary>
    void SendSystemMessage(ISystemMessage message);
}

/// <summary>Base of every ref: identity is path and uid.</summary>
public abstract class ActorRefBase : IActorRef
{
    /// <inheritdoc/>
    public abstract ActorPath Path { get; }

    /// <inheritdoc/>
    public void Tell(object message, IActorRef sender)
    {
        sender ??= ActorRefs.NoSender;
        TellInternal(message, sender);
    }

    /// <summary>Delivers the message.</summary>
    protected abstract void TellInternal(object message, IActorRef sender);

    /// <inheritdoc/>
    public override string ToString() => Path.Uid == 0 ? $"[{Path}]" : $"[{Path}#{Path.Uid}]";

    /// <inheritdoc/>
    public override bool Equals(object obj) => obj is IActorRef other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Path.Uid, Path.Name);

    /// <inheritdoc/>
    public int CompareTo(object obj) => obj is null or IActorRef
        ? CompareTo((IActorRef)obj)
        : throw new ArgumentException("Object must be of type IActorRef.", nameof(obj));

    /// <inheritdoc/>
    public bool Equals(IActorRef other) =>
        ReferenceEquals(this, other) || (other is not null && Path.Uid == other.Path.Uid && Path.Equals(other.Path));

    /// <inheritdoc/>
    public int CompareTo(IActorRef other)
    {
        if (other is null) return 1;
        var order = Path.CompareTo(other.Path);
        return order != 0 ? order : Path.Uid.CompareTo(other.Path.Uid);
    }

    /// <inheritdoc/>
    public virtual ISurrogate ToSurrogate(ActorSystem system) => new Surrogate(Serialization.Serialization.SerializedActorPath(this));

    /// <summary>The form of a ref that travels.</summary>
    public class Surrogate : ISurrogate
    {
        /// <summary>From the path as text.</summary>
        public Surrogate(string path) => Path = path;

        /// <summary>The path as text.</summary>
        public string Path { get; }

        /// <inheritdoc/>
        public ISurrogated FromSurrogate(ActorSystem system) => ((ExtendedActorSystem)system).Provider.ResolveActorRef(Path);
    }
}

/// <summary>Base of refs that Akka manages.</summary>
public abstract class InternalActorRefBase : ActorRefBase, IInternalActorRef
{
    /// <inheritdoc/>
    public abstract IInternalActorRef Parent { get; }

    /// <inheritdoc/>
    public abstract IActorRefProvider Provider { get; }

    /// <inheritdoc/>
    public abstract bool IsLocal { get; }

    /// <inheritdoc/>
    public abstract bool IsTerminated { get; }

    /// <inheritdoc/>
    public abstract IActorRef GetChild(IReadOnlyList<string> name);

    /// <inheritdoc/>
    public abstract void Resume(Exception causedByFailure = null);

    /// <inheritdoc/>
    public abstract void Start();

    /// <inheritdoc/>
    public abstract void Stop();

    /// <inheritdoc/>
    public abstract void Restart(Exception cause);

    /// <inheritdoc/>
    public abstract void Suspend();

    /// <inheritdoc/>
    public abstract void SendSystemMessage(ISystemMessage message);
}

/// <summary>A ref without an actor behind it; everything is ignored unless overridden.</summary>
public abstract class MinimalActorRef : InternalActorRefBase
{
    /// <inheritdoc/>
    public override IInternalActorRef Parent => Nobody.Instance;

    /// <inheritdoc/>
    public override bool IsLocal => true;

    /// <inheritdoc/>
    public override bool IsTerminated => false;

    /// <inheritdoc/>
    public override IActorRef GetChild(IReadOnlyList<string> name) =>
        name.All(string.IsNullOrEmpty) ? this : Nobody.Instance;

    /// <inheritdoc/>
    public override void Resume(Exception causedByFailure = null)
    {
    }

    /// <inheritdoc/>
    public override void Start()
    {
    }

    /// <inheritdoc/>
    public override void Stop()
    {
    }

    /// <inheritdoc/>
    public override void Restart(Exception cause)
    {
    }

    /// <inheritdoc/>
    public override void Suspend()
    {
    }

    /// <inheritdoc/>
    public override void SendSystemMessage(ISystemMessage message)
    {
    }

    /// <inheritdoc/>
    protected override void TellInternal(object message, IActorRef sender)
    {
    }
}

/// <summary>No actor; swallows messages.</summary>
public sealed class Nobody : MinimalActorRef
{
    /// <summary>The only instance.</summary>
    public static readonly Nobody Instance = new();

    private readonly ActorPath _path = new RootActorPath(Address.AllSystems) / "Nobody";

    private Nobody()
    {
    }

    /// <inheritdoc/>
    public override ActorPath Path => _path;

    /// <inheritdoc/>
    public override IActorRefProvider Provider => throw new NotSupportedException("Nobody does not provide");
}

/// <summary>Refs that are no actor.</summary>
public static class ActorRefs
{
    /// <summary>No actor.</summary>
    public static readonly Nobody Nobody = Nobody.Instance;

    /// <summary>The sender of a message that has none: null.</summary>
    public static readonly IActorRef NoSender;
}

/// <summary>Null-safe questions.</summary>
public static class ActorRefExtensions
{
    /// <summary>Whether there is no actor.</summary>
    public static bool IsNobody(this IActorRef actorRef) => actorRef is null or Actor.Nobody;

    /// <summary>The actor, or what <paramref name="elseValue"/> makes.</summary>
    public static IActorRef GetOrElse(this IActorRef actorRef, Func<IActorRef> elseValue) =>
        actorRef.IsNobody() ? elseValue() : actorRef;
}

/// <summary>Tell with the running actor as sender.</summary>
public static class ActorRefImplicitSenderExtensions
{
    /// <summary>Sends with the actor that runs on this thread as sender, or none.</summary>
    public static void Tell(this IActorRef receiver, object message) =>
        receiver.Tell(message, ActorCell.GetCurrentSelfOrNoSender());

    /// <summary>Sends with the sender of the message in work.</summary>
    public static void Forward(this IActorRef receiver, object message) =>
        receiver.Tell(message, ActorCell.GetCurrentSenderOrNoSender());
}

/// <summary>A ref with an actor in this process.</summary>
public class LocalActorRef : ActorRefWithCell
{
    private readonly ActorSystemImpl _system;
    private readonly ActorPath _path;
    private readonly ActorCell _cell;

    internal LocalActorRef(ActorSystemImpl system, Props props, Dispatch.MessageDispatcher dispatcher, Dispatch.MailboxType mailboxType, IInternalActorRef supervisor, ActorPath path, Func<LocalActorRef, ActorCell> makeCell = null)
    {
        _system = system;
        _path = path;
        _cell = makeCell is null ? new ActorCell(system, this, props, dispatcher, supervisor) : makeCell(this);
        _cell.Init(mailboxType);
    }

    /// <inheritdoc/>
    public override ActorPath Path => _path;

    /// <inheritdoc/>
    public override IActorRefProvider Provider => _system.Provider;

    /// <inheritdoc/>
    public override IInternalActorRef Parent => _cell.Parent;

    /// <summary>The actor's inside.</summary>
    public ActorCell Cell => _cell;

    /// <inheritdoc/>
    public override IEnumerable<IActorRef> Children => _cell.GetChildren();

    /// <inheritdoc/>
    public override bool IsLocal => true;

    /// <inheritdoc/>
    public override bool IsTerminated => _cell.IsTerminated;

    /// <inheritdoc/>
    public override void Resume(Exception causedByFailure = null) => _cell.SendSystemMessage(new Dispatch.SysMsg.Resume(causedByFailure));

    /// <inheritdoc/>
    public override void Start() => _cell.Start();

    /// <inheritdoc/>
    public override void Stop() => _cell.Stop();

    /// <inheritdoc/>
    public override void Restart(Exception cause) => _cell.SendSystemMessage(new Recreate(cause));

    /// <inheritdoc/>
    public override void Suspend() => _cell.SendSystemMessage(new Dispatch.SysMsg.Suspend());

    /// <inheritdoc/>
    public override void SendSystemMessage(ISystemMessage message) => _cell.SendSystemMessage(message);

    /// <inheritdoc/>
    protected override void TellInternal(object message, IActorRef sender) => _cell.SendMessage(sender, message);

    /// <inheritdoc/>
    public override IInternalActorRef GetSingleChild(string name) => _cell.GetSingleChild(name);

    /// <inheritdoc/>
    public override IActorRef GetChild(IReadOnlyList<string> name)
    {
        IInternalActorRef current = this;
        for (var i = 0; i < name.Count; i++)
        {
            if (current is not ActorRefWithCell local)
                return current.GetChild([.. name.Skip(i)]);
            var element = name[i];
            current = element switch
            {
                "" => current,
                ".." => local.Parent,
                _ => local.GetSingleChild(element),
            };
            if (current is Nobody) return current;
        }

        return current;
    }
}

/// <summary>A ref whose children can be asked for.</summary>
public abstract class ActorRefWithCell : InternalActorRefBase
{
    /// <summary>Children alive.</summary>
    public abstract IEnumerable<IActorRef> Children { get; }

    /// <summary>A child by name, which may end in <c>#uid</c>; or nobody.</summary>
    public abstract IInternalActorRef GetSingleChild(string name);
}
