using Akka.Actor;
using Akka.Dispatch.SysMsg;
using Akka.Event;

namespace Akka.Remote;

/// <summary>A ref to an actor of another system.</summary>
public interface IRemoteRef : IActorRefScope;

/// <summary>A ref to an actor of another system: telling it sends.</summary>
public class RemoteActorRef : InternalActorRefBase, IRemoteRef
{
    private readonly IInternalActorRef _parent;
    private string _wirePath;

    /// <summary>At a path; <paramref name="props"/> and <paramref name="deploy"/> are for remote deployment, which this stand-in has not.</summary>
    public RemoteActorRef(RemoteTransport remote, Address localAddressToUse, ActorPath path, IInternalActorRef parent, Props props, Deploy deploy)
    {
        if (path.Address.HasLocalScope) throw new ArgumentException($"Unexpected local address in RemoteActorRef [{path}]", nameof(path));
        Remote = remote;
        LocalAddressToUse = localAddressToUse;
        Path = path;
        _parent = parent;
    }

    internal RemoteTransport Remote { get; }

    /// <summary>Where the connection to its system is kept; filled by the transport at first use.</summary>
    internal object Route { get; set; }

    /// <summary>Path and uid below the root of its system, as they travel.</summary>
    internal string WirePath => _wirePath ??= Path.Uid == 0 ? Path.ToStringWithoutAddress() : $"{Path.ToStringWithoutAddress()}#{Path.Uid}";

    /// <summary>Whether the path is that of a one-time ref, such as that of a question asked.</summary>
    internal bool IsTemporary => Path.Depth == 2 && Path.Parent.Name == "temp";

    /// <summary>Our address as its system knows it.</summary>
    public Address LocalAddressToUse { get; }

    /// <inheritdoc/>
    public override ActorPath Path { get; }

    /// <inheritdoc/>
    public override IInternalActorRef Parent => _parent;

    /// <inheritdoc/>
    public override IActorRefProvider Provider => Remote.Provider;

    /// <inheritdoc/>
    public override bool IsLocal => false;

    /// <summary>Not known here: false.</summary>
#pragma warning disable CS0809 // as in the package, where the base is obsolete too
    [Obsolete("Use Context.Watch and Receive<Terminated> [1.1.0]")]
    public override bool IsTerminated => false;
#pragma warning restore CS0809

    /// <inheritdoc/>
    public override IActorRef GetChild(IReadOnlyList<string> name)
    {
        var path = Path;
        foreach (var element in name)
        {
            if (element.Length == 0) continue;
            path = element == ".." ? path.Parent : path.Child(element);
        }

        return ReferenceEquals(path, Path) ? this : new RemoteActorRef(Remote, LocalAddressToUse, path, Nobody.Instance, Props.None, Deploy.None);
    }

    /// <inheritdoc/>
    protected override void TellInternal(object message, IActorRef sender)
    {
        if (message is null) throw new InvalidMessageException("Message is null.");
        Remote.Send(message, sender, this);
    }

    /// <summary>Whether a watch goes through the watcher of remote nodes, which sends heartbeats: all but that watcher's own.</summary>
    public bool IsWatchIntercepted(IActorRef watchee, IActorRef watcher) =>
        watchee.Equals(this) && Remote.Provider.RemoteWatcher is { } own && !watcher.Equals(own);

    /// <inheritdoc/>
    public override void SendSystemMessage(ISystemMessage message)
    {
        switch (message)
        {
            case Watch watch when IsWatchIntercepted(watch.Watchee, watch.Watcher):
                Remote.Provider.RemoteWatcher.Tell(new RemoteWatcher.WatchRemote(watch.Watchee, watch.Watcher), ActorRefs.NoSender);
                break;
            case Unwatch unwatch when IsWatchIntercepted(unwatch.Watchee, unwatch.Watcher):
                Remote.Provider.RemoteWatcher.Tell(new RemoteWatcher.UnwatchRemote(unwatch.Watchee, unwatch.Watcher), ActorRefs.NoSender);
                break;
            default:
                Remote.Send(message, ActorRefs.NoSender, this);
                break;
        }
    }

    /// <inheritdoc/>
    public override void Resume(Exception causedByFailure = null) => SendSystemMessage(new Dispatch.SysMsg.Resume(causedByFailure));

    /// <inheritdoc/>
    public override void Suspend() => SendSystemMessage(new Dispatch.SysMsg.Suspend());

    /// <inheritdoc/>
    public override void Restart(Exception cause) => SendSystemMessage(new Recreate(cause));

    /// <inheritdoc/>
    public override void Stop() => SendSystemMessage(new Dispatch.SysMsg.Terminate());

    /// <summary>Nothing to do: its system started it.</summary>
    public override void Start()
    {
    }
}
