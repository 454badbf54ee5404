using System.Numerics;

namespace Kv.Actors.Raft;

/// <summary>Bytes that should be one of Raft's messages are not. Where they came from is for the caller to say.</summary>
public sealed class RaftWireException : Exception
{
    /// <summary>An exception without a message.</summary>
    public RaftWireException()
    {
    }

    /// <summary>States what is wrong, and at which offset.</summary>
    public RaftWireException(string message)
        : base(message)
    {
    }

    /// <summary>States what is wrong, and what showed it.</summary>
    public RaftWireException(string message, Exception inner)
        : base(message, inner)
    {
    }
}

/// <summary>Writes protobuf's wire format into an array of exactly the right size. Sizes are computed first, with the same calls.</summary>
/// <remarks>
/// A field is a tag (number × 8 + wire type) and a value; fields at their default are left out. Wire types used here: 0 varint,
/// 2 length and bytes. All field numbers are below 16, or below 32 for a message's body, so a tag takes one or two bytes.
/// </remarks>
internal ref struct ProtoWriter(Span<byte> destination)
{
    private readonly Span<byte> _destination = destination;

    /// <summary>Bytes written.</summary>
    public int Position { get; private set; }

    public static int VarintSize(ulong value) => (int)((uint)((BitOperations.Log2(value | 1) * 9) + 73) / 64);

    /// <summary>Size of a number field.</summary>
    public static int Size(int field, ulong value) => value == 0 ? 0 : VarintSize((ulong)field << 3) + VarintSize(value);

    /// <summary>Size of a bytes field, which is left out when empty.</summary>
    public static int Size(int field, ReadOnlySpan<byte> value) => value.IsEmpty ? 0 : NestedSize(field, value.Length);

    /// <summary>Size of a nested message, which is always written.</summary>
    public static int NestedSize(int field, int length) => VarintSize((ulong)field << 3) + VarintSize((ulong)length) + length;

    public void Number(int field, ulong value)
    {
        if (value == 0) return;
        Varint((ulong)field << 3);
        Varint(value);
    }

    public void Flag(int field, bool value) => Number(field, value ? 1UL : 0);

    public void Bytes(int field, ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty) return;
        Nested(field, value.Length);
        value.CopyTo(_destination[Position..]);
        Position += value.Length;
    }

    /// <summary>Begins a nested message of a known length, whose fields come next.</summary>
    public void Nested(int field, int length)
    {
        Varint(((ulong)field << 3) | 2);
        Varint((ulong)length);
    }

    public void Varint(ulong value)
    {
        var position = Position;
        while (value >= 0x80)
        {
            _destination[position++] = (byte)(value | 0x80);
            value >>= 7;
        }

        _destination[position++] = (byte)value;
        Position = position;
    }
}

/// <summary>Reads protobuf's wire format field by field; byte fields are views of the input.</summary>
internal ref struct ProtoReader(ReadOnlyMemory<byte> source)
{
    private readonly ReadOnlyMemory<byte> _source = source;
    private readonly ReadOnlySpan<byte> _span = source.Span;
    private int _position;
    private int _wireType;

    /// <summary>Moves to the next field.</summary>
    /// <returns>Its number, or 0 at the end.</returns>
    public int NextField()
    {
        if (_position == _span.Length) return 0;
        var tag = Varint();
        _wireType = (int)(tag & 7);
        var field = tag >> 3;
        if (field is 0 or > int.MaxValue >> 3) throw Bad($"field number {field}");
        return (int)field;
    }

    /// <summary>The current field as a number.</summary>
    public ulong Number()
    {
        if (_wireType != 0) throw Bad($"wire type {_wireType} where a number belongs");
        return Varint();
    }

    public bool Flag() => Number() != 0;

    /// <summary>The current field's bytes, not copied.</summary>
    public ReadOnlyMemory<byte> Bytes()
    {
        if (_wireType != 2) throw Bad($"wire type {_wireType} where bytes belong");
        var length = Varint();
        if (length > (ulong)(_span.Length - _position)) throw Bad($"length {length}, but {_span.Length - _position} bytes are left");
        var bytes = _source.Slice(_position, (int)length);
        _position += (int)length;
        return bytes;
    }

    /// <summary>Adds the current field to a list of numbers, packed or single.</summary>
    public void Numbers(List<ulong> into)
    {
        if (_wireType == 0)
        {
            into.Add(Varint());
            return;
        }

        var packed = new ProtoReader(Bytes());
        while (packed._position < packed._span.Length) into.Add(packed.Varint());
    }

    /// <summary>Passes over a field this version does not know.</summary>
    public void Skip()
    {
        switch (_wireType)
        {
            case 0: Varint(); break;
            case 1: Advance(8); break;
            case 2: Bytes(); break;
            case 5: Advance(4); break;
            default: throw Bad($"wire type {_wireType}");
        }
    }

    public readonly RaftWireException Bad(string what) => new($"bad raft bytes at offset {_position} of {_span.Length}: {what}");

    private void Advance(int bytes)
    {
        if (bytes > _span.Length - _position) throw Bad($"{bytes} bytes expected");
        _position += bytes;
    }

    private ulong Varint()
    {
        var value = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (_position == _span.Length) throw Bad("a number is cut off");
            var next = _span[_position++];
            if (shift == 63 && next > 1) throw Bad("a number exceeds 64 bits");
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80) return value;
        }

        throw Bad("a number exceeds 64 bits");
    }
}
