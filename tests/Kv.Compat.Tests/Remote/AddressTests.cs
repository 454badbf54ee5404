using Akka.Actor;
using Akka.Remote;

namespace Kv.Compat.Tests.Remote;

public sealed class AddressTests
{
    [Fact]
    public async Task A_system_goes_by_host_and_the_port_it_got()
    {
        await using var node = Node.Start("one");
        Assert.Equal("akka.tcp", node.Address.Protocol);
        Assert.Equal("one", node.Address.System);
        Assert.Equal("127.0.0.1", node.Address.Host);
        Assert.True(node.Address.Port > 0);
        Assert.Equal($"akka.tcp://one@127.0.0.1:{node.Address.Port}", node.Address.ToString());
    }

    [Fact]
    public async Task Local_refs_keep_local_paths_and_are_found_by_the_full_address_too()
    {
        await using var node = Node.Start("one");
        var echo = node.System.ActorOf(Props.Create<Echo>(), "echo");
        Assert.Equal("akka://one/user/echo", echo.Path.ToString());
        Assert.Equal(echo, node.Extended.Provider.ResolveActorRef(node.PathOf("echo")));
        Assert.Equal(echo, await node.System.ActorSelection(node.PathOf("echo")).ResolveOne(TimeSpan.FromSeconds(5)));
        Assert.Equal("hello", await node.System.ActorSelection(node.PathOf("echo")).Ask<string>("hello"));
    }

    [Fact]
    public async Task Public_host_and_port_are_what_others_are_told()
    {
        await using var node = Node.Start("one", """
            akka.remote.dot-netty.tcp {
              public-hostname = "localhost"
              public-port = 4711
            }
            """);
        Assert.Equal("akka.tcp://one@localhost:4711", node.Address.ToString());
    }

    [Fact]
    public async Task A_ref_is_written_with_the_systems_address_and_uid()
    {
        await using var node = Node.Start("one");
        var echo = node.System.ActorOf(Props.Create<Echo>(), "echo");
        var text = Akka.Serialization.Serialization.SerializedActorPath(echo);
        Assert.Equal($"{node.Address}/user/echo#{echo.Path.Uid}", text);
        Assert.Equal(echo, node.Extended.Provider.ResolveActorRef(text));
    }

    [Fact]
    public async Task A_taken_port_fails_the_start()
    {
        // Without the second line the package lets both listen, on Linux: SO_REUSEPORT.
        await using var node = Node.Start("one", "akka.remote.dot-netty.tcp.tcp-reuse-addr = off");
        Assert.ThrowsAny<Exception>(() => Node.Start("two", $"akka.remote.dot-netty.tcp.port = {node.Address.Port}\nakka.remote.dot-netty.tcp.tcp-reuse-addr = off"));
    }

    [Fact]
    public async Task Terminating_closes_the_listener()
    {
        int port;
        await using (var node = Node.Start("one")) port = node.Address.Port!.Value;
        await using var next = Node.Start("one", $"akka.remote.dot-netty.tcp.port = {port}");
        Assert.Equal(port, next.Address.Port);
    }

    [Fact]
    public async Task Each_incarnation_has_a_uid()
    {
        await using var one = Node.Start("one");
        await using var two = Node.Start("one");
        Assert.Equal(AddressUidExtension.Uid(one.System), AddressUidExtension.Uid(one.System));
        Assert.NotEqual(AddressUidExtension.Uid(one.System), AddressUidExtension.Uid(two.System));
    }
}
