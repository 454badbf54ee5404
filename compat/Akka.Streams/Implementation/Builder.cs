using Akka.Streams.Supervision;

namespace Akka.Streams.Implementation;

/// <summary>Makes the running stages of one stream from its description, from the source down.</summary>
internal sealed class Builder(Interpreter interpreter, ActorMaterializer materializer)
{
    /// <summary>What the innermost attributes say about failures of a stage's function.</summary>
    public Decider Decider { get; set; } = Deciders.StoppingDecider;

    public ActorMaterializer Materializer { get; } = materializer;

    public Edge<TOut> Source<TOut>(SourceStage<TOut> stage)
    {
        interpreter.Add(stage);
        return stage.Out = Below<TOut>(stage);
    }

    public Edge<TOut> Flow<TIn, TOut>(Edge<TIn> input, FlowStage<TIn, TOut> stage)
    {
        interpreter.Add(stage);
        Above(input, stage);
        return stage.Out = Below<TOut>(stage);
    }

    public void Sink<TIn>(Edge<TIn> input, SinkStage<TIn> stage)
    {
        interpreter.Add(stage);
        Above(input, stage);
    }

    private static void Above<TIn>(Edge<TIn> input, Stage<TIn> stage)
    {
        stage.In = input;
        input.Consumer = stage;
        stage.PortOpened();
    }

    private Edge<TOut> Below<TOut>(Stage stage)
    {
        stage.PortOpened();
        return new Edge<TOut> { Interpreter = interpreter, Producer = stage };
    }
}

/// <summary>Makes a source's stages and says where its elements come out.</summary>
internal delegate TMat SourceFactory<TOut, out TMat>(Builder builder, out Edge<TOut> output);

/// <summary>Makes a flow's stages behind an edge and says where its elements come out.</summary>
internal delegate TMat FlowFactory<TIn, TOut, out TMat>(Builder builder, Edge<TIn> input, out Edge<TOut> output);

/// <summary>Makes a sink's stages behind an edge.</summary>
internal delegate TMat SinkFactory<TIn, out TMat>(Builder builder, Edge<TIn> input);

/// <summary>A description of a source.</summary>
internal interface ISourceGraph<TOut, out TMat>
{
    TMat Build(Builder builder, out Edge<TOut> output);
}

/// <summary>A description of a flow.</summary>
internal interface IFlowGraph<TIn, TOut, out TMat>
{
    TMat Build(Builder builder, Edge<TIn> input, out Edge<TOut> output);
}

/// <summary>A description of a sink.</summary>
internal interface ISinkGraph<TIn, out TMat>
{
    TMat Build(Builder builder, Edge<TIn> input);
}

/// <summary>A description of a whole stream.</summary>
internal interface IClosedGraph<out TMat>
{
    TMat Build(Builder builder);
}

internal static class Graphs
{
    public static ISourceGraph<TOut, TMat> Of<TOut, TMat>(IGraph<SourceShape<TOut>, TMat> graph) =>
        (ISourceGraph<TOut, TMat>)graph;

    public static IFlowGraph<TIn, TOut, TMat> Of<TIn, TOut, TMat>(IGraph<FlowShape<TIn, TOut>, TMat> graph) =>
        (IFlowGraph<TIn, TOut, TMat>)graph;

    public static ISinkGraph<TIn, TMat> Of<TIn, TMat>(IGraph<SinkShape<TIn>, TMat> graph) => (ISinkGraph<TIn, TMat>)graph;

    /// <summary>Builds what lies inside some attributes; those further inside still go first.</summary>
    public static Decider Enter(Builder builder, Attributes attributes)
    {
        var outer = builder.Decider;
        if (attributes.Find<ActorAttributes.SupervisionStrategy>() is { } strategy) builder.Decider = strategy.Decider;
        return outer;
    }
}
