using Akka.Actor;
using Akka.Event;
using Akka.Remote;

namespace Kv.Compat.Tests.Remote;

/// <summary>Connections that fail: gates, restarts, the events told of it.</summary>
public sealed class FailureTests
{
    [Fact]
    public async Task Events_tell_of_connections_made_and_lost_on_both_sides()
    {
        await using var a = Node.Start("a");
        var b = Node.Start("b");
        var (madeAtA, madeAtB, lostAtA) = (a.Watch<AssociatedEvent>(), b.Watch<AssociatedEvent>(), a.Watch<DisassociatedEvent>());
        b.System.ActorOf(Props.Create<Echo>(), "echo");
        Assert.Equal(1, await a.Select(b, "echo").Ask<int>(1));
        var outbound = await madeAtA.NextAsync();
        Assert.False(outbound.IsInbound);
        Assert.Equal(a.Address, outbound.LocalAddress);
        Assert.Equal(b.Address, outbound.RemoteAddress);
        var inbound = await madeAtB.NextAsync();
        Assert.True(inbound.IsInbound);
        Assert.Equal(a.Address, inbound.RemoteAddress);
        var address = b.Address;
        await b.DisposeAsync();
        Assert.Equal(address, (await lostAtA.NextAsync()).RemoteAddress);
    }

    [Fact]
    public async Task Nobody_listening_gates_the_address_and_messages_become_dead_letters()
    {
        await using var a = Node.Start("a", "akka.remote.retry-gate-closed-for = 60s");
        Address gone;
        await using (var b = Node.Start("b")) gone = b.Address;
        var (errors, dead, warnings) = (a.Watch<AssociationErrorEvent>(), a.Watch<DeadLetter>(), a.Watch<Warning>());
        var target = a.Extended.Provider.ResolveActorRef($"{gone}/user/x");
        target.Tell("first", ActorRefs.NoSender);
        var error = await errors.NextAsync();
        Assert.Equal(gone, error.RemoteAddress);
        Assert.False(error.IsInbound);
        Assert.Contains("is now gated", (await warnings.NextAsync(w => w.ToString().Contains("gated", StringComparison.Ordinal))).ToString(), StringComparison.Ordinal);
        target.Tell("second", ActorRefs.NoSender);
        Assert.Equal("second", (await dead.NextAsync(d => d.Message is "second")).Message);
    }

    [Fact]
    public async Task Messages_flow_again_once_the_gate_opens()
    {
        await using var a = Node.Start("a");
        Address address;
        await using (var b = Node.Start("b")) address = b.Address;
        var errors = a.Watch<AssociationErrorEvent>();
        a.System.ActorSelection($"{address}/user/sink").Tell("lost");
        await errors.NextAsync();
        await using var again = Node.Start("b", $"akka.remote.dot-netty.tcp.port = {address.Port}");
        var seen = again.Collect("sink");
        await TellUntilSeenAsync(a, a.System.ActorSelection($"{address}/user/sink"), seen, "found");
    }

    [Fact]
    public async Task A_gate_opens_at_once_when_the_peer_connects()
    {
        await using var a = Node.Start("a", "akka.remote.retry-gate-closed-for = 600s");
        Address address;
        await using (var b = Node.Start("b")) address = b.Address;
        var errors = a.Watch<AssociationErrorEvent>();
        a.System.ActorSelection($"{address}/user/echo").Tell("lost");
        await errors.NextAsync();
        a.System.ActorOf(Props.Create<Echo>(), "echo");
        await using var again = Node.Start("b", $"akka.remote.dot-netty.tcp.port = {address.Port}");
        again.System.ActorOf(Props.Create<Echo>(), "echo");
        Assert.Equal("knock", await again.Select(a, "echo").Ask<string>("knock"));
        Assert.Equal("back", await a.Select(again, "echo").Ask<string>("back"));
    }

    [Fact]
    public async Task After_a_restart_old_refs_are_dead_and_selections_live()
    {
        await using var a = Node.Start("a");
        var b = Node.Start("b");
        b.System.ActorOf(Props.Create<Echo>(), "echo");
        var old = await a.ResolveAsync(b, "echo");
        var selection = a.Select(b, "echo");
        var port = b.Address.Port;
        await b.DisposeAsync();
        await using var again = Node.Start("b", $"akka.remote.dot-netty.tcp.port = {port}");
        again.System.ActorOf(Props.Create<Echo>(), "echo");
        var dead = again.Watch<DeadLetter>();
        var answers = a.Collect("asker");
        await TellUntilSeenAsync(a, selection, answers, "alive");
        old.Tell("to the old one", ActorRefs.NoSender);
        Assert.Equal("to the old one", (await dead.NextAsync(d => d.Message is "to the old one")).Message);
        Assert.NotEqual(old.Path.Uid, (await a.ResolveAsync(again, "echo")).Path.Uid);
    }

    [Fact]
    public async Task Another_spelling_of_the_host_is_not_us()
    {
        await using var a = Node.Start("a");
        await using var b = Node.Start("b");
        var seen = b.Collect("sink");
        var errors = b.Watch<Error>();
        a.System.ActorSelection($"akka.tcp://b@localhost:{b.Address.Port}/user/sink").Tell("wrong name");
        Assert.Contains("non-local", (await errors.NextAsync(e => e.ToString().Contains("non-local", StringComparison.Ordinal))).ToString(), StringComparison.Ordinal);
        a.Select(b, "sink").Tell("right name");
        Assert.Equal("right name", await seen.NextAsync());
    }

    [Fact]
    public async Task Terminating_sends_what_was_told_before()
    {
        await using var b = Node.Start("b");
        var seen = b.Collect("sink");
        var a = Node.Start("a");
        var sink = await a.ResolveAsync(b, "sink");
        for (var i = 0; i < 5_000; i++) sink.Tell(i, ActorRefs.NoSender);
        await a.DisposeAsync();
        for (var i = 0; i < 5_000; i++) Assert.Equal(i, await seen.NextAsync());
    }

    // The first few may still meet the gate: nothing tells from outside when it opens, and lost messages are the sender's to repeat.
    private static async Task TellUntilSeenAsync(Node from, ActorSelection target, System.Threading.Channels.ChannelReader<object> seen, string message)
    {
        var sender = await from.System.ActorSelection("/user/asker").Ask<ActorIdentity>(new Identify(null));
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (await ticks.WaitForNextTickAsync(limit.Token))
        {
            target.Tell(message, sender.Subject ?? ActorRefs.NoSender);
            if (seen.TryRead(out var read) && message.Equals(read)) return;
        }
    }
}
