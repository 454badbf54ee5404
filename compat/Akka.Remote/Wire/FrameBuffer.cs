using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Akka.Remote.Wire;

/// <summary>Frames to be sent, in one pooled array. <see cref="Release"/> gives the array back while there is nothing to send.</summary>
internal sealed class FrameBuffer
{
    private const int FirstSize = 64 * 1024;

    private byte[] _bytes = [];

    public int Length { get; private set; }

    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, Length);

    public void Reset() => Length = 0;

    public void Release()
    {
        Length = 0;
        if (_bytes.Length == 0) return;
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
    }

    /// <summary>Takes back what was written after a point.</summary>
    public void Rewind(int length) => Length = length;

    /// <returns>Where the frame begins, for <see cref="End"/>.</returns>
    public int Begin(FrameKind kind)
    {
        var start = Length;
        Length = start + Frame.HeaderBytes;
        Byte((byte)kind);
        return start;
    }

    public void End(int start) =>
        BinaryPrimitives.WriteInt32LittleEndian(_bytes.AsSpan(start), Length - start - Frame.HeaderBytes);

    public void Byte(byte value)
    {
        Reserve(1);
        _bytes[Length++] = value;
    }

    public void Int32(int value)
    {
        Reserve(4);
        BinaryPrimitives.WriteInt32LittleEndian(_bytes.AsSpan(Length), value);
        Length += 4;
    }

    public void Varint(ulong value)
    {
        Reserve(10);
        while (value >= 0x80)
        {
            _bytes[Length++] = (byte)(value | 0x80);
            value >>= 7;
        }

        _bytes[Length++] = (byte)value;
    }

    public void Zigzag(int value) => Varint((uint)((value << 1) ^ (value >> 31)));

    public void Text(string value)
    {
        var bytes = Encoding.UTF8.GetByteCount(value);
        Varint((uint)bytes);
        Reserve(bytes);
        Length += Encoding.UTF8.GetBytes(value, _bytes.AsSpan(Length));
    }

    public void Bytes(ReadOnlySpan<byte> value)
    {
        Reserve(value.Length);
        value.CopyTo(_bytes.AsSpan(Length));
        Length += value.Length;
    }

    private void Reserve(int more)
    {
        var needed = Length + more;
        if (needed <= _bytes.Length) return;
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(Math.Max(needed, FirstSize), _bytes.Length * 2));
        _bytes.AsSpan(0, Math.Min(Length, _bytes.Length)).CopyTo(larger);
        if (_bytes.Length > 0) ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = larger;
    }
}
