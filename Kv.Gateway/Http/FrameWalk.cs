using System.Buffers.Binary;

namespace Kv.Gateway.Http;

/// <summary>What the nine bytes before an HTTP/2 frame say (RFC 9113, section 4.1).</summary>
/// <param name="Type">0 DATA, 1 HEADERS, 3 RST_STREAM, 6 PING, 7 GOAWAY.</param>
/// <param name="Flags">1 is the end of the stream, or an acknowledgement.</param>
/// <param name="Stream">0 is the connection.</param>
internal readonly record struct FrameHead(byte Type, byte Flags, int Stream)
{
    public const byte Data = 0, Headers = 1, Reset = 3, Ping = 6, GoAway = 7;

    /// <summary>END_STREAM of DATA and HEADERS, ACK of PING.</summary>
    public bool IsLast => (Flags & 1) != 0;
}

/// <summary>Finds the heads of HTTP/2 frames in bytes that come in pieces, without looking at what the frames carry.</summary>
/// <remarks>A few nanoseconds a frame and a piece. A struct with state: keep it in a field.</remarks>
/// <param name="skip">Bytes before the first frame.</param>
internal struct FrameWalk(int skip)
{
    /// <summary>Bytes of a head.</summary>
    public const int HeadBytes = 9;

    private int _skip = skip;
    private int _held;
    private HeldHead _head;

    /// <summary>Whether all bytes so far made whole frames.</summary>
    public readonly bool IsBetweenFrames => _skip == 0 && _held == 0;

    /// <summary>Passes over so many bytes if they lie within a frame; else nothing is done, and they have to be looked at.</summary>
    public bool TrySkip(int bytes)
    {
        if (bytes > _skip)
        {
            return false;
        }
        _skip -= bytes;
        return true;
    }

    /// <summary>Takes bytes up to and including the next head.</summary>
    /// <returns>False when all were taken and no head is complete.</returns>
    public bool TryNext(ref ReadOnlySpan<byte> bytes, out FrameHead head)
    {
        if (_skip >= bytes.Length)
        {
            _skip -= bytes.Length;
            bytes = default;
            head = default;
            return false;
        }
        bytes = bytes[_skip..];
        _skip = 0;
        if (_held == 0 && bytes.Length >= HeadBytes)
        {
            head = Read(bytes);
            bytes = bytes[HeadBytes..];
            return true;
        }
        var taken = Math.Min(HeadBytes - _held, bytes.Length);
        bytes[..taken].CopyTo(_head[_held..]);
        bytes = bytes[taken..];
        _held += taken;
        if (_held < HeadBytes)
        {
            head = default;
            return false;
        }
        _held = 0;
        head = Read(_head);
        return true;
    }

    private FrameHead Read(ReadOnlySpan<byte> head)
    {
        _skip = (head[0] << 16) | (head[1] << 8) | head[2];
        return new FrameHead(head[3], head[4], BinaryPrimitives.ReadInt32BigEndian(head[5..]) & int.MaxValue);
    }

    [System.Runtime.CompilerServices.InlineArray(HeadBytes)]
    private struct HeldHead
    {
        private byte _first;
    }
}
