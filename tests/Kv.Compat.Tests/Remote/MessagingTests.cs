using Akka.Actor;

namespace Kv.Compat.Tests.Remote;

public sealed class MessagingTests
{
    [Fact]
    public async Task A_question_crosses_the_wire_and_so_does_the_answer()
    {
        await using var a = Node.Start("a");
        await using var b = Node.Start("b");
        b.System.ActorOf(Props.Create<Echo>(), "echo");
        Assert.Equal("hello", await a.Select(b, "echo").Ask<string>("hello"));
        Assert.Equal(42, await a.Select(b, "echo").Ask<int>(42));
        Assert.Equal(1L << 40, await a.Select(b, "echo").Ask<long>(1L << 40));
        Assert.Equal(new byte[] { 1, 2, 3 }, await a.Select(b, "echo").Ask<byte[]>(new byte[] { 1, 2, 3 }));
    }

    [Fact]
    public async Task A_selection_resolves_to_a_ref_of_that_incarnation()
    {
        await using var a = Node.Start("a");
        await using var b = Node.Start("b");
        var local = b.System.ActorOf(Props.Create<Echo>(), "echo");
        var remote = await a.ResolveAsync(b, "echo");
        Assert.Equal(b.PathOf("echo"), remote.Path.ToString());
        Assert.Equal(local.Path.Uid, remote.Path.Uid);
        Assert.Equal("hello", await remote.Ask<string>("hello"));
    }

    [Fact]
    public async Task Nobody_at_a_path_is_an_ActorNotFoundException()
    {
        await using var a = Node.Start("a");
        await using var b = Node.Start("b");
        await Assert.ThrowsAsync<ActorNotFoundException>(() => a.ResolveAsync(b, "missing"));
        var identity = await a.Select(b, "missing").Ask<ActorIdentity>(new Identify("id"));
        Assert.Equal("id", identity.MessageId);
        Assert.Null(identity.Subject);
    }

    [Fact]
    public async Task A_ref_resolved_by_path_needs_no_round_trip_and_reaches_whoever_lives_there()
    {
        await using var a = Node.Start("a");
        await using var b = Node.Start("b");
        var first = b.System.ActorOf(Props.Create<Echo>(), "echo");
        var remote = a.Extended.Provider.ResolveActorRef(b.PathOf("echo"));
        Assert.Equal("one", await remote.Ask<string>("one"));
        Assert.True(await first.GracefulStop(TimeSpan.FromSeconds(5)));
        await b.ActorOfOnceFreeAsync(Props.Create<Echo>(), "echo");
        Assert.Equal("two", await remote.Ask<string>("two"));
    }

    [Fact]
    public async Task Patterns_reach_all_that_match()
    {
        await using var a = Node.Start("a");
        await using var b = Node.Start("b");
        var (x, y, z) = (b.Collect("x1"), b.Collect("x2"), b.Collect("z"));
        a.System.ActorSelection($"{b.Address}/user/x*").Tell("to x");
        a.Select(b, "z").Tell("to z");
        Assert.Equal("to x", await x.NextAsync());
        Assert.Equal("to x", await y.NextAsync());
        Assert.Equal("to z", await z.NextAsync());
    }

    [Fact]
    public async Task A_selection_from_an_actor_of_another_node_may_go_up_and_down()
    {
        await using var a = Node.Start("a");
        await using var b = Node.Start("b");
        b.System.ActorOf(Props.Create<Echo>(), "echo");
        var seen = b.Collect("other");
        var remote = await a.ResolveAsync(b, "echo");
        new ActorSelection(remote, "../other").Tell("around the corner");
        Assert.Equal("around the corner", await seen.NextAsync());
    }

    [Fact]
    public async Task The_sender_comes_back_as_the_same_actor()
    {
        await using var a = Node.Start("a");
        await using var b = Node.Start("b");
        b.System.ActorOf(Props.Create<Echo>(), "echo");
        var seen = a.Collect("asker");
        var asker = await a.System.ActorSelection("/user/asker").ResolveOne(TimeSpan.FromSeconds(5));
        a.Select(b, "echo").Tell("ping", asker);
        Assert.Equal("ping", await seen.NextAsync());
    }

    [Fact]
    public async Task Refs_inside_messages_are_refs_on_the_other_side()
    {
        await using var a = Node.Start("a");
        await using var b = Node.Start("b");
        b.System.ActorOf(Props.Create<Echo>(), "echo");
        var seen = a.Collect("asker");
        var asker = await a.System.ActorSelection("/user/asker").ResolveOne(TimeSpan.FromSeconds(5));
        Assert.Equal(asker, await a.Select(b, "echo").Ask<IActorRef>(asker));       // there and back: local again
        var atB = b.Collect("taker");
        a.Select(b, "taker").Tell(asker);
        var remote = Assert.IsAssignableFrom<IActorRef>(await atB.NextAsync());
        Assert.Equal(a.Address, remote.Path.Address);
        remote.Tell("hi");
        Assert.Equal("hi", await seen.NextAsync());
    }

    [Fact]
    public async Task Forwarding_keeps_the_first_sender()
    {
        await using var a = Node.Start("a");
        await using var b = Node.Start("b");
        await using var c = Node.Start("c");
        c.System.ActorOf(Props.Create<Echo>(), "echo");
        var atC = b.System.ActorSelection(c.PathOf("echo"));
        b.System.ActorOf(Props.Create(() => new Forwarder(atC)), "forwarder");
        Assert.Equal("through b", await a.Select(b, "forwarder").Ask<string>("through b"));
    }

    [Fact]
    public async Task PoisonPill_and_failures_cross_the_wire()
    {
        await using var a = Node.Start("a");
        await using var b = Node.Start("b");
        b.System.ActorOf(Props.Create<Echo>(), "echo");
        var local = await b.System.ActorSelection("/user/echo").ResolveOne(TimeSpan.FromSeconds(5));
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            a.Select(b, "echo").Ask<string>(new Status.Failure(new InvalidOperationException("no"))));
        Assert.Equal("no", failure.Message);
        var stopped = local.WatchAsync();
        (await a.ResolveAsync(b, "echo")).Tell(PoisonPill.Instance);
        Assert.True(await stopped.WaitAsync(TimeSpan.FromSeconds(10)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20261126)]
    public async Task Messages_of_each_sender_arrive_in_order_whatever_their_size(int seed)
    {
        const int Senders = 4;
        const int Each = 2_000;
        await using var a = Node.Start("a");
        await using var b = Node.Start("b");
        var seen = b.Collect("sink");
        var sink = await a.ResolveAsync(b, "sink");
        var random = new Random(seed);
        var sizes = Enumerable.Range(0, Each).Select(_ => random.Next(4) == 0 ? random.Next(30_000) : random.Next(64)).ToArray();
        var senders = Enumerable.Range(0, Senders).Select(s => Task.Run(() =>
        {
            for (var i = 0; i < Each; i++) sink.Tell($"{s}:{i}:{new string('x', sizes[i])}", ActorRefs.NoSender);
        }));
        await Task.WhenAll(senders);
        var next = new int[Senders];
        for (var i = 0; i < Senders * Each; i++)
        {
            var parts = Assert.IsType<string>(await seen.NextAsync()).Split(':');
            var sender = int.Parse(parts[0], System.Globalization.CultureInfo.InvariantCulture);
            Assert.True($"{next[sender]}" == parts[1], $"seed {seed}: sender {sender} sent {next[sender]}, got {parts[1]}");
            Assert.Equal(sizes[next[sender]++], parts[2].Length);
        }
    }

    [Fact]
    public async Task Loads_of_questions_both_ways_are_all_answered()
    {
        await using var a = Node.Start("a");
        await using var b = Node.Start("b");
        a.System.ActorOf(Props.Create<Echo>(), "echo");
        b.System.ActorOf(Props.Create<Echo>(), "echo");
        var atB = await a.ResolveAsync(b, "echo");
        var atA = await b.ResolveAsync(a, "echo");
        var questions = Enumerable.Range(0, 2_000).SelectMany(i => new[] { atB.Ask<int>(i), atA.Ask<int>(i) }).ToArray();
        var answers = await Task.WhenAll(questions).WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal(Enumerable.Range(0, 2_000).SelectMany(static i => new[] { i, i }), answers);
    }

    private sealed class Forwarder : ReceiveActor
    {
        public Forwarder(ActorSelection target) => ReceiveAny(m => target.Tell(m, Sender));
    }
}
