using Akka.Streams.Implementation.Stages;
using Akka.Util;

namespace Akka.Streams.Dsl;

/// <summary>What can be done with a flow.</summary>
public static class FlowOperations
{
    /// <summary>Maps each element.</summary>
    public static Flow<TIn, TOut2, TMat> Select<TIn, TOut, TOut2, TMat>(this Flow<TIn, TOut, TMat> flow, Func<TOut, TOut2> mapper) =>
        flow.Add(b => new SelectStage<TOut, TOut2>(mapper, b.Decider));

    /// <summary>Keeps the elements that satisfy a condition.</summary>
    public static Flow<TIn, TOut, TMat> Where<TIn, TOut, TMat>(this Flow<TIn, TOut, TMat> flow, Predicate<TOut> predicate) =>
        flow.Add(b => new WhereStage<TOut>(predicate, b.Decider));

    /// <summary>Drops the elements that satisfy a condition.</summary>
    public static Flow<TIn, TOut, TMat> WhereNot<TIn, TOut, TMat>(this Flow<TIn, TOut, TMat> flow, Predicate<TOut> predicate) =>
        flow.Add(b => new WhereStage<TOut>(element => !predicate(element), b.Decider));

    /// <summary>Maps the elements that satisfy a condition and drops the others.</summary>
    public static Flow<TIn, TOut2, TMat> Collect<TIn, TOut, TOut2, TMat>(this Flow<TIn, TOut, TMat> flow, Func<TOut, bool> isDefined, Func<TOut, TOut2> collector) =>
        flow.Add(b => new CollectStage<TOut, TOut2>(isDefined, collector, b.Decider));

    /// <summary>Maps each element to any number of others.</summary>
    public static Flow<TIn, TOut2, TMat> SelectMany<TIn, TOut, TOut2, TMat>(this Flow<TIn, TOut, TMat> flow, Func<TOut, IEnumerable<TOut2>> mapConcater) =>
        flow.Add(b => new SelectManyStage<TOut, TOut2>(mapConcater, b.Decider));

    /// <summary>Maps each element by a task, some at a time; results keep the order.</summary>
    public static Flow<TIn, TOut2, TMat> SelectAsync<TIn, TOut, TOut2, TMat>(this Flow<TIn, TOut, TMat> flow, int parallelism, Func<TOut, Task<TOut2>> asyncMapper)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(parallelism, 1);
        return flow.Add(b => new SelectAsyncStage<TOut, TOut2>(parallelism, asyncMapper, ordered: true, b.Decider));
    }

    /// <summary>Maps each element by a task, some at a time; results come as they end.</summary>
    public static Flow<TIn, TOut2, TMat> SelectAsyncUnordered<TIn, TOut, TOut2, TMat>(this Flow<TIn, TOut, TMat> flow, int parallelism, Func<TOut, Task<TOut2>> asyncMapper)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(parallelism, 1);
        return flow.Add(b => new SelectAsyncStage<TOut, TOut2>(parallelism, asyncMapper, ordered: false, b.Decider));
    }

    /// <summary>Replaces the failure of the stream.</summary>
    public static Flow<TIn, TOut, TMat> SelectError<TIn, TOut, TMat>(this Flow<TIn, TOut, TMat> flow, Func<Exception, Exception> selector) =>
        flow.Add(_ => new SelectErrorStage<TOut>(selector));

    /// <summary>Ends with a last element in place of a failure.</summary>
    public static Flow<TIn, TOut, TMat> Recover<TIn, TOut, TMat>(this Flow<TIn, TOut, TMat> flow, Func<Exception, Option<TOut>> partialFunc) =>
        flow.Add(_ => new RecoverStage<TOut>(partialFunc));

    /// <summary>The first elements; then the stream completes.</summary>
    public static Flow<TIn, TOut, TMat> Take<TIn, TOut, TMat>(this Flow<TIn, TOut, TMat> flow, long n) =>
        flow.Add(_ => new TakeStage<TOut>(n));

    /// <summary>Elements until one does not satisfy a condition; that one too if <paramref name="inclusive"/>.</summary>
    public static Flow<TIn, TOut, TMat> TakeWhile<TIn, TOut, TMat>(this Flow<TIn, TOut, TMat> flow, Predicate<TOut> predicate, bool inclusive = false) =>
        flow.Add(b => new TakeWhileStage<TOut>(predicate, inclusive, b.Decider));

    /// <summary>All but the first elements.</summary>
    public static Flow<TIn, TOut, TMat> Skip<TIn, TOut, TMat>(this Flow<TIn, TOut, TMat> flow, long n) =>
        flow.Add(_ => new SkipStage<TOut>(n));

    /// <summary>Elements from the first that does not satisfy a condition.</summary>
    public static Flow<TIn, TOut, TMat> SkipWhile<TIn, TOut, TMat>(this Flow<TIn, TOut, TMat> flow, Predicate<TOut> predicate) =>
        flow.Add(b => new SkipWhileStage<TOut>(predicate, b.Decider));

    /// <summary>Groups of a size; the last may be smaller.</summary>
    public static Flow<TIn, IEnumerable<TOut>, TMat> Grouped<TIn, TOut, TMat>(this Flow<TIn, TOut, TMat> flow, int n)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(n, 1);
        return flow.Add(_ => new GroupedStage<TOut>(n));
    }

    /// <summary>Gathers up to a number of elements while the stage below is busy.</summary>
    public static Flow<TIn, TOut2, TMat> Batch<TIn, TOut, TOut2, TMat>(this Flow<TIn, TOut, TMat> flow, long max, Func<TOut, TOut2> seed, Func<TOut2, TOut, TOut2> aggregate) =>
        flow.Add(b => new BatchStage<TOut, TOut2>(max, static _ => 1L, seed, aggregate, b.Decider));

    /// <summary>Gathers elements up to a total cost while the stage below is busy.</summary>
    public static Flow<TIn, TOut2, TMat> BatchWeighted<TIn, TOut, TOut2, TMat>(this Flow<TIn, TOut, TMat> flow, long max, Func<TOut, long> costFunction, Func<TOut, TOut2> seed, Func<TOut2, TOut, TOut2> aggregate) =>
        flow.Add(b => new BatchStage<TOut, TOut2>(max, costFunction, seed, aggregate, b.Decider));

    /// <summary>Gathers any number of elements while the stage below is busy.</summary>
    public static Flow<TIn, TSeed, TMat> ConflateWithSeed<TIn, TOut, TMat, TSeed>(this Flow<TIn, TOut, TMat> flow, Func<TOut, TSeed> seed, Func<TSeed, TOut, TSeed> aggregate) =>
        flow.Add(b => new BatchStage<TOut, TSeed>(1L, static _ => 0L, seed, aggregate, b.Decider));

    /// <summary>Combines elements while the stage below is busy.</summary>
    public static Flow<TIn, TOut, TMat> Conflate<TIn, TOut, TMat>(this Flow<TIn, TOut, TMat> flow, Func<TOut, TOut, TOut> aggregate) =>
        flow.Add(b => new BatchStage<TOut, TOut>(1L, static _ => 0L, static first => first, aggregate, b.Decider));

    /// <summary>Lets the stage above run ahead by some elements.</summary>
    public static Flow<TIn, TOut, TMat> Buffer<TIn, TOut, TMat>(this Flow<TIn, TOut, TMat> flow, int size, OverflowStrategy strategy)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        return flow.Add(_ => new BufferStage<TOut>(size, strategy));
    }

    /// <summary>Adds all elements up; the sum comes at the end.</summary>
    public static Flow<TIn, TOut2, TMat> Aggregate<TIn, TOut, TOut2, TMat>(this Flow<TIn, TOut, TMat> flow, TOut2 zero, Func<TOut2, TOut, TOut2> fold) =>
        flow.Add(b => new AggregateStage<TOut, TOut2>(zero, fold, b.Decider));

    /// <summary>Adds elements up; every intermediate sum comes, the first being <paramref name="zero"/>.</summary>
    public static Flow<TIn, TOut2, TMat> Scan<TIn, TOut, TOut2, TMat>(this Flow<TIn, TOut, TMat> flow, TOut2 zero, Func<TOut2, TOut, TOut2> scan) =>
        flow.Add(b => new ScanStage<TOut, TOut2>(zero, scan, b.Decider));

    /// <summary>Hands out a task that completes when the elements end here, with their failure if they fail.</summary>
    public static Flow<TIn, TOut, TMat2> WatchTermination<TIn, TOut, TMat, TMat2>(this Flow<TIn, TOut, TMat> flow, Func<TMat, Task<Done>, TMat2> materializerFunction) =>
        flow.ViaMaterialized(Watcher<TOut>(), materializerFunction);

    internal static Flow<T, T, Task<Done>> Watcher<T>() => new(static (Implementation.Builder builder, Implementation.Edge<T> input, out Implementation.Edge<T> output) =>
    {
        var stage = new WatchTerminationStage<T>();
        output = builder.Flow(input, stage);
        return stage.Termination;
    });
}
