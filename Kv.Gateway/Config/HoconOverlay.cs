using System.Globalization;
using System.Text;

namespace Kv.Gateway.Config;

/// <summary>Writes flags as HOCON: one line a key, quoted where HOCON could read it otherwise.</summary>
public static class HoconOverlay
{
    /// <summary>One line for each supported flag that has a key, with the text that <paramref name="textOf"/> gives it.</summary>
    public static string Write(Func<EtcdFlag, string> textOf)
    {
        var overlay = new StringBuilder();
        foreach (var flag in EtcdFlags.All.Where(f => f.HoconKey is not null && f.AliasOf is null))
        {
            overlay.Append(flag.HoconKey).Append(" = ").Append(Value(flag, textOf(flag))).Append('\n');
        }

        return overlay.ToString();
    }

    /// <summary>Keys with lists of texts.</summary>
    public static string Lists(params (string Key, IEnumerable<string> Texts)[] lists) =>
        string.Concat(lists.Select(static list => $"{list.Key} = [{string.Join(", ", list.Texts.Select(Quote))}]\n"));

    /// <summary>The text of a flag as a HOCON value.</summary>
    public static string Value(EtcdFlag flag, string text) => flag.Kind switch
    {
        FlagKind.Bool => FlagText.Bool(text) == true ? "true" : "false",
        FlagKind.Number or FlagKind.Count => text,
        FlagKind.Milliseconds => text + "ms",
        FlagKind.Duration => GoDuration.TryParse(text, out var span)
            ? span.TotalMilliseconds.ToString("0.####", CultureInfo.InvariantCulture) + "ms"
            : throw new ArgumentException($"not a duration: {text}", nameof(text)),
        FlagKind.Urls or FlagKind.List => "[" + string.Join(", ", FlagText.List(text).Select(Quote)) + "]",
        _ => Quote(text),
    };

    private static string Quote(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var c in text)
        {
            quoted.Append(c switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                < ' ' => $"\\u{(int)c:x4}",
                _ => c.ToString(),
            });
        }

        return quoted.Append('"').ToString();
    }
}
