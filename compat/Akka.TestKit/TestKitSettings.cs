using Akka.Actor;
using Akka.Configuration;

namespace Akka.TestKit;

/// <summary><c>akka.test</c>, read.</summary>
public class TestKitSettings : IExtension
{
    /// <summary>From <c>akka.test</c>.</summary>
    public TestKitSettings(Config config)
    {
        if (config.IsNullOrEmpty()) throw ConfigurationException.NullOrEmptyConfig<TestKitSettings>("akka.test");
        DefaultTimeout = config.GetTimeSpan("default-timeout", null, false);
        SingleExpectDefault = config.GetTimeSpan("single-expect-default", null, false);
        TestEventFilterLeeway = config.GetTimeSpan("filter-leeway", null, false);
        TestTimeFactor = config.GetDouble("timefactor");
        LogTestKitCalls = config.GetBoolean("testkit.debug");
        if (TestTimeFactor <= 0) throw new ConfigurationException("Expected a positive value for \"akka.test.timefactor\" but was " + TestTimeFactor);
    }

    /// <summary>For Ask.</summary>
    public TimeSpan DefaultTimeout { get; }

    /// <summary>For ExpectMsg outside Within.</summary>
    public TimeSpan SingleExpectDefault { get; }

    /// <summary>How long an event filter waits after its block.</summary>
    public TimeSpan TestEventFilterLeeway { get; }

    /// <summary>By what Dilated multiplies.</summary>
    public double TestTimeFactor { get; }

    /// <summary>Whether calls are logged.</summary>
    public bool LogTestKitCalls { get; }
}

/// <summary>Makes <see cref="TestKitSettings"/>.</summary>
public class TestKitExtension : ExtensionIdProvider<TestKitSettings>
{
    /// <inheritdoc/>
    public override TestKitSettings CreateExtension(ExtendedActorSystem system) => new(system.Settings.Config.GetConfig("akka.test"));

    /// <summary>A system's settings.</summary>
    public static TestKitSettings For(ActorSystem system) => system.WithExtension<TestKitSettings, TestKitExtension>();
}
