#if KV_COMPAT
using Akka.Actor;
using Akka.Configuration;

namespace Kv.Compat.Tests.ClusterCore;

/// <summary>What this stand-in lacks, it says at the start of the system, not when a node is lost.</summary>
public sealed class RefusalTests
{
    private const string Cluster = """
        akka {
          loglevel = OFF
          stdout-loglevel = OFF
          actor.provider = cluster
          remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 }
        }
        """;

    [Theory]
    [InlineData("akka.cluster.split-brain-resolver.active-strategy = lease-majority", "lease-majority")]
    [InlineData("akka.cluster.split-brain-resolver.active-strategy = keep-luck", "keep-luck")]
    [InlineData("akka.cluster.split-brain-resolver.active-strategy = static-quorum", "quorum-size")]
    [InlineData("akka.cluster.split-brain-resolver.stable-after = 0s", "stable-after")]
    [InlineData("akka.cluster.publish-stats-interval = 1s", "publish-stats-interval")]
    [InlineData("akka.cluster.use-legacy-heartbeat-message = on", "use-legacy-heartbeat-message")]
    [InlineData("akka.cluster.allow-weakly-up-members = 0s", "allow-weakly-up-members")]
    [InlineData("akka.cluster.failure-detector.monitored-by-nr-of-members = 0", "monitored-by-nr-of-members")]
    [InlineData("akka.cluster.gossip-interval = 0s", "gossip-interval")]
    public void A_setting_that_is_not_supported_or_makes_no_sense_fails_the_start(string setting, string named)
    {
        var config = ConfigurationFactory.ParseString(setting).WithFallback(ConfigurationFactory.ParseString(Cluster));
        var e = Assert.ThrowsAny<ConfigurationException>(() => ActorSystem.Create("kv", config));
        Assert.Contains(named, e.Message, StringComparison.Ordinal);
    }
}
#endif
