using System.Collections.Immutable;
using Akka.Streams.Implementation;
using Akka.Streams.Implementation.Stages;

namespace Akka.Streams.Dsl;

/// <summary>The end of a stream, with one open end where elements go in. A description: it runs when the stream is whole.</summary>
public sealed class Sink<TIn, TMat> : IGraph<SinkShape<TIn>, TMat>, ISinkGraph<TIn, TMat>
{
    private readonly SinkFactory<TIn, TMat> _build;

    internal Sink(SinkFactory<TIn, TMat> build) => _build = build;

    /// <summary>Begins it with a source and runs; returns what the source hands out.</summary>
    public TMat2 RunWith<TMat2>(IGraph<SourceShape<TIn>, TMat2> source, IMaterializer materializer)
    {
        var above = Graphs.Of(source);
        return new RunnableGraph<TMat2>(builder =>
        {
            var value = above.Build(builder, out var edge);
            _build(builder, edge);
            return value;
        }).Run(materializer);
    }

    /// <summary>Maps elements before they arrive.</summary>
    public Sink<TIn2, TMat> ContraMap<TIn2>(Func<TIn2, TIn> function) => Flow.FromFunction(function).ToMaterialized(this, Keep.Right);

    /// <summary>Hands out something else.</summary>
    public Sink<TIn, TMat2> MapMaterializedValue<TMat2>(Func<TMat, TMat2> fn) => new((builder, input) => fn(_build(builder, input)));

    /// <summary>With attributes for all its stages.</summary>
    public Sink<TIn, TMat> WithAttributes(Attributes attributes) => new((builder, input) =>
    {
        var outer = Graphs.Enter(builder, attributes);
        var value = _build(builder, input);
        builder.Decider = outer;
        return value;
    });

    /// <summary>With further attributes for all its stages.</summary>
    public Sink<TIn, TMat> AddAttributes(Attributes attributes) => WithAttributes(attributes);

    /// <summary>With a name.</summary>
    public Sink<TIn, TMat> Named(string name) => AddAttributes(Attributes.CreateName(name));

    TMat ISinkGraph<TIn, TMat>.Build(Builder builder, Edge<TIn> input) => _build(builder, input);
}

/// <summary>Makes sinks. Their tasks end with the stream: with its failure if it fails.</summary>
public static class Sink
{
    /// <summary>Runs an action for each element.</summary>
    public static Sink<TIn, Task<Done>> ForEach<TIn>(Action<TIn> action) => Promise(builder => new ForEachSink<TIn>(action, builder.Decider));

    /// <summary>Runs up to <paramref name="parallelism"/> tasks at a time, one for each element, and ends when the last has.</summary>
    public static Sink<TIn, Task<Done>> ForEachAsync<TIn>(int parallelism, Func<TIn, Task> action)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(parallelism, 1);
        return Promise(builder => new ForEachAsyncSink<TIn>(parallelism, action, builder.Decider));
    }

    /// <summary>Drops all elements.</summary>
    public static Sink<TIn, Task<Done>> Ignore<TIn>() => Promise(static _ => new IgnoreSink<TIn>());

    /// <summary>Collects all elements.</summary>
    public static Sink<TIn, Task<IImmutableList<TIn>>> Seq<TIn>() => Promise(static _ => new SeqSink<TIn>());

    /// <summary>Adds all elements up.</summary>
    public static Sink<TIn, Task<TOut>> Aggregate<TIn, TOut>(TOut zero, Func<TOut, TIn, TOut> aggregate) =>
        Promise(builder => new AggregateSink<TIn, TOut>(zero, aggregate, builder.Decider));

    /// <summary>The first element; fails without one.</summary>
    public static Sink<TIn, Task<TIn>> First<TIn>() => Promise(static _ => new OneSink<TIn>(first: true, orDefault: false));

    /// <summary>The first element, or the type's default.</summary>
    public static Sink<TIn, Task<TIn>> FirstOrDefault<TIn>() => Promise(static _ => new OneSink<TIn>(first: true, orDefault: true));

    /// <summary>The last element; fails without one.</summary>
    public static Sink<TIn, Task<TIn>> Last<TIn>() => Promise(static _ => new OneSink<TIn>(first: false, orDefault: false));

    /// <summary>The last element, or the type's default.</summary>
    public static Sink<TIn, Task<TIn>> LastOrDefault<TIn>() => Promise(static _ => new OneSink<TIn>(first: false, orDefault: true));

    /// <summary>Cancels at once.</summary>
    public static Sink<TIn, NotUsed> Cancelled<TIn>() => Plain(static () => new CancelledSink<TIn>());

    /// <summary>Drops all elements and calls one of two actions at the end.</summary>
    public static Sink<TIn, NotUsed> OnComplete<TIn>(Action success, Action<Exception> failure) =>
        Plain(() => new OnCompleteSink<TIn>(success, failure));

    /// <summary>A graph as a sink.</summary>
    public static Sink<TIn, TMat> FromGraph<TIn, TMat>(IGraph<SinkShape<TIn>, TMat> graph) =>
        graph as Sink<TIn, TMat> ?? new Sink<TIn, TMat>(Graphs.Of(graph).Build);

    private static Sink<TIn, Task<TResult>> Promise<TIn, TResult>(Func<Builder, PromiseSink<TIn, TResult>> make) => new((builder, input) =>
    {
        var stage = make(builder);
        builder.Sink(input, stage);
        return stage.Result;
    });

    private static Sink<TIn, NotUsed> Plain<TIn>(Func<SinkStage<TIn>> make) => new((builder, input) =>
    {
        builder.Sink(input, make());
        return NotUsed.Instance;
    });
}
