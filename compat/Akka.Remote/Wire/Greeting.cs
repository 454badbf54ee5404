using System.Buffers;
using System.Buffers.Binary;
using System.Net.Sockets;
using Akka.Actor;

namespace Akka.Remote.Wire;

/// <summary>A connection that we opened, greeted.</summary>
internal sealed record Greeted(Socket Socket, Stream Stream, int PeerUid, bool PeerAnswersHere);

/// <summary>What a peer says when it connects.</summary>
internal sealed record Hello(int Uid, Address From, Address To);

/// <summary>The first exchange; see <see cref="Frame"/>. Reads no byte more than it needs, and none of more than <see cref="Frame.MaxGreetingBytes"/>.</summary>
internal static class Greeting
{
    public static Task SendHelloAsync(Stream stream, int uid, Address from, Address to, CancellationToken token) => SendAsync(stream, FrameKind.Hello, buffer =>
    {
        buffer.Varint(Frame.Protocol);
        buffer.Int32(uid);
        buffer.Text(from.ToString());
        buffer.Text(to.ToString());
    }, token);

    public static Task SendWelcomeAsync(Stream stream, int uid, bool answers, CancellationToken token) => SendAsync(stream, FrameKind.Welcome, buffer =>
    {
        buffer.Varint(Frame.Protocol);
        buffer.Int32(uid);
        buffer.Byte(answers ? (byte)1 : (byte)0);
    }, token);

    public static Task SendRefusalAsync(Stream stream, RefuseReason reason, string text, CancellationToken token) => SendAsync(stream, FrameKind.Refuse, buffer =>
    {
        buffer.Byte((byte)reason);
        buffer.Text(text);
    }, token);

    public static async Task<Hello> ReadHelloAsync(Stream stream, CancellationToken token)
    {
        using var body = await ReadAsync(stream, token).ConfigureAwait(false);
        var frame = body.Reader;
        if ((FrameKind)frame.Byte() != FrameKind.Hello) throw new ProtocolException("The first frame is no hello.");
        CheckProtocol(frame.Varint());
        var uid = frame.Int32();
        return uid != 0 && Address.TryParse(frame.Text(), out var from) && from.HasGlobalScope && Address.TryParse(frame.Text(), out var to)
            ? new Hello(uid, from, to)
            : throw new ProtocolException("A hello without uid or addresses.");
    }

    /// <exception cref="RefusedException">The peer does not want us.</exception>
    public static async Task<(int Uid, bool Answers)> ReadWelcomeAsync(Stream stream, CancellationToken token)
    {
        using var body = await ReadAsync(stream, token).ConfigureAwait(false);
        var frame = body.Reader;
        switch ((FrameKind)frame.Byte())
        {
            case FrameKind.Welcome:
                CheckProtocol(frame.Varint());
                return (frame.Int32(), frame.Byte() != 0);
            case FrameKind.Refuse:
                throw new RefusedException((RefuseReason)frame.Byte(), frame.Text());
            default:
                throw new ProtocolException("The answer to the hello is no welcome.");
        }
    }

    private static void CheckProtocol(ulong version)
    {
        if (version != Frame.Protocol) throw new ProtocolException($"The peer speaks version {version}, this side {Frame.Protocol}.");
    }

    private static async Task SendAsync(Stream stream, FrameKind kind, Action<FrameBuffer> write, CancellationToken token)
    {
        var buffer = new FrameBuffer();
        try
        {
            buffer.Bytes(Frame.Magic);
            var start = buffer.Begin(kind);
            write(buffer);
            buffer.End(start);
            await stream.WriteAsync(buffer.Written, token).ConfigureAwait(false);
            await stream.FlushAsync(token).ConfigureAwait(false);
        }
        finally
        {
            buffer.Release();
        }
    }

    private static async Task<Body> ReadAsync(Stream stream, CancellationToken token)
    {
        var bytes = ArrayPool<byte>.Shared.Rent(Frame.MaxGreetingBytes);
        try
        {
            // The magic first: bytes of another protocol are seen at once, and none after them is waited for.
            await stream.ReadExactlyAsync(bytes.AsMemory(0, 4), token).ConfigureAwait(false);
            if (!bytes.AsSpan(0, 4).SequenceEqual(Frame.Magic)) throw new ProtocolException("The connection does not speak this protocol.");
            await stream.ReadExactlyAsync(bytes.AsMemory(0, 4), token).ConfigureAwait(false);
            var length = BinaryPrimitives.ReadInt32LittleEndian(bytes);
            if (length is < 1 or > Frame.MaxGreetingBytes) throw new ProtocolException($"A greeting of {(uint)length} bytes; at most {Frame.MaxGreetingBytes} are taken.");
            await stream.ReadExactlyAsync(bytes.AsMemory(0, length), token).ConfigureAwait(false);
            return new Body(bytes, length);
        }
        catch
        {
            ArrayPool<byte>.Shared.Return(bytes);
            throw;
        }
    }

    private readonly struct Body(byte[] bytes, int length) : IDisposable
    {
        public FrameReader Reader => new(bytes.AsSpan(0, length));

        public void Dispose() => ArrayPool<byte>.Shared.Return(bytes);
    }
}

/// <summary>The peer does not want us.</summary>
internal sealed class RefusedException(RefuseReason reason, string text) : RemoteTransportException($"The remote system refused the association: {text}")
{
    public RefuseReason Reason { get; } = reason;
}
