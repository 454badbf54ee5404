using System.Numerics;

namespace Kv.Load;

/// <summary>A histogram of durations with steps of at most 1.6 %; adding costs a few nanoseconds. Not thread-safe: one owner each, then merged.</summary>
internal sealed class Latencies
{
    private const int SubBits = 6;
    private readonly long[] _counts = new long[(64 - SubBits) << SubBits];

    /// <summary>How many durations were added.</summary>
    public long Count { get; private set; }

    /// <summary>Adds one duration in nanoseconds.</summary>
    public void Add(long nanoseconds)
    {
        _counts[IndexOf((ulong)Math.Max(0, nanoseconds))]++;
        Count++;
    }

    /// <summary>Adds all of another's.</summary>
    public void Add(Latencies other)
    {
        for (var i = 0; i < _counts.Length; i++)
        {
            _counts[i] += other._counts[i];
        }
        Count += other.Count;
    }

    /// <summary>The duration below which <paramref name="fraction"/> of all lie, in microseconds; NaN when empty.</summary>
    public double Quantile(double fraction)
    {
        if (Count == 0)
        {
            return double.NaN;
        }
        var wanted = (long)Math.Ceiling(Count * fraction);
        long seen = 0;
        for (var i = 0; i < _counts.Length; i++)
        {
            seen += _counts[i];
            if (seen >= wanted)
            {
                return ValueOf(i) / 1000.0;
            }
        }
        return ValueOf(_counts.Length - 1) / 1000.0;
    }

    private static int IndexOf(ulong value)
    {
        if (value < 1 << SubBits)
        {
            return (int)value;
        }
        var shift = BitOperations.Log2(value) - SubBits;
        return ((shift + 1) << SubBits) + (int)((value >> shift) & ((1 << SubBits) - 1));
    }

    private static double ValueOf(int index)
    {
        if (index < 1 << SubBits)
        {
            return index;
        }
        var shift = (index >> SubBits) - 1;
        return ((1UL << SubBits) | (uint)(index & ((1 << SubBits) - 1))) * Math.Pow(2, shift);
    }
}
