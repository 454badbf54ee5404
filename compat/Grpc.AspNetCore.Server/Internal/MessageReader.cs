using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Grpc.Core;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>Takes messages out of a request body.</summary>
/// <remarks><code>
///  offset  size  field
///       0     1  compressed  0 or 1
///       1     4  length      big-endian, of what follows
///       5     n  message
/// </code></remarks>
internal static class MessageReader
{
    private const int PrefixBytes = 5;
    private const int CopyBytes = 16 * 1024;

    /// <summary>One context a thread: deserializers run to their end without waiting, so no two are under way on a thread.</summary>
    [ThreadStatic]
    private static PayloadContext? t_context;

    /// <summary>
    /// Looks at what came of a body that must hold exactly one message, and gives back to the reader what is not used up.
    /// </summary>
    /// <returns>True at the end of the body, with the message set; false to read on.</returns>
    /// <exception cref="RpcException">The body holds less or more than a message, or one that may not be taken.</exception>
    public static bool TakeSingle<T>(HttpContextServerCallContext call, PipeReader reader, in ReadResult read, Func<DeserializationContext, T> deserialize, ref T? message)
        where T : class
    {
        var buffer = read.Buffer;
        try
        {
            if (read.IsCanceled) throw Failed("Incoming message cancelled.");
            if (!buffer.IsEmpty)
            {
                if (message is not null) throw Failed("Additional data after the message received.");
                if (TryTake(call, ref buffer, out var payload)) message = Deserialize(payload, deserialize);
            }

            if (!read.IsCompleted) return false;
            if (message is null) throw Failed("Incomplete message.");
            return buffer.IsEmpty ? true : throw Failed("Additional data after the message received.");
        }
        finally
        {
            Advance(reader, buffer, taken: message is not null);
        }
    }

    /// <summary>Looks at what came of a body of many messages.</summary>
    /// <returns>True with a message, or with null at the end of the body; false to read on.</returns>
    /// <exception cref="RpcException">The body ends inside a message, or the message may not be taken.</exception>
    public static bool TakeNext<T>(HttpContextServerCallContext call, PipeReader reader, in ReadResult read, Func<DeserializationContext, T> deserialize, out T? message)
        where T : class
    {
        var buffer = read.Buffer;
        message = null;
        try
        {
            if (read.IsCanceled) throw Failed("Incoming message cancelled.");
            if (!buffer.IsEmpty && TryTake(call, ref buffer, out var payload))
            {
                message = Deserialize(payload, deserialize);
                return true;
            }

            if (!read.IsCompleted) return false;
            return buffer.IsEmpty ? true : throw Failed("Incomplete message.");
        }
        finally
        {
            Advance(reader, buffer, taken: message is not null);
        }
    }

    /// <summary>After a message the rest may hold the next one; without one everything has been looked at and more is needed.</summary>
    private static void Advance(PipeReader reader, in ReadOnlySequence<byte> rest, bool taken)
    {
        if (taken) reader.AdvanceTo(rest.Start);
        else reader.AdvanceTo(rest.Start, rest.End);
    }

    private static bool TryTake(HttpContextServerCallContext call, ref ReadOnlySequence<byte> buffer, out ReadOnlySequence<byte> payload)
    {
        payload = default;
        if (buffer.Length < PrefixBytes) return false;

        Span<byte> prefix = stackalloc byte[PrefixBytes];
        if (buffer.FirstSpan.Length >= PrefixBytes) buffer.FirstSpan[..PrefixBytes].CopyTo(prefix);
        else buffer.Slice(0, PrefixBytes).CopyTo(prefix);

        var compressed = prefix[0] switch
        {
            0 => false,
            1 => true,
            _ => throw new InvalidDataException("Unexpected compressed flag value in message header."),
        };
        var length = BinaryPrimitives.ReadUInt32BigEndian(prefix[1..]);
        if (length > int.MaxValue) throw new IOException($"Message too large: {length}");
        if (length > (uint)call.Options.MaxReceiveBytes) throw TooLarge();
        if (buffer.Length - PrefixBytes < length) return false;

        payload = buffer.Slice(PrefixBytes, length);
        if (compressed) payload = Decompress(call, payload);
        buffer = buffer.Slice(PrefixBytes + length);
        return true;
    }

    private static T Deserialize<T>(in ReadOnlySequence<byte> payload, Func<DeserializationContext, T> deserialize)
    {
        var context = t_context ?? new PayloadContext();
        t_context = null;
        context.Payload = payload;
        var message = deserialize(context);
        context.Payload = default;
        t_context = context;
        return message;
    }

    private static ReadOnlySequence<byte> Decompress(HttpContextServerCallContext call, in ReadOnlySequence<byte> payload)
    {
        var encoding = call.HttpContext.Request.Headers.GrpcEncoding.ToString();
        if (encoding.Length == 0) throw Failed("Request did not include grpc-encoding value with compressed message.");
        if (encoding == GrpcProtocol.Identity) throw Failed("Request sent 'identity' grpc-encoding value with compressed message.");
        if (!call.Options.Providers.TryGetValue(encoding, out var provider))
        {
            if (!call.HttpContext.Response.HasStarted)
            {
                call.HttpContext.Response.Headers.GrpcAcceptEncoding = string.Join(',', call.Options.SupportedEncodings);
            }

            throw new RpcException(new Status(StatusCode.Unimplemented,
                $"Unsupported grpc-encoding value '{encoding}'. Supported encodings: {string.Join(", ", call.Options.SupportedEncodings)}"));
        }

        using var input = new MemoryStream(payload.ToArray(), writable: false);
        using var decompressing = provider.CreateDecompressionStream(input);
        var output = new ArrayBufferWriter<byte>(CopyBytes);
        while (true)
        {
            var count = decompressing.Read(output.GetSpan(CopyBytes));
            if (count == 0) return new ReadOnlySequence<byte>(output.WrittenMemory);
            output.Advance(count);
            if (output.WrittenCount > call.Options.MaxReceiveBytes) throw TooLarge();
        }
    }

    private static RpcException Failed(string text) => new(new Status(StatusCode.Internal, text));

    private static RpcException TooLarge() => new(new Status(StatusCode.ResourceExhausted, "Received message exceeds the maximum configured message size."));

    private sealed class PayloadContext : DeserializationContext
    {
        public ReadOnlySequence<byte> Payload { get; set; }

        public override int PayloadLength => (int)Payload.Length;

        public override byte[] PayloadAsNewBuffer() => Payload.ToArray();

        public override ReadOnlySequence<byte> PayloadAsReadOnlySequence() => Payload;
    }
}
