namespace Kv.Actors.Model;

/// <summary>A moment on a clock that only moves forward, in nanoseconds from an arbitrary start. Comparable within one process only.</summary>
public readonly record struct MonotonicTime(long Nanoseconds) : IComparable<MonotonicTime>
{
    /// <summary>Later than any moment that happens.</summary>
    public static readonly MonotonicTime Never = new(long.MaxValue);

    /// <summary>Reads <paramref name="clock"/>'s monotonic timestamp.</summary>
    public static MonotonicTime Of(TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(clock);
        return new((long)((Int128)clock.GetTimestamp() * 1_000_000_000 / clock.TimestampFrequency));
    }

    /// <summary>The moment <paramref name="span"/> later; stays at <see cref="Never"/> when it would pass it.</summary>
    public MonotonicTime Plus(TimeSpan span)
    {
        var sum = (Int128)Nanoseconds + ((Int128)span.Ticks * 100);
        return sum >= long.MaxValue ? Never : new((long)sum);
    }

    /// <summary>How long from <paramref name="earlier"/> to here; negative if it lies later. Capped at <see cref="TimeSpan.MaxValue"/>.</summary>
    public TimeSpan Since(MonotonicTime earlier) => new((Nanoseconds - earlier.Nanoseconds) / 100);

    /// <inheritdoc/>
    public int CompareTo(MonotonicTime other) => Nanoseconds.CompareTo(other.Nanoseconds);

    /// <summary>Whether <paramref name="left"/> is earlier.</summary>
    public static bool operator <(MonotonicTime left, MonotonicTime right) => left.Nanoseconds < right.Nanoseconds;

    /// <summary>Whether <paramref name="left"/> is later.</summary>
    public static bool operator >(MonotonicTime left, MonotonicTime right) => left.Nanoseconds > right.Nanoseconds;

    /// <summary>Whether <paramref name="left"/> is earlier or the same.</summary>
    public static bool operator <=(MonotonicTime left, MonotonicTime right) => left.Nanoseconds <= right.Nanoseconds;

    /// <summary>Whether <paramref name="left"/> is later or the same.</summary>
    public static bool operator >=(MonotonicTime left, MonotonicTime right) => left.Nanoseconds >= right.Nanoseconds;
}
