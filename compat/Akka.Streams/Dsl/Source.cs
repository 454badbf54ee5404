using Akka.Actor;
using Akka.Streams.Implementation;

namespace Akka.Streams.Dsl;

/// <summary>The beginning of a stream, with one open end where elements come out. A description: it runs when it is whole.</summary>
public sealed class Source<TOut, TMat> : IGraph<SourceShape<TOut>, TMat>, ISourceGraph<TOut, TMat>
{
    private readonly SourceFactory<TOut, TMat> _build;

    internal Source(SourceFactory<TOut, TMat> build) => _build = build;

    /// <summary>Goes on with a flow.</summary>
    public Source<T2, TMat> Via<T2, TMat2>(IGraph<FlowShape<TOut, T2>, TMat2> flow) => ViaMaterialized(flow, Keep.Left);

    /// <summary>Goes on with a flow and combines what both hand out.</summary>
    public Source<TOut2, TMat3> ViaMaterialized<TOut2, TMat2, TMat3>(IGraph<FlowShape<TOut, TOut2>, TMat2> flow, Func<TMat, TMat2, TMat3> combine)
    {
        var below = Graphs.Of(flow);
        return new Source<TOut2, TMat3>((Builder builder, out Edge<TOut2> output) =>
        {
            var left = _build(builder, out var edge);
            var right = below.Build(builder, edge, out output);
            return combine(left, right);
        });
    }

    /// <summary>Ends in a sink.</summary>
    public IRunnableGraph<TMat> To<TMat2>(IGraph<SinkShape<TOut>, TMat2> sink) => ToMaterialized(sink, Keep.Left);

    /// <summary>Ends in a sink and combines what both hand out.</summary>
    public IRunnableGraph<TMat3> ToMaterialized<TMat2, TMat3>(IGraph<SinkShape<TOut>, TMat2> sink, Func<TMat, TMat2, TMat3> combine)
    {
        var below = Graphs.Of(sink);
        return new RunnableGraph<TMat3>(builder =>
        {
            var left = _build(builder, out var edge);
            return combine(left, below.Build(builder, edge));
        });
    }

    /// <summary>Ends in a sink and runs; returns what the sink hands out.</summary>
    public TMat2 RunWith<TMat2>(IGraph<SinkShape<TOut>, TMat2> sink, IMaterializer materializer) =>
        ToMaterialized(sink, Keep.Right).Run(materializer);

    /// <summary>Ends in a sink and runs as long as the system lives.</summary>
    public TMat2 RunWith<TMat2>(IGraph<SinkShape<TOut>, TMat2> sink, ActorSystem materializer) => RunWith(sink, materializer.Materializer());

    /// <summary>Runs an action for each element.</summary>
    public Task RunForeach(Action<TOut> action, IMaterializer materializer) => RunWith(Sink.ForEach(action), materializer);

    /// <summary>Runs an action for each element.</summary>
    public Task RunForeach(Action<TOut> action, ActorSystem materializer) => RunForeach(action, materializer.Materializer());

    /// <summary>Adds all elements up.</summary>
    public Task<TOut2> RunAggregate<TOut2>(TOut2 zero, Func<TOut2, TOut, TOut2> aggregate, IMaterializer materializer) =>
        RunWith(Sink.Aggregate(zero, aggregate), materializer);

    /// <summary>Adds all elements up.</summary>
    public Task<TOut2> RunAggregate<TOut2>(TOut2 zero, Func<TOut2, TOut, TOut2> aggregate, ActorSystem materializer) =>
        RunAggregate(zero, aggregate, materializer.Materializer());

    /// <summary>Hands out something else.</summary>
    public Source<TOut, TMat2> MapMaterializedValue<TMat2>(Func<TMat, TMat2> mapFunc) =>
        new((Builder builder, out Edge<TOut> output) => mapFunc(_build(builder, out output)));

    /// <summary>With attributes for all its stages.</summary>
    public Source<TOut, TMat> WithAttributes(Attributes attributes) => new((Builder builder, out Edge<TOut> output) =>
    {
        var outer = Graphs.Enter(builder, attributes);
        var value = _build(builder, out output);
        builder.Decider = outer;
        return value;
    });

    /// <summary>With further attributes for all its stages.</summary>
    public Source<TOut, TMat> AddAttributes(Attributes attributes) => WithAttributes(attributes);

    /// <summary>With a name.</summary>
    public Source<TOut, TMat> Named(string name) => AddAttributes(Attributes.CreateName(name));

    TMat ISourceGraph<TOut, TMat>.Build(Builder builder, out Edge<TOut> output) => _build(builder, out output);

    internal Source<TOut2, TMat> Add<TOut2>(Func<Builder, FlowStage<TOut, TOut2>> stage) =>
        new((Builder builder, out Edge<TOut2> output) =>
        {
            var value = _build(builder, out var edge);
            output = builder.Flow(edge, stage(builder));
            return value;
        });
}
