using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Configs;
using Kv.Testing;
using Xunit;

namespace Kv.Compat.Tests.AkkaCore;

/// <summary>Timers and the scheduler under virtual time; the stash.</summary>
public sealed class TimersAndStashTests : PatientTestKit
{
    public TimersAndStashTests()
        : base(TestConfigs.TestSchedulerConfig)
    {
    }

    /// <summary>Notes what it was made of.</summary>
    public sealed class Told(Akka.Configuration.Config made, Akka.Event.ILoggingAdapter log) : TestScheduler(made, log)
    {
        public Akka.Configuration.Config Made { get; } = made;
    }

    [Fact]
    public async Task A_scheduler_is_made_of_the_whole_configuration_of_its_system()
    {
        var system = ActorSystem.Create("told", """
            akka.scheduler { implementation = "Kv.Compat.Tests.AkkaCore.TimersAndStashTests+Told, Kv.Compat.Tests", own = here }
            other = there
            """);
        var made = Assert.IsType<Told>(system.Scheduler).Made;
        Assert.Equal(("here", "there", (string?)null), (made.GetString("akka.scheduler.own"), made.GetString("other"), made.GetString("own")));
        _ = system.Terminate();                            // nobody moves its time on
        await Task.CompletedTask;
    }

    private TestScheduler Time => (TestScheduler)Sys.Scheduler;

    private sealed class Clock : ReceiveActor, IWithTimers
    {
        public ITimerScheduler Timers { get; set; } = null!;

        public Clock(IActorRef to)
        {
            Receive<string>(static s => s.StartsWith("once ", StringComparison.Ordinal), s =>
            {
                Timers.StartSingleTimer("key", s[5..], TimeSpan.FromSeconds(1));
                Sender.Tell("ok");
            });
            Receive<string>(static s => s == "every", _ =>
            {
                Timers.StartPeriodicTimer("tick", 1, TimeSpan.FromSeconds(1));
                Sender.Tell("ok");
            });
            Receive<string>(static s => s == "cancel", _ =>
            {
                Timers.Cancel("tick");
                Timers.Cancel("key");
                Sender.Tell("ok");
            });
            Receive<string>(static s => s == "active", _ => Sender.Tell(Timers.IsTimerActive("key")));
            Receive<string>(static s => s == "fail", _ => throw new InvalidOperationException("restart"));
            ReceiveAny(to.Tell);
        }
    }

    private IActorRef NewClock() => Sys.ActorOf(Props.Create(() => new Clock(TestActor)));

    private void Do(IActorRef clock, string command)
    {
        clock.Tell(command, TestActor);
        ExpectMsg("ok");
    }

    [Fact]
    public void A_single_timer_fires_once_and_is_then_inactive()
    {
        var clock = NewClock();
        Do(clock, "once a");
        clock.Tell("active", TestActor);
        ExpectMsg(true);
        Time.Advance(TimeSpan.FromMilliseconds(999));
        ExpectNoMsg(TimeSpan.FromMilliseconds(50));
        Time.Advance(TimeSpan.FromMilliseconds(1));
        ExpectMsg("a");
        clock.Tell("active", TestActor);
        ExpectMsg(false);
    }

    [Fact]
    public void A_timer_of_the_same_key_replaces_the_one_before()
    {
        var clock = NewClock();
        Do(clock, "once a");
        Do(clock, "once b");
        Time.Advance(TimeSpan.FromSeconds(2));
        ExpectMsg("b");
        ExpectNoMsg(TimeSpan.FromMilliseconds(50));
    }

    [Fact]
    public void A_periodic_timer_fires_each_period_until_cancelled()
    {
        var clock = NewClock();
        Do(clock, "every");
        for (var i = 0; i < 3; i++)
        {
            Time.Advance(TimeSpan.FromSeconds(1));
            ExpectMsg(1);
        }

        Do(clock, "cancel");
        Time.Advance(TimeSpan.FromSeconds(1));
        ExpectNoMsg(TimeSpan.FromMilliseconds(50));
    }

    [Fact]
    public void Timers_end_with_a_restart()
    {
        var clock = NewClock();
        Do(clock, "every");
        Do(clock, "once a");
        clock.Tell("fail", TestActor);
        clock.Tell("active", TestActor);
        ExpectMsg(false);
        Time.Advance(TimeSpan.FromSeconds(1));
        ExpectNoMsg(TimeSpan.FromMilliseconds(50));
    }

    [Fact]
    public void The_scheduler_tells_later_and_can_be_called_off()
    {
        Sys.Scheduler.ScheduleTellOnce(TimeSpan.FromSeconds(1), TestActor, "once", ActorRefs.NoSender);
        var repeated = Sys.Scheduler.ScheduleTellRepeatedlyCancelable(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), TestActor, "again", ActorRefs.NoSender);
        Time.Advance(TimeSpan.FromSeconds(1));
        ExpectMsgAllOf("once", "again");
        Time.Advance(TimeSpan.FromSeconds(1));
        ExpectMsg("again");
        repeated.Cancel();
        Time.Advance(TimeSpan.FromSeconds(1));
        ExpectNoMsg(TimeSpan.FromMilliseconds(50));
    }

    private sealed class Door : ReceiveActor, IWithStash
    {
        public IStash Stash { get; set; } = null!;

        public Door()
        {
            Receive<string>(static s => s == "open", _ =>
            {
                Become(Open);
                Stash.UnstashAll();
            });
            ReceiveAny(_ => Stash.Stash());
        }

        private void Open() => Receive<int>(n => Sender.Tell(n));
    }

    [Fact]
    public void Stashed_messages_come_back_in_order_before_later_ones()
    {
        var door = Sys.ActorOf<Door>();
        door.Tell(1, TestActor);
        door.Tell(2, TestActor);
        door.Tell("open", TestActor);
        door.Tell(3, TestActor);
        ExpectMsg(1);
        ExpectMsg(2);
        ExpectMsg(3);
    }

    private sealed class Twice : ReceiveActor, IWithUnboundedStash
    {
        public IStash Stash { get; set; } = null!;

        public Twice() => Receive<string>(_ =>
        {
            Stash.Stash();
            try
            {
                Stash.Stash();
                Sender.Tell("stashed twice");
            }
            catch (IllegalActorStateException)
            {
                Sender.Tell(Stash.Count);
            }
        });
    }

    [Fact]
    public void The_same_message_cannot_be_stashed_twice()
    {
        Sys.ActorOf<Twice>().Tell("x", TestActor);
        ExpectMsg(1);
    }
}

/// <summary>The scheduler under real time.</summary>
public sealed class RealSchedulerTests : PatientTestKit
{
    [Fact]
    public void A_message_is_not_early_and_not_very_late()
    {
        var start = Sys.Scheduler.MonotonicClock;
        Sys.Scheduler.ScheduleTellOnce(TimeSpan.FromMilliseconds(100), TestActor, "x", ActorRefs.NoSender);
        ExpectMsg("x");
        var took = Sys.Scheduler.MonotonicClock - start;
        Assert.InRange(took.TotalMilliseconds, 90, 2000);
    }

    [Fact]
    public void Many_timers_fire_in_the_order_of_their_deadlines()
    {
        var deadlines = new (TimeSpan Earliest, TimeSpan Latest)[21];
        for (var i = 20; i >= 1; i--)
        {
            // A deadline counts from within the call. Where this thread is held up between two calls, they may well change places.
            var (delay, before) = (TimeSpan.FromMilliseconds(i * 25), Sys.Scheduler.MonotonicClock);
            Sys.Scheduler.ScheduleTellOnce(delay, TestActor, i, ActorRefs.NoSender);
            deadlines[i] = (before + delay, Sys.Scheduler.MonotonicClock + delay);
        }
        var tick = TimeSpan.FromMilliseconds(10);
        var fired = Enumerable.Range(0, 20).Select(_ => ExpectMsg<int>(TimeSpan.FromSeconds(30))).ToList();
        Assert.Equal(Enumerable.Range(1, 20), fired.Order());
        for (var i = 0; i < fired.Count; i++)
        {
            Assert.All(fired.Skip(i + 1), later => Assert.True(
                deadlines[fired[i]].Earliest < deadlines[later].Latest + tick, $"timer {fired[i]} fired before timer {later}: {string.Join(' ', fired)}"));
        }
    }

    [Fact]
    public void A_cancelled_timer_does_not_fire()
    {
        var cancelable = Sys.Scheduler.ScheduleTellOnceCancelable(TimeSpan.FromMilliseconds(50), TestActor, "x", ActorRefs.NoSender);
        cancelable.Cancel();
        ExpectNoMsg(TimeSpan.FromMilliseconds(150));
        Assert.True(cancelable.IsCancellationRequested);
    }

    [Fact]
    public void Impossible_times_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Sys.Scheduler.ScheduleTellOnce(TimeSpan.FromMilliseconds(-1), TestActor, "x", ActorRefs.NoSender));
        Assert.Throws<ArgumentOutOfRangeException>(() => Sys.Scheduler.ScheduleTellRepeatedly(TimeSpan.Zero, TimeSpan.Zero, TestActor, "x", ActorRefs.NoSender));
    }
}
