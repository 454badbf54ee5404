using System.Buffers.Binary;
using System.Text;

namespace Kv.Load.Workloads;

/// <summary>Writes the few protobuf requests the workloads need, without a message object.</summary>
internal ref struct Message(Span<byte> buffer)
{
    private readonly Span<byte> _buffer = buffer;
    private int _length;

    /// <summary>What was written.</summary>
    public readonly ReadOnlySpan<byte> Written => _buffer[.._length];

    /// <summary>A bytes field; left out when empty, as proto3 does.</summary>
    public void Bytes(int field, scoped ReadOnlySpan<byte> value)
    {
        Varint(((ulong)field << 3) | 2);
        Varint((ulong)value.Length);
        value.CopyTo(_buffer[_length..]);
        _length += value.Length;
    }

    /// <summary>An integer, bool or enum field.</summary>
    public void Number(int field, long value)
    {
        if (value != 0)
        {
            Varint((ulong)field << 3);
            Varint((ulong)value);
        }
    }

    private void Varint(ulong value)
    {
        for (; value >= 128; value >>= 7)
        {
            _buffer[_length++] = (byte)(value | 0x80);
        }
        _buffer[_length++] = (byte)value;
    }
}

/// <summary>Keys of equal length, made from a number: <c>prefix</c> and ten digits.</summary>
internal static class Keys
{
    /// <summary>Writes the key's bytes into <paramref name="into"/>; returns what was written.</summary>
    public static ReadOnlySpan<byte> Write(Span<byte> into, string prefix, long number)
    {
        var length = Encoding.ASCII.GetBytes(prefix, into);
        for (var digit = 9; digit >= 0; digit--)
        {
            into[length + digit] = (byte)('0' + (number % 10));
            number /= 10;
        }
        return into[..(length + 10)];
    }

    /// <summary>Reads one varint, for the few response fields that matter here.</summary>
    public static ulong ReadVarint(ref ReadOnlySpan<byte> from)
    {
        ulong value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var next = from[0];
            from = from[1..];
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 128)
            {
                return value;
            }
        }
    }

    /// <summary>Big-endian number at the start of a value.</summary>
    public static long ReadStamp(ReadOnlySpan<byte> value) => BinaryPrimitives.ReadInt64BigEndian(value);
}
