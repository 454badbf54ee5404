namespace Akka.Streams;

/// <summary>How an offered element fared.</summary>
public interface IQueueOfferResult
{
}

/// <summary>How an offered element fared.</summary>
public sealed class QueueOfferResult
{
    /// <summary>It is in the stream or its buffer.</summary>
    public sealed class Enqueued : IQueueOfferResult
    {
        /// <summary>The only one.</summary>
        public static readonly Enqueued Instance = new();

        private Enqueued()
        {
        }
    }

    /// <summary>It was dropped.</summary>
    public sealed class Dropped : IQueueOfferResult
    {
        /// <summary>The only one.</summary>
        public static readonly Dropped Instance = new();

        private Dropped()
        {
        }
    }

    /// <summary>The stream has failed because of it.</summary>
    public sealed class Failure : IQueueOfferResult
    {
        /// <summary>Of a cause.</summary>
        public Failure(Exception cause) => Cause = cause;

        /// <summary>Why.</summary>
        public Exception Cause { get; }
    }

    /// <summary>The stream ended before there was room.</summary>
    public sealed class QueueClosed : IQueueOfferResult
    {
        /// <summary>The only one.</summary>
        public static readonly QueueClosed Instance = new();

        private QueueClosed()
        {
        }
    }
}

/// <summary>Puts elements into a stream.</summary>
public interface ISourceQueue<in T>
{
    /// <summary>Offers an element. With backpressure the answer waits for room; only one offer may wait.</summary>
    Task<IQueueOfferResult> OfferAsync(T element);

    /// <summary>Completes when the stream ends.</summary>
    Task WatchCompletionAsync();
}

/// <summary>Puts elements into a stream and ends it.</summary>
public interface ISourceQueueWithComplete<in T> : ISourceQueue<T>
{
    /// <summary>Ends the stream after what is buffered.</summary>
    void Complete();

    /// <summary>Fails the stream at once.</summary>
    void Fail(Exception ex);

    /// <summary>Completes when the stream ends.</summary>
    new Task WatchCompletionAsync();
}
