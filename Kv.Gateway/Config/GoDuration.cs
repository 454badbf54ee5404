using System.Globalization;
using System.Text;

namespace Kv.Gateway.Config;

/// <summary>Lengths of time as Go writes them: a sign, then numbers with units (<c>ns us µs ms s m h</c>), such as <c>1h30m</c> or <c>-1.5s</c>.</summary>
public static class GoDuration
{
    // Longest units first, so that "ms" is not read as "m".
    private static readonly (string Unit, double Nanoseconds)[] _units =
    [
        ("ns", 1), ("us", 1e3), ("µs", 1e3), ("μs", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3600e9),
    ];

    /// <summary>Reads <paramref name="text"/>; a number without a unit is refused, except 0. Below 100 ns is rounded.</summary>
    public static bool TryParse(string text, out TimeSpan value)
    {
        value = TimeSpan.Zero;
        var rest = text.AsSpan();
        var negative = rest.StartsWith("-");
        if (negative || rest.StartsWith("+"))
        {
            rest = rest[1..];
        }

        if (rest is "0")
        {
            return true;
        }

        if (rest.IsEmpty)
        {
            return false;
        }

        double nanoseconds = 0;
        while (!rest.IsEmpty)
        {
            var digits = 0;
            while (digits < rest.Length && (char.IsAsciiDigit(rest[digits]) || rest[digits] == '.'))
            {
                digits++;
            }

            if (!double.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
            {
                return false;
            }

            rest = rest[digits..];
            var found = false;
            foreach (var (unit, scale) in _units)
            {
                if (rest.StartsWith(unit, StringComparison.Ordinal))
                {
                    nanoseconds += number * scale;
                    rest = rest[unit.Length..];
                    found = true;
                    break;
                }
            }

            if (!found)
            {
                return false;
            }
        }

        if (nanoseconds >= long.MaxValue)
        {
            return false;                                    // Go counts nanoseconds in 64 bits
        }

        var ticks = (long)Math.Round(nanoseconds / 100);
        value = new TimeSpan(negative ? -ticks : ticks);
        return true;
    }

    /// <summary>Writes <paramref name="value"/> as Go prints it: <c>1m0s</c>, <c>10ms</c>, <c>1.5s</c>, <c>0s</c>.</summary>
    public static string Format(TimeSpan value)
    {
        if (value == TimeSpan.Zero)
        {
            return "0s";
        }

        var text = new StringBuilder();
        if (value < TimeSpan.Zero)
        {
            text.Append('-');
            value = value.Negate();
        }

        var culture = CultureInfo.InvariantCulture;
        if (value < TimeSpan.FromMilliseconds(1))
        {
            return text.Append(culture, $"{value.Ticks / 10.0:0.#}µs").ToString();
        }

        if (value < TimeSpan.FromSeconds(1))
        {
            return text.Append(culture, $"{value.TotalMilliseconds:0.####}ms").ToString();
        }

        var hours = (long)value.TotalHours;
        if (hours > 0)
        {
            text.Append(culture, $"{hours}h");
        }

        if (value >= TimeSpan.FromMinutes(1))
        {
            text.Append(culture, $"{value.Minutes}m");
        }

        return text.Append(culture, $"{value.Ticks % TimeSpan.TicksPerMinute / (double)TimeSpan.TicksPerSecond:0.#######}s").ToString();
    }
}
