using System.Linq.Expressions;
using System.Threading.Channels;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Event;
using Akka.TestKit.Configs;

namespace Akka.TestKit;

/// <summary>Base of tests: a system, a test actor that collects messages, and what can be expected of them.</summary>
public abstract partial class TestKitBase : IActorRefFactory
{
    private static int s_testActorNumber;

    private readonly ITestKitAssertions _assertions;
    private Channel<MessageEnvelope> _queue;
    private ActorSystem _system;
    private IActorRef _testActor;
    private TestKitSettings _settings;
    private ILoggingAdapter _log;
    private MessageEnvelope _lastMessage = NullMessageEnvelope.Instance;
    private bool _lastWasNoMsg;
    private TimeSpan? _end;

    /// <summary>On a system, or on a new one when null.</summary>
    protected TestKitBase(ITestKitAssertions assertions, ActorSystem system = null, string testActorName = null)
        : this(assertions, system, ActorSystemSetup.Create(BootstrapSetup.Create().WithConfig(DefaultConfig)), null, testActorName)
    {
    }

    /// <summary>On a new system with set-ups.</summary>
    protected TestKitBase(ITestKitAssertions assertions, ActorSystemSetup setup, string actorSystemName = null, string testActorName = null)
        : this(assertions, null, setup, actorSystemName, testActorName)
    {
    }

    /// <summary>On a new system with a configuration.</summary>
    protected TestKitBase(ITestKitAssertions assertions, Config config, string actorSystemName = null, string testActorName = null)
        : this(assertions, null, ActorSystemSetup.Create(BootstrapSetup.Create().WithConfig(config)), actorSystemName, testActorName)
    {
    }

    /// <summary>On a system or a new one.</summary>
    protected TestKitBase(ITestKitAssertions assertions, ActorSystem system, ActorSystemSetup config, string actorSystemName, string testActorName)
    {
        ArgumentNullException.ThrowIfNull(assertions);
        _assertions = assertions;
        InitializeTest(system, config, actorSystemName, testActorName);
    }

    /// <summary>Makes the system and the test actor; called by the constructors.</summary>
    protected virtual void InitializeTest(ActorSystem system, ActorSystemSetup config, string actorSystemName, string testActorName)
    {
        if (system is null)
        {
            var bootstrap = config.Get<BootstrapSetup>();
            var merged = (bootstrap.HasValue ? bootstrap.Value : BootstrapSetup.Create()).WithConfigFallback(DefaultConfig);
            system = ActorSystem.Create(actorSystemName ?? "test", config.WithSetup(merged));
        }

        _system = system;
        system.Settings.InjectTopLevelFallback(DefaultConfig);
        _settings = TestKitExtension.For(system);
        _queue = Channel.CreateUnbounded<MessageEnvelope>();
        _log = Logging.GetLogger(system, GetType());
        EventFilter = new EventFilterFactory(this);
        _testActor = CreateTestActor(system, testActorName ?? "testActor" + Interlocked.Increment(ref s_testActorNumber));
        if (this is INoImplicitSender) return;
        ActorCell.Current = ((LocalActorRef)_testActor).Cell;
        SynchronizationContext.SetSynchronizationContext(new ActorCellKeepingSynchronizationContext(ActorCell.Current));
    }

    /// <summary>The same with a configuration.</summary>
    protected void InitializeTest(ActorSystem system, Config config, string actorSystemName, string testActorName) =>
        InitializeTest(system, ActorSystemSetup.Create(BootstrapSetup.Create().WithConfig(config)), actorSystemName, testActorName);

    /// <summary>The kit's defaults.</summary>
    public static Config DefaultConfig => TestConfigs.DefaultConfig;

    /// <summary>Logs everything.</summary>
    public static Config FullDebugConfig => TestConfigs.FullDebugConfig;

    /// <summary>Monotonic time.</summary>
    public static TimeSpan Now => DateTimeOffsetNowTimeProvider.Instance.MonotonicClock;

    /// <summary>The system.</summary>
    public ActorSystem Sys => _system;

    /// <summary>The kit's settings.</summary>
    public TestKitSettings TestKitSettings => _settings;

    /// <summary>Who sent the message got last.</summary>
    public IActorRef LastSender => _lastMessage.Sender;

    /// <summary>The test actor: what it gets can be expected.</summary>
    public IActorRef TestActor => _testActor;

    /// <summary>The kit's log.</summary>
    public ILoggingAdapter Log => _log;

    /// <summary>The message got last.</summary>
    public object LastMessage => _lastMessage.Message;

    /// <summary>Whether messages wait.</summary>
    public bool HasMessages => _queue.Reader.TryPeek(out _);

    /// <summary>What is logged can be expected.</summary>
    public EventFilterFactory EventFilter { get; private set; }

    internal ITestKitAssertions Assertions => _assertions;

    /// <summary>Event filters on another system.</summary>
    public EventFilterFactory CreateEventFilter(ActorSystem system) => new(this, system);

    /// <summary>An actor of this kit's queue.</summary>
    public IActorRef CreateTestActor(string name) => CreateTestActor(_system, name);

    private IActorRef CreateTestActor(ActorSystem system, string name) =>
        ((ExtendedActorSystem)system).SystemActorOf(Props.Create(() => new InternalTestActor(_queue.Writer)).WithDispatcher("akka.test.test-actor.dispatcher"), name);

    /// <summary>A test actor with a queue of its own.</summary>
    public virtual TestProbe CreateTestProbe(string name = null) => CreateTestProbe(Sys, name);

    /// <summary>A test actor with a queue of its own, on another system.</summary>
    public virtual TestProbe CreateTestProbe(ActorSystem system, string name = null) => new(system, _assertions, name);

    /// <summary>Ignores messages from now on.</summary>
    public void IgnoreMessages(Func<object, bool> shouldIgnoreMessage) => _testActor.Tell(new TestActor.SetIgnore(shouldIgnoreMessage));

    /// <summary>Ignores messages of a type from now on.</summary>
    public void IgnoreMessages<TMsg>(Func<TMsg, bool> shouldIgnoreMessage) => IgnoreMessages(m => m is TMsg typed && shouldIgnoreMessage(typed));

    /// <summary>Ignores all messages of a type from now on.</summary>
    public void IgnoreMessages<TMsg>() => IgnoreMessages(static m => m is TMsg);

    /// <summary>Ignores none from now on.</summary>
    public void IgnoreNoMessages() => _testActor.Tell(new TestActor.SetIgnore(null));

    /// <summary>Has the test actor watch an actor.</summary>
    public IActorRef Watch(IActorRef actorToWatch) => WatchAsync(actorToWatch).GetAwaiter().GetResult();

    /// <summary>Has the test actor watch an actor.</summary>
    public Task<IActorRef> WatchAsync(IActorRef actorToWatch) => _testActor.Ask<IActorRef>(new TestActor.Watch(actorToWatch), RemainingOrDefault);

    /// <summary>Takes a watch back.</summary>
    public IActorRef Unwatch(IActorRef actorToUnwatch) => UnwatchAsync(actorToUnwatch).GetAwaiter().GetResult();

    /// <summary>Takes a watch back.</summary>
    public Task<IActorRef> UnwatchAsync(IActorRef actorToUnwatch) => _testActor.Ask<IActorRef>(new TestActor.Unwatch(actorToUnwatch), RemainingOrDefault);

    /// <summary>Answers messages by itself from now on.</summary>
    public void SetAutoPilot(AutoPilot pilot) => _testActor.Tell(new TestActor.SetAutoPilot(pilot));

    /// <summary>Time left of the enclosing Within, or the default limit.</summary>
    public TimeSpan RemainingOrDefault => RemainingOr(Dilated(_settings.SingleExpectDefault));

    /// <summary>Time left of the enclosing Within.</summary>
    /// <exception cref="InvalidOperationException">There is none.</exception>
    public TimeSpan Remaining => _end is { } end ? Floor(end - Now) : throw new InvalidOperationException("Remaining may not be called outside of \"within\"");

    private static TimeSpan Floor(TimeSpan time) => time < TimeSpan.Zero ? TimeSpan.Zero : time;

    /// <summary>Time left of the enclosing Within, or this.</summary>
    protected TimeSpan RemainingOr(TimeSpan duration) => _end is { } end ? Floor(end - Now) : duration;

    /// <summary>The shorter of the time left and this, multiplied by the time factor.</summary>
    protected TimeSpan RemainingOrDilated(TimeSpan? duration)
    {
        if (duration is not { } given) return RemainingOrDefault;
        if (given == Timeout.InfiniteTimeSpan) throw new ArgumentException("Infinite timeouts are not supported", nameof(duration));
        return Dilated(given);
    }

    /// <summary>Multiplied by the time factor.</summary>
    public TimeSpan Dilated(TimeSpan duration) => TimeSpan.FromTicks((long)(duration.Ticks * _settings.TestTimeFactor));

    /// <summary>Stops the system and waits; fails or logs when it takes too long.</summary>
    public virtual void Shutdown(TimeSpan? duration = null, bool verifySystemShutdown = false) => Shutdown(_system, duration, verifySystemShutdown);

    /// <summary>Stops a system and waits; fails or logs when it takes too long.</summary>
    protected virtual void Shutdown(ActorSystem system, TimeSpan? duration = null, bool verifySystemShutdown = false)
    {
        system ??= _system;
        var limit = duration ?? TimeSpan.FromSeconds(Math.Min(5 * _settings.TestTimeFactor, 10));
        if (ReferenceEquals(system, _system) && ReferenceEquals(ActorCell.Current, (_testActor as LocalActorRef)?.Cell)) ActorCell.Current = null;
        if (system.Terminate().Wait(limit)) return;
        var text = $"Failed to stop [{system.Name}] within [{limit}] \n{((ExtendedActorSystem)system).PrintTree()}";
        if (verifySystemShutdown) throw new TimeoutException(text);
        system.Log.Warning(text);
    }

    /// <summary>An actor of the system.</summary>
    public IActorRef ActorOf(Props props) => Sys.ActorOf(props, null);

    /// <summary>An actor of the system.</summary>
    public IActorRef ActorOf(Props props, string name) => Sys.ActorOf(props, name);

    /// <summary>An actor of the system.</summary>
    public IActorRef ActorOf<TActor>()
        where TActor : ActorBase, new() => Sys.ActorOf(Props.Create<TActor>(), null);

    /// <summary>An actor of the system.</summary>
    public IActorRef ActorOf<TActor>(string name)
        where TActor : ActorBase, new() => Sys.ActorOf(Props.Create<TActor>(), name);

    /// <summary>An actor of the system.</summary>
    public IActorRef ActorOf<TActor>(Expression<Func<TActor>> factory)
        where TActor : ActorBase => Sys.ActorOf(Props.Create(factory), null);

    /// <summary>An actor of the system.</summary>
    public IActorRef ActorOf<TActor>(Expression<Func<TActor>> factory, string name)
        where TActor : ActorBase => Sys.ActorOf(Props.Create(factory), name);

    /// <inheritdoc/>
    public ActorSelection ActorSelection(ActorPath actorPath) => Sys.ActorSelection(actorPath);

    /// <inheritdoc/>
    public ActorSelection ActorSelection(string actorPath) => Sys.ActorSelection(actorPath);

    /// <summary>A selection that starts from an actor.</summary>
    public ActorSelection ActorSelection(IActorRef anchorRef, string actorPath) => Sys.ActorSelection(anchorRef, actorPath);

    /// <summary>An actor that handles messages on the sender's thread and can be looked into.</summary>
    public TestActorRef<TActor> ActorOfAsTestActorRef<TActor>(Props props, IActorRef supervisor, string name = null)
        where TActor : ActorBase => new(Sys, props, supervisor, name);

    /// <summary>An actor that handles messages on the sender's thread and can be looked into.</summary>
    public TestActorRef<TActor> ActorOfAsTestActorRef<TActor>(Props props, string name = null)
        where TActor : ActorBase => new(Sys, props, null, name);

    /// <summary>An actor that handles messages on the sender's thread and can be looked into.</summary>
    public TestActorRef<TActor> ActorOfAsTestActorRef<TActor>(Expression<Func<TActor>> factory, IActorRef supervisor, string name = null)
        where TActor : ActorBase => new(Sys, Props.Create(factory), supervisor, name);

    /// <summary>An actor that handles messages on the sender's thread and can be looked into.</summary>
    public TestActorRef<TActor> ActorOfAsTestActorRef<TActor>(Expression<Func<TActor>> factory, string name = null)
        where TActor : ActorBase => new(Sys, Props.Create(factory), null, name);

    /// <summary>An actor that handles messages on the sender's thread and can be looked into.</summary>
    public TestActorRef<TActor> ActorOfAsTestActorRef<TActor>(IActorRef supervisor, string name = null)
        where TActor : ActorBase, new() => new(Sys, Props.Create<TActor>(), supervisor, name);

    /// <summary>An actor that handles messages on the sender's thread and can be looked into.</summary>
    public TestActorRef<TActor> ActorOfAsTestActorRef<TActor>(string name = null)
        where TActor : ActorBase, new() => new(Sys, Props.Create<TActor>(), null, name);

    /// <summary>A child of the test actor.</summary>
    public IActorRef ChildActorOf(Props props, string name, SupervisorStrategy supervisorStrategy, CancellationToken cancellationToken = default) =>
        ChildActorOfAsync(props, name, supervisorStrategy, cancellationToken).GetAwaiter().GetResult();

    /// <summary>A child of the test actor.</summary>
    public IActorRef ChildActorOf(Props props, SupervisorStrategy supervisorStrategy, CancellationToken cancellationToken = default) =>
        ChildActorOf(props, null, supervisorStrategy, cancellationToken);

    /// <summary>A child of the test actor.</summary>
    public IActorRef ChildActorOf(Props props, string name, CancellationToken cancellationToken = default) =>
        ChildActorOf(props, name, SupervisorStrategy.DefaultStrategy, cancellationToken);

    /// <summary>A child of the test actor.</summary>
    public IActorRef ChildActorOf(Props props, CancellationToken cancellationToken = default) =>
        ChildActorOf(props, null, SupervisorStrategy.DefaultStrategy, cancellationToken);

    /// <summary>A child of the test actor.</summary>
    public Task<IActorRef> ChildActorOfAsync(Props props, string name, SupervisorStrategy supervisorStrategy, CancellationToken cancellationToken = default) =>
        _testActor.Ask<IActorRef>(new TestActor.Spawn(props, name, supervisorStrategy), RemainingOrDefault, cancellationToken);
}

/// <summary>Keeps the test actor as implicit sender across awaits.</summary>
internal sealed class ActorCellKeepingSynchronizationContext(ActorCell cell) : SynchronizationContext
{
    public override void Post(SendOrPostCallback d, object state) => ThreadPool.QueueUserWorkItem(_ => Run(d, state));

    public override void Send(SendOrPostCallback d, object state) => Run(d, state);

    private void Run(SendOrPostCallback callback, object state)
    {
        var (previousCell, previousContext) = (ActorCell.Current, Current);
        SetSynchronizationContext(this);
        ActorCell.Current = cell;
        try
        {
            callback(state);
        }
        finally
        {
            ActorCell.Current = previousCell;
            SetSynchronizationContext(previousContext);
        }
    }
}
