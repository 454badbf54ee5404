using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Kv.Load.Http2;

/// <summary>What a call does with what comes back. All calls of one connection run on its read loop, one at a time.</summary>
internal interface ICallHandler
{
    /// <summary>One whole response message.</summary>
    void OnMessage(GrpcConnection connection, int stream, ReadOnlySpan<byte> message);

    /// <summary>The call is over; it failed when the server ended it without a message first, or reset it.</summary>
    void OnEnd(GrpcConnection connection, int stream, bool failed);
}

/// <summary>A gRPC client connection that costs little: one socket, one read loop, requests coalesced into one send.</summary>
/// <remarks>
/// Header blocks that come back are not decoded: a call that got a message and then trailers succeeded, one that got
/// trailers only failed. That keeps the load generator's share of the machine small, which is what it is for.
/// </remarks>
internal sealed class GrpcConnection : IDisposable
{
    private const int FrameData = 0, FrameHeaders = 1, FrameReset = 3, FrameSettings = 4, FramePing = 6, FrameGoAway = 7, FrameWindow = 8;
    private const byte EndStream = 1, Ack = 1, EndHeaders = 4;
    private static readonly byte[] Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray();

    private readonly Socket _socket;
    private readonly RequestHeaders _headers;
    private readonly int _updateAfter;
    private readonly Dictionary<int, Call> _calls = [];
    private readonly Queue<(int Stream, byte[] Message, bool End)> _blocked = new();
    private readonly Lock _gate = new();
    private FrameBuffer _filling = new();
    private FrameBuffer _sending = new();
    private byte[] _incoming = new byte[256 * 1024];
    private int _nextStream = 1;
    private long _window = 65_535;
    private long _initialStreamWindow = 65_535;
    private int _maxFrame = 16_384;
    private long _unacknowledged;
    private bool _reading = true;

    private GrpcConnection(Socket socket, string authority, int streamWindow)
    {
        _socket = socket;
        _updateAfter = Math.Min(1 << 20, streamWindow / 2);
        _headers = new RequestHeaders(authority);
    }

    /// <summary>Ends when the read loop does: with null after <see cref="Dispose"/>, with the reason otherwise.</summary>
    public Task<Exception?> Ended { get; private set; } = Task.FromResult<Exception?>(null);

    /// <summary>While false nothing more is read from the socket once its buffer is used up: a stalled client.</summary>
    public bool Reading
    {
        get => Volatile.Read(ref _reading);
        set => Volatile.Write(ref _reading, value);
    }

    /// <summary>Connects in plain text with prior knowledge and starts reading.</summary>
    /// <param name="endpoint">The server's loopback address.</param>
    /// <param name="streamWindow">Bytes a stream may send before it waits; small for a client that stalls on purpose.</param>
    public static async Task<GrpcConnection> ConnectAsync(IPEndPoint endpoint, int streamWindow = int.MaxValue)
    {
        var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(endpoint);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
        var connection = new GrpcConnection(socket, endpoint.ToString(), streamWindow);
        var hello = connection._filling;
        hello.Write(Preface);
        hello.WriteFrameHeader(12, FrameSettings, 0, 0);
        WriteSetting(hello, 2, 0);                              // no push
        WriteSetting(hello, 4, streamWindow);
        hello.WriteFrameHeader(4, FrameWindow, 0, 0);
        BinaryPrimitives.WriteInt32BigEndian(hello.Take(4), int.MaxValue - 65_535);
        await connection.FlushAsync();
        connection.Ended = connection.ReadLoopAsync();
        return connection;
    }

    /// <summary>Opens a call; unary when <paramref name="end"/>, else the request stream stays open. Buffered until a flush.</summary>
    /// <returns>The stream's number.</returns>
    public int Start(string path, ReadOnlySpan<byte> message, ICallHandler handler, bool end = true)
    {
        lock (_gate)
        {
            var stream = _nextStream;
            _nextStream += 2;
            _calls[stream] = new Call(handler) { Window = _initialStreamWindow };
            var at = _filling.Length;
            _filling.WriteFrameHeader(0, FrameHeaders, EndHeaders, stream);
            var bodyAt = _filling.Length;
            _headers.Write(_filling, path);
            PatchLength(at, _filling.Length - bodyAt);
            Send(stream, message, end);
            return stream;
        }
    }

    /// <summary>Sends another message on an open call. Buffered until a flush.</summary>
    public void Continue(int stream, ReadOnlySpan<byte> message, bool end = false)
    {
        lock (_gate)
        {
            Send(stream, message, end);
        }
    }

    /// <summary>Sends what is buffered. From inside a handler there is no need: the read loop flushes after each read.</summary>
    public async ValueTask FlushAsync()
    {
        FrameBuffer sending;
        lock (_gate)
        {
            if (_filling.Length == 0 || _sending.Length > 0)
            {
                return;                                         // the sender that is under way takes it along
            }
            (sending, _filling) = (_filling, _sending);
            _sending = sending;
        }
        while (true)
        {
            for (var rest = sending.Written; rest.Length > 0;)
            {
                rest = rest[await _socket.SendAsync(rest, SocketFlags.None)..];
            }
            lock (_gate)
            {
                sending.Clear();
                if (_filling.Length == 0)
                {
                    return;
                }
                (sending, _filling) = (_filling, sending);
                _sending = sending;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Reading = true;                                         // a stalled read loop must see that it is over
        _socket.Dispose();
    }

    private static void WriteSetting(FrameBuffer buffer, ushort id, int value)
    {
        var setting = buffer.Take(6);
        BinaryPrimitives.WriteUInt16BigEndian(setting, id);
        BinaryPrimitives.WriteInt32BigEndian(setting[2..], value);
    }

    private void PatchLength(int at, int length)
    {
        var header = System.Runtime.InteropServices.MemoryMarshal.AsMemory(_filling.Written).Span[at..];
        header[0] = (byte)(length >> 16);
        header[1] = (byte)(length >> 8);
        header[2] = (byte)length;
    }

    private void Send(int stream, ReadOnlySpan<byte> message, bool end)
    {
        var size = message.Length + 5;
        var call = _calls[stream];
        if (_blocked.Count > 0 || size > _window || size > call.Window)
        {
            _blocked.Enqueue((stream, message.ToArray(), end));
            return;
        }
        _window -= size;
        call.Window -= size;
        WriteData(stream, message, end);
    }

    private void WriteData(int stream, ReadOnlySpan<byte> message, bool end)
    {
        Span<byte> prefix = stackalloc byte[5];
        prefix[0] = 0;
        BinaryPrimitives.WriteInt32BigEndian(prefix[1..], message.Length);
        if (message.Length + 5 <= _maxFrame)
        {
            _filling.WriteFrameHeader(message.Length + 5, FrameData, end ? EndStream : (byte)0, stream);
            _filling.Write(prefix);
            _filling.Write(message);
            return;
        }
        _filling.WriteFrameHeader(5, FrameData, 0, stream);
        _filling.Write(prefix);
        while (message.Length > 0)
        {
            var part = message[..Math.Min(message.Length, _maxFrame)];
            message = message[part.Length..];
            _filling.WriteFrameHeader(part.Length, FrameData, end && message.Length == 0 ? EndStream : (byte)0, stream);
            _filling.Write(part);
        }
    }

    private void Unblock()
    {
        while (_blocked.TryPeek(out var next))
        {
            if (_calls.TryGetValue(next.Stream, out var call))
            {
                var size = next.Message.Length + 5;
                if (size > _window || size > call.Window)
                {
                    return;
                }
                _window -= size;
                call.Window -= size;
                WriteData(next.Stream, next.Message, next.End);
            }
            _blocked.Dequeue();
        }
    }

    private async Task<Exception?> ReadLoopAsync()
    {
        var filled = 0;
        try
        {
            while (true)
            {
                while (!Reading)
                {
                    await Task.Delay(50);
                }
                var read = await _socket.ReceiveAsync(_incoming.AsMemory(filled), SocketFlags.None);
                if (read == 0)
                {
                    return new IOException("The server closed the connection.");
                }
                filled += read;
                var used = Consume(filled);
                _incoming.AsSpan(used, filled - used).CopyTo(_incoming);
                filled -= used;
                if (filled == _incoming.Length)
                {
                    Array.Resize(ref _incoming, _incoming.Length * 2);
                }
                await FlushAsync();
            }
        }
        catch (ObjectDisposedException)
        {
            return null;
        }
        catch (SocketException failure)
        {
            return failure.SocketErrorCode == SocketError.OperationAborted ? null : failure;
        }
        catch (IOException failure)
        {
            return failure;
        }
    }

    private int Consume(int filled)
    {
        var at = 0;
        while (filled - at >= 9)
        {
            var header = _incoming.AsSpan(at, 9);
            var length = (header[0] << 16) | (header[1] << 8) | header[2];
            if (filled - at - 9 < length)
            {
                break;
            }
            OnFrame(header[3], header[4], BinaryPrimitives.ReadInt32BigEndian(header[5..]), _incoming.AsSpan(at + 9, length));
            at += 9 + length;
        }
        return at;
    }

    private void OnFrame(byte type, byte flags, int stream, ReadOnlySpan<byte> payload)
    {
        switch (type)
        {
            case FrameData:
                OnData(flags, stream, payload);
                break;
            case FrameHeaders when (flags & EndStream) != 0:
                if (Remove(stream) is { } ended)
                {
                    ended.Handler.OnEnd(this, stream, failed: !ended.Answered);
                }
                break;
            case FrameReset:
                if (Remove(stream) is { } reset)
                {
                    reset.Handler.OnEnd(this, stream, failed: true);
                }
                break;
            case FrameSettings when (flags & Ack) == 0:
                OnSettings(payload);
                break;
            case FramePing when (flags & Ack) == 0:
                lock (_gate)
                {
                    _filling.WriteFrameHeader(8, FramePing, Ack, 0);
                    _filling.Write(payload);
                }
                break;
            case FrameWindow:
                OnWindow(stream, BinaryPrimitives.ReadInt32BigEndian(payload) & int.MaxValue);
                break;
            case FrameGoAway:
                throw new IOException($"The server sent GOAWAY, code {BinaryPrimitives.ReadInt32BigEndian(payload[4..])}.");
        }
    }

    private Call? Remove(int stream)
    {
        lock (_gate)
        {
            return _calls.Remove(stream, out var call) ? call : null;
        }
    }

    private void OnData(byte flags, int stream, ReadOnlySpan<byte> payload)
    {
        Call? call;
        lock (_gate)
        {
            _calls.TryGetValue(stream, out call);
            _unacknowledged += payload.Length;
            if (_unacknowledged > 1 << 20)
            {
                WriteWindow(0, (int)_unacknowledged);
                _unacknowledged = 0;
            }
            if (call is not null)
            {
                call.Unacknowledged += payload.Length;
                if (call.Unacknowledged > _updateAfter)
                {
                    WriteWindow(stream, (int)call.Unacknowledged);
                    call.Unacknowledged = 0;
                }
            }
        }
        if (call is null)
        {
            return;
        }
        call.Append(this, stream, payload);
        if ((flags & EndStream) != 0 && Remove(stream) is not null)
        {
            call.Handler.OnEnd(this, stream, failed: true);     // gRPC ends with trailers, never with data
        }
    }

    private void WriteWindow(int stream, int bytes)
    {
        _filling.WriteFrameHeader(4, FrameWindow, 0, stream);
        BinaryPrimitives.WriteInt32BigEndian(_filling.Take(4), bytes);
    }

    private void OnSettings(ReadOnlySpan<byte> payload)
    {
        lock (_gate)
        {
            for (; payload.Length >= 6; payload = payload[6..])
            {
                var value = BinaryPrimitives.ReadUInt32BigEndian(payload[2..]);
                switch (BinaryPrimitives.ReadUInt16BigEndian(payload))
                {
                    case 4:
                        foreach (var call in _calls.Values)
                        {
                            call.Window += value - _initialStreamWindow;
                        }
                        _initialStreamWindow = value;
                        break;
                    case 5:
                        _maxFrame = (int)value;
                        break;
                }
            }
            _filling.WriteFrameHeader(0, FrameSettings, Ack, 0);
            Unblock();
        }
    }

    private void OnWindow(int stream, int bytes)
    {
        lock (_gate)
        {
            if (stream == 0)
            {
                _window += bytes;
            }
            else if (_calls.TryGetValue(stream, out var call))
            {
                call.Window += bytes;
            }
            Unblock();
        }
    }

    private sealed class Call(ICallHandler handler)
    {
        private byte[] _partial = [];
        private int _partialLength;

        public ICallHandler Handler { get; } = handler;

        public long Window { get; set; }

        public long Unacknowledged { get; set; }

        public bool Answered { get; private set; }

        public void Append(GrpcConnection connection, int stream, ReadOnlySpan<byte> payload)
        {
            if (_partialLength > 0)
            {
                var needed = _partialLength + payload.Length;
                if (needed > _partial.Length)
                {
                    Array.Resize(ref _partial, Math.Max(needed, _partial.Length * 2));
                }
                payload.CopyTo(_partial.AsSpan(_partialLength));
                _partialLength = needed;
                var left = Split(connection, stream, _partial.AsSpan(0, needed));
                _partial.AsSpan(needed - left, left).CopyTo(_partial);
                _partialLength = left;
                return;
            }
            var rest = Split(connection, stream, payload);
            if (rest > 0)
            {
                if (_partial.Length < rest)
                {
                    _partial = new byte[Math.Max(rest, 4096)];
                }
                payload[^rest..].CopyTo(_partial);
                _partialLength = rest;
            }
        }

        private int Split(GrpcConnection connection, int stream, ReadOnlySpan<byte> bytes)
        {
            while (bytes.Length >= 5)
            {
                var length = BinaryPrimitives.ReadInt32BigEndian(bytes[1..]);
                if (bytes.Length - 5 < length)
                {
                    break;
                }
                Answered = true;
                Handler.OnMessage(connection, stream, bytes.Slice(5, length));
                bytes = bytes[(5 + length)..];
            }
            return bytes.Length;
        }
    }
}
