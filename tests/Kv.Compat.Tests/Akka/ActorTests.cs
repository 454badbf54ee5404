using Akka.Actor;
using Akka.Event;
using Akka.TestKit;
using Kv.Testing;
using Xunit;

namespace Kv.Compat.Tests.AkkaCore;

/// <summary>Actors as the product uses them: behaviour, life cycle, names, selections, asking, piping.</summary>
public sealed class ActorTests : PatientTestKit
{
    private sealed record Get;

    private sealed class Greeter : ReceiveActor
    {
        public Greeter(string greeting)
        {
            Receive<string>(static s => s.Length == 0, _ => Sender.Tell("nothing"));
            Receive<string>(s => Sender.Tell($"{greeting} {s}"));
            Receive<int>(static n => n > 10);
            ReceiveAny(m => Sender.Tell(("any", m)));
        }
    }

    [Fact]
    public void Handlers_are_tried_in_the_order_they_were_registered()
    {
        var greeter = Sys.ActorOf(Props.Create(() => new Greeter("hello")));
        greeter.Tell("", TestActor);
        ExpectMsg("nothing");
        greeter.Tell("you", TestActor);
        ExpectMsg("hello you");
        greeter.Tell(3, TestActor);
        ExpectMsg(("any", (object)3));
        greeter.Tell(11, TestActor);
        greeter.Tell("last", TestActor);
        ExpectMsg("hello last");
    }

    [Fact]
    public void What_the_tests_own_code_tells_comes_from_the_test_actor()
    {
        var greeter = Sys.ActorOf(Props.Create(() => new Greeter("hi")));
        greeter.Tell("there");
        ExpectMsg("hi there");
        Assert.Equal(greeter, LastSender);
    }

    private sealed class Traffic : ReceiveActor
    {
        public Traffic() => Become(Green);

        private void Green()
        {
            Receive<string>(static s => s == "next", _ => Become(Red));
            Receive<string>(static s => s == "stack", _ => BecomeStacked(Red));
            Receive<Get>(_ => Sender.Tell("green"));
        }

        private void Red()
        {
            Receive<string>(static s => s == "next", _ => Become(Green));
            Receive<string>(static s => s == "pop", _ => UnbecomeStacked());
            Receive<Get>(_ => Sender.Tell("red"));
        }
    }

    [Fact]
    public void Become_replaces_and_BecomeStacked_can_be_taken_back()
    {
        var traffic = Sys.ActorOf<Traffic>("traffic");
        traffic.Tell(new Get());
        ExpectMsg("green");
        traffic.Tell("next");
        traffic.Tell(new Get());
        ExpectMsg("red");
        traffic.Tell("next");
        traffic.Tell("stack");
        traffic.Tell(new Get());
        ExpectMsg("red");
        traffic.Tell("pop");
        traffic.Tell(new Get());
        ExpectMsg("green");
    }

    private sealed class LateRegistration : ReceiveActor
    {
        public LateRegistration() => Receive<string>(_ =>
        {
            try
            {
                Receive<int>(static _ => { });
                Sender.Tell("allowed");
            }
            catch (InvalidOperationException)
            {
                Sender.Tell("refused");
            }
        });
    }

    [Fact]
    public void A_handler_cannot_be_registered_while_a_message_is_handled()
    {
        Sys.ActorOf<LateRegistration>().Tell("try");
        ExpectMsg("refused");
    }

    [Fact]
    public void A_message_that_nobody_handles_is_published()
    {
        Sys.EventStream.Subscribe(TestActor, typeof(UnhandledMessage));
        var actor = Sys.ActorOf<Traffic>();
        actor.Tell(42);
        var unhandled = ExpectMsg<UnhandledMessage>();
        Assert.Equal(42, unhandled.Message);
        Assert.Equal(actor, unhandled.Recipient);
    }

    [Fact]
    public async Task Ask_gets_the_answer_a_failure_or_a_timeout()
    {
        var greeter = Sys.ActorOf(Props.Create(() => new Greeter("hi")));
        Assert.Equal("hi a", await greeter.Ask<string>("a", Patience));
        Assert.Equal("hi b", await greeter.Ask("b", Patience));
        await Assert.ThrowsAsync<ArgumentException>(() => greeter.Ask<int>("c", Patience));
        var silent = Sys.ActorOf<Traffic>();
        await Assert.ThrowsAsync<AskTimeoutException>(() => silent.Ask<string>("unknown", TimeSpan.FromMilliseconds(50)));
        var failing = Sys.ActorOf(Props.Create(() => new Failing()));
        var thrown = await Assert.ThrowsAsync<TimeZoneNotFoundException>(() => failing.Ask<string>("x", Patience));
        Assert.Equal("no zone", thrown.Message);
        using var cancelled = new CancellationTokenSource(TimeSpan.FromMilliseconds(20));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => silent.Ask<string>("unknown", null, cancelled.Token));
    }

    private sealed class Failing : ReceiveActor
    {
        public Failing() => ReceiveAny(_ => Sender.Tell(new Status.Failure(new TimeZoneNotFoundException("no zone"))));
    }

    private sealed class Piping : ReceiveActor
    {
        public Piping(IActorRef to)
        {
            Receive<int>(n => Task.FromResult(n + 1).PipeTo(to));
            Receive<string>(s => Task.FromException<int>(new InvalidOperationException(s)).PipeTo(to, Self, static n => n, static e => "failed: " + e.Message));
            Receive<Get>(_ => Task.FromException<int>(new InvalidOperationException("plain")).PipeTo(to));
        }
    }

    [Fact]
    public void PipeTo_sends_the_outcome_of_a_task()
    {
        var piping = Sys.ActorOf(Props.Create(() => new Piping(TestActor)));
        piping.Tell(1);
        ExpectMsg(2);
        piping.Tell("bad");
        ExpectMsg("failed: bad");
        Assert.Equal(piping, LastSender);
        piping.Tell(new Get());
        Assert.Equal("plain", ExpectMsg<Status.Failure>().Cause.Message);
    }

    private sealed class Slow : ReceiveActor
    {
        private readonly TaskCompletionSource _gate;

        public Slow(TaskCompletionSource gate)
        {
            _gate = gate;
            ReceiveAsync<string>(async s =>
            {
                var before = Sender;
                await _gate.Task;
                Assert.Equal(before, Sender);
                Assert.Equal(Self, Context.Self);
                Sender.Tell("slow " + s);
            });
            Receive<int>(n => Sender.Tell(n));
        }
    }

    [Fact]
    public void An_asynchronous_handler_holds_later_messages_back_and_keeps_its_context()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var slow = Sys.ActorOf(Props.Create(() => new Slow(gate)));
        slow.Tell("a");
        slow.Tell(1);
        ExpectNoMsg(TimeSpan.FromMilliseconds(100));
        gate.SetResult();
        ExpectMsg("slow a");
        ExpectMsg(1);
    }

    [Fact]
    public void A_name_may_be_used_again_only_after_its_actor_has_stopped()
    {
        var first = Sys.ActorOf<Traffic>("same");
        Assert.Throws<InvalidActorNameException>(() => Sys.ActorOf<Traffic>("same"));
        Watch(first);
        Sys.Stop(first);
        ExpectTerminated(first);
        IActorRef second = ActorRefs.Nobody;
        AwaitAssert(() => second = Sys.ActorOf<Traffic>("same"), Patience, TimeSpan.FromMilliseconds(5));   // its parent may hear of the end a little later
        Assert.Equal(first.Path, second.Path);
        Assert.NotEqual(first, second);
        Assert.Throws<InvalidActorNameException>(() => Sys.ActorOf<Traffic>("$own"));
        Assert.Throws<InvalidActorNameException>(() => Sys.ActorOf<Traffic>("with space"));
    }

    private sealed class Parent : ReceiveActor
    {
        public Parent()
        {
            Receive<string>(name => Sender.Tell(Context.ActorOf<Traffic>(name)));
            Receive<Get>(_ => Sender.Tell(Context.GetChildren().Select(c => c.Path.Name).Order().ToArray()));
        }
    }

    [Fact]
    public async Task Selections_find_actors_by_path_and_by_pattern()
    {
        var parent = Sys.ActorOf<Parent>("parent");
        var a = await parent.Ask<IActorRef>("a1", Patience);
        var b = await parent.Ask<IActorRef>("a2", Patience);
        Assert.Equal(["a1", "a2"], await parent.Ask<string[]>(new Get(), Patience));
        Assert.Equal(a, await Sys.ActorSelection("/user/parent/a1").ResolveOne(Patience));
        Assert.Equal(b, await Sys.ActorSelection(b.Path).ResolveOne(Patience));
        Sys.ActorSelection("/user/parent/a*").Tell(new Get(), TestActor);
        ExpectMsg("green");
        ExpectMsg("green");
        Sys.ActorSelection("/user/parent/a1/../a2").Tell(new Identify(7), TestActor);
        Assert.Equal(b, ExpectMsg<ActorIdentity>().Subject);
        await Assert.ThrowsAsync<ActorNotFoundException>(() => Sys.ActorSelection("/user/nobody").ResolveOne(TimeSpan.FromSeconds(1)));
        Assert.Equal("akka://test/user/parent/a1", a.Path.ToString());
    }

    [Fact]
    public async Task GracefulStop_completes_once_the_actor_has_stopped()
    {
        var actor = Sys.ActorOf<Traffic>();
        Watch(actor);
        Assert.True(await actor.GracefulStop(Patience));
        ExpectTerminated(actor);
        var busy = Sys.ActorOf(Props.Create(() => new Slow(new TaskCompletionSource())));
        busy.Tell("waits for ever");
        Assert.False(await busy.GracefulStop(TimeSpan.FromMilliseconds(50)));
    }

    [Fact]
    public void A_message_to_a_stopped_actor_becomes_a_dead_letter()
    {
        var actor = Sys.ActorOf<Traffic>();
        Watch(actor);
        actor.Tell(PoisonPill.Instance);
        ExpectTerminated(actor);
        Sys.EventStream.Subscribe(TestActor, typeof(DeadLetter));
        actor.Tell("late", TestActor);
        var letter = ExpectMsg<DeadLetter>();
        Assert.Equal("late", letter.Message);
        Assert.Equal(actor, letter.Recipient);
        Assert.Equal(TestActor, letter.Sender);
    }

    [Fact]
    public void An_actor_cannot_be_constructed_by_hand()
    {
        Exception? thrown = null;
        var outside = new Thread(() => thrown = Record.Exception(static () => new Traffic()));   // no actor runs on a new thread
        outside.Start();
        outside.Join();
        Assert.IsType<ActorInitializationException>(thrown);
    }

    private sealed class Forwarder : ReceiveActor
    {
        public Forwarder(IActorRef to) => ReceiveAny(to.Forward);
    }

    [Fact]
    public void Forward_keeps_the_sender()
    {
        var probe = CreateTestProbe();
        var forwarder = Sys.ActorOf(Props.Create(() => new Forwarder(TestActor)));
        probe.Send(forwarder, "x");
        ExpectMsg("x");
        Assert.Equal(probe.Ref, LastSender);
    }

    private sealed class Idle : ReceiveActor
    {
        public Idle(IActorRef to)
        {
            Context.SetReceiveTimeout(TimeSpan.FromMilliseconds(50));
            Receive<ReceiveTimeout>(_ =>
            {
                Context.SetReceiveTimeout(null);
                to.Tell("idle");
            });
        }
    }

    [Fact]
    public void An_actor_that_hears_nothing_gets_a_receive_timeout_until_it_is_switched_off()
    {
        Sys.ActorOf(Props.Create(() => new Idle(TestActor)));
        ExpectMsg("idle");
        ExpectNoMsg(TimeSpan.FromMilliseconds(200));
    }

    [Theory]
    [InlineData("akka.actor.default-dispatcher")]
    [InlineData("akka.actor.internal-dispatcher")]
    [InlineData("akka.actor.default-blocking-io-dispatcher")]
    [InlineData("akka.test.calling-thread-dispatcher")]
    public async Task Order_is_kept_on_every_dispatcher(string dispatcher)
    {
        const int count = 20_000;
        var done = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        var counter = Sys.ActorOf(Props.Create(() => new InOrder(count, done)).WithDispatcher(dispatcher));
        for (var i = 0; i < count; i++) counter.Tell(i, ActorRefs.NoSender);
        Assert.Equal(count, await done.Task.WaitAsync(TimeSpan.FromSeconds(20)));
    }

    [Fact]
    public async Task Every_producer_keeps_its_own_order()
    {
        const int producers = 4;
        const int each = 20_000;
        var done = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        var merged = Sys.ActorOf(Props.Create(() => new Merged(producers, each, done)));
        await Task.WhenAll(Enumerable.Range(0, producers).Select(p => Task.Run(() =>
        {
            for (var i = 0; i < each; i++) merged.Tell((p, i), ActorRefs.NoSender);
        })));
        Assert.Equal(producers * each, await done.Task.WaitAsync(TimeSpan.FromSeconds(20)));
    }

    private sealed class InOrder : ReceiveActor
    {
        private int _next;

        public InOrder(int count, TaskCompletionSource<int> done) => Receive<int>(i =>
        {
            if (i != _next) done.TrySetException(new InvalidOperationException($"expected {_next}, got {i}"));
            if (++_next == count) done.TrySetResult(_next);
        });
    }

    private sealed class Merged : ReceiveActor
    {
        private int _seen;

        public Merged(int producers, int each, TaskCompletionSource<int> done)
        {
            var next = new int[producers];
            Receive<(int Producer, int Number)>(m =>
            {
                if (next[m.Producer]++ != m.Number) done.TrySetException(new InvalidOperationException($"producer {m.Producer}: {m.Number} out of order"));
                if (++_seen == producers * each) done.TrySetResult(_seen);
            });
        }
    }

    private sealed class OnItsThread : ReceiveActor
    {
        public OnItsThread() => Receive<Get>(_ => Sender.Tell(Environment.CurrentManagedThreadId));
    }

    [Fact]
    public async Task A_pinned_actor_has_a_thread_of_its_own()
    {
        var system = ActorSystem.Create("pinned", Akka.Configuration.ConfigurationFactory.ParseString("my-pinned { type = PinnedDispatcher }"));
        try
        {
            var a = system.ActorOf(Props.Create(() => new OnItsThread()).WithDispatcher("my-pinned"));
            var b = system.ActorOf(Props.Create(() => new OnItsThread()).WithDispatcher("my-pinned"));
            var first = await a.Ask<int>(new Get(), Patience);
            for (var i = 0; i < 20; i++) Assert.Equal(first, await a.Ask<int>(new Get(), Patience));
            Assert.NotEqual(first, await b.Ask<int>(new Get(), Patience));
        }
        finally
        {
            await system.Terminate().WaitAsync(Patience);
        }
    }
}
