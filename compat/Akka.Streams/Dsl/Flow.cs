using Akka.Streams.Implementation;

namespace Akka.Streams.Dsl;

/// <summary>A part of a stream with two open ends. A description: it runs when the stream is whole.</summary>
public sealed class Flow<TIn, TOut, TMat> : IGraph<FlowShape<TIn, TOut>, TMat>, IFlowGraph<TIn, TOut, TMat>
{
    private readonly FlowFactory<TIn, TOut, TMat> _build;

    internal Flow(FlowFactory<TIn, TOut, TMat> build) => _build = build;

    /// <summary>Goes on with another flow.</summary>
    public Flow<TIn, T2, TMat> Via<T2, TMat2>(IGraph<FlowShape<TOut, T2>, TMat2> flow) => ViaMaterialized(flow, Keep.Left);

    /// <summary>Goes on with another flow and combines what both hand out.</summary>
    public Flow<TIn, TOut2, TMat3> ViaMaterialized<TOut2, TMat2, TMat3>(IGraph<FlowShape<TOut, TOut2>, TMat2> flow, Func<TMat, TMat2, TMat3> combine)
    {
        var below = Graphs.Of(flow);
        return new Flow<TIn, TOut2, TMat3>((Builder builder, Edge<TIn> input, out Edge<TOut2> output) =>
        {
            var left = _build(builder, input, out var edge);
            var right = below.Build(builder, edge, out output);
            return combine(left, right);
        });
    }

    /// <summary>Ends in a sink.</summary>
    public Sink<TIn, TMat> To<TMat2>(IGraph<SinkShape<TOut>, TMat2> sink) => ToMaterialized(sink, Keep.Left);

    /// <summary>Ends in a sink and combines what both hand out.</summary>
    public Sink<TIn, TMat3> ToMaterialized<TMat2, TMat3>(IGraph<SinkShape<TOut>, TMat2> sink, Func<TMat, TMat2, TMat3> combine)
    {
        var below = Graphs.Of(sink);
        return new Sink<TIn, TMat3>((builder, input) =>
        {
            var left = _build(builder, input, out var edge);
            return combine(left, below.Build(builder, edge));
        });
    }

    /// <summary>Begins and ends it, and runs the stream; returns what both ends hand out.</summary>
    public (TMat1, TMat2) RunWith<TMat1, TMat2>(IGraph<SourceShape<TIn>, TMat1> source, IGraph<SinkShape<TOut>, TMat2> sink, IMaterializer materializer)
    {
        var above = Graphs.Of(source);
        var below = Graphs.Of(sink);
        return new RunnableGraph<(TMat1, TMat2)>(builder =>
        {
            var first = above.Build(builder, out var input);
            _build(builder, input, out var output);
            return (first, below.Build(builder, output));
        }).Run(materializer);
    }

    /// <summary>Hands out something else.</summary>
    public Flow<TIn, TOut, TMat2> MapMaterializedValue<TMat2>(Func<TMat, TMat2> mapFunc) =>
        new((Builder builder, Edge<TIn> input, out Edge<TOut> output) => mapFunc(_build(builder, input, out output)));

    /// <summary>With attributes for all its stages.</summary>
    public Flow<TIn, TOut, TMat> WithAttributes(Attributes attributes) => new((Builder builder, Edge<TIn> input, out Edge<TOut> output) =>
    {
        var outer = Graphs.Enter(builder, attributes);
        var value = _build(builder, input, out output);
        builder.Decider = outer;
        return value;
    });

    /// <summary>With further attributes for all its stages.</summary>
    public Flow<TIn, TOut, TMat> AddAttributes(Attributes attributes) => WithAttributes(attributes);

    /// <summary>With a name.</summary>
    public Flow<TIn, TOut, TMat> Named(string name) => AddAttributes(Attributes.CreateName(name));

    TMat IFlowGraph<TIn, TOut, TMat>.Build(Builder builder, Edge<TIn> input, out Edge<TOut> output) => _build(builder, input, out output);

    internal Flow<TIn, TOut2, TMat> Add<TOut2>(Func<Builder, FlowStage<TOut, TOut2>> stage) =>
        new((Builder builder, Edge<TIn> input, out Edge<TOut2> output) =>
        {
            var value = _build(builder, input, out var edge);
            output = builder.Flow(edge, stage(builder));
            return value;
        });
}

/// <summary>Makes flows.</summary>
public static class Flow
{
    /// <summary>Passes elements on: where to begin.</summary>
    public static Flow<T, T, NotUsed> Create<T>() => new(static (Builder _, Edge<T> input, out Edge<T> output) =>
    {
        output = input;
        return NotUsed.Instance;
    });

    /// <summary>Passes elements on.</summary>
    public static Flow<T, T, NotUsed> Identity<T>() => Create<T>();

    /// <summary>Maps elements.</summary>
    public static Flow<TIn, TOut, NotUsed> FromFunction<TIn, TOut>(Func<TIn, TOut> function) => Create<TIn>().Select(function);

    /// <summary>A graph as a flow.</summary>
    public static Flow<TIn, TOut, TMat> FromGraph<TIn, TOut, TMat>(IGraph<FlowShape<TIn, TOut>, TMat> graph) =>
        graph as Flow<TIn, TOut, TMat> ?? new Flow<TIn, TOut, TMat>(Graphs.Of(graph).Build);
}
