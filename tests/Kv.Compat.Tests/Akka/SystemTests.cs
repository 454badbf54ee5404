using Akka;
using Akka.Actor;
using Akka.Configuration;
using Kv.Testing;
using Xunit;

namespace Kv.Compat.Tests.AkkaCore;

/// <summary>Starting and stopping: set-ups, extensions, coordinated shutdown.</summary>
public sealed class SystemTests
{

    private sealed class Counter : IExtension
    {
        public int Value { get; set; }
    }

    private sealed class CounterId : ExtensionIdProvider<Counter>
    {
        public static readonly CounterId Instance = new();

        public override Counter CreateExtension(ExtendedActorSystem system) => new();
    }

    [Fact]
    public async Task A_system_has_one_extension_of_a_kind()
    {
        var system = ActorSystem.Create("extensions");
        Assert.False(system.HasExtension<Counter>());
        Assert.Null(CounterId.Instance.Get(system));
        CounterId.Instance.Apply(system).Value = 5;
        Assert.Equal(5, CounterId.Instance.Get(system).Value);
        Assert.True(system.HasExtension<Counter>());
        Assert.Equal(5, system.GetExtension<Counter>().Value);
        await system.Terminate().WaitAsync(PatientTestKit.Patience);
    }

    [Fact]
    public async Task Terminate_runs_every_phase_then_stops_actors_then_callbacks()
    {
        var steps = new System.Collections.Concurrent.ConcurrentQueue<string>();
        var system = ActorSystem.Create("stopping", BootstrapSetup.Create().WithConfig("x.y = 3"));
        Assert.Equal(3, system.Settings.Config.GetInt("x.y"));
        Assert.Equal("INFO", system.Settings.Config.GetString("akka.loglevel"));
        var shutdown = CoordinatedShutdown.Get(system);
        foreach (var phase in new[] { CoordinatedShutdown.PhaseServiceStop, CoordinatedShutdown.PhaseBeforeServiceUnbind, CoordinatedShutdown.PhaseServiceUnbind })
        {
            shutdown.AddTask(phase, phase, () =>
            {
                steps.Enqueue(phase);
                return Task.FromResult(Done.Instance);
            });
        }

        system.ActorOf(Props.Create(() => new Last(steps)));
        system.RegisterOnTermination(() => steps.Enqueue("callback"));
        await system.Terminate().WaitAsync(PatientTestKit.Patience);
        Assert.True(system.WhenTerminated.IsCompletedSuccessfully);
        Assert.Equal(["before-service-unbind", "service-unbind", "service-stop", "actor", "callback"], steps);
        Assert.Equal(CoordinatedShutdown.ActorSystemTerminateReason.Instance, shutdown.ShutdownReason);
    }

    private sealed class Last(System.Collections.Concurrent.ConcurrentQueue<string> steps) : ReceiveActor
    {
        protected override void PostStop() => steps.Enqueue("actor");
    }

    [Fact]
    public async Task Run_is_done_once_and_a_task_that_fails_or_hangs_does_not_hold_it_up()
    {
        var system = ActorSystem.Create("phases", "akka.coordinated-shutdown.default-phase-timeout = 100ms\nakka.stdout-loglevel = OFF\nakka.loglevel = OFF");
        var shutdown = CoordinatedShutdown.Get(system);
        var runs = 0;
        shutdown.AddTask(CoordinatedShutdown.PhaseServiceUnbind, "fails", static () => throw new InvalidOperationException("failed"));
        shutdown.AddTask(CoordinatedShutdown.PhaseServiceStop, "hangs", static () => new TaskCompletionSource<Done>().Task);
        shutdown.AddTask(CoordinatedShutdown.PhaseBeforeActorSystemTerminate, "counts", () =>
        {
            Interlocked.Increment(ref runs);
            return Task.FromResult(Done.Instance);
        });
        CoordinatedShutdown.Reason reason = CoordinatedShutdown.ClrExitReason.Instance;
        var first = shutdown.Run(reason);
        var second = shutdown.Run(CoordinatedShutdown.UnknownReason.Instance);
        await Task.WhenAll(first, second).WaitAsync(PatientTestKit.Patience);
        Assert.Equal(1, runs);
        Assert.Same(reason, shutdown.ShutdownReason);
        await system.WhenTerminated.WaitAsync(PatientTestKit.Patience);
        Assert.Throws<Akka.Configuration.ConfigurationException>(() => shutdown.AddTask("no-such-phase", "x", static () => Task.FromResult(Done.Instance)));
    }

    [Theory]
    [InlineData("-bad")]
    [InlineData("with space")]
    public void A_system_name_must_be_plain(string name) => Assert.Throws<ArgumentException>(() => ActorSystem.Create(name));

    [Fact]
    public async Task A_failure_in_a_phase_without_recovery_ends_the_run_and_the_system_lives_until_it_is_terminated()
    {
        var system = ActorSystem.Create("guarded", """
            akka {
              stdout-loglevel = OFF
              loglevel = OFF
              coordinated-shutdown {
                run-by-actor-system-terminate = off
                phases.before-service-unbind.recover = off
              }
            }
            """);
        var shutdown = CoordinatedShutdown.Get(system);
        shutdown.AddTask(CoordinatedShutdown.PhaseBeforeServiceUnbind, "refuses", static () => Task.FromException<Done>(new InvalidOperationException("refused")));
        var later = 0;
        shutdown.AddTask(CoordinatedShutdown.PhaseServiceUnbind, "counts", () =>
        {
            Interlocked.Increment(ref later);
            return Task.FromResult(Done.Instance);
        });
        await Assert.ThrowsAnyAsync<Exception>(() => shutdown.Run(CoordinatedShutdown.ClrExitReason.Instance).WaitAsync(PatientTestKit.Patience));
        Assert.Equal((0, false), (later, system.WhenTerminated.IsCompleted));
        await system.Terminate().WaitAsync(PatientTestKit.Patience);
    }

    [Fact]
    public async Task System_actors_live_below_their_own_guardian()
    {
        var system = (ExtendedActorSystem)ActorSystem.Create("guardians");
        var actor = system.SystemActorOf(Props.Create(() => new Last(new System.Collections.Concurrent.ConcurrentQueue<string>())), "mine");
        Assert.Equal("akka://guardians/system/mine", actor.Path.ToString());
        Assert.Equal(actor, system.Provider.ResolveActorRef(actor.Path));
        await system.Terminate().WaitAsync(PatientTestKit.Patience);
    }
}
