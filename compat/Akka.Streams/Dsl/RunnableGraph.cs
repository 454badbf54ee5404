using Akka.Actor;
using Akka.Streams.Implementation;

namespace Akka.Streams.Dsl;

/// <summary>A whole stream, to be run any number of times.</summary>
public interface IRunnableGraph<out TMat> : IGraph<ClosedShape, TMat>
{
    /// <summary>Runs it.</summary>
    TMat Run(IMaterializer materializer);

    /// <summary>Runs it as long as the system lives.</summary>
    TMat Run(ActorSystem actorSystem);

    /// <summary>Hands out something else.</summary>
    IRunnableGraph<TMat2> MapMaterializedValue<TMat2>(Func<TMat, TMat2> func);

    /// <summary>With attributes for all stages.</summary>
    IRunnableGraph<TMat> WithAttributes(Attributes attributes);

    /// <summary>With further attributes for all stages.</summary>
    IRunnableGraph<TMat> AddAttributes(Attributes attributes);

    /// <summary>With a name.</summary>
    IRunnableGraph<TMat> Named(string name);
}

/// <summary>A whole stream, to be run any number of times.</summary>
public sealed class RunnableGraph<TMat> : IRunnableGraph<TMat>, IClosedGraph<TMat>
{
    private readonly Func<Builder, TMat> _build;

    internal RunnableGraph(Func<Builder, TMat> build) => _build = build;

    /// <inheritdoc/>
    public TMat Run(IMaterializer materializer) => materializer.Materialize(this);

    /// <inheritdoc/>
    public TMat Run(ActorSystem actorSystem) => Run(actorSystem.Materializer());

    /// <inheritdoc/>
    public IRunnableGraph<TMat2> MapMaterializedValue<TMat2>(Func<TMat, TMat2> func) =>
        new RunnableGraph<TMat2>(builder => func(_build(builder)));

    /// <inheritdoc/>
    public IRunnableGraph<TMat> WithAttributes(Attributes attributes) => new RunnableGraph<TMat>(builder =>
    {
        var outer = Graphs.Enter(builder, attributes);
        var value = _build(builder);
        builder.Decider = outer;
        return value;
    });

    /// <inheritdoc/>
    public IRunnableGraph<TMat> AddAttributes(Attributes attributes) => WithAttributes(attributes);

    /// <inheritdoc/>
    public IRunnableGraph<TMat> Named(string name) => AddAttributes(Attributes.CreateName(name));

    TMat IClosedGraph<TMat>.Build(Builder builder) => _build(builder);
}
