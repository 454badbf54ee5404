using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using ArmCrc = System.Runtime.Intrinsics.Arm.Crc32;

namespace Kv.Persistence.Wal;

/// <summary>CRC-32C (Castagnoli, polynomial 0x1EDC6F41 reflected): the checksum of the log's records and of etcd's snapshot status.</summary>
/// <remarks>Values are finished (inverted) ones, so <c>Append(Append(0, a), b)</c> is the checksum of a followed by b.</remarks>
public static class Crc32C
{
    private const uint Polynomial = 0x82F63B78;
    private static readonly uint[] Tables = MakeTables();

    /// <summary>Checksum of <paramref name="data"/> alone. "123456789" gives 0xE3069283.</summary>
    public static uint Of(ReadOnlySpan<byte> data) => Append(0, data);

    /// <summary>Continues <paramref name="crc"/> (0 to begin) over <paramref name="data"/>. About 8 bytes in three cycles where the CPU helps.</summary>
    public static uint Append(uint crc, ReadOnlySpan<byte> data)
    {
        if (Sse42.X64.IsSupported) return Sse(crc, data);
        if (ArmCrc.Arm64.IsSupported) return Arm(crc, data);
        return Portable(crc, data);
    }

    /// <summary>The same without the CPU's instruction: eight tables, eight bytes a step. Tests compare it with <see cref="Append"/>.</summary>
    public static uint Portable(uint crc, ReadOnlySpan<byte> data)
    {
        var state = ~crc;
        ReadOnlySpan<uint> table = Tables;
        while (data.Length >= 8)
        {
            var low = BinaryPrimitives.ReadUInt32LittleEndian(data) ^ state;
            var high = BinaryPrimitives.ReadUInt32LittleEndian(data[4..]);
            state = table[(7 * 256) + (int)(low & 0xFF)] ^ table[(6 * 256) + (int)((low >> 8) & 0xFF)]
                ^ table[(5 * 256) + (int)((low >> 16) & 0xFF)] ^ table[(4 * 256) + (int)(low >> 24)]
                ^ table[(3 * 256) + (int)(high & 0xFF)] ^ table[(2 * 256) + (int)((high >> 8) & 0xFF)]
                ^ table[256 + (int)((high >> 16) & 0xFF)] ^ table[(int)(high >> 24)];
            data = data[8..];
        }

        foreach (var b in data) state = table[(int)((state ^ b) & 0xFF)] ^ (state >> 8);
        return ~state;
    }

    private static uint Sse(uint crc, ReadOnlySpan<byte> data)
    {
        ulong state = ~crc;
        var words = MemoryMarshal.Cast<byte, ulong>(data);
        foreach (var word in words) state = Sse42.X64.Crc32(state, word);
        var rest = (uint)state;
        foreach (var b in data[(words.Length * 8)..]) rest = Sse42.Crc32(rest, b);
        return ~rest;
    }

    private static uint Arm(uint crc, ReadOnlySpan<byte> data)
    {
        var state = ~crc;
        var words = MemoryMarshal.Cast<byte, ulong>(data);
        foreach (var word in words) state = ArmCrc.Arm64.ComputeCrc32C(state, word);
        foreach (var b in data[(words.Length * 8)..]) state = ArmCrc.ComputeCrc32C(state, b);
        return ~state;
    }

    private static uint[] MakeTables()
    {
        var tables = new uint[8 * 256];
        for (var i = 0u; i < 256; i++)
        {
            var value = i;
            for (var bit = 0; bit < 8; bit++) value = (value & 1) != 0 ? (value >> 1) ^ Polynomial : value >> 1;
            tables[i] = value;
        }

        for (var i = 256; i < tables.Length; i++) tables[i] = (tables[i - 256] >> 8) ^ tables[tables[i - 256] & 0xFF];
        return tables;
    }
}
