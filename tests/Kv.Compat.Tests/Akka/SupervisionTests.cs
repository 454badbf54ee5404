using Akka.Actor;
using Akka.TestKit;
using Kv.Testing;
using Xunit;

namespace Kv.Compat.Tests.AkkaCore;

/// <summary>Failure: what restarts, what stops, what is told to whom.</summary>
public sealed class SupervisionTests : PatientTestKit
{
    public SupervisionTests()
        : base("akka.loglevel = OFF\nakka.stdout-loglevel = OFF")
    {
    }

    private sealed class Boom(string message = "boom") : Exception(message);

    private sealed record Throw(Exception Cause);

    private sealed record Spawn(Props Props, string Name);

    /// <summary>Tells every step of its life to an actor.</summary>
    private sealed class Mortal : ReceiveActor
    {
        private readonly IActorRef _to;
        private int _count;

        public Mortal(IActorRef to)
        {
            _to = to;
            _to.Tell("constructed");
            Receive<Throw>(t => throw t.Cause);
            Receive<string>(s => Sender.Tell(s + ++_count));
            Receive<Spawn>(s => Sender.Tell(Context.ActorOf(s.Props, s.Name)));
        }

        protected override void PreStart() => _to.Tell("PreStart");

        protected override void PostStop() => _to.Tell("PostStop");

        protected override void PreRestart(Exception reason, object message)
        {
            _to.Tell($"PreRestart {reason.Message} {(message as Throw) is not null}");
            base.PreRestart(reason, message);
        }

        protected override void PostRestart(Exception reason)
        {
            _to.Tell("PostRestart " + reason.Message);
            base.PostRestart(reason);
        }
    }

    private sealed class Supervisor : ReceiveActor
    {
        private readonly SupervisorStrategy _strategy;

        public Supervisor(SupervisorStrategy strategy)
        {
            _strategy = strategy;
            Receive<Spawn>(s => Sender.Tell(Context.ActorOf(s.Props, s.Name)));
        }

        protected override SupervisorStrategy SupervisorStrategy() => _strategy;
    }

    private IActorRef Child(SupervisorStrategy strategy, out IActorRef supervisor, TestProbe life)
    {
        supervisor = Sys.ActorOf(Props.Create(() => new Supervisor(strategy)));
        var to = life.Ref;
        supervisor.Tell(new Spawn(Props.Create(() => new Mortal(to)), "child"), TestActor);
        var child = ExpectMsg<IActorRef>();
        life.ExpectMsg("constructed");
        life.ExpectMsg("PreStart");
        return child;
    }

    [Fact]
    public void A_restart_goes_through_its_hooks_in_order_and_loses_state_and_the_failing_message_only()
    {
        var life = CreateTestProbe();
        var child = Child(new OneForOneStrategy(static _ => Directive.Restart), out _, life);
        child.Tell("a", TestActor);
        ExpectMsg("a1");
        child.Tell(new Throw(new Boom()), TestActor);
        child.Tell("b", TestActor);
        life.ExpectMsg("PreRestart boom True");
        life.ExpectMsg("PostStop");
        life.ExpectMsg("constructed");
        life.ExpectMsg("PostRestart boom");
        life.ExpectMsg("PreStart");
        ExpectMsg("b1");
    }

    [Fact]
    public void Resume_keeps_state()
    {
        var life = CreateTestProbe();
        var child = Child(new OneForOneStrategy(static _ => Directive.Resume), out _, life);
        child.Tell("a", TestActor);
        ExpectMsg("a1");
        child.Tell(new Throw(new Boom()), TestActor);
        child.Tell("b", TestActor);
        ExpectMsg("b2");
        life.ExpectNoMsg(TimeSpan.FromMilliseconds(50));
    }

    [Fact]
    public void Stop_stops_and_watchers_hear_of_it()
    {
        var life = CreateTestProbe();
        var child = Child(new OneForOneStrategy(static _ => Directive.Stop), out _, life);
        Watch(child);
        child.Tell(new Throw(new Boom()), TestActor);
        life.ExpectMsg("PostStop");
        Assert.True(ExpectTerminated(child).ExistenceConfirmed);
    }

    [Fact]
    public void Escalate_fails_the_supervisor_itself()
    {
        var life = CreateTestProbe();
        var child = Child(new OneForOneStrategy(static _ => Directive.Escalate), out var supervisor, life);
        Watch(child);
        child.Tell(new Throw(new Boom()), TestActor);
        life.ExpectMsg("PostStop");                       // the guardian restarts the supervisor, which stops its children
        ExpectTerminated(child);
        supervisor.Tell(new Spawn(Props.Create(() => new Mortal(life.Ref)), "child"), TestActor);
        ExpectMsg<IActorRef>();
    }

    [Fact]
    public void After_too_many_restarts_the_child_is_stopped()
    {
        var life = CreateTestProbe();
        var child = Child(new OneForOneStrategy(2, TimeSpan.FromMinutes(1), static _ => Directive.Restart), out _, life);
        Watch(child);
        for (var i = 0; i < 3; i++) child.Tell(new Throw(new Boom()), TestActor);
        ExpectTerminated(child);
    }

    [Fact]
    public void All_for_one_restarts_the_siblings_too()
    {
        var supervisor = Sys.ActorOf(Props.Create(() => new Supervisor(new AllForOneStrategy(static _ => Directive.Restart))));
        var (one, two) = (CreateTestProbe(), CreateTestProbe());
        var (oneRef, twoRef) = (one.Ref, two.Ref);
        supervisor.Tell(new Spawn(Props.Create(() => new Mortal(oneRef)), "one"), TestActor);
        var child = ExpectMsg<IActorRef>();
        supervisor.Tell(new Spawn(Props.Create(() => new Mortal(twoRef)), "two"), TestActor);
        var sibling = ExpectMsg<IActorRef>();
        sibling.Tell("a", TestActor);
        ExpectMsg("a1");
        child.Tell(new Throw(new Boom()), TestActor);
        one.FishForMessage<string>(static s => s == "PostRestart boom");
        two.FishForMessage<string>(static s => s == "PostRestart boom");
        sibling.Tell("b", TestActor);
        ExpectMsg("b1");
    }

    [Fact]
    public void Children_of_a_restarted_actor_are_stopped_before_the_new_instance_is_made()
    {
        var life = CreateTestProbe();
        var inner = CreateTestProbe();
        var innerRef = inner.Ref;
        var child = Child(new OneForOneStrategy(static _ => Directive.Restart), out _, life);
        child.Tell(new Spawn(Props.Create(() => new Mortal(innerRef)), "grandchild"), TestActor);
        Watch(ExpectMsg<IActorRef>());
        inner.ExpectMsg("constructed");
        inner.ExpectMsg("PreStart");
        child.Tell(new Throw(new Boom()), TestActor);
        inner.ExpectMsg("PostStop");
        ExpectMsg<Terminated>();
        life.FishForMessage<string>(static s => s == "PostRestart boom");
        child.Tell(new Spawn(Props.Create(() => new Mortal(innerRef)), "grandchild"), TestActor);
        ExpectMsg<IActorRef>();
    }

    private sealed class Unborn : ReceiveActor
    {
        public Unborn() => throw new Boom("unborn");
    }

    [Fact]
    public void An_actor_whose_constructor_throws_is_stopped_not_restarted()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Unborn()));
        Watch(actor);
        ExpectTerminated(actor);
    }

    [Fact]
    public void The_default_decider_stops_what_could_not_start_was_killed_or_lost_a_watched_actor()
    {
        var decider = SupervisorStrategy.DefaultDecider;
        Assert.Equal(Directive.Stop, decider.Decide(new ActorInitializationException("x")));
        Assert.Equal(Directive.Stop, decider.Decide(new ActorKilledException("x")));
        Assert.Equal(Directive.Stop, decider.Decide(new DeathPactException(TestActor)));
        Assert.Equal(Directive.Restart, decider.Decide(new Boom()));
    }

    [Fact]
    public void Kill_stops_under_the_default_decider()
    {
        var life = CreateTestProbe();
        var to = life.Ref;
        var actor = Sys.ActorOf(Props.Create(() => new Mortal(to)));
        Watch(actor);
        actor.Tell(Kill.Instance);
        ExpectTerminated(actor);
    }

    private sealed class Watcher : ReceiveActor
    {
        public Watcher(IActorRef subject, bool handles, IActorRef to)
        {
            Context.Watch(subject);
            if (handles) Receive<Terminated>(t => to.Tell(t.ActorRef));
            Receive<string>(s => s == "unwatch", _ =>
            {
                Context.Unwatch(subject);
                Sender.Tell("unwatched");
            });
        }
    }

    [Fact]
    public void A_watcher_that_does_not_handle_the_end_of_the_watched_dies_too()
    {
        var life = CreateTestProbe();
        var to = life.Ref;
        var subject = Sys.ActorOf(Props.Create(() => new Mortal(to)));
        var watcher = Sys.ActorOf(Props.Create(() => new Watcher(subject, false, to)));
        Watch(watcher);
        watcher.Tell(new Identify(1), TestActor);
        ExpectMsg<ActorIdentity>();
        Sys.Stop(subject);
        ExpectTerminated(watcher);
    }

    [Fact]
    public void After_Unwatch_nothing_is_heard()
    {
        var probe = CreateTestProbe();
        var to = probe.Ref;
        var life = CreateTestProbe().Ref;
        var subject = Sys.ActorOf(Props.Create(() => new Mortal(life)));
        var watcher = Sys.ActorOf(Props.Create(() => new Watcher(subject, true, to)));
        watcher.Tell("unwatch", TestActor);
        ExpectMsg("unwatched");
        Watch(subject);
        Sys.Stop(subject);
        ExpectTerminated(subject);
        probe.ExpectNoMsg(TimeSpan.FromMilliseconds(100));
    }

    [Fact]
    public void Watching_an_actor_that_has_stopped_already_tells_at_once()
    {
        var life = CreateTestProbe().Ref;
        var subject = Sys.ActorOf(Props.Create(() => new Mortal(life)));
        Watch(subject);
        Sys.Stop(subject);
        ExpectTerminated(subject);
        Watch(subject);
        ExpectTerminated(subject);
    }

    private sealed class WatchesWith : ReceiveActor
    {
        public WatchesWith(IActorRef subject, IActorRef to)
        {
            Context.WatchWith(subject, "gone");
            Receive<string>(to.Tell);
        }
    }

    [Fact]
    public void WatchWith_sends_the_given_message()
    {
        var life = CreateTestProbe().Ref;
        var subject = Sys.ActorOf(Props.Create(() => new Mortal(life)));
        Sys.ActorOf(Props.Create(() => new WatchesWith(subject, TestActor)));
        Sys.Stop(subject);
        ExpectMsg("gone");
    }

    private sealed class FailsAsync : ReceiveActor
    {
        public FailsAsync(IActorRef to)
        {
            to.Tell("made");
            ReceiveAsync<string>(async _ =>
            {
                await Task.Yield();
                throw new Boom();
            });
            Receive<int>(n => Sender.Tell(n));
        }
    }

    [Fact]
    public void An_exception_after_an_await_restarts_the_actor_like_any_other()
    {
        var actor = Sys.ActorOf(Props.Create(() => new FailsAsync(TestActor)));
        ExpectMsg("made");
        actor.Tell("fail", TestActor);
        actor.Tell(5, TestActor);
        ExpectMsg("made");
        ExpectMsg(5);
    }

    [Fact]
    public async Task A_parent_that_stops_waits_for_its_children()
    {
        var life = CreateTestProbe();
        var inner = CreateTestProbe();
        var innerRef = inner.Ref;
        var child = Child(new OneForOneStrategy(static _ => Directive.Restart), out var supervisor, life);
        child.Tell(new Spawn(Props.Create(() => new Mortal(innerRef)), "grandchild"), TestActor);
        ExpectMsg<IActorRef>();
        Assert.True(await supervisor.GracefulStop(TimeSpan.FromSeconds(5)));
        life.ExpectMsg("PostStop");
        inner.FishForMessage<string>(static s => s == "PostStop");
    }
}
