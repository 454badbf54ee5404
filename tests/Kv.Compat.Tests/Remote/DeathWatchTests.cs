using Akka.Actor;
using Akka.Event;
using Akka.Remote;

namespace Kv.Compat.Tests.Remote;

public sealed class DeathWatchTests
{
    private const string Quick = """
        akka.remote.watch-failure-detector {
          heartbeat-interval = 200ms
          acceptable-heartbeat-pause = 1s
          unreachable-nodes-reaper-interval = 100ms
          expected-response-after = 200ms
        }
        """;

    [Fact]
    public async Task The_stop_of_a_watched_actor_crosses_the_wire()
    {
        await using var a = Node.Start("a");
        await using var b = Node.Start("b");
        var local = b.System.ActorOf(Props.Create<Echo>(), "echo");
        var remote = await a.ResolveAsync(b, "echo");
        var (watching, seen) = a.WatchActor(remote);
        await watching;
        b.System.Stop(local);
        var terminated = Assert.IsType<Terminated>(await seen.NextAsync());
        Assert.Equal(remote, terminated.ActorRef);
        Assert.False(terminated.AddressTerminated);
    }

    [Fact]
    public async Task Watching_one_who_is_gone_tells_so_at_once()
    {
        await using var a = Node.Start("a");
        await using var b = Node.Start("b");
        var local = b.System.ActorOf(Props.Create<Echo>(), "echo");
        var remote = await a.ResolveAsync(b, "echo");
        Assert.True(await local.GracefulStop(TimeSpan.FromSeconds(5)));
        var (_, seen) = a.WatchActor(remote);
        Assert.Equal(remote, Assert.IsType<Terminated>(await seen.NextAsync()).ActorRef);
    }

    [Fact]
    public async Task An_actor_elsewhere_can_be_stopped()
    {
        await using var a = Node.Start("a");
        await using var b = Node.Start("b");
        var local = b.System.ActorOf(Props.Create<Echo>(), "echo");
        var stopped = local.WatchAsync();
        a.System.Stop(await a.ResolveAsync(b, "echo"));
        Assert.True(await stopped.WaitAsync(TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task A_node_that_falls_silent_is_quarantined_and_its_actors_count_as_stopped()
    {
        await using var a = Node.Start("a", Quick);
        using var relay = new Relay();
        var port = Node.FreePort();
        var b = Node.Start("b", $"{Quick}\nakka.remote.dot-netty.tcp.port = {port}\nakka.remote.dot-netty.tcp.public-port = {relay.Port}");
        relay.To(port);
        b.System.ActorOf(Props.Create<Echo>(), "echo");
        var uid = AddressUidExtension.Uid(b.System);
        var address = b.Address;
        var remote = await a.ResolveAsync(b, "echo");
        var (watching, seen) = a.WatchActor(remote);
        await watching;
        await a.Watch<Debug>().NextAsync(static d => d.ToString().Contains("heartbeat rsp", StringComparison.Ordinal));
        var quarantined = a.Watch<QuarantinedEvent>();
        relay.Stall();
        var terminated = Assert.IsType<Terminated>(await seen.NextAsync());
        Assert.Equal(remote, terminated.ActorRef);
        Assert.True(terminated.AddressTerminated);
        var told = await quarantined.NextAsync();
        Assert.Equal(address, told.Address);
        Assert.Equal(uid, told.Uid);
        await b.DisposeAsync();
        relay.Dispose();
        // A new incarnation is another matter.
        await using var again = Node.Start("b", $"akka.remote.dot-netty.tcp.port = {address.Port}");
        again.System.ActorOf(Props.Create<Echo>(), "echo");
        a.System.ActorOf(Props.Create<Echo>(), "echo");
        Assert.Equal("hello", await again.Select(a, "echo").Ask<string>("hello"));
        Assert.Equal("hello", await a.Select(again, "echo").Ask<string>("hello"));
    }

    [Fact]
    public async Task A_quarantined_incarnation_is_told_and_its_messages_are_refused()
    {
        await using var a = Node.Start("a");
        await using var b = Node.Start("b");
        a.System.ActorOf(Props.Create<Echo>(), "echo");
        Assert.Equal("before", await b.Select(a, "echo").Ask<string>("before"));
        var told = b.Watch<ThisActorSystemQuarantinedEvent>();
        ((IRemoteActorRefProvider)a.Extended.Provider).Quarantine(b.Address, AddressUidExtension.Uid(b.System));
        var hearing = told.NextAsync();
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!hearing.IsCompleted && await ticks.WaitForNextTickAsync()) b.Select(a, "echo").Tell("let me in");
        var said = await hearing;
        Assert.Equal(b.Address, said.LocalAddress);
        Assert.Equal(a.Address, said.RemoteAddress);
        await Assert.ThrowsAsync<AskTimeoutException>(() => b.Select(a, "echo").Ask<string>("after", TimeSpan.FromSeconds(1)));
    }
}

internal static class Watching
{
    /// <summary>An actor that watches another: a task that ends once it does, and what it hears.</summary>
    public static (Task Watching, System.Threading.Channels.ChannelReader<object> Seen) WatchActor(this Node node, IActorRef watched)
    {
        var channel = System.Threading.Channels.Channel.CreateUnbounded<object>();
        var started = new TaskCompletionSource();
        node.System.ActorOf(Props.Create(() => new WatchingActor(watched, started, channel.Writer)));
        return (started.Task, channel.Reader);
    }

    private sealed class WatchingActor : ReceiveActor
    {
        public WatchingActor(IActorRef watched, TaskCompletionSource started, System.Threading.Channels.ChannelWriter<object> sink)
        {
            Context.Watch(watched);
            // An answer to a message sent after the watch: the watch has arrived before it.
            watched.Tell(new Identify("watched"), Self);
            Receive<ActorIdentity>(_ => started.TrySetResult());
            Receive<Terminated>(t => sink.TryWrite(t));
        }
    }
}
