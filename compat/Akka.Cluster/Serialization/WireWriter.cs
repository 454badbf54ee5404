using System.Buffers;
using System.Text;

namespace Akka.Cluster.Serialization;

/// <summary>Protobuf's wire form: fields of varints and of bytes behind their length.</summary>
internal sealed class WireWriter
{
    private readonly ArrayBufferWriter<byte> _bytes = new(64);

    internal byte[] ToArray() => _bytes.WrittenSpan.ToArray();

    internal void Number(int field, long value)
    {
        Varint((ulong)field << 3);
        Varint((ulong)value);
    }

    internal void Text(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

    internal void Message<T>(int field, T value, Action<WireWriter, T> write)
    {
        var inner = new WireWriter();
        write(inner, value);
        Bytes(field, inner._bytes.WrittenSpan);
    }

    private void Bytes(int field, ReadOnlySpan<byte> value)
    {
        Varint(((ulong)field << 3) | 2);
        Varint((ulong)value.Length);
        _bytes.Write(value);
    }

    private void Varint(ulong value)
    {
        var span = _bytes.GetSpan(10);
        var length = 0;
        while (value >= 0x80)
        {
            span[length++] = (byte)(value | 0x80);
            value >>= 7;
        }

        span[length++] = (byte)value;
        _bytes.Advance(length);
    }
}
