using Akka;
using Akka.Actor;

namespace Kv.Actors.Node;

/// <summary>Keeps a member up that meets another whose certificate it does not take.</summary>
/// <remarks>
/// Akka.Remote runs the coordinated shutdown when the TLS handshake of a connection of its own fails: one member with an expired
/// certificate would end all the others, and so would whoever answers on a lost member's port. Here the first phase fails unless the
/// node itself asked for the shutdown, and a phase without recovery ends the run: nothing is stopped, and the connection is tried again.
/// </remarks>
internal static class HandshakeGuard
{
    /// <summary>What it rests on: the first phase may fail, and the system's own end does not wait for a run that was cut short.</summary>
    public const string Hocon = """
        akka.coordinated-shutdown {
          run-by-actor-system-terminate = off
          phases.before-service-unbind.recover = off
        }
        """;

    /// <summary>Guards a system that was started with <see cref="Hocon"/>.</summary>
    public static void Protect(ActorSystem system)
    {
        var shutdown = CoordinatedShutdown.Get(system);
        shutdown.AddTask(CoordinatedShutdown.PhaseBeforeServiceUnbind, "only-when-asked", () => shutdown.ShutdownReason is CoordinatedShutdown.ActorSystemTerminateReason
            ? Task.FromResult(Done.Instance)
            : Task.FromException<Done>(new InvalidOperationException($"the node did not ask for it, {shutdown.ShutdownReason} did")));
    }

    /// <summary>Stops a guarded system: in order, or at once if a run was cut short before.</summary>
    public static async Task StopAsync(ActorSystem system)
    {
        var shutdown = CoordinatedShutdown.Get(system);
        var run = shutdown.Run(CoordinatedShutdown.ActorSystemTerminateReason.Instance);
        if (shutdown.ShutdownReason is CoordinatedShutdown.ActorSystemTerminateReason)
        {
            await run.ConfigureAwait(false);
        }
        await system.Terminate().ConfigureAwait(false);
    }
}
