using System.Globalization;
using Akka.Actor.Internal;
using Akka.Dispatch.SysMsg;

namespace Akka.Actor;

public partial class ActorCell
{
    private static long s_uid = Random.Shared.NextInt64(1, int.MaxValue);

    // Null until the first child. Guarded by itself: other threads look children up, and guardians get children from any thread.
    private Dictionary<string, ChildRestartStats> _children;
    private readonly Lock _childrenLock = new();
    private long _nextName;
    private bool _terminating;

    internal static long NextUid() => Interlocked.Increment(ref s_uid);

    /// <summary>Makes a child.</summary>
    public virtual IActorRef ActorOf(Props props, string name = null) => MakeChild(props, name, systemService: false);

    internal IInternalActorRef MakeChild(Props props, string name, bool systemService)
    {
        if (name is null) name = TemporaryName(Interlocked.Increment(ref _nextName) - 1);
        else CheckName(name);
        IInternalActorRef child;
        lock (_childrenLock)
        {
            if (_terminating || _terminated) throw new InvalidOperationException("Cannot create child while terminating or terminated");
            _children ??= [];
            if (!_children.TryAdd(name, null)) throw new InvalidActorNameException($"Actor name \"{name}\" is not unique!");
        }

        try
        {
            var path = new ChildActorPath(_self.Path, name, NextUid());
            child = _system.Provider.MakeActor(_system, props, _self, path, systemService);
        }
        catch
        {
            lock (_childrenLock) _children?.Remove(name);
            if (_terminating) Stop();   // the end may have waited for the name
            throw;
        }

        lock (_childrenLock)
        {
            if (_children is not null) _children[name] = new ChildRestartStats(child);
        }

        if (_mailbox.IsSuspended && ReferenceEquals(t_current, this) && !_awaitSuspended) child.Suspend();
        child.Start();
        if (_terminating) child.Stop();
        return child;
    }

    private static void CheckName(string name)
    {
        if (name.Length == 0) throw new InvalidActorNameException("Actor name must not be empty");
        if (!ActorPath.IsValidPathElement(name))
            throw new InvalidActorNameException($"Illegal actor name [{name}]. Actor paths MUST: not start with `$`, include only ASCII letters and can only contain these special characters: {ActorPath.ValidSymbols}.");
    }

    // "$a", "$b", … "$z", "$A" … then two digits, lowest first.
    internal static string TemporaryName(long number)
    {
        const string digits = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+~";
        Span<char> text = stackalloc char[16];
        var length = 0;
        text[length++] = '$';
        do
        {
            text[length++] = digits[(int)(number & 63)];
            number >>= 6;
        }
        while (number > 0);
        return new string(text[..length]);
    }

    /// <summary>The children alive.</summary>
    public IEnumerable<IInternalActorRef> GetChildren()
    {
        lock (_childrenLock)
        {
            if (_children is null) return [];
            var alive = new List<IInternalActorRef>(_children.Count);
            foreach (var stats in _children.Values)
                if (stats is not null) alive.Add(stats.Child);
            return alive;
        }
    }

    IEnumerable<IActorRef> IActorContext.GetChildren() => GetChildren();

    IActorRef IActorContext.Child(string name) => GetSingleChild(name);

    /// <summary>A child by name, which may end in <c>#uid</c>; or nobody.</summary>
    public IInternalActorRef GetSingleChild(string name)
    {
        var hash = name.IndexOf('#', StringComparison.Ordinal);
        var uid = hash < 0 ? 0 : long.Parse(name.AsSpan(hash + 1), CultureInfo.InvariantCulture);
        lock (_childrenLock)
        {
            if (_children is null || !_children.TryGetValue(hash < 0 ? name : name[..hash], out var stats) || stats is null) return FindExtraChild(name);
            return uid == 0 || stats.Child.Path.Uid == uid ? stats.Child : Nobody.Instance;
        }
    }

    internal virtual IInternalActorRef FindExtraChild(string name) => Nobody.Instance;

    private List<ChildRestartStats> ChildStats()
    {
        lock (_childrenLock)
        {
            return _children is null ? [] : [.. _children.Values.Where(static s => s is not null)];
        }
    }

    private ChildRestartStats StatsOf(IActorRef child)
    {
        lock (_childrenLock)
        {
            return _children is not null && _children.TryGetValue(child.Path.Name, out var stats) && stats is not null && stats.Child.Equals(child) ? stats : null;
        }
    }

    private bool HasChildren
    {
        get
        {
            lock (_childrenLock) return _children is { Count: > 0 };
        }
    }

    /// <summary>Stops an actor after its current message.</summary>
    public void Stop(IActorRef child)
    {
        if (StatsOf(child) is { } stats) stats.Dying = true;
        ((IInternalActorRef)child).Stop();
    }

    /// <summary>Stops this actor.</summary>
    public void Stop() => SendSystemMessage(new Terminate());

    /// <inheritdoc/>
    public ActorSelection ActorSelection(string actorPath) => Akka.Actor.ActorSelection.From(actorPath, _system, _self);

    /// <inheritdoc/>
    public ActorSelection ActorSelection(ActorPath actorPath) => Akka.Actor.ActorSelection.From(actorPath, _system);
}
