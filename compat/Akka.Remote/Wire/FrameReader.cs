using System.Buffers.Binary;
using System.Text;

namespace Akka.Remote.Wire;

/// <summary>Reads one frame's body; whatever the bytes are, it reads inside them or throws <see cref="ProtocolException"/>.</summary>
internal ref struct FrameReader(ReadOnlySpan<byte> body)
{
    private ReadOnlySpan<byte> _rest = body;

    public readonly ReadOnlySpan<byte> Rest => _rest;

    public byte Byte()
    {
        if (_rest.IsEmpty) throw Short();
        var value = _rest[0];
        _rest = _rest[1..];
        return value;
    }

    public int Int32()
    {
        if (_rest.Length < 4) throw Short();
        var value = BinaryPrimitives.ReadInt32LittleEndian(_rest);
        _rest = _rest[4..];
        return value;
    }

    public ulong Varint()
    {
        var value = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var next = Byte();
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80) return value;
        }

        throw new ProtocolException("A number of more than ten bytes.");
    }

    public int Zigzag()
    {
        var value = (uint)Varint();
        return (int)(value >> 1) ^ -(int)(value & 1);
    }

    public string Text()
    {
        var bytes = Varint();
        if (bytes > (ulong)_rest.Length) throw Short();
        var value = Encoding.UTF8.GetString(_rest[..(int)bytes]);
        _rest = _rest[(int)bytes..];
        return value;
    }

    private static ProtocolException Short() => new("A frame ends inside a field.");
}
