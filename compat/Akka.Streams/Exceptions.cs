using Akka.Actor;

namespace Akka.Streams;

/// <summary>The actor that ran a stream is gone before the stream has ended.</summary>
public class AbruptTerminationException : Exception
{
    /// <summary>The actor.</summary>
    public readonly IActorRef Actor;

    /// <summary>Of an actor.</summary>
    public AbruptTerminationException(IActorRef actor)
        : base($"Processor actor [{actor}] terminated abruptly") => Actor = actor;
}

/// <summary>A buffer is full and its strategy says that this is a failure.</summary>
public class BufferOverflowException : Exception
{
    /// <summary>With a message.</summary>
    public BufferOverflowException(string message) : base(message)
    {
    }

    /// <summary>With a message and a cause.</summary>
    public BufferOverflowException(string message, Exception innerException) : base(message, innerException)
    {
    }
}

/// <summary>A stream ended without the element that was to come out of it.</summary>
public class NoSuchElementException : Exception
{
    /// <summary>With a message.</summary>
    public NoSuchElementException(string message) : base(message)
    {
    }
}

/// <summary>The stream behind a materialized value has ended.</summary>
public class StreamDetachedException : Exception
{
    /// <summary>The usual one.</summary>
    public static readonly StreamDetachedException Instance = new();

    /// <summary>With the usual message.</summary>
    public StreamDetachedException() : this("Stream is terminated. Materialized value is detached.")
    {
    }

    /// <summary>With a message.</summary>
    public StreamDetachedException(string message) : base(message)
    {
    }

    /// <summary>With a message and a cause.</summary>
    public StreamDetachedException(string message, Exception innerException) : base(message, innerException)
    {
    }
}
