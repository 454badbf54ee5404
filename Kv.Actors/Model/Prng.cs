using System.Numerics;

namespace Kv.Actors.Model;

/// <summary>A seeded random source: the same seed gives the same numbers on every machine and run.</summary>
/// <remarks>
/// xoshiro256** (Blackman and Vigna, 2018), its 256 bits of state filled from the seed by splitmix64. For timeouts,
/// simulation and tests; never for anything secret. Not safe for use by two threads.
/// </remarks>
public sealed class Prng
{
    private ulong _s0;
    private ulong _s1;
    private ulong _s2;
    private ulong _s3;

    /// <summary>Starts the sequence that belongs to <paramref name="seed"/>; every seed is a good one, zero included.</summary>
    public Prng(ulong seed)
    {
        _s0 = SplitMix(ref seed);
        _s1 = SplitMix(ref seed);
        _s2 = SplitMix(ref seed);
        _s3 = SplitMix(ref seed);
    }

    /// <summary>The next 64 bits.</summary>
    public ulong NextULong()
    {
        var result = BitOperations.RotateLeft(_s1 * 5, 7) * 9;
        var t = _s1 << 17;
        _s2 ^= _s0;
        _s3 ^= _s1;
        _s1 ^= _s2;
        _s0 ^= _s3;
        _s2 ^= t;
        _s3 = BitOperations.RotateLeft(_s3, 45);
        return result;
    }

    /// <summary>A number in [0, <paramref name="bound"/>), each equally likely.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bound"/> is not positive.</exception>
    public int NextInt(int bound)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bound);
        // Lemire's multiply-shift; the retry removes the bias of the few lowest products.
        var range = (uint)bound;
        var product = (ulong)(uint)(NextULong() >> 32) * range;
        var threshold = (0u - range) % range;
        while ((uint)product < threshold) product = (ulong)(uint)(NextULong() >> 32) * range;
        return (int)(product >> 32);
    }

    /// <summary>A number in [<paramref name="from"/>, <paramref name="to"/>).</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range is empty or wider than an <see cref="int"/>.</exception>
    public int NextInt(int from, int to) => from + NextInt(checked(to - from));

    /// <summary>A number in [0, 1) with 53 random bits.</summary>
    public double NextDouble() => (NextULong() >> 11) * (1.0 / (1UL << 53));

    /// <summary>True with the given probability; 0 is never, 1 is always.</summary>
    public bool NextBool(double probability) => NextDouble() < probability;

    /// <summary>Fills the span with random bytes.</summary>
    public void NextBytes(Span<byte> destination)
    {
        while (destination.Length >= sizeof(ulong))
        {
            System.Buffers.Binary.BinaryPrimitives.WriteUInt64LittleEndian(destination, NextULong());
            destination = destination[sizeof(ulong)..];
        }

        if (destination.IsEmpty) return;
        var last = NextULong();
        for (var i = 0; i < destination.Length; i++) destination[i] = (byte)(last >> (8 * i));
    }

    /// <summary>A generator of its own, seeded from this one: parts of a simulation do not disturb each other's draws.</summary>
    public Prng Fork() => new(NextULong());

    private static ulong SplitMix(ref ulong state)
    {
        state += 0x9E3779B97F4A7C15;
        var z = state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
