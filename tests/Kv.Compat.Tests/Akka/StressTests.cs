using Akka.Actor;
using Kv.Testing;
using Xunit;

namespace Kv.Compat.Tests.AkkaCore;

/// <summary>Races between threads: no message may be lost, handled twice or left in a mailbox that nobody runs.</summary>
public sealed class StressTests : PatientTestKit
{

    public StressTests()
        : base("akka.loglevel = OFF\nakka.stdout-loglevel = OFF")
    {
    }

    private sealed class Fragile : ReceiveActor
    {
        public Fragile(int count, TaskCompletionSource<int> done, StrongCount seen) => ReceiveAsync<int>(async i =>
        {
            if (i % 7 == 0) await Task.Yield();
            if (seen.Increment() == count) done.TrySetResult(count);
            if (i % 5 == 0) throw new InvalidOperationException("again");
        });
    }

    /// <summary>Outlives restarts.</summary>
    private sealed class StrongCount
    {
        private int _value;

        public int Increment() => Interlocked.Increment(ref _value);
    }

    private sealed class Lenient(Directive directive) : ReceiveActor
    {
        protected override void PreStart() => Receive();

        private void Receive() => Become(() => Receive<Props>(p => Sender.Tell(Context.ActorOf(p))));

        protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => directive);
    }

    [Theory]
    [InlineData(Directive.Resume)]
    [InlineData(Directive.Restart)]
    public async Task Failing_and_awaiting_all_the_time_loses_no_message(Directive directive)
    {
        const int senders = 4;
        const int each = 1000;
        var done = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        var seen = new StrongCount();
        var supervisor = Sys.ActorOf(Props.Create(() => new Lenient(directive)));
        var actor = await supervisor.Ask<IActorRef>(Props.Create(() => new Fragile(senders * each, done, seen)), Patience);
        await Task.WhenAll(Enumerable.Range(0, senders).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < each; i++) actor.Tell(i, ActorRefs.NoSender);
        })));
        Assert.Equal(senders * each, await done.Task.WaitAsync(Patience));
    }

    private sealed class Awaits : ReceiveActor
    {
        public Awaits(int count, TaskEnder ender, TaskCompletionSource done)
        {
            var seen = 0;
            ReceiveAsync<int>(_ =>
            {
                if (++seen == count) done.TrySetResult();
                return ender.Next();
            });
        }

        protected override void PreRestart(Exception reason, object message) => throw new InvalidOperationException("restarted", reason);
    }

    /// <summary>A handler that ended between two looks at it was taken for a failed one.</summary>
    [Fact]
    public async Task A_handler_that_ends_while_it_is_looked_at_has_not_failed()
    {
        const int count = 20_000;
        using var ender = new TaskEnder();
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var actor = Sys.ActorOf(Props.Create(() => new Awaits(count, ender, done)));
        for (var i = 0; i < count; i++) actor.Tell(i, ActorRefs.NoSender);
        await done.Task.WaitAsync(Patience);
    }

    private sealed class Short : ReceiveActor
    {
        public Short() => ReceiveAny(static _ => { });
    }

    private sealed class CountsEnds : ReceiveActor
    {
        private int _left;

        public CountsEnds(IActorRef[] subjects, TaskCompletionSource done)
        {
            _left = subjects.Length;
            foreach (var subject in subjects) Context.Watch(subject);
            Receive<Terminated>(_ =>
            {
                if (--_left == 0) done.TrySetResult();
                if (_left < 0) done.TrySetException(new InvalidOperationException("an end was told twice"));
            });
        }
    }

    [Fact]
    public async Task Every_watcher_hears_of_every_end_however_they_race()
    {
        const int seed = 7;
        var random = new Random(seed);
        for (var round = 0; round < 20; round++)
        {
            var subjects = Enumerable.Range(0, 50).Select(_ => Sys.ActorOf<Short>()).ToArray();
            var dones = Enumerable.Range(0, 4).Select(_ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).ToArray();
            var stopping = Task.Run(() =>
            {
                foreach (var subject in subjects)
                {
                    if (random.Next(2) == 0) Sys.Stop(subject);
                    else subject.Tell(PoisonPill.Instance, ActorRefs.NoSender);
                }
            });
            foreach (var done in dones) Sys.ActorOf(Props.Create(() => new CountsEnds(subjects, done)));
            await stopping;
            try
            {
                await Task.WhenAll(dones.Select(static d => d.Task)).WaitAsync(Patience);
            }
            catch (TimeoutException)
            {
                Assert.Fail($"round {round}, seed {seed}: an end was not told");
            }
        }
    }

    [Fact]
    public async Task Asks_from_many_threads_all_get_their_own_answer()
    {
        var echo = Sys.ActorOf(Props.Create(() => new Echo()));
        await Task.WhenAll(Enumerable.Range(0, 8).Select(t => Task.Run(async () =>
        {
            for (var i = 0; i < 500; i++) Assert.Equal((t * 1000) + i, await echo.Ask<int>((t * 1000) + i, Patience));
        })));
    }

    private sealed class Echo : ReceiveActor
    {
        public Echo() => Receive<int>(i => Sender.Tell(i));
    }

    private sealed class Family : ReceiveActor
    {
        public Family(int depth)
        {
            if (depth == 0) return;
            for (var i = 0; i < 3; i++) Context.ActorOf(Props.Create(() => new Family(depth - 1)), "child" + i);
        }
    }

    [Fact]
    public async Task A_deep_tree_stops_from_the_top_even_while_it_is_being_made()
    {
        for (var i = 0; i < 10; i++)
        {
            var top = Sys.ActorOf(Props.Create(() => new Family(4)));
            Assert.True(await top.GracefulStop(Patience));
        }
    }
}
