using System.Buffers.Binary;

namespace Kv.Load.Http2;

/// <summary>A growing run of bytes that frames are appended to and sent from; one owner, reused.</summary>
internal sealed class FrameBuffer
{
    private byte[] _bytes = new byte[16 * 1024];

    /// <summary>Bytes appended since the last <see cref="Clear"/>.</summary>
    public int Length { get; private set; }

    /// <summary>What was appended.</summary>
    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, Length);

    /// <summary>Room for <paramref name="size"/> bytes, counted as written; the caller fills it.</summary>
    public Span<byte> Take(int size)
    {
        if (_bytes.Length - Length < size)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, Length + size));
        }
        var span = _bytes.AsSpan(Length, size);
        Length += size;
        return span;
    }

    /// <summary>Appends <paramref name="bytes"/>.</summary>
    public void Write(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Take(bytes.Length));

    /// <summary>Appends a frame's nine-byte header (RFC 9113, section 4.1).</summary>
    public void WriteFrameHeader(int length, byte type, byte flags, int stream)
    {
        var header = Take(9);
        header[0] = (byte)(length >> 16);
        header[1] = (byte)(length >> 8);
        header[2] = (byte)length;
        header[3] = type;
        header[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(header[5..], stream);
    }

    /// <summary>Forgets everything appended; keeps the memory.</summary>
    public void Clear() => Length = 0;
}
