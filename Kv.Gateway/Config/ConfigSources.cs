using System.Globalization;
using Kv.Gateway.Try;

namespace Kv.Gateway.Config;

/// <summary>Reads HOCON text; a shell over the configuration library, so that everything else here stays plain.</summary>
/// <param name="text">The file's text.</param>
/// <returns>A flag's value in the file as the text that the flag would take; null if the file has no such key.</returns>
public delegate Func<EtcdFlag, string?> HoconReader(string text);

/// <summary>
/// Brings flag, environment, file and default together, in that order of precedence. A YAML file (<c>--config-file</c>) silences
/// flags and variables, as in etcd; the HOCON file stands below either.
/// </summary>
public static class ConfigSources
{
    /// <summary>Variable that says which node of a HOCON file this is.</summary>
    public const string NodeVariable = "KV_NODE";

    /// <summary>Decides what to do with a command line.</summary>
    /// <param name="arguments">Without the program's name.</param>
    /// <param name="environment">All variables.</param>
    /// <param name="readFile">Reads a file; throws <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/> if it cannot.</param>
    /// <param name="readHocon">Reads HOCON; throws <see cref="FormatException"/> with the place of a mistake.</param>
    public static ConfigResult Resolve(
        IReadOnlyList<string> arguments,
        IReadOnlyDictionary<string, string> environment,
        Func<string, string> readFile,
        HoconReader readHocon)
    {
        var given = new Dictionary<EtcdFlag, string>();
        if (CommandLine.TryRead(arguments, given) is { } refused)
        {
            return refused;
        }

        if (given.Keys.Any(f => (f.AliasOf ?? f.Name) == "help" && FlagText.Bool(given[f]) == true))
        {
            return new ConfigResult.Print(Usage.Help());
        }

        if (given.TryGetValue(EtcdFlags.Find("version")!, out var version) && FlagText.Bool(version) == true)
        {
            return new ConfigResult.Print(Usage.Version());
        }

        if (given.TryGetValue(EtcdFlags.Find(EtcdFlags.TryClusterFlag)!, out var members) && members != "0")
        {
            return PlanTrial(given, int.Parse(members, CultureInfo.InvariantCulture));
        }

        var warnings = new List<ConfigWarning>();
        var hoconPath = Own(EtcdFlags.HoconFlag);
        var yamlPath = Own("config-file");
        var chosen = new Dictionary<EtcdFlag, string>();
        if (ReadText(yamlPath, readFile, out var yamlText) is { } noYaml)
        {
            return Refuse(noYaml);
        }

        if (ReadText(hoconPath, readFile, out var hoconText) is { } noHocon)
        {
            return Refuse(noHocon);
        }

        if (yamlPath is null)
        {
            foreach (var (flag, text) in given)
            {
                chosen[flag] = text;
            }
        }

        var problem = yamlPath is null
            ? ReadEnvironment(environment, chosen, warnings)
            : YamlFlags.TryRead(yamlPath, yamlText, chosen, warnings);
        if (problem is not null)
        {
            return Refuse(problem);
        }

        if (Unsupported(chosen) is { } refusal)
        {
            return Refuse(refusal);
        }

        var named = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (flag, text) in chosen.OrderBy(p => p.Key.AliasOf is null))     // a flag's own name beats its old one
        {
            named[flag.AliasOf ?? flag.Name] = text;
        }

        if (hoconPath is not null)
        {
            try
            {
                var lookup = OfNode(readHocon(hoconText), environment.GetValueOrDefault(NodeVariable), hoconPath);
                foreach (var flag in EtcdFlags.All.Where(f => f.HoconKey is not null && f.AliasOf is null && !named.ContainsKey(f.Name)))
                {
                    if (lookup(flag) is not { } text)
                    {
                        continue;
                    }

                    if (FlagText.Problem(flag, text) is { } wrong)
                    {
                        return Refuse($"{hoconPath}: invalid value \"{text}\" for {flag.HoconKey}: {wrong}");
                    }

                    named[flag.Name] = text;
                }
            }
            catch (FormatException e)
            {
                return Refuse($"{hoconPath}: {e.Message}");
            }
        }

        if (OptionsBuilder.Build(named, hoconPath, hoconText, out var options) is { } mistake)
        {
            return Refuse(mistake);
        }
        warnings.AddRange(OptionsBuilder.PeerWarnings(named, options!));
        return new ConfigResult.Run(options!, warnings);

        // The two files are named by flag or variable even when a YAML file silences the rest.
        string? Own(string name)
        {
            var flag = EtcdFlags.Find(name)!;
            var text = given.TryGetValue(flag, out var value) ? value : environment.GetValueOrDefault(flag.EnvironmentName!);
            return string.IsNullOrEmpty(text) ? null : text;
        }
    }

    /// <summary>
    /// One HOCON file may serve several nodes: what stands under <c>kv-nodes.NAME</c> is laid over the rest where the variable
    /// <c>KV_NODE</c> is NAME. For keys that are flags.
    /// </summary>
    /// <exception cref="FormatException">The file has nothing for that node.</exception>
    private static Func<EtcdFlag, string?> OfNode(Func<EtcdFlag, string?> lookup, string? node, string file)
    {
        if (string.IsNullOrEmpty(node))
        {
            return lookup;
        }
        Func<EtcdFlag, string?> own = flag => lookup(flag with { HoconKey = $"kv-nodes.{node}.{flag.HoconKey!["kv.".Length..]}" });
        return EtcdFlags.All.Any(flag => flag.HoconKey is not null && own(flag) is not null)
            ? flag => own(flag) ?? lookup(flag)
            : throw new FormatException($"{NodeVariable} is \"{node}\", but {file} has no kv-nodes.{node}");
    }

    /// <summary>Reads a file, if one is named.</summary>
    /// <returns>Null, or why it could not be read.</returns>
    private static string? ReadText(string? path, Func<string, string> readFile, out string text)
    {
        text = "";
        if (path is null)
        {
            return null;
        }

        try
        {
            text = readFile(path);
            return null;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return $"open {path}: no such file or directory";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"open {path}: {e.Message}";
        }
    }

    private static string? ReadEnvironment(
        IReadOnlyDictionary<string, string> environment, Dictionary<EtcdFlag, string> chosen, List<ConfigWarning> warnings)
    {
        foreach (var (variable, text) in environment.OrderBy(v => v.Key, StringComparer.Ordinal))
        {
            if (EtcdFlags.FindEnvironment(variable) is not { } flag)
            {
                if (variable.StartsWith("ETCD_", StringComparison.Ordinal) && variable is not ("ETCD_VERSION" or "ETCD_HELP"))
                {
                    warnings.Add(new ConfigWarning("unrecognized environment variable", "environment-variable", $"{variable}={text}"));
                }

                continue;
            }

            if (chosen.ContainsKey(flag))
            {
                warnings.Add(new ConfigWarning("environment variable is shadowed by corresponding command-line flag", "environment-variable", variable));
                continue;
            }

            if (text.Length == 0)
            {
                continue;                                        // an empty variable is an unset one, as in etcd
            }

            if (FlagText.Problem(flag, text) is { } wrong)
            {
                return $"invalid value \"{text}\" for {variable}: {wrong}";
            }

            chosen[flag] = text;
        }

        return null;
    }

    /// <summary>The first flag that asks for something this release does not have; null if none does.</summary>
    private static string? Unsupported(Dictionary<EtcdFlag, string> chosen)
    {
        foreach (var (flag, text) in chosen)
        {
            if (flag.Support == FlagSupport.Yes || FlagText.Same(flag, text, flag.Default))
            {
                continue;
            }

            var standing = flag.Default.Length == 0 ? "unset" : $"'{flag.Default}'";
            return flag.Support == FlagSupport.Later
                ? $"--{flag.Name} is not supported yet by this release: leave it {standing} (it would do: {flag.Help})"
                : $"--{flag.Name} has no meaning here: leave it {standing} ({flag.Help})";
        }

        return null;
    }

    private static ConfigResult PlanTrial(Dictionary<EtcdFlag, string> given, int members)
    {
        if (given.Keys.FirstOrDefault(static flag => TryPlan.Chosen.Contains(flag.Name)) is { } chosen)
        {
            return Refuse($"--{chosen.Name} cannot be given with --{EtcdFlags.TryClusterFlag}, which chooses it for each member");
        }

        var own = (string[])[EtcdFlags.TryClusterFlag, EtcdFlags.TryClusterPortFlag, "data-dir"];
        var others = given.Where(pair => !own.Contains(pair.Key.Name)).Select(static pair => $"--{pair.Key.Name}={pair.Value}").ToList();
        var port = Find(EtcdFlags.TryClusterPortFlag) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : 2379;
        return new ConfigResult.TryCluster(TryPlan.For(members, port, Find("data-dir") ?? "kv-cluster", others));

        string? Find(string name) => given.GetValueOrDefault(EtcdFlags.Find(name)!);
    }

    private static ConfigResult.Refused Refuse(string text) => new(1, $"error verifying flags, {text}. See 'kvactors --help'.");
}
