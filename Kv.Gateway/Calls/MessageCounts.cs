using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Kv.Gateway.Calls;

/// <summary>Messages and bytes of one gRPC method, both ways, counted where they are decoded and encoded: those of streams one by one.</summary>
/// <remarks>
/// One for each method of the process, not of the node: marshallers are made before there is a node, and are not told whose call
/// they serve. A process runs one node; where tests run several, they share these counts. Bytes are those of messages, without
/// frames and headers, as etcd counts them. Thread-safe; a message costs two additions on one cache line.
/// </remarks>
public sealed class MessageCounts
{
    private static readonly ConcurrentDictionary<string, MessageCounts> _byMethod = new(StringComparer.Ordinal);
    private Pair _received;
    private Pair _sent;

    private MessageCounts()
    {
    }

    /// <summary>Bytes of all messages received by this process.</summary>
    public static long AllReceivedBytes => _byMethod.Values.Sum(static counts => counts.ReceivedBytes);

    /// <summary>Bytes of all messages sent by this process.</summary>
    public static long AllSentBytes => _byMethod.Values.Sum(static counts => counts.SentBytes);

    /// <summary>Messages received.</summary>
    public long Received => Volatile.Read(ref _received.Messages);

    /// <summary>Their bytes.</summary>
    public long ReceivedBytes => Volatile.Read(ref _received.Bytes);

    /// <summary>Messages sent.</summary>
    public long Sent => Volatile.Read(ref _sent.Messages);

    /// <summary>Their bytes.</summary>
    public long SentBytes => Volatile.Read(ref _sent.Bytes);

    /// <summary>Those of a method.</summary>
    /// <param name="path"><c>/package.Service/Method</c>.</param>
    public static MessageCounts Of(string path) => _byMethod.GetOrAdd(path, static _ => new MessageCounts());

    /// <summary>A message was decoded.</summary>
    public void AddReceived(int bytes) => Add(ref _received, bytes);

    /// <summary>A message was encoded.</summary>
    public void AddSent(int bytes) => Add(ref _sent, bytes);

    private static void Add(ref Pair pair, int bytes)
    {
        Interlocked.Increment(ref pair.Messages);
        Interlocked.Add(ref pair.Bytes, bytes);
    }

    /// <summary>On a cache line of its own, so that receiving and sending threads do not slow each other down.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 192)]
    private struct Pair
    {
        [FieldOffset(64)]
        public long Messages;

        [FieldOffset(72)]
        public long Bytes;
    }
}
