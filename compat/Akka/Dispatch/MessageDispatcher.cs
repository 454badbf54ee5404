using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch.SysMsg;
using Akka.Event;

namespace Akka.Dispatch;

/// <summary>What dispatchers are made from.</summary>
public interface IDispatcherPrerequisites
{
    /// <summary>Where errors are published.</summary>
    EventStream EventStream { get; }

    /// <summary>The system's timers.</summary>
    IScheduler Scheduler { get; }

    /// <summary>The system's settings.</summary>
    Settings Settings { get; }

    /// <summary>The system's mailbox types.</summary>
    Mailboxes Mailboxes { get; }
}

/// <summary>The same, as a plain record.</summary>
public sealed class DefaultDispatcherPrerequisites : IDispatcherPrerequisites
{
    /// <summary>From the system's parts.</summary>
    public DefaultDispatcherPrerequisites(EventStream eventStream, IScheduler scheduler, Settings settings, Mailboxes mailboxes)
    {
        EventStream = eventStream;
        Scheduler = scheduler;
        Settings = settings;
        Mailboxes = mailboxes;
    }

    /// <inheritdoc/>
    public EventStream EventStream { get; }

    /// <inheritdoc/>
    public IScheduler Scheduler { get; }

    /// <inheritdoc/>
    public Settings Settings { get; }

    /// <inheritdoc/>
    public Mailboxes Mailboxes { get; }
}

/// <summary>Runs actors: decides on which threads mailboxes are handled.</summary>
public abstract class MessageDispatcher
{
    /// <summary>Messages handled in one go when nothing is configured.</summary>
    public const int DefaultThroughput = 100;

    /// <summary>From its configurator.</summary>
    protected MessageDispatcher(MessageDispatcherConfigurator configurator)
    {
        Configurator = configurator;
        Throughput = DefaultThroughput;
    }

    /// <summary>What made it.</summary>
    public MessageDispatcherConfigurator Configurator { get; }

    /// <summary>Its HOCON path.</summary>
    public string Id { get; protected set; }

    /// <summary>Messages an actor handles before its thread serves another.</summary>
    public int Throughput { get; protected set; }

    /// <summary>Ticks an actor may go on handling messages; null or 0 for no limit.</summary>
    public long? ThroughputDeadlineTime { get; protected set; }

    /// <summary>How long an unused dispatcher keeps its threads.</summary>
    public TimeSpan ShutdownTimeout { get; protected set; }

    /// <summary>Where errors are published.</summary>
    public EventStream EventStream => Configurator.Prerequisites.EventStream;

    /// <summary>The system's mailbox types.</summary>
    public Mailboxes Mailboxes => Configurator.Prerequisites.Mailboxes;

    /// <summary>Runs an action on the dispatcher's threads.</summary>
    public void Schedule(Action run) => ExecuteTask(new ActionRunnable(run));

    /// <summary>Runs something on the dispatcher's threads.</summary>
    public void Schedule(IRunnable run) => ExecuteTask(run);

    /// <summary>Hands something to the dispatcher's threads.</summary>
    protected abstract void ExecuteTask(IRunnable run);

    /// <summary>Gives the threads back.</summary>
    protected abstract void Shutdown();

    internal void Reschedule(Mailbox mailbox) => ExecuteAgain(mailbox);

    /// <summary>Runs it next on this thread's own queue, where there is one: what it works on is at hand.</summary>
    internal virtual void ExecuteSoon(IRunnable run) => ExecuteTask(run);

    /// <summary>Runs it behind whatever else waits.</summary>
    internal virtual void ExecuteAgain(IRunnable run) => ExecuteTask(run);

    internal void ShutdownNow() => Shutdown();

    /// <summary>Adds a message to an actor's mailbox and sees that it is handled.</summary>
    public virtual void Dispatch(ActorCell cell, Envelope envelope)
    {
        var mailbox = cell.Mailbox;
        mailbox.Enqueue(envelope.Message, envelope.Sender);
        if (mailbox.TrySchedule(systemMessage: false)) ExecuteSoon(mailbox);
    }

    /// <summary>The same for a system message.</summary>
    public virtual void SystemDispatch(ActorCell cell, SystemMessage message)
    {
        var mailbox = cell.Mailbox;
        mailbox.SystemEnqueue(message);
        if (mailbox.TrySchedule(systemMessage: true)) ExecuteSoon(mailbox);
    }

    /// <summary>An actor starts using it.</summary>
    public virtual void Attach(ActorCell cell)
    {
        if (cell.Mailbox.TrySchedule(systemMessage: true)) ExecuteSoon(cell.Mailbox);
    }

    /// <summary>An actor stops using it; what is left in its mailbox becomes dead letters.</summary>
    public virtual void Detach(ActorCell cell) => cell.Mailbox.BecomeClosed();
}

/// <summary>An action to run.</summary>
public sealed class ActionRunnable : IRunnable, IThreadPoolWorkItem
{
    private readonly Action _action;

    /// <summary>For the action.</summary>
    public ActionRunnable(Action action) => _action = action;

    /// <inheritdoc/>
    public void Run() => _action();

    void IThreadPoolWorkItem.Execute() => _action();
}

/// <summary>Makes a dispatcher from its section; constructed with (Config, IDispatcherPrerequisites).</summary>
public abstract class MessageDispatcherConfigurator
{
    /// <summary>From its section.</summary>
    protected MessageDispatcherConfigurator(Config config, IDispatcherPrerequisites prerequisites)
    {
        Config = config;
        Prerequisites = prerequisites;
    }

    /// <summary>Its section.</summary>
    public Config Config { get; }

    /// <summary>The system's parts.</summary>
    public IDispatcherPrerequisites Prerequisites { get; }

    /// <summary>The dispatcher; a shared one or, when pinned, a new one each time.</summary>
    public abstract MessageDispatcher Dispatcher();

    internal virtual void Shutdown()
    {
    }
}

/// <summary>Threads that run what they are given.</summary>
internal abstract class Executor
{
    internal abstract void Execute(IRunnable run, bool again);

    internal virtual void Shutdown()
    {
    }
}

/// <summary>The process's thread pool. A mailbox is its own work item, so nothing is allocated.</summary>
internal sealed class ThreadPoolExecutor : Executor
{
    internal override void Execute(IRunnable run, bool again)
    {
        if (run is IThreadPoolWorkItem item) ThreadPool.UnsafeQueueUserWorkItem(item, preferLocal: !again);
        else ThreadPool.UnsafeQueueUserWorkItem(static r => r.Run(), run, preferLocal: false);
    }
}

/// <summary>Threads of its own, for pinned actors and for blocking work.</summary>
internal sealed class OwnThreadsExecutor : Executor
{
    private readonly Queue<IRunnable> _queue = new();
    private readonly Semaphore _wakeUps = new(0, int.MaxValue);
    private readonly string _name;
    private readonly int _threads;
    private int _started;
    private int _idle;
    private bool _stopped;

    internal OwnThreadsExecutor(string name, int threads)
    {
        _name = name;
        _threads = threads;
    }

    internal override void Execute(IRunnable run, bool again)
    {
        var wake = false;
        lock (_queue)
        {
            if (_stopped)
            {
                // Whatever arrives after shutdown, such as the last clean-up of a mailbox, still has to run somewhere.
                ThreadPool.UnsafeQueueUserWorkItem(static r => r.Run(), run, preferLocal: false);
                return;
            }

            _queue.Enqueue(run);
            if (_idle > 0)
            {
                _idle--;
                wake = true;
            }
            else if (_started == _threads)
            {
                return;
            }
            else
            {
                _started++;
            }
        }

        if (wake)
        {
            _wakeUps.Release();                 // outside the lock, or the woken thread would at once wait for it
            return;
        }

        new Thread(Work) { IsBackground = true, Name = _threads == 1 ? _name : $"{_name}-{_started}" }.Start();
    }

    internal override void Shutdown()
    {
        lock (_queue)
        {
            if (_stopped) return;
            _stopped = true;
            _wakeUps.Release(_threads);
        }
    }

    private void Work()
    {
        while (true)
        {
            IRunnable next;
            lock (_queue)
            {
                if (!_queue.TryDequeue(out next))
                {
                    if (_stopped) return;
                    _idle++;
                }
            }

            if (next is null)
            {
                _wakeUps.WaitOne();             // whoever releases it has taken us off the idle count, or is the shutdown
                continue;
            }

            next.Run();
        }
    }
}

/// <summary>The dispatcher of nearly every actor.</summary>
public class Dispatcher : MessageDispatcher
{
    private readonly Executor _executor;

    internal Dispatcher(MessageDispatcherConfigurator configurator, string id, Executor executor)
        : base(configurator)
    {
        var config = configurator.Config;
        Id = id;
        Throughput = config.GetInt("throughput", DefaultThroughput);
        ThroughputDeadlineTime = config.GetTimeSpan("throughput-deadline-time", TimeSpan.Zero).Ticks;
        ShutdownTimeout = config.GetTimeSpan("shutdown-timeout", TimeSpan.FromSeconds(1));
        _executor = executor;
    }

    /// <inheritdoc/>
    protected override void ExecuteTask(IRunnable run) => _executor.Execute(run, again: true);

    internal override void ExecuteSoon(IRunnable run) => _executor.Execute(run, again: false);

    internal override void ExecuteAgain(IRunnable run) => _executor.Execute(run, again: true);

    /// <inheritdoc/>
    protected override void Shutdown() => _executor.Shutdown();
}

/// <summary>One thread for each actor; the thread ends with the actor.</summary>
public sealed class PinnedDispatcher : Dispatcher
{
    internal PinnedDispatcher(MessageDispatcherConfigurator configurator, string id)
        : base(configurator, id, new OwnThreadsExecutor(id, 1))
    {
    }

    /// <inheritdoc/>
    public override void Detach(ActorCell cell)
    {
        base.Detach(cell);
        Shutdown();
    }
}

/// <summary>Makes <see cref="Dispatch.Dispatcher"/>, by <c>executor</c>.</summary>
public sealed class DispatcherConfigurator : MessageDispatcherConfigurator
{
    private readonly Lazy<Dispatcher> _dispatcher;

    /// <summary>From its section.</summary>
    public DispatcherConfigurator(Config config, IDispatcherPrerequisites prerequisites)
        : base(config, prerequisites)
    {
        _dispatcher = new Lazy<Dispatcher>(() =>
        {
            var id = config.GetString("id");
            return new Dispatcher(this, id, MakeExecutor(config, id));
        });
    }

    /// <inheritdoc/>
    public override MessageDispatcher Dispatcher() => _dispatcher.Value;

    internal override void Shutdown()
    {
        if (_dispatcher.IsValueCreated) _dispatcher.Value.ShutdownNow();
    }

    private static Executor MakeExecutor(Config config, string id)
    {
        var name = config.GetString("executor", "default-executor");
        return name switch
        {
            // Task schedulers and channels end on the thread pool, one hop later; here they go there at once.
            "default-executor" or "thread-pool-executor" or "task-executor" or "channel-executor" or "current-context-executor" => new ThreadPoolExecutor(),
            "fork-join-executor" => new OwnThreadsExecutor(id, Math.Max(1, config.GetInt("dedicated-thread-pool.thread-count", ForkJoinThreads(config)))),
            _ => throw new ConfigurationException($"Unknown executor [{name}] of dispatcher [{id}]"),
        };
    }

    private static int ForkJoinThreads(Config config)
    {
        var scaled = Math.Ceiling(Environment.ProcessorCount * config.GetDouble("fork-join-executor.parallelism-factor", 1.0));
        return (int)Math.Clamp(scaled, config.GetInt("fork-join-executor.parallelism-min", 8), config.GetInt("fork-join-executor.parallelism-max", 64));
    }
}

internal sealed class PinnedDispatcherConfigurator(Config config, IDispatcherPrerequisites prerequisites)
    : MessageDispatcherConfigurator(config, prerequisites)
{
    public override MessageDispatcher Dispatcher() => new PinnedDispatcher(this, Config.GetString("id"));
}

internal sealed class ForkJoinDispatcherConfigurator : MessageDispatcherConfigurator
{
    private readonly Lazy<Dispatcher> _dispatcher;

    public ForkJoinDispatcherConfigurator(Config config, IDispatcherPrerequisites prerequisites)
        : base(config, prerequisites)
    {
        _dispatcher = new Lazy<Dispatcher>(() =>
        {
            var threads = config.GetInt("dedicated-thread-pool.thread-count", 0);
            if (threads <= 0) throw new ConfigurationException("dedicated-thread-pool.thread-count must be set for a ForkJoinDispatcher");
            var id = config.GetString("id");
            return new Dispatcher(this, id, new OwnThreadsExecutor(id, threads));
        });
    }

    public override MessageDispatcher Dispatcher() => _dispatcher.Value;

    internal override void Shutdown()
    {
        if (_dispatcher.IsValueCreated) _dispatcher.Value.ShutdownNow();
    }
}
