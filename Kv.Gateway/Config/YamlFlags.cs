using System.Globalization;
using YamlDotNet.RepresentationModel;

namespace Kv.Gateway.Config;

/// <summary>Reads etcd's YAML (or JSON) configuration file into flags.</summary>
public static class YamlFlags
{
    /// <summary>Reads <paramref name="text"/>. Keys are flags' names; durations may be integer nanoseconds; lists may be sequences.</summary>
    /// <returns>Null, or what is wrong. Unknown keys are only warned of, as a file written for another release of etcd may have them.</returns>
    public static string? TryRead(string path, string text, Dictionary<EtcdFlag, string> flags, List<ConfigWarning> warnings)
    {
        var stream = new YamlStream();
        try
        {
            stream.Load(new StringReader(text));
        }
        catch (YamlDotNet.Core.YamlException e)
        {
            return $"{path}, line {e.Start.Line}: {e.InnerException?.Message ?? e.Message}";
        }

        if (stream.Documents.Count == 0)
        {
            return null;
        }

        return stream.Documents[0].RootNode is YamlMappingNode root
            ? ReadMapping(path, "", root, flags, warnings)
            : $"{path}: expected keys and values at the top";
    }

    private static string? ReadMapping(
        string path, string prefix, YamlMappingNode mapping, Dictionary<EtcdFlag, string> flags, List<ConfigWarning> warnings)
    {
        foreach (var (keyNode, valueNode) in mapping.Children)
        {
            var key = prefix + ((keyNode as YamlScalarNode)?.Value ?? "");
            if (valueNode is YamlMappingNode inner)
            {
                if (ReadMapping(path, key + ".", inner, flags, warnings) is { } problem)
                {
                    return problem;
                }

                continue;
            }

            if (EtcdFlags.FindYaml(key) is not { } flag)
            {
                var near = EtcdFlags.Nearest(key);
                warnings.Add(new ConfigWarning("unrecognized key in configuration file; ignored", "key", near is null ? key : $"{key} (nearest: {near})"));
                continue;
            }

            var value = valueNode switch
            {
                YamlSequenceNode sequence => string.Join(',', sequence.Children.Select(c => (c as YamlScalarNode)?.Value ?? "")),
                YamlScalarNode scalar => scalar.Value is null or "~" or "null" ? "" : scalar.Value,
                _ => "",
            };
            if (flag.Kind == FlagKind.Duration && long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _))
            {
                value += "ns";
            }

            if (value.Length == 0 && flag.Kind is not (FlagKind.Text or FlagKind.List or FlagKind.Urls))
            {
                continue;                                        // a key without a value leaves the default
            }

            if (FlagText.Problem(flag, value) is { } wrong)
            {
                return $"{path}, line {keyNode.Start.Line}: invalid value \"{value}\" for {key}: {wrong}";
            }

            flags[flag] = value;
        }

        return null;
    }
}
