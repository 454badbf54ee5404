using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Grpc.Core;
using Grpc.Net.Compression;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>
/// Writes one message with its prefix into a response body. A message of known length that is not compressed goes straight
/// there; any other is collected first, since its length stands before it.
/// </summary>
internal sealed class MessageWriter : SerializationContext
{
    private const int PrefixBytes = 5;
    private const int UnknownLength = -1;

    /// <summary>One writer a thread: serializers run to their end without waiting, so no two are under way on a thread.</summary>
    [ThreadStatic]
    private static MessageWriter? t_writer;

    private PipeWriter _body = null!;
    private MethodOptions _options = null!;
    private ICompressionProvider? _compression;
    private ArrayBufferWriter<byte>? _collected;
    private int _length;
    private Stage _stage;

    private enum Stage : byte
    {
        Begun,
        Writing,
        Done,
    }

    /// <summary>Writes <paramref name="message"/> without flushing. The response must have been started.</summary>
    public static void Write<T>(HttpContextServerCallContext call, PipeWriter body, T message, Action<T, SerializationContext> serialize)
    {
        var writer = t_writer ?? new MessageWriter();
        t_writer = null;
        writer._body = body;
        writer._options = call.Options;
        writer._compression = call.CompressionForWrite();
        writer._length = UnknownLength;
        writer._stage = Stage.Begun;
        serialize(message, writer);
        if (writer._stage != Stage.Done) throw new InvalidOperationException("Serialization did not return a payload.");
        writer._body = null!;
        writer._collected = null;
        t_writer = writer;
    }

    public override void SetPayloadLength(int payloadLength)
    {
        Expect(Stage.Begun);
        _length = payloadLength;
    }

    public override IBufferWriter<byte> GetBufferWriter()
    {
        if (_stage == Stage.Begun)
        {
            _stage = Stage.Writing;
            if (WritesDirectly)
            {
                CheckSize(_length);
                WritePrefix(_length, compressed: false);
            }
            else
            {
                _collected = _length > 0 ? new ArrayBufferWriter<byte>(_length) : new ArrayBufferWriter<byte>();
            }
        }

        Expect(Stage.Writing);
        return WritesDirectly ? _body : _collected!;
    }

    public override void Complete()
    {
        Expect(Stage.Writing);
        _stage = Stage.Done;
        if (!WritesDirectly) WriteWhole(_collected!.WrittenSpan);
    }

    public override void Complete(byte[] payload)
    {
        Expect(Stage.Begun);
        _stage = Stage.Done;
        WriteWhole(payload);
    }

    private bool WritesDirectly => _length != UnknownLength && _compression is null;

    private void WriteWhole(ReadOnlySpan<byte> payload)
    {
        CheckSize(payload.Length);
        if (_compression is null)
        {
            WritePrefix(payload.Length, compressed: false);
            _body.Write(payload);
            return;
        }

        using var output = new MemoryStream();
        using (var compressing = _compression.CreateCompressionStream(output, _options.ResponseLevel)) compressing.Write(payload);
        var compressed = output.ToArray();      // also after a provider that closes what it wrote to
        WritePrefix(compressed.Length, compressed: true);
        _body.Write(compressed);
    }

    private void WritePrefix(int length, bool compressed)
    {
        var prefix = _body.GetSpan(PrefixBytes);
        prefix[0] = compressed ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteInt32BigEndian(prefix[1..], length);
        _body.Advance(PrefixBytes);
    }

    private void CheckSize(int length)
    {
        if (length > _options.MaxSendBytes)
        {
            throw new RpcException(new Status(StatusCode.ResourceExhausted, "Sending message exceeds the maximum configured message size."));
        }
    }

    private void Expect(Stage stage)
    {
        if (_stage != stage) throw new InvalidOperationException($"Not valid in the current state: {_stage}");
    }
}
