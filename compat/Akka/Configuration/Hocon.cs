using System.Globalization;
using System.Text;

namespace Akka.Configuration.Hocon;

/// <summary>A part of a value: text, a list, an object or a substitution.</summary>
public interface IHoconElement
{
    /// <summary>Whether it is text.</summary>
    bool IsString();

    /// <summary>Its text.</summary>
    string GetString();

    /// <summary>Whether it is a list.</summary>
    bool IsArray();

    /// <summary>Its list.</summary>
    IList<HoconValue> GetArray();
}

/// <summary>A parsed file.</summary>
public class HoconRoot
{
    /// <summary>With its tree.</summary>
    public HoconRoot(HoconValue value)
        : this(value, [])
    {
    }

    /// <summary>With its tree and the substitutions in it.</summary>
    public HoconRoot(HoconValue value, IEnumerable<HoconSubstitution> substitutions)
    {
        Value = value;
        Substitutions = substitutions;
    }

    /// <summary>The tree.</summary>
    public HoconValue Value { get; }

    /// <summary>The substitutions in it.</summary>
    public IEnumerable<HoconSubstitution> Substitutions { get; }
}

/// <summary>Text.</summary>
public class HoconLiteral : IHoconElement
{
    /// <summary>The text.</summary>
    public string Value { get; set; }

    /// <inheritdoc/>
    public bool IsString() => true;

    /// <inheritdoc/>
    public string GetString() => Value;

    /// <inheritdoc/>
    public bool IsArray() => false;

    /// <inheritdoc/>
    public IList<HoconValue> GetArray() => throw new NotSupportedException("A literal is not a list");
}

/// <summary>A list.</summary>
public class HoconArray : List<HoconValue>, IHoconElement
{
    /// <inheritdoc/>
    public bool IsString() => false;

    /// <inheritdoc/>
    public string GetString() => throw new NotSupportedException("A list is not text");

    /// <inheritdoc/>
    public bool IsArray() => true;

    /// <inheritdoc/>
    public IList<HoconValue> GetArray() => this;
}

/// <summary>Members by key.</summary>
public class HoconObject : IHoconElement
{
    /// <summary>The members.</summary>
    public Dictionary<string, HoconValue> Items { get; } = [];

    /// <summary>The member of a key, or null.</summary>
    public HoconValue GetKey(string key) => Items.GetValueOrDefault(key);

    /// <summary>The member of a key; made when there is none.</summary>
    public HoconValue GetOrCreateKey(string key)
    {
        if (!Items.TryGetValue(key, out var value)) Items.Add(key, value = new HoconValue());
        return value;
    }

    /// <inheritdoc/>
    public bool IsString() => false;

    /// <inheritdoc/>
    public string GetString() => throw new NotSupportedException("An object is not text");

    /// <inheritdoc/>
    public bool IsArray() => false;

    /// <inheritdoc/>
    public IList<HoconValue> GetArray() => throw new NotSupportedException("An object is not a list");

    /// <summary>Takes over the members of another: its values win, objects are merged.</summary>
    public void Merge(HoconObject other)
    {
        foreach (var (key, value) in other.Items)
            Items[key] = Items.TryGetValue(key, out var existing) ? HoconValue.Merge(value, existing) : value;
    }
}

/// <summary>Stands for the value at another path.</summary>
public class HoconSubstitution : IHoconElement
{
    /// <summary>For a path.</summary>
    public HoconSubstitution(string path) => Path = path;

    /// <summary>The path.</summary>
    public string Path { get; set; }

    /// <summary>The value found there.</summary>
    public HoconValue ResolvedValue { get; set; }

    /// <inheritdoc/>
    public bool IsString() => ResolvedValue.IsString();

    /// <inheritdoc/>
    public string GetString() => ResolvedValue.GetString();

    /// <inheritdoc/>
    public bool IsArray() => ResolvedValue.IsArray();

    /// <inheritdoc/>
    public IList<HoconValue> GetArray() => ResolvedValue.GetArray();

    /// <summary>Whether the value is an object.</summary>
    public bool IsObject() => ResolvedValue is not null && ResolvedValue.IsObject();

    /// <summary>The value as an object.</summary>
    public HoconObject GetObject() => ResolvedValue.GetObject();
}

/// <summary>A value: text, possibly of several parts, a list or an object.</summary>
public class HoconValue
{
    private static readonly (string Unit, long Factor)[] s_sizes =
    [
        ("kilobytes", 1000), ("kilobyte", 1000), ("kB", 1000),
        ("kibibytes", 1024), ("kibibyte", 1024), ("KiB", 1024), ("Ki", 1024), ("K", 1024), ("k", 1024),
        ("megabytes", 1000 * 1000), ("megabyte", 1000 * 1000), ("MB", 1000 * 1000),
        ("mebibytes", 1024 * 1024), ("mebibyte", 1024 * 1024), ("MiB", 1024 * 1024), ("Mi", 1024 * 1024), ("M", 1024 * 1024), ("m", 1024 * 1024),
        ("gigabytes", 1000L * 1000 * 1000), ("gigabyte", 1000L * 1000 * 1000), ("GB", 1000L * 1000 * 1000),
        ("gibibytes", 1L << 30), ("gibibyte", 1L << 30), ("GiB", 1L << 30), ("Gi", 1L << 30), ("G", 1L << 30), ("g", 1L << 30),
        ("terabytes", 1000L * 1000 * 1000 * 1000), ("terabyte", 1000L * 1000 * 1000 * 1000), ("TB", 1000L * 1000 * 1000 * 1000),
        ("tebibytes", 1L << 40), ("tebibyte", 1L << 40), ("TiB", 1L << 40), ("Ti", 1L << 40), ("T", 1L << 40), ("t", 1L << 40),
        ("bytes", 1), ("byte", 1), ("B", 1), ("b", 1),
    ];

    private static readonly (string Unit, double Ticks)[] s_durations =
    [
        ("nanoseconds", 0.01), ("nanosecond", 0.01), ("nanos", 0.01), ("nano", 0.01), ("ns", 0.01),
        ("microseconds", 10), ("microsecond", 10), ("micros", 10), ("micro", 10), ("us", 10),
        ("milliseconds", TimeSpan.TicksPerMillisecond), ("millisecond", TimeSpan.TicksPerMillisecond), ("millis", TimeSpan.TicksPerMillisecond), ("milli", TimeSpan.TicksPerMillisecond), ("ms", TimeSpan.TicksPerMillisecond),
        ("seconds", TimeSpan.TicksPerSecond), ("second", TimeSpan.TicksPerSecond), ("s", TimeSpan.TicksPerSecond),
        ("minutes", TimeSpan.TicksPerMinute), ("minute", TimeSpan.TicksPerMinute), ("m", TimeSpan.TicksPerMinute),
        ("hours", TimeSpan.TicksPerHour), ("hour", TimeSpan.TicksPerHour), ("h", TimeSpan.TicksPerHour),
        ("days", TimeSpan.TicksPerDay), ("day", TimeSpan.TicksPerDay), ("d", TimeSpan.TicksPerDay),
    ];

    /// <summary>The parts.</summary>
    public List<IHoconElement> Values { get; } = [];

    /// <summary>Whether there is nothing, or an object without members.</summary>
    public bool IsEmpty => Values.Count == 0 || (Values[0] is HoconObject { Items.Count: 0 } && Values.Count == 1);

    /// <summary>Adds a part; text replaces an object.</summary>
    public void AppendValue(IHoconElement value) => Values.Add(value);

    /// <summary>Removes all parts.</summary>
    public void Clear() => Values.Clear();

    /// <summary>Replaces all parts.</summary>
    public void NewValue(IHoconElement value)
    {
        Values.Clear();
        Values.Add(value);
    }

    /// <summary>Whether it is text.</summary>
    public bool IsString() => Values.Count > 0 && Values.TrueForAll(static v => v.IsString());

    /// <summary>Whether it is a list.</summary>
    public bool IsArray() => Values.Exists(static v => v.IsArray());

    /// <summary>Whether it is an object.</summary>
    public bool IsObject() => Values.Exists(static v => v is HoconObject || (v is HoconSubstitution s && s.IsObject()));

    /// <summary>As an object, or null.</summary>
    public HoconObject GetObject()
    {
        HoconObject found = null;
        var merged = false;
        foreach (var element in Values)
        {
            var next = element switch
            {
                HoconObject o => o,
                HoconSubstitution s when s.IsObject() => s.GetObject(),
                _ => null,
            };
            if (next is null) continue;
            if (found is null)
            {
                found = next;
                continue;
            }

            if (!merged)
            {
                var copy = new HoconObject();
                copy.Merge(found);
                found = copy;
                merged = true;
            }

            found.Merge(next);
        }

        return found;
    }

    /// <summary>The member of a key, or null.</summary>
    public HoconValue GetChildObject(string key) => GetObject()?.GetKey(key);

    /// <summary>Its text; null for <c>null</c>, for lists and for objects.</summary>
    public string GetString()
    {
        if (!IsString()) return null;
        var text = Values.Count == 1 ? Values[0].GetString()?.Trim() : string.Concat(Values.Select(static v => v.GetString())).Trim();
        return text == "null" ? null : text;
    }

    /// <summary>Its list; the parts' lists one after the other.</summary>
    public IList<HoconValue> GetArray() => [.. Values.Where(static v => v.IsArray()).SelectMany(static v => v.GetArray())];

    /// <summary>A flag.</summary>
    public bool GetBoolean() => GetString() switch
    {
        "on" or "true" => true,
        "off" or "false" or null => false,
        var other => throw new NotSupportedException($"Unknown boolean format: {other}"),
    };

    /// <summary>A whole number.</summary>
    public int GetInt() => int.Parse(GetString(), NumberFormatInfo.InvariantInfo);

    /// <summary>A whole number.</summary>
    public long GetLong() => long.Parse(GetString(), NumberFormatInfo.InvariantInfo);

    /// <summary>A number.</summary>
    public double GetDouble() => double.Parse(GetString(), NumberFormatInfo.InvariantInfo);

    /// <summary>A number.</summary>
    public float GetFloat() => float.Parse(GetString(), NumberFormatInfo.InvariantInfo);

    /// <summary>A number.</summary>
    public decimal GetDecimal() => decimal.Parse(GetString(), NumberFormatInfo.InvariantInfo);

    /// <summary>Texts.</summary>
    public IList<string> GetStringList() => [.. GetArray().Select(static v => v.GetString())];

    /// <summary>Whole numbers.</summary>
    public IList<int> GetIntList() => [.. GetArray().Select(static v => v.GetInt())];

    /// <summary>Whole numbers.</summary>
    public IList<long> GetLongList() => [.. GetArray().Select(static v => v.GetLong())];

    /// <summary>Flags.</summary>
    public IList<bool> GetBooleanList() => [.. GetArray().Select(static v => v.GetBoolean())];

    /// <summary>Bytes; a number without unit is bytes.</summary>
    public long? GetByteSize()
    {
        var text = GetString();
        if (string.IsNullOrEmpty(text)) return null;
        foreach (var (unit, factor) in s_sizes)
            if (text.EndsWith(unit, StringComparison.Ordinal))
                return (long)(decimal.Parse(text.AsSpan(0, text.Length - unit.Length).Trim(), NumberStyles.Float, NumberFormatInfo.InvariantInfo) * factor);
        return long.Parse(text, NumberFormatInfo.InvariantInfo);
    }

    /// <summary>A duration; a number without unit is milliseconds.</summary>
    public TimeSpan GetTimeSpan(bool allowInfinite = true)
    {
        var text = GetString() ?? throw new FormatException("A duration must be text");
        if (allowInfinite && text.Equals("infinite", StringComparison.OrdinalIgnoreCase)) return Timeout.InfiniteTimeSpan;
        var digits = 0;
        while (digits < text.Length && (char.IsAsciiDigit(text[digits]) || text[digits] is '.' or '-' or '+')) digits++;
        if (digits == 0 || !double.TryParse(text.AsSpan(0, digits), NumberStyles.Float, NumberFormatInfo.InvariantInfo, out var number))
            throw new FormatException($"Failed to parse TimeSpan value from '{text}'");
        if (number < 0) throw new FormatException($"Expected a positive value instead of {number}");
        var name = text[digits..].Trim();
        if (name.Length == 0) return TimeSpan.FromTicks((long)Math.Round(number * TimeSpan.TicksPerMillisecond));
        foreach (var (unit, ticks) in s_durations)
            if (name == unit) return TimeSpan.FromTicks((long)Math.Round(number * ticks));
        throw new FormatException($"Failed to parse TimeSpan value from '{text}'");
    }

    /// <summary>As a configuration of its own.</summary>
    public Config ToConfig() => new(new HoconRoot(this));

    internal static HoconValue Merge(HoconValue over, HoconValue under)
    {
        if (under is null) return over;
        if (over is null || over.Values.Count == 0) return under;
        var top = over.GetObject();
        var below = under.GetObject();
        if (top is null || below is null) return over;
        var merged = new HoconObject();
        foreach (var (key, value) in top.Items)
            merged.Items[key] = below.Items.TryGetValue(key, out var other) ? Merge(value, other) : value;
        foreach (var (key, value) in below.Items) merged.Items.TryAdd(key, value);
        var result = new HoconValue();
        result.Values.Add(merged);
        return result;
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        var text = new StringBuilder();
        Write(text, 0, top: true);
        return text.ToString();
    }

    private void Write(StringBuilder text, int depth, bool top = false)
    {
        if (GetObject() is { } members)
        {
            if (!top) text.Append("{\n");
            var inner = top ? depth : depth + 1;
            foreach (var (key, value) in members.Items)
            {
                text.Append(' ', inner * 2).Append(key.AsSpan().ContainsAny(".\"/:, ") ? $"\"{key}\"" : key).Append(" : ");
                value.Write(text, inner);
                text.Append('\n');
            }

            if (!top) text.Append(' ', depth * 2).Append('}');
        }
        else if (IsArray())
        {
            text.Append('[');
            var first = true;
            foreach (var item in GetArray())
            {
                if (!first) text.Append(',');
                first = false;
                item.Write(text, depth);
            }

            text.Append(']');
        }
        else if (Values.Count > 0)
        {
            var value = GetString();
            if (value is null) text.Append("null");
            else if (value.Length == 0 || value.AsSpan().ContainsAny("$\"{}[]:=,#`^?!@*&\\ \n\t")) text.Append('"').Append(value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal).Replace("\t", "\\t", StringComparison.Ordinal)).Append('"');
            else text.Append(value);
        }
    }
}
