namespace Kv.Load.Workloads;

/// <summary>Walks the fields of a protobuf message without decoding what nobody asked for.</summary>
/// <remarks>Numbers are in <see cref="Number"/>, everything with a length in <see cref="Bytes"/>; fixed-width fields do not occur in etcd's API.</remarks>
internal ref struct ProtoFields(ReadOnlySpan<byte> message)
{
    private ReadOnlySpan<byte> _rest = message;

    /// <summary>The current field's number.</summary>
    public int Field { get; private set; }

    /// <summary>The current field's value when it is an integer, bool or enum.</summary>
    public long Number { get; private set; }

    /// <summary>The current field's value when it is bytes, a string or a message.</summary>
    public ReadOnlySpan<byte> Bytes { get; private set; }

    /// <summary>Moves to the next field; false at the end.</summary>
    /// <exception cref="InvalidDataException">A wire type that the API does not use.</exception>
    public bool Next()
    {
        if (_rest.IsEmpty)
        {
            return false;
        }
        var tag = Keys.ReadVarint(ref _rest);
        Field = (int)(tag >> 3);
        switch (tag & 7)
        {
            case 0:
                Number = (long)Keys.ReadVarint(ref _rest);
                Bytes = default;
                return true;
            case 2:
                var length = (int)Keys.ReadVarint(ref _rest);
                Bytes = _rest[..length];
                _rest = _rest[length..];
                Number = 0;
                return true;
            default:
                throw new InvalidDataException($"Field {Field} has wire type {tag & 7}, which etcd's API does not use.");
        }
    }

    /// <summary>The first field of that number in <paramref name="message"/>: bytes, or empty when there is none.</summary>
    public static ReadOnlySpan<byte> Find(ReadOnlySpan<byte> message, int field)
    {
        var fields = new ProtoFields(message);
        while (fields.Next())
        {
            if (fields.Field == field)
            {
                return fields.Bytes;
            }
        }
        return default;
    }

    /// <summary>The first number of that field in <paramref name="message"/>, or 0 when there is none.</summary>
    public static long FindNumber(ReadOnlySpan<byte> message, int field)
    {
        var fields = new ProtoFields(message);
        while (fields.Next())
        {
            if (fields.Field == field)
            {
                return fields.Number;
            }
        }
        return 0;
    }
}
