using System.Buffers;
using System.Buffers.Binary;
using System.Net.Security;
using System.Net.Sockets;
using Akka.Serialization;

namespace Akka.Remote.Wire;

/// <summary>One connection with a peer that has been greeted: a loop that reads, a loop that writes.</summary>
/// <remarks>
/// The writer takes all that waits, up to <see cref="BatchBytes"/>, serializes it into one buffer and sends that once. While it sends,
/// more gathers. The reader hands each message to its actor before it reads the next, so order holds for each pair of actors.
/// Nothing is started for a message.
/// </remarks>
internal sealed class Connection
{
    private const int BatchBytes = 64 * 1024;
    private const int ReadBytes = 64 * 1024;

    private readonly Remoting _remoting;
    private readonly Socket _socket;
    private readonly Stream _stream;
    private readonly Signal _signal = new();
    private readonly MessageEncoder _encoder;
    private readonly MessageDecoder _decoder;
    private readonly FrameBuffer _out = new();
    private readonly Information _transport;
    private readonly TaskCompletionSource _readEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _writeEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _lastReceived = Environment.TickCount64;
    private long _lastSystemSent;
    private Exception _cause;
    private int _pingDue;
    private int _pongDue;
    private int _ackDue;
    private int _ended;
    private int _loopsLeft = 2;
    private volatile int _closing;                 // 1: send what waits, then say goodbye; 2: say that the peer is quarantined
    private volatile bool _peerSaidGoodbye;

    public Connection(Remoting remoting, Association peer, Socket socket, Stream stream, int peerUid, bool inbound, bool forUs)
    {
        _remoting = remoting;
        _socket = socket;
        _stream = stream;
        Peer = peer;
        PeerUid = peerUid;
        IsInbound = inbound;
        _encoder = new MessageEncoder(remoting);
        _decoder = new MessageDecoder(remoting, peer, forUs);
        _transport = new Information(remoting.DefaultAddress, remoting.System);
    }

    public Association Peer { get; }

    public int PeerUid { get; }

    /// <summary>Whether the peer opened it.</summary>
    public bool IsInbound { get; }

    /// <summary>Ends once no more of its messages will be delivered.</summary>
    public Task ReadEnded => _readEnded.Task;

    /// <summary>Ends once all that was to be sent has been, or cannot be.</summary>
    public Task WriteEnded => _writeEnded.Task;

    public void Start()
    {
        _ = ReadAsync();
        _ = WriteAsync();
    }

    /// <summary>Something waits to be written.</summary>
    public void Wake() => _signal.Set();

    /// <summary>Pings when we opened it; ends it when nothing has come for longer than allowed.</summary>
    public void CheckAlive(TimeSpan silenceAllowed)
    {
        if (Environment.TickCount64 - Volatile.Read(ref _lastReceived) > silenceAllowed.TotalMilliseconds)
        {
            Abort(new RemoteTransportException($"No response from remote for {silenceAllowed}; the transport failure detector triggered."));
            return;
        }

        if (IsInbound) return;
        Volatile.Write(ref _pingDue, 1);
        Wake();
    }

    /// <summary>Sends what waits, then ends.</summary>
    public void CloseAfterFlush(bool quarantined = false)
    {
        _closing = quarantined ? 2 : 1;
        Wake();
    }

    public void Abort(Exception cause)
    {
        Interlocked.CompareExchange(ref _cause, cause, null);
        if (Interlocked.Exchange(ref _ended, 1) != 0) return;
        _stream.Dispose();
        Wake();
    }

    private async Task WriteAsync()
    {
        try
        {
            while (true)
            {
                _signal.Clear();
                if (Volatile.Read(ref _ended) != 0) break;
                Fill();
                if (_out.Length > 0)
                {
                    await _stream.WriteAsync(_out.Written).ConfigureAwait(false);
                    _out.Reset();
                    continue;
                }

                if (_closing != 0)
                {
                    await SayGoodbyeAsync().ConfigureAwait(false);
                    return;   // the reader goes on until the peer closes too: a close now could take back what is under way
                }

                _out.Release();
                await _signal.WaitAsync().ConfigureAwait(false);
            }

            Abort(null);
        }
        catch (Exception e)
        {
            Abort(e);
        }
        finally
        {
            _out.Release();
            _writeEnded.TrySetResult();
            LoopEnded();
        }
    }

    private void Fill()
    {
        Control(ref _pingDue, FrameKind.Ping);
        Control(ref _pongDue, FrameKind.Pong);
        if (Interlocked.Exchange(ref _ackDue, 0) != 0)
        {
            var start = _out.Begin(FrameKind.SystemAck);
            _out.Varint((ulong)Peer.LastSystemReceived);
            _out.End(start);
        }

        if (!Peer.IsWriter(this)) return;
        var batch = _remoting.TransportSettings.BatchMessages;
        var previous = Akka.Serialization.Serialization.SwapTransport(_transport);
        try
        {
            while (Peer.TryTakeSystem(_lastSystemSent, out var number, out var system))
            {
                _encoder.Encode(_out, system, number);
                _lastSystemSent = number;
            }

            for (var i = 0; i < batch && _out.Length < BatchBytes && Peer.TryTake(out var message); i++) _encoder.Encode(_out, message);
        }
        finally
        {
            Akka.Serialization.Serialization.SwapTransport(previous);
        }
    }

    private void Control(ref int due, FrameKind kind)
    {
        if (Volatile.Read(ref due) == 0 || Interlocked.Exchange(ref due, 0) == 0) return;
        _out.End(_out.Begin(kind));
    }

    private async Task SayGoodbyeAsync()
    {
        var start = _out.Begin(_closing == 2 ? FrameKind.Refuse : FrameKind.Goodbye);
        if (_closing == 2)
        {
            _out.Byte((byte)RefuseReason.Quarantined);
            _out.Text($"{_remoting.DefaultAddress} has quarantined this incarnation");
        }

        _out.End(start);
        await _stream.WriteAsync(_out.Written).ConfigureAwait(false);
        if (_stream is SslStream tls) await tls.ShutdownAsync().ConfigureAwait(false);
        _socket.Shutdown(SocketShutdown.Send);
    }

    private async Task ReadAsync()
    {
        var buffer = ArrayPool<byte>.Shared.Rent(ReadBytes);
        var (start, end) = (0, 0);
        try
        {
            while (true)
            {
                while (TryTakeFrame(buffer.AsSpan(start, end - start), out var needed))
                {
                    var length = needed - Frame.HeaderBytes;
                    Handle(buffer.AsSpan(start + Frame.HeaderBytes, length));
                    start += needed;
                }

                if (start == end) (start, end) = (0, 0);
                else MakeRoom(ref buffer, ref start, ref end);
                var read = await _stream.ReadAsync(buffer.AsMemory(end)).ConfigureAwait(false);
                if (read == 0) break;
                end += read;
                Volatile.Write(ref _lastReceived, Environment.TickCount64);
            }

            Abort(_peerSaidGoodbye ? null : new RemoteTransportException("The peer closed the connection."));
        }
        catch (Exception e)
        {
            Abort(e);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            _readEnded.TrySetResult();
            LoopEnded();
        }
    }

    /// <returns>Whether a whole frame, header included, lies in front.</returns>
    private bool TryTakeFrame(ReadOnlySpan<byte> bytes, out int needed)
    {
        needed = 0;
        if (bytes.Length < Frame.HeaderBytes) return false;
        var length = BinaryPrimitives.ReadInt32LittleEndian(bytes);
        if (length < 1 || length > _remoting.TransportSettings.MaxFrameSize)
            throw new ProtocolException($"A frame of {(uint)length} bytes; at least 1 and at most {_remoting.TransportSettings.MaxFrameSize} are taken.");
        needed = length + Frame.HeaderBytes;
        return bytes.Length >= needed;
    }

    private static void MakeRoom(ref byte[] buffer, ref int start, ref int end)
    {
        var held = end - start;
        var frame = held >= Frame.HeaderBytes ? BinaryPrimitives.ReadInt32LittleEndian(buffer.AsSpan(start)) + Frame.HeaderBytes : 0;
        if (frame > buffer.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(frame);
            buffer.AsSpan(start, held).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = larger;
        }
        else
        {
            if (start == 0 && end < buffer.Length) return;
            buffer.AsSpan(start, held).CopyTo(buffer);
        }

        (start, end) = (0, held);
    }

    private void Handle(ReadOnlySpan<byte> body)
    {
        var frame = new FrameReader(body);
        switch ((FrameKind)frame.Byte())
        {
            case FrameKind.Message:
                if (_decoder.Deliver(frame) == 0) break;
                Volatile.Write(ref _ackDue, 1);
                Wake();
                break;
            case FrameKind.Ping:
                Volatile.Write(ref _pongDue, 1);
                Wake();
                break;
            case FrameKind.Pong:
                break;
            case FrameKind.SystemAck:
                Peer.AcknowledgeSystem((long)frame.Varint());
                break;
            case FrameKind.Goodbye:
                _peerSaidGoodbye = true;
                break;
            case FrameKind.Refuse:
                _remoting.Refused(Peer, (RefuseReason)frame.Byte());
                break;
            default:
                throw new ProtocolException($"A frame of kind {body[0]} amid messages.");
        }
    }

    private void LoopEnded()
    {
        if (Interlocked.Decrement(ref _loopsLeft) == 0) Peer.Ended(this, _cause, _peerSaidGoodbye);
    }
}
