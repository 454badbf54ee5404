using System.Threading.Channels;
using Akka.Actor;
using Akka.Streams.Implementation;
using Akka.Streams.Implementation.Stages;
using Akka.Util;

namespace Akka.Streams.Dsl;

/// <summary>Makes sources.</summary>
public static class Source
{
    /// <summary>The elements of a sequence; each run enumerates it anew.</summary>
    public static Source<T, NotUsed> From<T>(IEnumerable<T> enumerable) => Plain(() => new EnumeratorSource<T>(enumerable.GetEnumerator));

    /// <summary>The elements of an enumerator, made anew for each run.</summary>
    public static Source<T, NotUsed> FromEnumerator<T>(Func<IEnumerator<T>> enumeratorFactory) =>
        Plain(() => new EnumeratorSource<T>(enumeratorFactory));

    /// <summary>One element.</summary>
    public static Source<T, NotUsed> Single<T>(T element) => Plain(() => new ArraySource<T>([element]));

    /// <summary>No element.</summary>
    public static Source<T, NotUsed> Empty<T>() => Plain(static () => new ArraySource<T>([]));

    /// <summary>No element and no end.</summary>
    public static Source<T, NotUsed> Never<T>() => Plain(static () => new NeverSource<T>());

    /// <summary>Fails at once.</summary>
    public static Source<T, NotUsed> Failed<T>(Exception cause) => Plain(() => new FailedSource<T>(cause));

    /// <summary>The same element without end.</summary>
    public static Source<T, NotUsed> Repeat<T>(T element) => Plain(() => new RepeatSource<T>(element));

    /// <summary>The task's result, or its failure.</summary>
    public static Source<T, NotUsed> FromTask<T>(Task<T> task) => Plain(() => new TaskSource<T>(task));

    /// <summary>Asks for the next state and element, once for each element that is wanted; no value ends the stream.</summary>
    public static Source<TElem, NotUsed> Unfold<TState, TElem>(TState state, Func<TState, Option<(TState, TElem)>> unfold) =>
        Plain(() => new UnfoldSource<TState, TElem>(state, unfold));

    /// <summary>As <see cref="Unfold"/>, asynchronously; the next is asked for when it is wanted, never before.</summary>
    public static Source<TElem, NotUsed> UnfoldAsync<TState, TElem>(TState state, Func<TState, Task<Option<(TState, TElem)>>> unfoldAsync) =>
        Plain(() => new UnfoldAsyncSource<TState, TElem>(state, unfoldAsync));

    /// <summary>Elements offered from outside.</summary>
    public static Source<T, ISourceQueueWithComplete<T>> Queue<T>(int bufferSize, OverflowStrategy overflowStrategy)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bufferSize);
        return new Source<T, ISourceQueueWithComplete<T>>((Builder builder, out Edge<T> output) =>
        {
            var stage = new QueueSource<T>(bufferSize, overflowStrategy);
            output = builder.Source(stage);
            return stage;
        });
    }

    /// <summary>
    /// The messages of that type that the actor handed out is told. It cannot make senders wait: a full buffer drops as the strategy
    /// says. <c>Status.Success</c> ends the stream after what is buffered, <c>Status.Failure</c> fails it, a poison pill cuts it off.
    /// </summary>
    /// <exception cref="NotSupportedException">The strategy is backpressure.</exception>
    public static Source<T, IActorRef> ActorRef<T>(int bufferSize, OverflowStrategy overflowStrategy)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bufferSize);
        if (overflowStrategy == OverflowStrategy.Backpressure) throw new NotSupportedException("Backpressure overflow strategy is not supported");
        return new Source<T, IActorRef>((Builder builder, out Edge<T> output) =>
        {
            var stage = new ActorRefSource<T>(bufferSize, overflowStrategy);
            output = builder.Source(stage);
            return stage.Start((ExtendedActorSystem)builder.Materializer.System);
        });
    }

    /// <summary>The elements of a channel.</summary>
    public static Source<T, NotUsed> ChannelReader<T>(ChannelReader<T> channelReader) => ChannelSource.FromReader(channelReader);

    /// <summary>A graph as a source.</summary>
    public static Source<T, TMat> FromGraph<T, TMat>(IGraph<SourceShape<T>, TMat> source) =>
        source as Source<T, TMat> ?? new Source<T, TMat>(Graphs.Of(source).Build);

    internal static Source<T, NotUsed> Plain<T>(Func<SourceStage<T>> make) => new((Builder builder, out Edge<T> output) =>
    {
        output = builder.Source(make());
        return NotUsed.Instance;
    });
}

/// <summary>Sources over channels.</summary>
public static class ChannelSource
{
    /// <summary>The elements of a channel. When the stream ends first, the writer is not told.</summary>
    public static Source<T, NotUsed> FromReader<T>(ChannelReader<T> reader) => Source.Plain(() => new ChannelSourceStage<T>(reader));

    /// <summary>A bounded channel, made for each run; its writer is handed out.</summary>
    public static Source<T, ChannelWriter<T>> Create<T>(int bufferSize, bool singleWriter = false, BoundedChannelFullMode fullMode = BoundedChannelFullMode.Wait) =>
        new((Builder builder, out Edge<T> output) =>
        {
            var channel = Channel.CreateBounded<T>(new BoundedChannelOptions(bufferSize)
            {
                SingleWriter = singleWriter,
                SingleReader = true,
                FullMode = fullMode,
            });
            output = builder.Source(new ChannelSourceStage<T>(channel.Reader));
            return channel.Writer;
        });
}
