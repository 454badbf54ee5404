using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using System.Text;
using System.Text.RegularExpressions;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Dispatch;
using Akka.Dispatch.SysMsg;
using Akka.Event;

namespace Akka.Actor.Internal;

/// <summary>The one kind of system there is.</summary>
public partial class ActorSystemImpl : ExtendedActorSystem
{
    private readonly ConcurrentDictionary<Type, Lazy<object>> _extensions = new();
    private readonly TaskCompletionSource _terminated = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Stack<Action> _onTermination = new();
    private readonly string _name;
    private readonly Settings _settings;
    private readonly EventStream _eventStream;
    private readonly IActorRefProvider _provider;
    private readonly Mailboxes _mailboxes;
    private readonly IScheduler _scheduler;
    private readonly Dispatchers _dispatchers;
    private readonly ILoggingAdapter _log;
    private Serialization.Serialization _serialization;
    private int _finalTermination;

    /// <summary>With the default configuration.</summary>
    public ActorSystemImpl(string name)
        : this(name, ConfigurationFactory.Default(), ActorSystemSetup.Empty)
    {
    }

    /// <summary>With a configuration and set-ups.</summary>
    public ActorSystemImpl(string name, Config config, ActorSystemSetup setup)
    {
        if (!NamePattern().IsMatch(name))
            throw new ArgumentException($"invalid ActorSystem name [{name}], must contain only word characters (i.e. [a-zA-Z0-9] plus non-leading '-')", nameof(name));
        ArgumentNullException.ThrowIfNull(config);
        _name = name;
        var bootstrap = setup.Get<BootstrapSetup>();
        if (bootstrap.HasValue && bootstrap.Value.ActorRefProvider.HasValue)
            config = ConfigurationFactory.ParseString($"akka.actor.provider = \"{bootstrap.Value.ActorRefProvider.Value.Fqn}\"").WithFallback(config);
        _settings = new Settings(this, config, setup);
        SerializesMessages = _settings.SerializeAllMessages;
        _eventStream = new EventStream(_settings.DebugEventStream);
        _eventStream.StartStdoutLogger(_settings);
        _log = new BusLogging(_eventStream, "ActorSystem(" + name + ")", GetType(), Logging.DefaultFormatter);
        _scheduler = Make<IScheduler>(_settings.SchedulerClass, _settings.Config, _log);
        _provider = Make<IActorRefProvider>(_settings.ProviderClass, _name, _settings, _eventStream);
        _mailboxes = new Mailboxes(this);
        _dispatchers = new Dispatchers(this, new DefaultDispatcherPrerequisites(_eventStream, _scheduler, _settings, _mailboxes), _log);
    }

    [GeneratedRegex("^[a-zA-Z0-9][a-zA-Z0-9-]*$")]
    private static partial Regex NamePattern();

    private static T Make<T>(string typeName, params object[] args)
    {
        var type = Type.GetType(typeName, throwOnError: false) ?? throw new ConfigurationException($"Type [{typeName}] cannot be loaded");
        try
        {
            return (T)Activator.CreateInstance(type, args);
        }
        catch (global::System.Reflection.TargetInvocationException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerException);
            throw;
        }
    }

    internal bool SerializesMessages { get; }

    /// <inheritdoc/>
    public override Settings Settings => _settings;

    /// <inheritdoc/>
    public override string Name => _name;

    /// <inheritdoc/>
    public override Serialization.Serialization Serialization => _serialization;

    /// <inheritdoc/>
    public override EventStream EventStream => _eventStream;

    /// <inheritdoc/>
    public override IActorRef DeadLetters => _provider.DeadLetters;

    /// <inheritdoc/>
    public override IActorRef IgnoreRef => _provider.IgnoreRef;

    /// <inheritdoc/>
    public override Dispatchers Dispatchers => _dispatchers;

    /// <inheritdoc/>
    public override Mailboxes Mailboxes => _mailboxes;

    /// <inheritdoc/>
    public override IScheduler Scheduler => _scheduler;

    /// <inheritdoc/>
    public override ILoggingAdapter Log => _log;

    /// <inheritdoc/>
    public override IActorRefProvider Provider => _provider;

    /// <inheritdoc/>
    public override IInternalActorRef Guardian => _provider.Guardian;

    /// <inheritdoc/>
    public override IInternalActorRef LookupRoot => _provider.RootGuardian;

    /// <inheritdoc/>
    public override IInternalActorRef SystemGuardian => _provider.SystemGuardian;

    /// <inheritdoc/>
    public override Task WhenTerminated => _terminated.Task;

    /// <summary>Starts guardians, loggers and the extensions that the configuration names.</summary>
    public void Start()
    {
        try
        {
            _serialization = new Serialization.Serialization(this);   // before the provider: a remote one takes messages at once
            _ = _provider.TerminationTask.ContinueWith(static (_, state) => ((ActorSystemImpl)state).RunFinalTermination(), this, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            _provider.Init(this);
            RegisterOnTermination(_eventStream.StopDefaultLoggers);
            _eventStream.StartDefaultLoggers(this);
            if (_settings.LogDeadLetters > 0) SystemActorOf<DeadLetterListener>("deadLetterListener");
            foreach (var name in _settings.Config.GetStringList("akka.extensions"))
            {
                var type = Type.GetType(name, throwOnError: false) ?? throw new ConfigurationException($"Extension [{name}] cannot be loaded");
                RegisterExtension((IExtensionId)Activator.CreateInstance(type));
            }

            CoordinatedShutdown.Get(this);
            if (_settings.LogConfigOnStart) _log.Info(_settings.ToString());
        }
        catch
        {
            _ = StopGuardian();
            throw;
        }
    }

    private void RunFinalTermination()
    {
        if (Interlocked.Exchange(ref _finalTermination, 1) != 0) return;
        while (true)
        {
            Action code;
            lock (_onTermination)
                if (!_onTermination.TryPop(out code)) break;
            try
            {
                code();
            }
            catch (Exception e)
            {
                _log.Error(e, "A termination callback failed");
            }
        }

        (_scheduler as IDisposable)?.Dispose();
        _dispatchers.Shutdown();
        _terminated.TrySetResult();
    }

    /// <inheritdoc/>
    public override void RegisterOnTermination(Action code)
    {
        lock (_onTermination)
        {
            if (_finalTermination != 0) throw new InvalidOperationException("ActorSystem already terminated.");
            _onTermination.Push(code);
        }
    }

    /// <inheritdoc/>
    public override Task Terminate()
    {
        if (_settings.CoordinatedShutdownRunByActorSystemTerminate && HasExtension<CoordinatedShutdown>())
            _ = CoordinatedShutdown.Get(this).Run(CoordinatedShutdown.ActorSystemTerminateReason.Instance);
        else _ = StopGuardian();
        return WhenTerminated;
    }

    internal Task StopGuardian()
    {
        ((IInternalActorRef)_provider.Guardian)?.Stop();
        return WhenTerminated;
    }

    /// <inheritdoc/>
    public override void Abort() => _ = StopGuardian();

    /// <inheritdoc/>
    public override IActorRef ActorOf(Props props, string name = null) => _provider.Guardian.Cell.MakeChild(props, name, systemService: false);

    /// <inheritdoc/>
    public override IActorRef SystemActorOf(Props props, string name = null) => _provider.SystemGuardian.Cell.MakeChild(props, name, systemService: true);

    /// <inheritdoc/>
    public override IActorRef SystemActorOf<TActor>(string name = null) => SystemActorOf(Props.Create<TActor>(), name);

    /// <inheritdoc/>
    public override void Stop(IActorRef actor)
    {
        var path = actor.Path;
        if (path.Parent.Equals(_provider.Guardian.Path)) _provider.Guardian.Tell(new StopChild(actor), ActorRefs.NoSender);
        else if (path.Parent.Equals(_provider.SystemGuardian.Path)) _provider.SystemGuardian.Tell(new StopChild(actor), ActorRefs.NoSender);
        else ((IInternalActorRef)actor).Stop();
    }

    /// <inheritdoc/>
    public override ActorSelection ActorSelection(ActorPath actorPath) => Akka.Actor.ActorSelection.From(actorPath, this);

    /// <inheritdoc/>
    public override ActorSelection ActorSelection(string actorPath) => Akka.Actor.ActorSelection.From(actorPath, this, _provider.RootGuardian);

    /// <inheritdoc/>
    public override object RegisterExtension(IExtensionId extension)
    {
        if (extension is null) return null;
        var entry = _extensions.GetOrAdd(extension.ExtensionType, static (_, args) => new Lazy<object>(() => args.extension.CreateExtension(args.system)), (extension, system: this));
        try
        {
            return entry.Value;
        }
        catch
        {
            _extensions.TryRemove(new KeyValuePair<Type, Lazy<object>>(extension.ExtensionType, entry));
            throw;
        }
    }

    /// <inheritdoc/>
    public override object GetExtension(IExtensionId extensionId) => TryGetExtension(extensionId.ExtensionType, out var extension) ? extension : null;

    /// <inheritdoc/>
    public override T GetExtension<T>() => TryGetExtension<T>(out var extension) ? extension : null;

    /// <inheritdoc/>
    public override bool TryGetExtension(Type extensionType, out object extension)
    {
        extension = _extensions.TryGetValue(extensionType, out var entry) ? entry.Value : null;
        return extension is not null;
    }

    /// <inheritdoc/>
    public override bool TryGetExtension<T>(out T extension)
    {
        var found = TryGetExtension(typeof(T), out var untyped);
        extension = (T)untyped;
        return found;
    }

    /// <inheritdoc/>
    public override bool HasExtension(Type type) => _extensions.ContainsKey(type);

    /// <inheritdoc/>
    public override bool HasExtension<T>() => HasExtension(typeof(T));

    internal void DeadLetter(object message, IActorRef sender, IActorRef recipient)
    {
        if (message is DeadLetter already) DeadLetters.Tell(already, sender);
        else DeadLetters.Tell(new DeadLetter(message, sender ?? DeadLetters, recipient), sender);
    }

    internal void DeadSystemMessage(SystemMessage message, IInternalActorRef recipient)
    {
        switch (message)
        {
            case Watch watch when !watch.Watcher.Equals(recipient):
                watch.Watcher.SendSystemMessage(new DeathWatchNotification(recipient, true, false));
                break;
            case Failed failed:
                // The parent has gone before the child could ask: without a decision the child would hang.
                ((IInternalActorRef)failed.Child).Stop();
                break;
            case AsyncHandlerDone { Failure: { } failure }:
                _log.Error(failure, "A handler of {0} failed after the actor had stopped", recipient);
                break;
            case ActorTask task:
                _log.Debug("A continuation of {0} was dropped: the actor has stopped (task {1})", recipient, task.Task.Id);
                break;
        }
    }

    internal object RoundTrip(object message)
    {
        var inner = message is IWrappedMessage wrapped ? wrapped.Message : message;
        if (inner is INoSerializationVerificationNeeded || message is INoSerializationVerificationNeeded || !ReferenceEquals(inner, message)) return message;
        var serializer = _serialization.FindSerializerFor(message);
        var bytes = serializer.ToBinary(message);
        return _serialization.Deserialize(bytes, serializer.Identifier, Akka.Serialization.Serialization.ManifestFor(serializer, message));
    }

    /// <inheritdoc/>
    public override string PrintTree()
    {
        var text = new StringBuilder();
        Print(text, _provider.RootGuardian, 0);
        return text.ToString();
    }

    private static void Print(StringBuilder text, IActorRef actor, int depth)
    {
        text.Append(' ', depth * 2).Append(actor.Path.Name.Length == 0 ? "/" : actor.Path.Name).Append('\n');
        if (actor is not ActorRefWithCell cell) return;
        foreach (var child in cell.Children) Print(text, child, depth + 1);
    }

    /// <inheritdoc/>
    public override string ToString() => LookupRoot.Path.Root.Address.ToString();
}
