using System.Globalization;
using Akka.Configuration;

namespace Kv.Gateway.Config;

/// <summary>Looks flags up in a HOCON file: the shell behind <see cref="HoconReader"/>.</summary>
public static class HoconFile
{
    /// <summary>Reads <paramref name="text"/>.</summary>
    /// <exception cref="FormatException">The text is no HOCON, or a value is not of its key's kind.</exception>
    public static Func<EtcdFlag, string?> Read(string text)
    {
        Akka.Configuration.Config config;
        try
        {
            config = ConfigurationFactory.ParseString(text);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            throw new FormatException(e.Message, e);
        }

        return flag => config.HasPath(flag.HoconKey!) ? Text(config, flag) : null;
    }

    /// <summary>The text of a key that is no flag; null when the file does not have it.</summary>
    /// <exception cref="FormatException">The text is no HOCON.</exception>
    public static string? ReadText(string text, string key) =>
        Read(text)(new EtcdFlag(key, FlagKind.Text, "", "", "") { HoconKey = key });

    private static string Text(Akka.Configuration.Config config, EtcdFlag flag)
    {
        var key = flag.HoconKey!;
        try
        {
            return flag.Kind switch
            {
                FlagKind.Urls or FlagKind.List => string.Join(',', config.GetStringList(key)),
                FlagKind.Milliseconds => Milliseconds(config.GetTimeSpan(key)),
                FlagKind.Duration => Milliseconds(config.GetTimeSpan(key)) + "ms",
                FlagKind.Number or FlagKind.Count => Whole(config, key),
                FlagKind.Bool => config.GetBoolean(key) ? "true" : "false",
                _ => config.GetString(key),
            };
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            throw new FormatException($"{key}: {e.Message}", e);
        }
    }

    /// <summary>A whole number, or a size with a unit such as <c>2GiB</c>.</summary>
    private static string Whole(Akka.Configuration.Config config, string key)
    {
        var text = config.GetString(key);
        return text.All(c => char.IsAsciiDigit(c) || c == '-')
            ? text
            : config.GetByteSize(key)?.ToString(CultureInfo.InvariantCulture) ?? text;
    }

    private static string Milliseconds(TimeSpan span) => span.TotalMilliseconds.ToString("0.####", CultureInfo.InvariantCulture);
}
