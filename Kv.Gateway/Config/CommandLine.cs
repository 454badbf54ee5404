namespace Kv.Gateway.Config;

/// <summary>
/// Splits a command line as Go's flag package does, which is how etcd's is read: <c>-flag=value</c>, <c>--flag=value</c>,
/// <c>--flag value</c>; a boolean stands alone or takes <c>=value</c>; the last of several wins.
/// </summary>
/// <remarks>By hand, because System.CommandLine knows neither the single dash before a long name nor Go's rule for booleans.</remarks>
public static class CommandLine
{
    /// <summary>Reads <paramref name="arguments"/> into flag and text.</summary>
    /// <returns>Null; or what is wrong, with the exit code that Go gives it (2 for syntax, 1 for a word that is no flag).</returns>
    public static ConfigResult.Refused? TryRead(IReadOnlyList<string> arguments, Dictionary<EtcdFlag, string> flags)
    {
        for (var i = 0; i < arguments.Count; i++)
        {
            var argument = arguments[i];
            if (argument.Length < 2 || argument[0] != '-' || argument == "--")
            {
                var word = argument == "--" ? i + 1 < arguments.Count ? arguments[i + 1] : null : argument;
                return word is null ? null : Verify($"'{word}' is not a valid flag");
            }

            var body = argument.StartsWith("--", StringComparison.Ordinal) ? argument[2..] : argument[1..];
            if (body.Length == 0 || body[0] is '-' or '=')
            {
                return Syntax($"bad flag syntax: {argument}");
            }

            var equals = body.IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? body : body[..equals];
            if (EtcdFlags.Find(name) is not { } flag)
            {
                var near = EtcdFlags.Nearest(name);
                return Syntax($"flag provided but not defined: -{name}" + (near is null ? "" : $"\nThe nearest flag there is: --{near}"));
            }

            string value;
            if (equals >= 0)
            {
                value = body[(equals + 1)..];
            }
            else if (flag.Kind == FlagKind.Bool)
            {
                value = "true";
            }
            else if (++i < arguments.Count)
            {
                value = arguments[i];
            }
            else
            {
                return Syntax($"flag needs an argument: -{name}");
            }

            // etcd checks these only after all flags are read; the others already while it reads them.
            var late = flag.Name is "auto-compaction-mode" or "logger" or "log-format" or "metrics";
            if (!late && FlagText.Problem(flag, value) is { } problem)
            {
                return Syntax(flag.Kind == FlagKind.Bool
                    ? $"invalid boolean value \"{value}\" for -{name}: {problem}"
                    : $"invalid value \"{value}\" for flag -{name}: {problem}");
            }

            flags[flag] = value;
        }

        return null;
    }

    private static ConfigResult.Refused Syntax(string text) => new(2, $"{text}\nSee 'kvactors --help'.");

    private static ConfigResult.Refused Verify(string text) => new(1, $"error verifying flags, {text}. See 'kvactors --help'.");
}
