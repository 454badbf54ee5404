using Akka.Configuration;

namespace Akka.TestKit.Configs;

/// <summary>Configurations for tests.</summary>
public static class TestConfigs
{
    /// <summary>Defaults of the kit: loggers that event filters see, time limits, dispatchers of test actors.</summary>
    public static Config DefaultConfig { get; } = ConfigurationFactory.ParseString("""
        akka {
          loggers = ["Akka.TestKit.TestEventListener, Akka.TestKit"]
          test {
            # Factor of Dilated, for slow machines.
            timefactor = 1.0
            # How long an event filter waits after its block for what is still missing.
            filter-leeway = 3s
            # Limit of ExpectMsg outside Within.
            single-expect-default = 3s
            # Limit of Ask.
            default-timeout = 5s
            calling-thread-dispatcher {
              type = "Akka.TestKit.CallingThreadDispatcherConfigurator, Akka.TestKit"
              throughput = 2147483647
            }
            test-actor.dispatcher {
              type = "Akka.TestKit.CallingThreadDispatcherConfigurator, Akka.TestKit"
              throughput = 2147483647
            }
          }
        }
        """);

    /// <summary>Virtual time.</summary>
    public static Config TestSchedulerConfig { get; } = ConfigurationFactory.ParseString("""
        akka.scheduler.implementation = "Akka.TestKit.TestScheduler, Akka.TestKit"
        """);

    internal static Config FullDebugConfig { get; } = ConfigurationFactory.ParseString("""
        akka {
          log-dead-letters-during-shutdown = true
          actor {
            debug {
              event-stream = on
              lifecycle = on
              unhandled = on
            }
          }
          log-dead-letters = true
          loglevel = DEBUG
          stdout-loglevel = DEBUG
        }
        """);
}
