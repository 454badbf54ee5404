using Akka.Configuration;
using Akka.Dispatch;

namespace Kv.Simulation.Machines;

/// <summary>Makes the one dispatcher of a simulated process; named in its configuration.</summary>
public sealed class SimDispatcherConfigurator : MessageDispatcherConfigurator
{
    private readonly SimDispatcher _dispatcher;

    /// <summary>From its section, whose key <c>process</c> says whose it is.</summary>
    public SimDispatcherConfigurator(Config config, IDispatcherPrerequisites prerequisites)
        : base(config, prerequisites) => _dispatcher = new SimDispatcher(this, SimProcess.Of(config.GetString("process")), config.GetBoolean("tasks", false));

    /// <inheritdoc/>
    public override MessageDispatcher Dispatcher() => _dispatcher;
}

/// <summary>Runs actors when the simulation says so: a mailbox that has something to do becomes a turn of its process.</summary>
public sealed class SimDispatcher : MessageDispatcher
{
    private readonly SimProcess _process;
    private readonly SimTasks? _tasks;

    internal SimDispatcher(MessageDispatcherConfigurator configurator, SimProcess process, bool tasks)
        : base(configurator)
    {
        _process = process;
        _tasks = tasks ? new SimTasks(process) : null;
        Throughput = 1;             // one message a turn, so that others may overtake between any two
    }

    /// <inheritdoc/>
    protected override void ExecuteTask(IRunnable run)
    {
        if (_tasks is null) _process.Queue(run);
        else _process.Queue(run, (Action)(() => _tasks.Run(run)));
    }

    /// <inheritdoc/>
    protected override void Shutdown()
    {
        // There are no threads to give back.
    }
}

/// <summary>Turns within which what is continued by a task becomes a turn, too: the package's stages leave it to the task scheduler.</summary>
internal sealed class SimTasks(SimProcess process) : TaskScheduler
{
    private bool _running;

    /// <summary>Runs a turn.</summary>
    public void Run(IRunnable turn)
    {
        var task = new Task(turn.Run, CancellationToken.None, TaskCreationOptions.DenyChildAttach);
        _running = true;
        try { task.RunSynchronously(this); }
        finally { _running = false; }
        task.GetAwaiter().GetResult();
    }

    protected override void QueueTask(Task task) => process.Queue(() => TryExecuteTask(task));

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued)
    {
        if (!_running) return false;
        _running = false;
        return TryExecuteTask(task);
    }

    protected override IEnumerable<Task> GetScheduledTasks() => [];
}
