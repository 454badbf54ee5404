using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Kv.Actors.Meters;

/// <summary>A number that only grows. Padded to a cache line of its own, so that two hot counters do not slow each other down.</summary>
[StructLayout(LayoutKind.Sequential)]
public sealed class Counter
{
#pragma warning disable CS0169, IDE0051, CA1823 // Never read: they only keep neighbours off the counter's cache line.
    private readonly long _p0, _p1, _p2, _p3, _p4, _p5, _p6;
    private long _value;
    private readonly long _q0, _q1, _q2, _q3, _q4, _q5, _q6;
#pragma warning restore CS0169, IDE0051, CA1823
    private Func<long>? _source;

    /// <summary>The count.</summary>
    public long Value => Volatile.Read(ref _source) is { } source ? source() : Volatile.Read(ref _value);

    /// <summary>Adds one.</summary>
    public void Add() => Interlocked.Increment(ref _value);

    /// <summary>Adds <paramref name="count"/>, which is not negative.</summary>
    public void Add(long count) => Interlocked.Add(ref _value, count);

    /// <summary>From now on the count is what <paramref name="source"/> answers: for one that its owner keeps anyway. Called on the thread that writes the page.</summary>
    public void From(Func<long> source) => Volatile.Write(ref _source, source);
}

/// <summary>A number that goes up and down; set by whoever owns it, or read from a source when someone asks.</summary>
public sealed class Gauge
{
    private double _value;
    private Func<double>? _source;

    /// <summary>The number now. An error of the source is the source's bug and comes out here.</summary>
    public double Value => Volatile.Read(ref _source) is { } source ? source() : Volatile.Read(ref _value);

    /// <summary>Sets the number; not for a gauge that has a source.</summary>
    public void Set(double value) => Volatile.Write(ref _value, value);

    /// <summary>Sets 1 or 0.</summary>
    public void Set(bool value) => Set(value ? 1 : 0);

    /// <summary>Adds <paramref name="change"/>, which may be negative. Safe from any thread.</summary>
    public void Add(double change)
    {
        var seen = Volatile.Read(ref _value);
        while (true)
        {
            var before = Interlocked.CompareExchange(ref _value, seen + change, seen);
            if (before.Equals(seen))
            {
                return;
            }

            seen = before;
        }
    }

    /// <summary>From now on the number is what <paramref name="source"/> answers; it is called on the thread that writes the page.</summary>
    public void From(Func<double> source) => Volatile.Write(ref _source, source);
}

/// <summary>
/// Counts values by size: bucket i holds those up to <c>start × factor^i</c>, the last all above. Recording allocates nothing
/// and costs two interlocked additions.
/// </summary>
public sealed class Histogram
{
    private readonly double[] _bounds;
    private readonly long[] _counts;
    private double _sum;

    /// <summary>Buckets at <paramref name="start"/>, <paramref name="start"/> × <paramref name="factor"/>, … (<paramref name="count"/> of them), and one above.</summary>
    public Histogram(double start, double factor, int count)
    {
        _bounds = new double[count];
        _counts = new long[count + 1];
        var bound = start;
        for (var i = 0; i < count; i++, bound *= factor)
        {
            _bounds[i] = bound;
        }
    }

    /// <summary>Upper bounds, ascending, without the last bucket's infinity.</summary>
    public ReadOnlySpan<double> Bounds => _bounds;

    /// <summary>Sum of all values.</summary>
    public double Sum => Volatile.Read(ref _sum);

    /// <summary>How many values there were in all.</summary>
    public long Count
    {
        get
        {
            long count = 0;
            for (var i = 0; i < _counts.Length; i++)
            {
                count += Volatile.Read(ref _counts[i]);
            }

            return count;
        }
    }

    /// <summary>Values in bucket <paramref name="index"/> alone; the index after the last bound is the bucket above.</summary>
    public long InBucket(int index) => Volatile.Read(ref _counts[index]);

    /// <summary>Records a value.</summary>
    public void Record(double value)
    {
        var bucket = 0;
        while (bucket < _bounds.Length && value > _bounds[bucket])          // most values are small: a linear look ends early
        {
            bucket++;
        }

        Interlocked.Increment(ref _counts[bucket]);
        var seen = Volatile.Read(ref _sum);
        while (true)
        {
            var before = Interlocked.CompareExchange(ref _sum, seen + value, seen);
            if (before.Equals(seen))
            {
                return;
            }

            seen = before;
        }
    }

    /// <summary>Records a length of time in seconds.</summary>
    public void Record(TimeSpan duration) => Record(duration.TotalSeconds);

    /// <summary>Records the seconds since <paramref name="startTimestamp"/>, a <see cref="Stopwatch.GetTimestamp"/>.</summary>
    public void RecordSince(long startTimestamp) => Record(Stopwatch.GetElapsedTime(startTimestamp).TotalSeconds);
}
