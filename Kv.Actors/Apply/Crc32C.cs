using System.Buffers.Binary;
using System.Numerics;

namespace Kv.Actors.Apply;

/// <summary>CRC-32C, eight bytes at a time.</summary>
internal static class Crc32C
{
    internal static uint Of(ReadOnlySpan<byte> data) => Append(0, data);

    internal static uint Append(uint crc, ReadOnlySpan<byte> data)
    {
        var state = ~crc;
        while (data.Length >= 8)
        {
            state = BitOperations.Crc32C(state, BinaryPrimitives.ReadUInt64LittleEndian(data));
            data = data[8..];
        }
        foreach (var value in data)
        {
            state = BitOperations.Crc32C(state, value);
        }
        return ~state;
    }
}
