using Kv.Actors.Model;

namespace Kv.Actors.Apply;

/// <summary>Finds a request's id in its bytes without decoding the rest.</summary>
/// <remarks>
/// <code>
///  InternalRaftRequest   field 100 header, a message   ->   field 1 id, varint
/// </code>
/// Our own writer puts the header last, as its number is the highest; any order is read.
/// </remarks>
public static class RequestIds
{
    /// <summary>The id, or 0 when there is none: such a request has no waiter.</summary>
    public static RequestId Read(ReadOnlySpan<byte> request)
    {
        while (TryReadField(ref request, out var field, out var payload, out _))
        {
            if (field == 100)
            {
                while (TryReadField(ref payload, out var inner, out _, out var number))
                {
                    if (inner == 1)
                    {
                        return new RequestId(number);
                    }
                }
            }
        }
        return default;
    }

    private static bool TryReadField(ref ReadOnlySpan<byte> from, out int field, out ReadOnlySpan<byte> payload, out ulong number)
    {
        (field, number) = (0, 0);
        payload = default;
        if (from.IsEmpty)
        {
            return false;
        }
        var tag = Varint(ref from);
        field = (int)(tag >> 3);
        switch (tag & 7)
        {
            case 0:
                number = Varint(ref from);
                return true;
            case 1:
                from = from[8..];
                return true;
            case 2:
                var length = (int)Varint(ref from);
                payload = from[..length];
                from = from[length..];
                return true;
            case 5:
                from = from[4..];
                return true;
            default:
                throw new InvalidDataException($"A logged request has wire type {tag & 7} for field {field}.");
        }
    }

    private static ulong Varint(ref ReadOnlySpan<byte> from)
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
}
