namespace Kv.Testing.History;

/// <summary>128-bit hashes that are the same in every process, so that a search repeats itself.</summary>
internal static class Fingerprints
{
    private static readonly UInt128 Multiplier = new(0x2360ED051FC65DA4, 0x4385DF649FCCF645);

    /// <summary>Of a number; <paramref name="kind"/> keeps different uses apart.</summary>
    public static UInt128 Of(long number, ulong kind) => Mix(Mix(new UInt128(kind, 0x9E3779B97F4A7C15)) ^ (ulong)number);

    /// <summary>Of a key's state.</summary>
    public static UInt128 Of(KeyRecord key)
    {
        var hash = Add(new UInt128(0x6b, 0x6579), key.Key);
        hash = Mix(Add(hash, key.Value) ^ new UInt128((ulong)key.CreateRevision, (ulong)key.ModRevision));
        return Mix(hash ^ new UInt128((ulong)key.Version, (ulong)key.Lease));
    }

    private static UInt128 Add(UInt128 hash, string text)
    {
        foreach (var c in text)
        {
            hash = (hash ^ c) * Multiplier;
        }
        return Mix(hash ^ (ulong)text.Length);
    }

    private static UInt128 Mix(UInt128 x)
    {
        x = (x ^ (x >> 67)) * Multiplier;
        x = (x ^ (x >> 61)) * Multiplier;
        return x ^ (x >> 64);
    }
}
