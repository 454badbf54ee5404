using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch;

namespace Akka.TestKit;

/// <summary>Makes <see cref="CallingThreadDispatcher"/>.</summary>
public class CallingThreadDispatcherConfigurator : MessageDispatcherConfigurator
{
    /// <summary>From its section.</summary>
    public CallingThreadDispatcherConfigurator(Config config, IDispatcherPrerequisites prerequisites)
        : base(config, prerequisites)
    {
    }

    /// <inheritdoc/>
    public override MessageDispatcher Dispatcher() => new CallingThreadDispatcher(this);
}

/// <summary>Handles a message on the thread that sends it, before Tell returns; one sent by the actor to itself after the one in work.</summary>
public class CallingThreadDispatcher : MessageDispatcher
{
    /// <summary>Its HOCON path.</summary>
    public static new string Id => "akka.test.calling-thread-dispatcher";

    /// <summary>From its configurator.</summary>
    public CallingThreadDispatcher(MessageDispatcherConfigurator configurator)
        : base(configurator)
    {
        base.Id = Id;
        Throughput = int.MaxValue;
    }

    /// <inheritdoc/>
    protected override void ExecuteTask(IRunnable run) => run.Run();

    /// <inheritdoc/>
    protected override void Shutdown()
    {
    }
}
