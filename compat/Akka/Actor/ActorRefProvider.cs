using System.Collections.Concurrent;
using Akka.Actor.Internal;
using Akka.Dispatch.SysMsg;
using Akka.Event;
using Akka.Serialization;

namespace Akka.Actor;

/// <summary>Makes and finds refs.</summary>
public interface IActorRefProvider
{
    /// <summary>The top of the tree.</summary>
    IInternalActorRef RootGuardian { get; }

    /// <summary><c>/user</c>.</summary>
    LocalActorRef Guardian { get; }

    /// <summary><c>/system</c>.</summary>
    LocalActorRef SystemGuardian { get; }

    /// <summary>Where messages without a receiver go.</summary>
    IActorRef DeadLetters { get; }

    /// <summary>Swallows messages.</summary>
    IActorRef IgnoreRef { get; }

    /// <summary>Path of the top.</summary>
    ActorPath RootPath { get; }

    /// <summary>The system's settings.</summary>
    Settings Settings { get; }

    /// <summary>Completes once all actors have stopped.</summary>
    Task TerminationTask { get; }

    /// <summary>What refs are written relative to.</summary>
    Information SerializationInformation { get; }

    /// <summary><c>/temp</c>.</summary>
    IInternalActorRef TempContainer { get; }

    /// <summary>The system's own address.</summary>
    Address DefaultAddress { get; }

    /// <summary>Makes the guardians.</summary>
    void Init(ActorSystemImpl system);

    /// <summary>A new path below <c>/temp</c>.</summary>
    ActorPath TempPath();

    /// <summary>Makes a ref findable below <c>/temp</c>.</summary>
    void RegisterTempActor(IInternalActorRef actorRef, ActorPath path);

    /// <summary>Takes it back.</summary>
    void UnregisterTempActor(ActorPath path);

    /// <summary>A ref that completes a task.</summary>
    FutureActorRef<T> CreateFutureRef<T>(TaskCompletionSource<T> tcs);

    /// <summary>The ref of a path; dead letters when it is not known here.</summary>
    IActorRef ResolveActorRef(string path);

    /// <summary>The ref of a path; dead letters when it is not known here.</summary>
    IActorRef ResolveActorRef(ActorPath actorPath);

    /// <summary>The top of the tree at an address.</summary>
    IActorRef RootGuardianAt(Address address);

    /// <summary>Our address as an address sees it; null when it cannot.</summary>
    Address GetExternalAddressFor(Address address);

    /// <summary>A new actor below its supervisor.</summary>
    internal IInternalActorRef MakeActor(ActorSystemImpl system, Props props, IInternalActorRef supervisor, ActorPath path, bool systemService);
}

/// <summary>Refs inside this process.</summary>
public sealed class LocalActorRefProvider : IActorRefProvider
{
    private readonly string _systemName;
    private readonly Settings _settings;
    private readonly EventStream _eventStream;
    private readonly RootActorPath _rootPath;
    private readonly DeadLetterActorRef _deadLetters;
    private readonly ConcurrentDictionary<string, IInternalActorRef> _extraNames = new();
    private readonly TaskCompletionSource _terminated = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ActorSystemImpl _system;
    private LocalActorRef _root;
    private LocalActorRef _guardian;
    private LocalActorRef _systemGuardian;
    private TempContainerRef _temp;
    private long _tempNumber;

    /// <summary>For a system's name.</summary>
    public LocalActorRefProvider(string systemName, Settings settings, EventStream eventStream)
    {
        _systemName = systemName;
        _settings = settings;
        _eventStream = eventStream;
        _rootPath = new RootActorPath(new Address("akka", systemName));
        _deadLetters = new DeadLetterActorRef(this, _rootPath / "deadLetters", eventStream);
        IgnoreRef = new IgnoreActorRef(this, _rootPath / "ignore");
    }

    /// <inheritdoc/>
    public IInternalActorRef RootGuardian => _root;

    /// <inheritdoc/>
    public LocalActorRef Guardian => _guardian;

    /// <inheritdoc/>
    public LocalActorRef SystemGuardian => _systemGuardian;

    /// <inheritdoc/>
    public IActorRef DeadLetters => _deadLetters;

    /// <inheritdoc/>
    public IActorRef IgnoreRef { get; }

    /// <inheritdoc/>
    public ActorPath RootPath => _rootPath;

    /// <inheritdoc/>
    public Settings Settings => _settings;

    /// <inheritdoc/>
    public Task TerminationTask => _terminated.Task;

    /// <inheritdoc/>
    public IInternalActorRef TempContainer => _temp;

    /// <inheritdoc/>
    public Address DefaultAddress => _rootPath.Address;

    /// <inheritdoc/>
    public Information SerializationInformation => new(DefaultAddress, _system);

    /// <summary>The system's event bus.</summary>
    public EventStream EventStream => _eventStream;

    /// <inheritdoc/>
    public void Init(ActorSystemImpl system)
    {
        _system = system;
        _temp = new TempContainerRef(this, _rootPath / "temp");
        var walker = new BubbleWalker(this, _rootPath / "bubble-walker");
        var dispatcher = system.Dispatchers.Lookup(Dispatch.Dispatchers.InternalDispatcherId);
        var mailbox = system.Mailboxes.Lookup(Dispatch.Mailboxes.DefaultMailboxId);
        var guardian = Props.Create<GuardianActor>();
        _root = new LocalActorRef(system, guardian.WithSupervisorStrategy(new OneForOneStrategy(-1, -1, static _ => Directive.Stop)), dispatcher, mailbox, walker, _rootPath, self => new RootCell(system, self, guardian, dispatcher, walker, this));
        _root.Start();
        var userStrategy = SupervisorStrategyConfigurator.CreateConfigurator(_settings.SupervisorStrategyClass).Create();
        _guardian = (LocalActorRef)_root.Cell.MakeChild(guardian.WithSupervisorStrategy(userStrategy), "user", systemService: true);
        _systemGuardian = (LocalActorRef)_root.Cell.MakeChild(Props.Create(() => new SystemGuardianActor(_guardian)), "system", systemService: true);
        _root.Tell(new RootWatch(_systemGuardian), ActorRefs.NoSender);
    }

    internal void Complete() => _terminated.TrySetResult();

    /// <inheritdoc/>
    public ActorPath TempPath() => new ChildActorPath(_rootPath / "temp", ActorCell.TemporaryName(Interlocked.Increment(ref _tempNumber)), 0);

    /// <inheritdoc/>
    public void RegisterTempActor(IInternalActorRef actorRef, ActorPath path) => _temp.Add(path.Name, actorRef);

    /// <inheritdoc/>
    public void UnregisterTempActor(ActorPath path) => _temp.Remove(path.Name);

    /// <inheritdoc/>
    public FutureActorRef<T> CreateFutureRef<T>(TaskCompletionSource<T> tcs) => new(tcs, TempPath(), this);

    /// <summary>Makes a ref findable below the root.</summary>
    public void RegisterExtraName(string name, IInternalActorRef actor) => _extraNames[name] = actor;

    internal IInternalActorRef ExtraChild(string name) =>
        name == "temp" ? _temp
        : name == "deadLetters" ? _deadLetters
        : _extraNames.TryGetValue(name, out var extra) ? extra
        : Nobody.Instance;

    /// <inheritdoc/>
    public IActorRef ResolveActorRef(string path) => ActorPath.TryParse(path, out var parsed) ? ResolveActorRef(parsed) : _deadLetters;

    /// <inheritdoc/>
    public IActorRef ResolveActorRef(ActorPath actorPath)
    {
        return actorPath.Address.Equals(_rootPath.Address) ? ResolveWhateverAddress(actorPath) : _deadLetters;
    }

    /// <summary>The ref at a path below our root; whether the path's address is ours has been looked at.</summary>
    internal IActorRef ResolveWhateverAddress(ActorPath actorPath)
    {
        var elements = new List<string>(actorPath.Elements);
        if (actorPath.Uid != 0 && elements.Count > 0) elements[^1] = $"{elements[^1]}#{actorPath.Uid}";
        var found = ResolveBelow(_root, elements);
        return found.IsNobody() ? new EmptyLocalActorRef(this, (_rootPath / actorPath.Elements).WithUid(actorPath.Uid), _eventStream) : found;
    }

    private IActorRef ResolveBelow(LocalActorRef root, List<string> elements)
    {
        if (elements.Count == 0 || (elements.Count == 1 && elements[0].Length == 0)) return root;
        var extra = ExtraChild(elements[0]);
        return extra is Nobody ? root.GetChild(elements) : extra.GetChild([.. elements.Skip(1)]);
    }

    /// <inheritdoc/>
    public IActorRef RootGuardianAt(Address address) => address.Equals(_rootPath.Address) ? _root : _deadLetters;

    /// <inheritdoc/>
    public Address GetExternalAddressFor(Address address) => address.Equals(_rootPath.Address) ? address : null;

    IInternalActorRef IActorRefProvider.MakeActor(ActorSystemImpl system, Props props, IInternalActorRef supervisor, ActorPath path, bool systemService)
    {
        var id = props.Deploy.Dispatcher;
        if (id.Length == 0) id = systemService ? Dispatch.Dispatchers.InternalDispatcherId : Dispatch.Dispatchers.DefaultDispatcherId;
        var dispatcher = system.Dispatchers.Lookup(id);
        var mailbox = system.Mailboxes.GetMailboxType(props, dispatcher.Configurator.Config);
        return ActorRefMaker.Current is { } maker
            ? maker(system, props, dispatcher, mailbox, supervisor, path)
            : new LocalActorRef(system, props, dispatcher, mailbox, supervisor, path);
    }

    /// <inheritdoc/>
    public override string ToString() => $"LocalActorRefProvider({_systemName})";

    /// <summary>Finds <c>/temp</c> and other names that are no children.</summary>
    private sealed class RootCell(ActorSystemImpl system, IInternalActorRef self, Props props, Dispatch.MessageDispatcher dispatcher, IInternalActorRef parent, LocalActorRefProvider provider)
        : ActorCell(system, self, props, dispatcher, parent)
    {
        internal override IInternalActorRef FindExtraChild(string name) => provider.ExtraChild(name);
    }

    /// <summary>Supervisor of the root: when it hears of the root's end, everything has ended.</summary>
    private sealed class BubbleWalker(LocalActorRefProvider provider, ActorPath path) : MinimalActorRef
    {
        public override ActorPath Path => path;

        public override IActorRefProvider Provider => provider;

        public override bool IsTerminated => provider._terminated.Task.IsCompleted;

        public override void SendSystemMessage(ISystemMessage message)
        {
            switch (message)
            {
                case Failed failed:
                    provider._eventStream.Publish(new Error(failed.Cause, path.ToString(), typeof(BubbleWalker), $"guardian {failed.Child} failed, shutting down!"));
                    ((IInternalActorRef)failed.Child).Stop();
                    break;
                case DeathWatchNotification:
                    provider.Complete();
                    break;
            }
        }
    }
}

/// <summary>Lets the test kit make another kind of ref for one actor.</summary>
internal static class ActorRefMaker
{
    [ThreadStatic]
    internal static Func<ActorSystemImpl, Props, Dispatch.MessageDispatcher, Dispatch.MailboxType, IInternalActorRef, ActorPath, LocalActorRef> Current;
}

/// <summary>Where a path leads to nobody: messages become dead letters.</summary>
public class EmptyLocalActorRef : MinimalActorRef
{
    private readonly IActorRefProvider _provider;
    private readonly ActorPath _path;
    private readonly EventStream _eventStream;

    /// <summary>At a path.</summary>
    public EmptyLocalActorRef(IActorRefProvider provider, ActorPath path, EventStream eventStream)
    {
        _provider = provider;
        _path = path;
        _eventStream = eventStream;
    }

    /// <inheritdoc/>
    public override ActorPath Path => _path;

    /// <inheritdoc/>
    public override IActorRefProvider Provider => _provider;

    /// <inheritdoc/>
    public override bool IsTerminated => true;

    /// <inheritdoc/>
    protected override void TellInternal(object message, IActorRef sender)
    {
        if (message is null) throw new InvalidMessageException();
        if (message is DeadLetter letter) SpecialHandle(letter.Message, letter.Sender);
        else if (!SpecialHandle(message, sender)) _eventStream.Publish(new DeadLetter(message, sender ?? _provider.DeadLetters, this));
    }

    /// <inheritdoc/>
    public override void SendSystemMessage(ISystemMessage message)
    {
        if (message is Watch watch && watch.Watchee.Equals(this) && !watch.Watcher.Equals(this))
            watch.Watcher.SendSystemMessage(new DeathWatchNotification(watch.Watchee, false, false));
    }

    /// <summary>Answers what even nobody answers.</summary>
    protected virtual bool SpecialHandle(object message, IActorRef sender)
    {
        switch (message)
        {
            case Identify identify:
                sender?.Tell(new ActorIdentity(identify.MessageId, null), ActorRefs.NoSender);
                return true;
            case ActorSelectionMessage { Message: Identify identify } selection:
                if (!selection.WildCardFanOut) sender?.Tell(new ActorIdentity(identify.MessageId, null), ActorRefs.NoSender);
                return true;
            case ActorSelectionMessage { Message: IDeadLetterSuppression suppressed }:
                _eventStream.Publish(new SuppressedDeadLetter(suppressed, sender ?? _provider.DeadLetters, this));
                return true;
            case ActorSelectionMessage selection:
                _eventStream.Publish(new DeadLetter(selection.Message, sender ?? _provider.DeadLetters, this));
                return true;
            case IDeadLetterSuppression suppressed:
                _eventStream.Publish(new SuppressedDeadLetter(suppressed, sender ?? _provider.DeadLetters, this));
                return true;
            default:
                return false;
        }
    }
}

/// <summary><c>/deadLetters</c>: publishes what it gets.</summary>
public class DeadLetterActorRef : EmptyLocalActorRef
{
    private readonly EventStream _eventStream;

    /// <summary>At a path.</summary>
    public DeadLetterActorRef(IActorRefProvider provider, ActorPath path, EventStream eventStream)
        : base(provider, path, eventStream) => _eventStream = eventStream;

    /// <inheritdoc/>
    public override bool IsTerminated => false;

    /// <inheritdoc/>
    protected override void TellInternal(object message, IActorRef sender)
    {
        switch (message)
        {
            case null:
                throw new InvalidMessageException();
            case Identify identify:
                sender?.Tell(new ActorIdentity(identify.MessageId, this), ActorRefs.NoSender);
                return;
            case DeadLetter { Message: IDeadLetterSuppression suppressed } letter:
                _eventStream.Publish(new SuppressedDeadLetter(suppressed, letter.Sender, letter.Recipient));
                return;
            case DeadLetter letter:
                if (!SpecialHandle(letter.Message, letter.Sender)) _eventStream.Publish(letter);
                return;
        }

        if (!SpecialHandle(message, sender)) _eventStream.Publish(new DeadLetter(message, sender ?? Provider.DeadLetters, this));
    }
}

internal sealed class IgnoreActorRef(IActorRefProvider provider, ActorPath path) : MinimalActorRef
{
    public override ActorPath Path => path;

    public override IActorRefProvider Provider => provider;
}

/// <summary><c>/temp</c>: the refs of questions asked.</summary>
internal sealed class TempContainerRef(IActorRefProvider provider, ActorPath path) : MinimalActorRef
{
    private readonly ConcurrentDictionary<string, IInternalActorRef> _children = new();

    public override ActorPath Path => path;

    public override IActorRefProvider Provider => provider;

    public override IInternalActorRef Parent => provider.RootGuardian;

    internal void Add(string name, IInternalActorRef child) => _children[name] = child;

    internal void Remove(string name) => _children.TryRemove(name, out _);

    public override IActorRef GetChild(IReadOnlyList<string> name)
    {
        if (name.Count == 0 || name[0].Length == 0) return this;
        return _children.TryGetValue(name[0], out var child) ? child.GetChild([.. name.Skip(1)]) : Nobody.Instance;
    }
}
