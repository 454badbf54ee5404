#if KV_COMPAT
using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Cluster.Serialization;
using Xunit.Abstractions;

namespace Kv.Compat.Tests.ClusterCore;

/// <summary>The stand-in's own wire form: whatever comes from the network, it is a message or one kind of error.</summary>
public sealed class SerializerTests(ITestOutputHelper output) : IAsyncLifetime
{
    private static readonly string[] s_manifests = ["IJ", "IJA", "IJN", "J", "W", "GE", "GS", "EC", "HB", "HBR", "L", "D"];

    private readonly ActorSystem _system = ActorSystem.Create("wire");

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _system.Terminate();

    [Fact]
    public void Random_bytes_are_a_message_or_a_serialization_error()
    {
        var serializer = new ClusterMessageSerializer((ExtendedActorSystem)_system);
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (var i = 0; i < 5_000; i++)
        {
            var bytes = new byte[random.Next(40)];
            random.NextBytes(bytes);

            // Half of them with plausible tags, so that more than the first field is reached.
            if (i % 2 == 0)
                for (var at = 0; at < bytes.Length; at += random.Next(2, 6)) bytes[at] = (byte)((random.Next(1, 7) << 3) | (random.Next(2) * 2));
            foreach (var manifest in s_manifests) Survives(serializer, bytes, manifest);
        }
    }

    [Fact]
    public void An_unknown_manifest_or_type_is_refused()
    {
        var serializer = new ClusterMessageSerializer((ExtendedActorSystem)_system);
        Assert.Throws<SerializationException>(() => serializer.FromBinary([], "?"));
        Assert.Throws<SerializationException>(() => serializer.FromBinary([], "System.String, System.Private.CoreLib"));
        Assert.Throws<ArgumentException>(() => serializer.Manifest("text"));
        Assert.Throws<ArgumentException>(() => serializer.ToBinary("text"));
    }

    private static void Survives(ClusterMessageSerializer serializer, byte[] bytes, string manifest)
    {
        object message;
        try
        {
            message = serializer.FromBinary(bytes, manifest);
        }
        catch (SerializationException)
        {
            return;
        }

        // What was understood can be written, and is understood again as the same kind.
        Assert.Equal(manifest, serializer.Manifest(message));
        Assert.IsType(message.GetType(), serializer.FromBinary(serializer.ToBinary(message), manifest));
    }
}
#endif
