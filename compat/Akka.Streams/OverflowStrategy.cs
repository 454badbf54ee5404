namespace Akka.Streams;

/// <summary>What a full buffer does with another element.</summary>
public enum OverflowStrategy
{
    /// <summary>Drops the oldest.</summary>
    DropHead = 2,

    /// <summary>Drops the youngest of the buffer.</summary>
    DropTail = 3,

    /// <summary>Drops the whole buffer.</summary>
    DropBuffer = 4,

    /// <summary>Drops the new one.</summary>
    DropNew = 5,

    /// <summary>Makes whoever brings it wait.</summary>
    Backpressure = 6,

    /// <summary>Fails the stream.</summary>
    Fail = 7,
}
