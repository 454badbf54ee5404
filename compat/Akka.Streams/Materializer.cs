using System.Runtime.CompilerServices;
using Akka.Actor;
using Akka.Streams.Implementation;

namespace Akka.Streams;

/// <summary>Runs descriptions of streams.</summary>
public interface IMaterializer
{
    /// <summary>Runs a stream.</summary>
    /// <returns>What its parts hand out.</returns>
    TMat Materialize<TMat>(IGraph<ClosedShape, TMat> runnable);
}

/// <summary>Runs streams as long as an actor, or the actor system, lives. When it ends, so do they: abruptly.</summary>
public abstract class ActorMaterializer : IMaterializer, IDisposable
{
    /// <summary>The actor whose end is the end of the streams.</summary>
    public abstract IActorRef Supervisor { get; }

    /// <summary>The system.</summary>
    public abstract ActorSystem System { get; }

    /// <summary>Whether nothing can be run any more.</summary>
    public abstract bool IsShutdown { get; }

    /// <summary>For streams that live as long as the actor of <paramref name="context"/>, or as the actor system.</summary>
    public static ActorMaterializer Create(IActorRefFactory context, ActorMaterializerSettings settings = null, string namePrefix = null) =>
        new SupervisedMaterializer(context);

    /// <inheritdoc/>
    public abstract TMat Materialize<TMat>(IGraph<ClosedShape, TMat> runnable);

    /// <summary>Ends all streams.</summary>
    public abstract void Shutdown();

    /// <summary>Ends all streams.</summary>
    public void Dispose() => Shutdown();
}

/// <summary>Settings of a materializer; this stand-in has none.</summary>
public sealed class ActorMaterializerSettings
{
    internal ActorMaterializerSettings()
    {
    }
}

/// <summary><c>system.Materializer()</c> and <c>Context.Materializer()</c>.</summary>
public static class ActorMaterializerExtensions
{
    private static readonly ConditionalWeakTable<ActorSystem, ActorMaterializer> OfSystems = [];

    /// <summary>The system's one materializer, or a new one for an actor.</summary>
    public static ActorMaterializer Materializer(this IActorRefFactory context, ActorMaterializerSettings settings = null, string namePrefix = null)
    {
        if (context is not ActorSystem system) return ActorMaterializer.Create(context, settings, namePrefix);
        lock (OfSystems)
        {
            if (OfSystems.TryGetValue(system, out var known) && !known.IsShutdown) return known;
            var made = ActorMaterializer.Create(system, settings, namePrefix);
            OfSystems.AddOrUpdate(system, made);
            return made;
        }
    }
}
