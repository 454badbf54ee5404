using Akka.Configuration;
using Akka.Dispatch;

namespace Kv.Simulation.Machines;

/// <summary>Makes the one dispatcher of a simulated process; named in its configuration.</summary>
public sealed class SimDispatcherConfigurator : MessageDispatcherConfigurator
{
    private readonly SimDispatcher _dispatcher;

    /// <summary>From its section, whose key <c>process</c> says whose it is.</summary>
    public SimDispatcherConfigurator(Config config, IDispatcherPrerequisites prerequisites)
        : base(config, prerequisites) => _dispatcher = new SimDispatcher(this, SimProcess.Of(config.GetString("process")));

    /// <inheritdoc/>
    public override MessageDispatcher Dispatcher() => _dispatcher;
}

/// <summary>Runs actors when the simulation says so: a mailbox that has something to do becomes a turn of its process.</summary>
public sealed class SimDispatcher : MessageDispatcher
{
    private readonly SimProcess _process;

    internal SimDispatcher(MessageDispatcherConfigurator configurator, SimProcess process)
        : base(configurator)
    {
        _process = process;
        Throughput = 1;             // one message a turn, so that others may overtake between any two
    }

    /// <inheritdoc/>
    protected override void ExecuteTask(IRunnable run) => _process.Queue(run);

    /// <inheritdoc/>
    protected override void Shutdown()
    {
        // There are no threads to give back.
    }
}
