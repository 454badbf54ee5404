using Kv.Actors.Model;
using Kv.Simulation.Machines;

namespace Kv.Simulation;

/// <summary>What a seed makes of a world: sizes and times, drawn once and printed with a failure.</summary>
/// <param name="Seed">Where all chance comes from.</param>
/// <param name="Plan">What all seeds of a run have in common.</param>
/// <param name="SegmentBytes">Size of a log segment: small, so that logs roll and are removed.</param>
/// <param name="CheckpointEntries">Entries after which a checkpoint is due.</param>
/// <param name="KeptEntries">Applied entries that the log keeps in memory.</param>
/// <param name="LogLevel">Of the nodes: OFF, unless somebody reads a trace.</param>
/// <param name="StrictReconfigCheck">Whether members refuse changes that endanger the quorum.</param>
/// <param name="MaxLearners">Learners at a time.</param>
internal sealed record SimSetup(
    ulong Seed, SimPlan Plan, int SegmentBytes, int CheckpointEntries, int KeptEntries, string LogLevel, bool StrictReconfigCheck, int MaxLearners)
{
    /// <summary>Draws one.</summary>
    public static SimSetup Draw(ulong seed, SimPlan plan, Prng random) => new(
        seed,
        plan,
        SegmentBytes: 4096 << random.NextInt(5),
        CheckpointEntries: 20 << random.NextInt(6),
        KeptEntries: 5 << random.NextInt(6),
        LogLevel: "OFF",
        StrictReconfigCheck: random.NextBool(0.5),
        MaxLearners: random.NextInt(1, 3));

    /// <summary>HOCON of a process, the strongest first.</summary>
    public IReadOnlyList<string> HoconOf(SimProcess process) =>
    [
        process.Machine.World.PlantedHocon,
        $$"""
        akka {
          loglevel = {{LogLevel}}
          stdout-loglevel = OFF
          loggers = [{{(LogLevel == "OFF" ? "" : "\"Kv.Simulation.Machines.SimLogActor, Kv.Simulation\"")}}]
          loggers-dispatcher = "akka.test.calling-thread-dispatcher"
          test.calling-thread-dispatcher {
            type = "Akka.TestKit.CallingThreadDispatcherConfigurator, Akka.TestKit"
          }
          scheduler {
            implementation = "Kv.Simulation.Machines.SimTimers, Kv.Simulation"
            process = "{{process.Id}}"
          }
          coordinated-shutdown.run-by-actor-system-terminate = off
          actor {
            default-dispatcher {
              type = "Kv.Simulation.Machines.SimDispatcherConfigurator, Kv.Simulation"
              process = "{{process.Id}}"
            }
            internal-dispatcher = "akka.actor.default-dispatcher"
            default-blocking-io-dispatcher = "akka.actor.default-dispatcher"
          }
          stream.materializer.dispatcher = "akka.actor.stream-dispatcher"
          actor.stream-dispatcher {
            type = "Kv.Simulation.Machines.SimDispatcherConfigurator, Kv.Simulation"
            process = "{{process.Id}}"
            tasks = on
          }
          persistence.dispatchers {
            default-plugin-dispatcher = "akka.actor.default-dispatcher"
            default-replay-dispatcher = "akka.actor.default-dispatcher"
          }
        }
        kv {
          name = "n{{process.Machine.Number}}"
          data-dir = "/n{{process.Machine.Number}}"
          peer.listen-urls = []
          peer.snapshot-chunk-bytes = 4096
          peer.advertise-urls = ["{{process.Machine.Url}}"]
          cluster {
            initial-members = [{{string.Join(", ", process.Machine.InitialMembers.Select(static n => $"\"n{n}={SimRoutes.UrlOf(n)}\""))}}]
            initial-state = {{(process.Machine.Founds ? "new" : "existing")}}
            strict-reconfig-check = {{(StrictReconfigCheck ? "on" : "off")}}
            max-learners = {{MaxLearners}}
          }
          node-dispatcher = "akka.actor.default-dispatcher"
          persistence.journal-dispatcher = "akka.actor.default-dispatcher"
          persistence.journal {
            segment-bytes = {{SegmentBytes}}
            first-segment-bytes = 4096
            circuit-breaker.call-timeout = 1h
          }
          raft {
            kept-entries = {{KeptEntries}}
            checkpoint-max-entries = {{CheckpointEntries}}
          }
        }
        """,
    ];
}
