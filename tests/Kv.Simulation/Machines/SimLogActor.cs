using Akka.Actor;
using Akka.Event;

namespace Kv.Simulation.Machines;

/// <summary>Puts a node's log into the trace. Runs where it is told, so that lines stand where they belong.</summary>
public sealed class SimLogActor : ReceiveActor
{
    /// <summary>Started by the system's event stream.</summary>
    public SimLogActor()
    {
        var config = Context.System.Settings.Config.GetString("akka.scheduler.process");
        var machine = SimProcess.Of(config).Machine;
        Receive<InitializeLogger>(_ => Sender.Tell(new LoggerInitialized()));
        Receive<LogEvent>(log => machine.World.Trace?.Write($"n{machine.Number} {log.LogLevel().ToString()[..4].ToUpperInvariant()} {log.Message}"));
    }
}
