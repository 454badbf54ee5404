namespace Grpc.Core;

/// <summary>How to write one message.</summary>
[Flags]
public enum WriteFlags
{
    /// <summary>More is to come: the message may wait to travel together with the next.</summary>
    BufferHint = 0x1,

    /// <summary>Send this message as it is even if the call compresses.</summary>
    NoCompress = 0x2,
}

/// <summary>How to write messages.</summary>
public class WriteOptions
{
    /// <summary>No flags.</summary>
    public static readonly WriteOptions Default = new();

    /// <summary>With these flags.</summary>
    public WriteOptions(WriteFlags flags = default) => Flags = flags;

    /// <summary>The flags.</summary>
    public WriteFlags Flags { get; }
}
