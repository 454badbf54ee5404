using System.Buffers;
using System.Buffers.Binary;
using Grpc.Core;
using Grpc.Net.Compression;

namespace Grpc.Net.Client.Internal;

/// <summary>Turns messages into frames: a byte that says whether it is compressed, four for the length, the message.</summary>
internal sealed class FrameWriter<T>(Action<T, SerializationContext> serialize, int maxBytes, ICompressionProvider? compression)
{
    private const int PrefixBytes = 5;

    public byte[] Write(T message, WriteOptions? options)
    {
        var context = new ArraySerializationContext();
        serialize(message, context);
        var payload = context.ToArray();
        if (payload.Length > maxBytes) throw new RpcException(new Status(StatusCode.ResourceExhausted, "Sending message exceeds the maximum configured message size."));
        var compress = compression is not null && (options is null || (options.Flags & WriteFlags.NoCompress) == 0);
        if (compress)
        {
            using var output = new MemoryStream();
            using (var compressing = compression!.CreateCompressionStream(output, null)) compressing.Write(payload);
            payload = output.ToArray();
        }

        var frame = new byte[PrefixBytes + payload.Length];
        frame[0] = compress ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), payload.Length);
        payload.CopyTo(frame, PrefixBytes);
        return frame;
    }
}

/// <summary>Reads frames out of a response.</summary>
internal sealed class ResponseReader(Stream stream, string? encoding, GrpcChannel channel)
{
    private const int PrefixBytes = 5;
    private const int CopyBytes = 16 * 1024;
    private readonly byte[] _prefix = new byte[PrefixBytes];

    /// <summary>The next message, decompressed; null at the end of the response.</summary>
    public async Task<byte[]?> ReadAsync(CancellationToken cancellationToken)
    {
        var count = await stream.ReadAtLeastAsync(_prefix, PrefixBytes, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        if (count == 0) return null;
        if (count < PrefixBytes) throw new RpcException(new Status(StatusCode.Internal, "Unexpected end of content while reading the message header."));
        var length = BinaryPrimitives.ReadUInt32BigEndian(_prefix.AsSpan(1));
        if (length > (uint)channel.MaxReceiveBytes) throw TooLarge();
        var payload = new byte[length];
        if (await stream.ReadAtLeastAsync(payload, payload.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false) < payload.Length)
        {
            throw new RpcException(new Status(StatusCode.Internal, "Unexpected end of content while reading the message content."));
        }

        return _prefix[0] == 0 ? payload : Decompress(payload);
    }

    private byte[] Decompress(byte[] payload)
    {
        if (encoding is null) throw new RpcException(new Status(StatusCode.Internal, "Request did not include grpc-encoding value with compressed message."));
        if (!channel.Compression.TryGetValue(encoding, out var provider))
        {
            throw new RpcException(new Status(StatusCode.Unimplemented, $"Unsupported grpc-encoding value '{encoding}'. Supported encodings: {channel.AcceptEncoding.Replace(",", ", ", StringComparison.Ordinal)}"));
        }

        using var input = new MemoryStream(payload, writable: false);
        using var decompressing = provider.CreateDecompressionStream(input);
        var output = new ArrayBufferWriter<byte>(CopyBytes);
        while (true)
        {
            var count = decompressing.Read(output.GetSpan(CopyBytes));
            if (count == 0) return output.WrittenSpan.ToArray();
            output.Advance(count);
            if (output.WrittenCount > channel.MaxReceiveBytes) throw TooLarge();
        }
    }

    private static RpcException TooLarge() => new(new Status(StatusCode.ResourceExhausted, "Received message exceeds the maximum configured message size."));
}
