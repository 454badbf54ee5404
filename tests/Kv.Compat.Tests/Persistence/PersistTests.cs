using System.Collections.Immutable;
using Akka.Actor;
using Akka.Persistence;

namespace Kv.Compat.Tests.Persistence;

public sealed class PersistTests() : PersistenceTest("akka.persistence.journal.steered.circuit-breaker.call-timeout = 300ms")
{
    private const string Steered = "akka.persistence.journal.steered";

    private async Task<IActorRef> Started(string persistenceId, string journal = Steered)
    {
        var actor = Scripted(persistenceId, journal);
        Assert.Equal("replay succeeded", await Probe.Next());
        Assert.Equal("recovered at 0", await Probe.Next());
        return actor;
    }

    [Fact]
    public async Task Handlers_run_in_call_order_with_the_number_of_their_event()
    {
        var actor = await Started("p");
        actor.Do(a =>
        {
            a.PersistAsync("a", e => a.Tell($"{e} {a.LastSequenceNr}"));
            a.PersistAllAsync(["b", "c"], e => a.Tell($"{e} {a.LastSequenceNr}"));
            a.DeferAsync("d", e => a.Tell($"{e} {a.LastSequenceNr}"));
            a.PersistAsync("e", e => a.Tell($"{e} {a.LastSequenceNr}"));
        });
        Assert.Equal(["a 1", "b 2", "c 3", "d 3", "e 4"], await Probe.Next<string>(5));
    }

    [Fact]
    public async Task PersistAll_is_one_atomic_write()
    {
        var actor = await Started("p");
        actor.Do(a => a.PersistAllAsync(["a", "b", "c"], e => a.Tell(e)));
        await Probe.Next<string>(3);
        var write = Assert.Single(Assert.Single(Steering.Writes));
        Assert.Equal((3, 1L, 3L, "p"), (write.Size, write.LowestSequenceNr, write.HighestSequenceNr, write.PersistenceId));
        var events = Assert.IsAssignableFrom<IImmutableList<IPersistentRepresentation>>(write.Payload);
        Assert.Equal(["a", "b", "c"], events.Select(e => e.Payload));
        Assert.All(events, e => Assert.True(e.Sender is null || e.Sender.IsNobody(), $"sender {e.Sender}"));
        Assert.Single(events.Select(e => e.WriterGuid).Distinct());
    }

    [Fact]
    public async Task An_empty_PersistAllAsync_is_refused()
    {
        var actor = await Started("p");
        actor.Do(a => a.Tell(Assert.Throws<ArgumentException>(() => a.PersistAllAsync(Array.Empty<string>(), _ => { })).GetType()));
        Assert.Equal(typeof(ArgumentException), await Probe.Next());
    }

    [Fact]
    public async Task DeferAsync_runs_at_once_when_nothing_is_pending()
    {
        var actor = await Started("p");
        actor.Do(a =>
        {
            a.DeferAsync("deferred", e => a.Tell(e));
            a.Tell("after");
        });
        Assert.Equal(["deferred", "after"], await Probe.Next<string>(2));
        Assert.Empty(Steering.Writes);
    }

    [Fact]
    public async Task Handlers_see_the_sender_of_the_command_that_persisted()
    {
        var actor = await Started("p");
        var (first, second) = (new Probe(System), new Probe(System));
        var gate = new TaskCompletionSource();
        Steering.OnWrite = async (_, _) =>
        {
            await gate.Task;
            return null;
        };
        actor.Do(a => a.PersistAsync("x", _ => { }));
        actor.Do(a => a.PersistAllAsync([1, 2], e => a.Asker.Tell($"first {e}")), first.Ref);
        actor.Do(a =>
        {
            a.PersistAsync(3, e => a.Asker.Tell($"second {e}"));
            a.DeferAsync(4, e => a.Asker.Tell($"second {e}"));
        }, second.Ref);
        gate.SetResult();
        Assert.Equal(["first 1", "first 2"], await first.Next<string>(2));
        Assert.Equal(["second 3", "second 4"], await second.Next<string>(2));
        Assert.Equal(actor, second.LastSender);
    }

    [Fact]
    public async Task What_gathers_during_a_write_goes_out_as_one()
    {
        var actor = await Started("p");
        var gate = new TaskCompletionSource();
        Steering.OnWrite = async (_, _) =>
        {
            await gate.Task;
            return null;
        };
        for (var i = 0; i < 10; i++)
        {
            var number = i;
            actor.Do(a => a.PersistAsync(number, e => a.Tell(e)));
        }

        actor.Tell("marker", ActorRefs.NoSender);
        Assert.Equal("command marker", await Probe.Next());        // all ten have been handled, and one write is out
        lock (Steering) Assert.Single(Steering.Writes);
        gate.SetResult();
        Assert.Equal(Enumerable.Range(0, 10), await Probe.Next<int>(10));
        Assert.Equal([1, 9], Steering.Writes.Select(write => write.Length));
    }

    [Fact]
    public async Task Persist_holds_commands_back_until_its_handler_has_run()
    {
        var actor = await Started("p");
        actor.Do(a =>
        {
            a.Persist("a", e => a.Tell($"handled {e}"));
            a.PersistAll(["b", "c"], e => a.Tell($"handled {e}"));
        });
        actor.Tell("first", ActorRefs.NoSender);
        actor.Tell("second", ActorRefs.NoSender);
        Assert.Equal(["handled a", "handled b", "handled c", "command first", "command second"], await Probe.Next<string>(5));
    }

    [Fact]
    public async Task Commands_held_back_by_Persist_keep_their_order_when_they_persist_too()
    {
        var actor = await Started("p");
        for (var i = 0; i < 5; i++)
        {
            var number = i;
            actor.Do(a =>
            {
                a.Tell($"command {number}");
                a.Persist(number, e => a.Tell($"persisted {e}"));
            });
        }

        var expected = Enumerable.Range(0, 5).SelectMany(i => new[] { $"command {i}", $"persisted {i}" });
        Assert.Equal(expected, await Probe.Next<string>(10));
    }

    [Fact]
    public async Task PersistAsync_lets_commands_go_on()
    {
        var actor = await Started("p");
        var gate = new TaskCompletionSource();
        Steering.OnWrite = async (_, _) =>
        {
            await gate.Task;
            return null;
        };
        actor.Do(a => a.PersistAsync("a", e => a.Tell($"handled {e}")));
        actor.Tell("next", ActorRefs.NoSender);
        Assert.Equal("command next", await Probe.Next());
        gate.SetResult();
        Assert.Equal("handled a", await Probe.Next());
    }

    [Fact]
    public async Task A_handler_may_persist_again()
    {
        var actor = await Started("p");
        actor.Do(a => a.PersistAsync(1, first => a.PersistAsync(first + 1, second => a.Tell(second))));
        Assert.Equal(2, await Probe.Next());
        actor.Do(a => a.Persist(3, third => a.Persist(third + 1, fourth => a.Tell(fourth))));
        Assert.Equal(4, await Probe.Next());
    }

    [Fact]
    public async Task A_failed_write_reports_and_stops_the_actor()
    {
        var actor = await Started("p");
        Probe.Watch(actor);
        Steering.OnWrite = (_, _) => Task.FromException<IImmutableList<Exception?>?>(new IOException("disk gone"));
        actor.Do(a =>
        {
            a.PersistAllAsync(["a", "b"], e => a.Tell($"handled {e}"));
            a.DeferAsync("c", e => a.Tell($"handled {e}"));
        });
        Assert.Equal("failed a at 1: IOException disk gone", await Probe.Next());
        Assert.Equal(actor, (await Probe.Next<Terminated>()).ActorRef);
    }

    [Fact]
    public async Task A_write_that_throws_before_it_returns_a_task_has_failed_too()
    {
        var actor = await Started("p");
        Probe.Watch(actor);
        Steering.OnWrite = (_, _) => throw new IOException("disk gone");
        actor.Do(a => a.Persist("a", e => a.Tell($"handled {e}")));
        Assert.Equal("failed a at 1: IOException disk gone", await Probe.Next());
        await Probe.Next<Terminated>();
    }

    [Fact]
    public async Task A_write_that_hangs_fails_after_the_call_timeout_and_has_its_token_set()
    {
        var actor = await Started("p");
        Probe.Watch(actor);
        var cancelled = new TaskCompletionSource();
        Steering.OnWrite = (_, token) =>
        {
            token.Register(() => cancelled.TrySetResult());
            return new TaskCompletionSource<IImmutableList<Exception?>?>().Task;
        };
        actor.Do(a => a.PersistAsync("a", e => a.Tell($"handled {e}")));
        Assert.StartsWith("failed a at 1: ", await Probe.Next<string>(), StringComparison.Ordinal);
        await Probe.Next<Terminated>();
        await cancelled.Task.WaitAsync(Probe.Patience);
    }

    [Fact]
    public async Task A_rejected_write_costs_its_numbers_and_the_actor_goes_on()
    {
        var actor = await Started("p");
        Steering.OnWrite = (writes, _) => Task.FromResult<IImmutableList<Exception?>?>(
            [.. writes.Select(write => write.LowestSequenceNr == 1 ? new InvalidDataException("not that") : null)]);
        actor.Do(a =>
        {
            a.PersistAllAsync(["a", "b"], e => a.Tell($"handled {e}"));
            a.PersistAsync("c", e => a.Tell($"handled {e} at {a.LastSequenceNr}"));
        });
        Assert.Equal(["rejected a at 1: not that", "rejected b at 2: not that", "handled c at 3"], await Probe.Next<string>(3));
    }

    [Fact]
    public async Task A_result_list_of_the_wrong_length_is_a_failure()
    {
        var actor = await Started("p");
        Probe.Watch(actor);
        Steering.OnWrite = (_, _) => Task.FromResult<IImmutableList<Exception?>?>([null, null]);
        actor.Do(a => a.PersistAsync("a", e => a.Tell($"handled {e}")));
        Assert.StartsWith("failed a at 1: IllegalStateException", await Probe.Next<string>(), StringComparison.Ordinal);
        await Probe.Next<Terminated>();
    }

    [Fact]
    public async Task Answers_leave_in_the_order_of_the_requests_though_writes_overlap()
    {
        var (slow, fast) = (await Started("slow"), await Started("fast"));
        var gate = new TaskCompletionSource();
        var second = new TaskCompletionSource();
        Steering.OnWrite = async (writes, _) =>
        {
            if (writes[0].PersistenceId == "slow") await gate.Task;
            else second.TrySetResult();
            return null;
        };
        slow.Do(a =>
        {
            a.PersistAsync("s", e => a.Tell(e));
            a.Tell("asked");
        });
        Assert.Equal("asked", await Probe.Next());
        while (true)
        {
            lock (Steering)
                if (Steering.Writes.Count > 0) break;
            await Task.Yield();
        }

        fast.Do(a => a.PersistAsync("f", e => a.Tell(e)));
        await second.Task.WaitAsync(Probe.Patience);               // both writes run at the same time
        gate.SetResult();
        Assert.Equal(["s", "f"], (await Probe.Next<string>(2)).Order().Reverse());
    }

    [Fact]
    public async Task A_handler_that_throws_restarts_the_actor_which_replays_everything_stored()
    {
        var actor = await Started("p");
        actor.Do(a => a.PersistAllAsync(["a", "b", "c"], e =>
        {
            a.Tell($"handled {e}");
            if (e == "b") throw new InvalidOperationException("broken");
        }));
        Assert.Equal(
            ["handled a", "handled b", "replayed a at 1", "replayed b at 2", "replayed c at 3", "replay succeeded", "recovered at 3"],
            await Probe.Next<string>(7));
        actor.Do(a => a.PersistAsync("d", e => a.Tell($"handled {e} at {a.LastSequenceNr}")));
        Assert.Equal("handled d at 4", await Probe.Next());
    }

    [Fact]
    public async Task Under_a_resuming_supervisor_the_other_handlers_of_the_write_still_run_before_later_commands()
    {
        var parent = System.ActorOf(Props.Create(() => new ResumingParent(Probe.Ref, Steered)));
        Assert.Equal(["replay succeeded", "recovered at 0"], await Probe.Next<string>(2));
        parent.Tell(new Action<ScriptedActor>(a =>
        {
            a.PersistAllAsync(["a", "b", "c"], e =>
            {
                a.Tell($"handled {e} at {a.LastSequenceNr}");
                if (e == "a") throw new InvalidOperationException("broken");
            });
            a.DeferAsync("d", e => a.Tell($"handled {e}"));
        }));
        Assert.Equal(["handled a at 1", "handled b at 2", "handled c at 3", "handled d"], await Probe.Next<string>(4));
        parent.Tell("next");
        Assert.Equal("command next", await Probe.Next());
    }

    [Fact]
    public async Task An_asynchronous_command_may_persist_and_holds_other_commands_back()
    {
        var actor = await Started("p");
        var gate = new TaskCompletionSource();
        actor.DoAsync(async a =>
        {
            await gate.Task;
            a.Persist("a", e => a.Tell($"handled {e}"));
            a.Tell("awaited");
        });
        actor.Tell("next", ActorRefs.NoSender);
        gate.SetResult();
        Assert.Equal(["awaited", "handled a", "command next"], await Probe.Next<string>(3));
    }

    private sealed class ResumingParent : ReceiveActor
    {
        public ResumingParent(IActorRef probe, string journal)
        {
            var child = Context.ActorOf(Props.Create(() => new ScriptedActor("resumed", probe, journal, null)));
            ReceiveAny(child.Forward);
        }

        protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(static _ => Directive.Resume);
    }
}
