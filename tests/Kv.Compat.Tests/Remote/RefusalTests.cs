using System.Net.Sockets;
using System.Runtime.Serialization;
using System.Text;
using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using Akka.Serialization;

namespace Kv.Compat.Tests.Remote;

/// <summary>What is not let through: long messages, types without serializer, bytes that are no Akka.</summary>
public sealed class RefusalTests
{
    private const string OnlyBoundTypes = """
        akka.actor {
          serializers {
            plain = "Kv.Compat.Tests.Remote.RefusalTests+PlainSerializer, Kv.Compat.Tests"
            refusing = "Kv.Compat.Tests.Remote.RefusalTests+RefusingSerializer, Kv.Compat.Tests"
          }
          serialization-bindings {
            "Kv.Compat.Tests.Remote.RefusalTests+Known, Kv.Compat.Tests" = plain
            "System.Object" = refusing
          }
        }
        """;

    [Fact]
    public async Task A_message_beyond_the_frame_limit_is_logged_and_dropped_and_the_connection_lives()
    {
        await using var a = Node.Start("a");
        await using var b = Node.Start("b");
        var seen = b.Collect("sink");
        var sink = await a.ResolveAsync(b, "sink");
        var (errors, lost) = (a.Watch<Error>(), a.Watch<Akka.Remote.DisassociatedEvent>());
        sink.Tell(new byte[100_000]);
        sink.Tell(new byte[129_000]);
        sink.Tell("after");
        Assert.Equal(100_000, Assert.IsType<byte[]>(await seen.NextAsync()).Length);
        Assert.Equal("after", await seen.NextAsync());
        Assert.Contains("oversized", (await errors.NextAsync()).ToString(), StringComparison.OrdinalIgnoreCase);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => lost.NextAsync(seconds: 1));
    }

    [Fact]
    public async Task A_higher_limit_on_both_sides_lets_longer_messages_through()
    {
        const string Longer = "akka.remote.dot-netty.tcp.maximum-frame-size = 4 MiB";
        await using var a = Node.Start("a", Longer);
        await using var b = Node.Start("b", Longer);
        b.System.ActorOf(Props.Create<Echo>(), "echo");
        var sent = new byte[3_000_000];
        Random.Shared.NextBytes(sent);
        Assert.Equal(sent, await a.Select(b, "echo").Ask<byte[]>(sent));
    }

    [Fact]
    public async Task A_frame_limit_below_32000_is_refused()
    {
        Assert.ThrowsAny<Exception>(() => Node.Start("a", "akka.remote.dot-netty.tcp.maximum-frame-size = 31999b"));
        await using var a = Node.Start("a", "akka.remote.dot-netty.tcp.maximum-frame-size = 32000b");
        Assert.Equal("a", a.Address.System);
    }

    [Fact]
    public async Task A_type_without_a_serializer_is_logged_and_dropped_and_the_connection_lives()
    {
        await using var a = Node.Start("a", OnlyBoundTypes);
        await using var b = Node.Start("b", OnlyBoundTypes);
        var seen = b.Collect("sink");
        var sink = await a.ResolveAsync(b, "sink");
        var errors = a.Watch<Error>();
        sink.Tell(new Known(1));
        sink.Tell(new Unknown());
        sink.Tell(new Known(2));
        Assert.Equal(new Known(1), await seen.NextAsync());
        Assert.Equal(new Known(2), await seen.NextAsync());
        Assert.IsType<SerializationException>((await errors.NextAsync()).Cause);
    }

    [Fact]
    public async Task A_serializer_or_manifest_that_the_receiver_does_not_know_drops_that_message_alone()
    {
        await using var a = Node.Start("a", OnlyBoundTypes);
        await using var b = Node.Start("b");
        var seen = b.Collect("sink");
        var sink = await a.ResolveAsync(b, "sink");
        sink.Tell(new Known(1));
        sink.Tell("known to both");
        Assert.Equal("known to both", await seen.NextAsync());
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")]
    [InlineData("")]
    public async Task Connections_that_speak_something_else_or_nothing_are_closed(string greeting)
    {
        await using var a = Node.Start("a", "akka.remote.dot-netty.tcp.connection-timeout = 2s");
        await using var b = Node.Start("b");
        a.System.ActorOf(Props.Create<Echo>(), "echo");
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", a.Address.Port!.Value);
        var stream = client.GetStream();
        if (greeting.Length > 0) await stream.WriteAsync(Encoding.ASCII.GetBytes(greeting));
        await AssertClosedAsync(stream);
        Assert.Equal("alive", await b.Select(a, "echo").Ask<string>("alive"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(20261126)]
    public async Task Random_bytes_are_dropped_and_harm_nobody(int seed)
    {
        await using var a = Node.Start("a", "akka.remote.dot-netty.tcp.connection-timeout = 2s");
        await using var b = Node.Start("b");
        a.System.ActorOf(Props.Create<Echo>(), "echo");
        var random = new Random(seed);
        for (var i = 0; i < 8; i++)
        {
            using var client = new TcpClient();
            await client.ConnectAsync("127.0.0.1", a.Address.Port!.Value);
            var bytes = new byte[random.Next(1, 5_000)];
            random.NextBytes(bytes);
            var stream = client.GetStream();
            try
            {
                await stream.WriteAsync(bytes);
            }
            catch (IOException)
            {
                continue;                                   // dropped before all was written
            }

            await AssertClosedAsync(stream);
        }

        Assert.Equal("alive", await b.Select(a, "echo").Ask<string>("alive"));
    }

    [Fact]
    public async Task Many_half_open_connections_do_not_keep_peers_out()
    {
        await using var a = Node.Start("a", "akka.remote.dot-netty.tcp.connection-timeout = 5s");
        await using var b = Node.Start("b");
        a.System.ActorOf(Props.Create<Echo>(), "echo");
        var idle = new List<TcpClient>();
        try
        {
            for (var i = 0; i < 200; i++)
            {
                var client = new TcpClient();
                idle.Add(client);
                await client.ConnectAsync("127.0.0.1", a.Address.Port!.Value);
            }

            Assert.Equal("alive", await b.Select(a, "echo").Ask<string>("alive"));
            await AssertClosedAsync(idle[0].GetStream());
            await AssertClosedAsync(idle[^1].GetStream());
        }
        finally
        {
            foreach (var client in idle) client.Dispose();
        }
    }

    [Theory]
    [InlineData("akka.remote.dot-netty.tcp.port = 70000")]
    [InlineData("akka.remote.dot-netty.tcp.hostname = \"host.invalid\"")]
    public void Settings_that_cannot_be_fail_the_start(string hocon) => Assert.ThrowsAny<Exception>(() => Node.Start("a", hocon));

#if KV_COMPAT
    // The stand-in's own promise: a key it does nothing for is not swallowed.
    [Theory]
    [InlineData("akka.remote.enabled-transports = [\"akka.remote.dot-netty.udp\"]")]
    [InlineData("akka.remote.dot-netty.tcp.applied-adapters = [\"trttl\"]")]
    [InlineData("akka.remote.dot-netty.tcp.byte-order = \"big-endian\"")]
    [InlineData("akka.remote.resend-limit = 7")]
    [InlineData("akka.actor.deployment { /x { remote = \"akka.tcp://b@127.0.0.1:1\" } \n}")]
    public void Keys_without_effect_here_are_refused(string hocon) => Assert.Throws<ConfigurationException>(() => Node.Start("a", hocon));
#endif

    private static async Task AssertClosedAsync(NetworkStream stream)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        var buffer = new byte[4096];
        try
        {
            while (await stream.ReadAsync(buffer, limit.Token) > 0)
            {
            }
        }
        catch (IOException)
        {
            // reset rather than closed: closed all the same
        }
    }

    public sealed record Known(int Number);

    public sealed record Unknown;

    public sealed class PlainSerializer : SerializerWithStringManifest
    {
        public PlainSerializer(ExtendedActorSystem system)
            : base(system)
        {
        }

        public override int Identifier => 9101;

        public override string Manifest(object o) => "k";

        public override byte[] ToBinary(object obj) => BitConverter.GetBytes(((Known)obj).Number);

        public override object FromBinary(byte[] bytes, string manifest) =>
            manifest == "k" ? new Known(BitConverter.ToInt32(bytes)) : throw new SerializationException($"Unknown manifest {manifest}");
    }

    /// <summary>Bound to object: what nothing else is bound to. On the real packages it keeps the JSON serializer off the wire.</summary>
    public sealed class RefusingSerializer : SerializerWithStringManifest
    {
        public RefusingSerializer(ExtendedActorSystem system)
            : base(system)
        {
        }

        public override int Identifier => 9102;

        public override string Manifest(object o) => throw new SerializationException($"{o.GetType()} is bound to no serializer");

        public override byte[] ToBinary(object obj) => throw new SerializationException($"{obj.GetType()} is bound to no serializer");

        public override object FromBinary(byte[] bytes, string manifest) => throw new SerializationException("Nothing is read with this serializer");
    }
}
