using System.Globalization;
using System.Text;
using Akka.Actor;
using Akka.Configuration.Hocon;

namespace Akka.Configuration;

/// <summary>A configuration that cannot be used.</summary>
public class ConfigurationException : AkkaException
{
    /// <summary>With a message.</summary>
    public ConfigurationException(string message)
        : base(message)
    {
    }

    /// <summary>With a message and its cause.</summary>
    public ConfigurationException(string message, Exception exception)
        : base(message, exception)
    {
    }

    /// <summary>For a section that is missing.</summary>
    public static ConfigurationException NullOrEmptyConfig<T>(string path = null) =>
        new($"Failed to instantiate {typeof(T).Name}: Configuration does not contain `{path ?? "the given"}` node");
}

/// <summary>A tree of values by dotted path, with fallbacks below. Immutable.</summary>
public class Config
{
    /// <summary>Without values.</summary>
    public static readonly Config Empty = new(new HoconRoot(new HoconValue()));

    private readonly HoconValue _merged;

    /// <summary>Without values.</summary>
    public Config()
        : this(new HoconRoot(new HoconValue()))
    {
    }

    /// <summary>From a parsed tree.</summary>
    public Config(HoconRoot root)
    {
        ArgumentNullException.ThrowIfNull(root);
        Root = root.Value ?? new HoconValue();
        _merged = Root;
    }

    /// <summary>One over another.</summary>
    public Config(Config source, Config fallback)
    {
        ArgumentNullException.ThrowIfNull(source);
        Root = source.Root;
        Fallback = source.Fallback is null ? fallback : source.Fallback.SafeWithFallback(fallback);
        _merged = Fallback is null ? Root : HoconValue.Merge(source._merged, fallback?._merged);
    }

    /// <summary>What lies below, or null.</summary>
    public Config Fallback { get; }

    /// <summary>Whether this level has no values.</summary>
    public virtual bool IsEmpty => Root is null || Root.IsEmpty;

    /// <summary>The tree of this level, without fallbacks.</summary>
    public HoconValue Root { get; }

    /// <summary>This over <paramref name="fallback"/>.</summary>
    public virtual Config WithFallback(Config fallback)
    {
        if (fallback is null || fallback.IsNullOrEmpty()) return this;
        if (ReferenceEquals(fallback, this)) throw new ArgumentException("Config can not have itself as fallback", nameof(fallback));
        return this.IsNullOrEmpty() ? fallback : new Config(this, fallback);
    }

    /// <summary>The value at a path, or null.</summary>
    public HoconValue GetValue(string path)
    {
        var current = _merged;
        foreach (var key in SplitPath(path))
        {
            current = current.GetChildObject(key);
            if (current is null) return null;
        }

        return current;
    }

    /// <summary>Whether there is something at a path.</summary>
    public virtual bool HasPath(string path) => GetValue(path) is not null;

    /// <summary>The section at a path; null when there is none.</summary>
    public virtual Config GetConfig(string path)
    {
        var value = GetValue(path);
        return value is null ? null : new Config(new HoconRoot(value));
    }

    /// <summary>A flag: true/on/yes or false/off/no.</summary>
    public virtual bool GetBoolean(string path, bool @default = false) => GetValue(path) is { } value ? value.GetBoolean() : @default;

    /// <summary>A size in bytes, such as 4KiB or 10 MB; null when there is none.</summary>
    public virtual long? GetByteSize(string path) => GetByteSize(path, null);

    /// <summary>A size in bytes, such as 4KiB or 10 MB.</summary>
    public virtual long? GetByteSize(string path, long? def = null) => GetValue(path) is { } value ? value.GetByteSize() : def;

    /// <summary>A whole number.</summary>
    public virtual int GetInt(string path, int @default = 0) => GetValue(path) is { } value ? value.GetInt() : @default;

    /// <summary>A whole number.</summary>
    public virtual long GetLong(string path, long @default = 0) => GetValue(path) is { } value ? value.GetLong() : @default;

    /// <summary>A number.</summary>
    public virtual double GetDouble(string path, double @default = 0) => GetValue(path) is { } value ? value.GetDouble() : @default;

    /// <summary>A number.</summary>
    public virtual float GetFloat(string path, float @default = 0) => GetValue(path) is { } value ? value.GetFloat() : @default;

    /// <summary>A number.</summary>
    public virtual decimal GetDecimal(string path, decimal @default = 0) => GetValue(path) is { } value ? value.GetDecimal() : @default;

    /// <summary>Text.</summary>
    public virtual string GetString(string path, string @default = null) => GetValue(path) is { } value ? value.GetString() : @default;

    /// <summary>A duration, such as 10ms, 5 s or infinite.</summary>
    public virtual TimeSpan GetTimeSpan(string path, TimeSpan? @default = null, bool allowInfinite = true) =>
        GetValue(path) is { } value ? value.GetTimeSpan(allowInfinite) : @default.GetValueOrDefault();

    /// <summary>A list of texts; empty when there is none.</summary>
    public virtual IList<string> GetStringList(string path) => GetValue(path) is { } value ? value.GetStringList() : [];

    /// <summary>A list of texts.</summary>
    public virtual IList<string> GetStringList(string path, string[] defaultPaths) => GetValue(path) is { } value ? value.GetStringList() : defaultPaths;

    /// <summary>A list of whole numbers.</summary>
    public virtual IList<int> GetIntList(string path) => GetValue(path).GetIntList();

    /// <summary>A list of whole numbers.</summary>
    public virtual IList<long> GetLongList(string path) => GetValue(path).GetLongList();

    /// <summary>A list of flags.</summary>
    public virtual IList<bool> GetBooleanList(string path) => GetValue(path).GetBooleanList();

    /// <summary>The members of the top, fallbacks included.</summary>
    public virtual IEnumerable<KeyValuePair<string, HoconValue>> AsEnumerable() =>
        _merged.GetObject() is { } top ? [.. top.Items] : [];

    private static IEnumerable<string> SplitPath(string path)
    {
        if (!path.Contains('"', StringComparison.Ordinal)) return path.Split('.');
        var keys = new List<string>();
        var key = new StringBuilder();
        var quoted = false;
        foreach (var c in path)
        {
            if (c == '"') quoted = !quoted;
            else if (c == '.' && !quoted)
            {
                keys.Add(key.ToString());
                key.Clear();
            }
            else key.Append(c);
        }

        keys.Add(key.ToString());
        return keys;
    }

    /// <inheritdoc/>
    public override string ToString() => _merged.ToString();

    /// <summary>As text, with or without fallbacks.</summary>
    public string ToString(bool includeFallback) => includeFallback ? ToString() : Root.ToString();

    /// <summary>Text parsed.</summary>
    public static implicit operator Config(string str) => ConfigurationFactory.ParseString(str);

    /// <summary>The configuration over the text parsed.</summary>
    public static Config operator +(Config config, string fallback) => config.WithFallback(ConfigurationFactory.ParseString(fallback));

    /// <summary>The text parsed over the configuration.</summary>
    public static Config operator +(string configHocon, Config fallbackConfig) => ConfigurationFactory.ParseString(configHocon).WithFallback(fallbackConfig);
}

/// <summary>Null-safe.</summary>
public static class ConfigExtensions
{
    /// <summary>One over the other, either may be null.</summary>
    public static Config SafeWithFallback(this Config config, Config fallback) =>
        config.IsNullOrEmpty() ? fallback
        : fallback.IsNullOrEmpty() ? config
        : ReferenceEquals(config, fallback) ? config
        : config.WithFallback(fallback);

    /// <summary>Whether there is no configuration or nothing in it.</summary>
    public static bool IsNullOrEmpty(this Config config) => config is null || (config.IsEmpty && config.Fallback.IsNullOrEmptyOnce());

    private static bool IsNullOrEmptyOnce(this Config config) => config is null || config.IsEmpty;
}

/// <summary>Makes configurations.</summary>
public class ConfigurationFactory
{
    private static readonly Lazy<Config> s_default = new(() => FromResource("Akka.Configuration.reference.conf", typeof(ConfigurationFactory).Assembly));

    /// <summary>Without values.</summary>
    public static Config Empty => ParseString("");

    /// <summary>Parses HOCON.</summary>
    /// <exception cref="FormatException">It is malformed, or a substitution is not resolved.</exception>
    public static Config ParseString(string hocon) => ParseString(hocon, static _ => null);

    /// <summary>Parses HOCON; <paramref name="includeCallback"/> answers what an <c>include "name"</c> stands for.</summary>
    /// <exception cref="FormatException">It is malformed, or a substitution is not resolved.</exception>
    public static Config ParseString(string hocon, Func<string, HoconRoot> includeCallback) => new(new Parser(hocon, includeCallback).Parse());

    /// <summary>The configuration of the process. This stand-in reads no app.config: it is empty.</summary>
    public static Config Load() => Empty;

    /// <summary>Akka's own defaults.</summary>
    public static Config Default() => s_default.Value;

    /// <summary>From a resource of the assembly of a type.</summary>
    public static Config FromResource<TAssembly>(string resourceName) => FromResource(resourceName, typeof(TAssembly).Assembly);

    /// <summary>From a resource of the assembly of an object.</summary>
    public static Config FromResource(string resourceName, object instanceInAssembly) => instanceInAssembly switch
    {
        Type type => FromResource(resourceName, type.Assembly),
        System.Reflection.Assembly assembly => FromResource(resourceName, assembly),
        _ => FromResource(resourceName, instanceInAssembly.GetType().Assembly),
    };

    /// <summary>From a resource of an assembly.</summary>
    public static Config FromResource(string resourceName, System.Reflection.Assembly assembly)
    {
        using var stream = assembly.GetManifestResourceStream(resourceName)
            ?? throw new ArgumentException($"Resource [{resourceName}] not found in {assembly.GetName().Name}", nameof(resourceName));
        using var reader = new StreamReader(stream);
        return ParseString(reader.ReadToEnd());
    }
}
