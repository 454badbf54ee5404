using Akka.Actor;
using Akka.Configuration;
using Akka.Serialization;
using Kv.Actors.Node;
using Kv.Actors.Tests.Raft;
using Xunit;

namespace Kv.Actors.Tests.Node;

/// <summary>Somebody with an actor system of the same kind, who reaches the port for members and means harm.</summary>
public sealed class StrangerTests
{
    /// <summary>What a node lives on; the peer endpoint is the last, for what came to it is counted.</summary>
    private static readonly string[] s_vital =
    [
        "/user", "/user/node", "/user/node/raft", "/user/node/store", "/user/node/lessor", "/user/node/watch", "/user/node/cluster",
        "/system", "/system/cluster", "/system/cluster/core/daemon", "/system/cluster/heartbeatReceiver",
        "/system/kv.persistence.journal", "/system/kv.persistence.snapshot-store", "/user/node/peers",
    ];

    [Fact]
    public async Task Nothing_that_a_stranger_sends_stops_a_node_or_a_part_of_it()
    {
        await using var cluster = await TestCluster.FoundAsync(remote: true, names: ["a"]);
        var node = cluster["a"];
        await cluster.PutAsync("a", "k", "before");
        var parts = await PartsAsync(node);
        using var stranger = ActorSystem.Create("stranger", Hocon);
        var root = $"akka.tcp://{KvNode.SystemName}@{new Uri(cluster.Url("a")).Authority}";
        var harm = (object[])[PoisonPill.Instance, Kill.Instance, new Status.Failure(new InvalidOperationException("so says a stranger"))];
        foreach (var path in s_vital)
        {
            foreach (var message in harm)
            {
                stranger.ActorSelection(root + path).Tell(message);
            }
            var reference = ((ExtendedActorSystem)stranger).Provider.ResolveActorRef(root + path);
            foreach (var message in harm)
            {
                reference.Tell(message);
            }
            ((IInternalActorRef)reference).Stop();             // a system message
        }
        stranger.ActorSelection(root + "/user/node/peers").Tell(new Nonsense());
        var refused = node.Metrics.Peers.ReceivedFailures.With("0");
        await TestCluster.UntilAsync(() => node.Ended.IsCompleted || node.System.WhenTerminated.IsCompleted || refused.Value == (2 * harm.Length) + 2);
        Assert.False(node.Ended.IsCompleted);
        Assert.Equal(parts, await PartsAsync(node));
        await cluster.PutAsync("a", "k", "after");
        Assert.Equal("after", await cluster.GetAsync("a", "k"));
        await stranger.Terminate().WaitAsync(TestCluster.Patience);
    }

    [Fact]
    public async Task An_extension_s_actor_is_reached_from_elsewhere_where_its_path_is_listed()
    {
        await using var cluster = await TestCluster.FoundAsync(remote: true, hocon: "kv.peer.extension-paths = [\"/user/listed\"]", names: ["a"]);
        var system = cluster["a"].System;
        var (listed, unlisted) = (new Recorder(system, "listed"), new Recorder(system, "unlisted"));
        using var elsewhere = ActorSystem.Create("elsewhere", Hocon);
        var root = $"akka.tcp://{KvNode.SystemName}@{new Uri(cluster.Url("a")).Authority}/user/";
        elsewhere.ActorSelection(root + "unlisted").Tell("hello");
        elsewhere.ActorSelection(root + "listed").Tell("hello");       // behind it on the same connection
        Assert.Equal("hello", await listed.NextAsync<string>());
        Assert.Empty(await unlisted.TakeAsync());
        await elsewhere.Terminate().WaitAsync(TestCluster.Patience);
    }

    /// <summary>Each part with the number of its life: one that was restarted under its name is another.</summary>
    private static async Task<IActorRef[]> PartsAsync(KvNode node) =>
        await Task.WhenAll(s_vital.Select(path => node.System.ActorSelection(path).ResolveOne(TestCluster.Patience)));

    /// <summary>An actor system that speaks Akka.Remote, and has a type of its own to say.</summary>
    internal const string Hocon = """
        akka {
          loglevel = OFF
          stdout-loglevel = OFF
          coordinated-shutdown.run-by-clr-shutdown-hook = off
          remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 }
          actor {
            provider = remote
            serializers { json = "Kv.Actors.Tests.Node.StrangerTests+JsonOfAnything, Kv.Actors.Tests" }
            serialization-bindings { "Kv.Actors.Tests.Node.StrangerTests+Nonsense, Kv.Actors.Tests" = json }
          }
        }
        """;

    /// <summary>A type that no node knows, and that none binds to a serializer.</summary>
    public sealed record Nonsense;

    /// <summary>Writes as the package's JSON serializer does: under its number, with the type's name beside.</summary>
    public sealed class JsonOfAnything(ExtendedActorSystem system) : SerializerWithStringManifest(system)
    {
        public JsonOfAnything(ExtendedActorSystem system, Config _)
            : this(system)
        {
        }

        public override int Identifier => 1;

        public override string Manifest(object o) => $"{o.GetType().FullName}, {o.GetType().Assembly.GetName().Name}";

        public override byte[] ToBinary(object obj) => "{}"u8.ToArray();

        public override object FromBinary(byte[] bytes, string manifest) => throw new System.Runtime.Serialization.SerializationException("Nothing is read with this serializer");
    }
}
