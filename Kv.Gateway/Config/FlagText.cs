using System.Globalization;

namespace Kv.Gateway.Config;

/// <summary>Reads the text of a flag as its <see cref="FlagKind"/>, with Go's and etcd's words for what is wrong.</summary>
public static class FlagText
{
    /// <summary>What is wrong with <paramref name="text"/> as a value of <paramref name="flag"/>; null if nothing is.</summary>
    public static string? Problem(EtcdFlag flag, string text)
    {
        switch (flag.Kind)
        {
            case FlagKind.Bool:
                return Bool(text) is null ? "parse error" : null;
            case FlagKind.Number:
                return Number(long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _), text);
            case FlagKind.Count:
                return ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                    ? number > flag.Max ? "value out of range" : null
                    : Number(false, text);
            case FlagKind.Milliseconds:
                return Number(uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _), text);
            case FlagKind.Duration:
                return GoDuration.TryParse(text, out _) ? null : "parse error";
            case FlagKind.Urls:
                return text.Length == 0 ? null : KvUrl.TryParseList(text, out _);
            case FlagKind.Choice:
                return flag.Choices.Contains(text) ? null : ChoiceProblem(flag, text);
            default:
                return null;
        }
    }

    /// <summary>Go's booleans; null for any other text.</summary>
    public static bool? Bool(string text) => text switch
    {
        "1" or "t" or "T" or "true" or "TRUE" or "True" => true,
        "0" or "f" or "F" or "false" or "FALSE" or "False" => false,
        _ => null,
    };

    /// <summary>Whether two texts mean the same value of <paramref name="flag"/>: <c>60s</c> and <c>1m</c> do.</summary>
    public static bool Same(EtcdFlag flag, string a, string b)
    {
        if (flag.Kind == FlagKind.Duration && GoDuration.TryParse(a, out var left) && GoDuration.TryParse(b, out var right))
        {
            return left == right;
        }

        return flag.Kind == FlagKind.Bool ? Bool(a) == Bool(b) : string.Equals(a, b, StringComparison.Ordinal);
    }

    /// <summary>The parts of a comma-separated list without blanks and empty ones.</summary>
    public static IReadOnlyList<string> List(string text) =>
        text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private static string? Number(bool good, string text) =>
        good ? null : text.TrimStart('-').All(char.IsAsciiDigit) && text.Length > 18 ? "value out of range" : "parse error";

    private static string ChoiceProblem(EtcdFlag flag, string text) => flag.Name switch
    {
        "initial-cluster-state" => "invalid value",
        "auto-compaction-mode" => $"unknown auto-compaction-mode \"{text}\"",
        "logger" => $"unknown logger option \"{text}\"",
        "log-level" => $"unknown level \"{text}\"",
        _ => $"must be one of {string.Join(", ", flag.Choices)}",
    };
}
