using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Event;
using Akka.TestKit.Xunit2.Internals;
using Xunit.Abstractions;

namespace Akka.TestKit.Xunit2;

/// <summary>Base of xunit test classes: a system for each test, stopped after it.</summary>
public class TestKit : TestKitBase, IDisposable
{
    /// <summary>Where the test writes, or null.</summary>
    protected readonly ITestOutputHelper Output;

    private bool _disposed;

    /// <summary>On a system, or on a new one when null.</summary>
    public TestKit(ActorSystem system = null, ITestOutputHelper output = null)
        : base(Assertions, system)
    {
        Output = output;
        InitializeLogger(Sys);
    }

    /// <summary>On a new system with set-ups.</summary>
    public TestKit(ActorSystemSetup config, string actorSystemName = null, ITestOutputHelper output = null)
        : base(Assertions, config, actorSystemName)
    {
        Output = output;
        InitializeLogger(Sys);
    }

    /// <summary>On a new system with a configuration.</summary>
    public TestKit(Config config, string actorSystemName = null, ITestOutputHelper output = null)
        : base(Assertions, config, actorSystemName)
    {
        Output = output;
        InitializeLogger(Sys);
    }

    /// <summary>On a new system with a configuration as text.</summary>
    public TestKit(string config, ITestOutputHelper output = null)
        : base(Assertions, ConfigurationFactory.ParseString(config))
    {
        Output = output;
        InitializeLogger(Sys);
    }

    /// <summary>The kit's defaults.</summary>
    public static new Config DefaultConfig => TestKitBase.DefaultConfig;

    /// <summary>Logs everything.</summary>
    public static new Config FullDebugConfig => TestKitBase.FullDebugConfig;

    /// <summary>How tests fail.</summary>
    protected static new XunitAssertions Assertions { get; } = new();

    /// <summary>After the test, before its system stops.</summary>
    protected virtual void AfterAll()
    {
    }

    /// <summary>Logs a system to the test's output.</summary>
    protected void InitializeLogger(ActorSystem system)
    {
        if (Output is null) return;
        var logger = ((ExtendedActorSystem)system).SystemActorOf(Props.Create(() => new TestOutputLogger(Output)), "log-test");
        logger.Ask<LoggerInitialized>(new InitializeLogger(system.EventStream), TimeSpan.FromSeconds(3)).GetAwaiter().GetResult();
    }

    /// <summary>Stops the system.</summary>
    protected virtual void Dispose(bool disposing)
    {
        if (_disposed) return;
        _disposed = true;
        try
        {
            AfterAll();
        }
        finally
        {
            Shutdown();
        }
    }

    /// <summary>Stops the system.</summary>
    public void Dispose() => Dispose(true);
}
