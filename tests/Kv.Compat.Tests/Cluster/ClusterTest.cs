using Akka.Actor;
using Akka.Cluster;
using Akka.Configuration;

namespace Kv.Compat.Tests.ClusterCore;

/// <summary>Nodes of a cluster in this process, on ports that the machine picks, with short intervals; all ended with the test.</summary>
public abstract class ClusterTest : IAsyncLifetime
{
    /// <summary>Bounds every wait. Long, since other builds may hold the machine up; nothing waits for it to pass.</summary>
    protected static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private const string Fast = """
        akka {
          loglevel = ERROR
          stdout-loglevel = OFF
          actor.provider = cluster
          remote.dot-netty.tcp {
            hostname = "127.0.0.1"
            port = 0
          }
          coordinated-shutdown.run-by-clr-shutdown-hook = off
          cluster {
            downing-provider-class = "Akka.Cluster.NoDowning, Akka.Cluster"
            periodic-tasks-initial-delay = 50ms
            gossip-interval = 100ms
            leader-actions-interval = 100ms
            unreachable-nodes-reaper-interval = 100ms
            seed-node-timeout = 2s
            retry-unsuccessful-join-after = 1s
            failure-detector {
              heartbeat-interval = 200ms
              acceptable-heartbeat-pause = 8s
            }
          }
        }
        """;

    /// <summary>A node that dies without a word when it is terminated, and is missed soon.</summary>
    protected const string Mortal = """
        akka.coordinated-shutdown.run-by-actor-system-terminate = off
        """;

    /// <summary>Others are missed after two seconds of silence.</summary>
    protected const string Impatient = """
        akka.cluster.failure-detector {
          acceptable-heartbeat-pause = 1500ms
          threshold = 3
        }
        """;

    private readonly List<ActorSystem> _systems = [];

    /// <inheritdoc/>
    public Task InitializeAsync() => Task.CompletedTask;

    /// <inheritdoc/>
    public async Task DisposeAsync() => await Task.WhenAll(_systems.Select(static system => system.Terminate())).WaitAsync(Limit);

    /// <summary>A system of the cluster's name; not joined yet.</summary>
    protected Node Start(params string[] hocon)
    {
        var config = hocon.Aggregate(ConfigurationFactory.ParseString(Fast), static (below, text) => ConfigurationFactory.ParseString(text).WithFallback(below));
        var system = ActorSystem.Create("kv", config);
        _systems.Add(system);
        var node = new Node(system);
        return node;
    }

    /// <summary>Nodes that are up and know each other to be.</summary>
    protected async Task<Node[]> StartCluster(int count, params string[] hocon)
    {
        var nodes = new List<Node>();
        for (var i = 0; i < count; i++)
        {
            nodes.Add(Start(hocon));
            await nodes[i].Cluster.JoinAsync(nodes[0].Address).WaitAsync(Limit);
        }

        await AllUp([.. nodes]);
        return [.. nodes];
    }

    /// <summary>Waits until each of some nodes has them all up, and nobody else.</summary>
    protected static Task AllUp(params Node[] nodes) => Task.WhenAll(nodes.Select(async node =>
    {
        await node.Recorder.Until(view => view.Members.Count == nodes.Length && nodes.All(other => view.Members.GetValueOrDefault(other.Self) == MemberStatus.Up));
        await Eventually(() => node.Cluster.State.Members.Count == nodes.Length && node.Cluster.State.Members.All(static m => m.Status == MemberStatus.Up));
    }));

    /// <summary>Waits for what no message tells of: <see cref="Cluster.State"/> may come after the event that it follows from.</summary>
    protected static async Task Eventually(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(Limit);
        using var again = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!condition()) await again.WaitForNextTickAsync(limit.Token);
    }

    /// <summary>One system and what it hears of its cluster.</summary>
    protected sealed class Node
    {
        internal Node(ActorSystem system)
        {
            System = system;
            Cluster = Akka.Cluster.Cluster.Get(system);
            Recorder = new ClusterRecorder(system);
        }

        internal ActorSystem System { get; }

        internal Cluster Cluster { get; }

        /// <summary>Everything that this node heard from its start.</summary>
        internal ClusterRecorder Recorder { get; }

        internal Address Address => Cluster.SelfAddress;

        internal UniqueAddress Self => Cluster.SelfUniqueAddress;
    }
}
