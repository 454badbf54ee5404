using System.Runtime.Serialization;
using System.Text;

namespace Akka.Cluster.Serialization;

/// <summary>Reads what <see cref="WireWriter"/> wrote. Bytes come from the network: whatever is wrong with them is one exception.</summary>
internal ref struct WireReader(ReadOnlySpan<byte> bytes)
{
    private static readonly UTF8Encoding s_strictUtf8 = new(false, throwOnInvalidBytes: true);

    private ReadOnlySpan<byte> _rest = bytes;
    private ReadOnlySpan<byte> _value;
    private ulong _number;
    private bool _isNumber;

    /// <summary>Number of the field read last.</summary>
    internal int Field { get; private set; }

    /// <summary>Goes to the next field.</summary>
    internal bool Next()
    {
        if (_rest.IsEmpty) return false;
        var tag = Varint();
        Field = (int)(tag >> 3);
        switch (tag & 7)
        {
            case 0:
                _isNumber = true;
                _number = Varint();
                return true;
            case 2:
                _isNumber = false;
                var length = Varint();
                if (length > (ulong)_rest.Length) throw Bad($"field {Field} says {length} bytes where {_rest.Length} are left");
                _value = _rest[..(int)length];
                _rest = _rest[(int)length..];
                return true;
            default:
                throw Bad($"field {Field} has wire type {tag & 7}");
        }
    }

    internal readonly long Number() => _isNumber ? (long)_number : throw Bad($"field {Field} is no number");

    internal readonly int Int32()
    {
        var number = Number();
        return number is >= int.MinValue and <= int.MaxValue ? (int)number : throw Bad($"field {Field} is {number}, too large for 32 bits");
    }

    internal readonly ReadOnlySpan<byte> Bytes() => _isNumber ? throw Bad($"field {Field} is no bytes") : _value;

    internal readonly string Text()
    {
        try
        {
            return s_strictUtf8.GetString(Bytes());
        }
        catch (DecoderFallbackException e)
        {
            throw new SerializationException($"Bad cluster message: field {Field} is no UTF-8", e);
        }
    }

    internal static SerializationException Bad(string what) => new($"Bad cluster message: {what}");

    private ulong Varint()
    {
        var value = 0UL;
        for (var i = 0; i < 10 && i < _rest.Length; i++)
        {
            value |= (ulong)(_rest[i] & 0x7f) << (7 * i);
            if (_rest[i] >= 0x80) continue;
            _rest = _rest[(i + 1)..];
            return value;
        }

        throw Bad("a number without end");
    }
}
