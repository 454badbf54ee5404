using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using Kv.Actors.Node;

namespace Kv.Gateway.Config;

/// <summary>The texts of <c>--help</c> and <c>--version</c>.</summary>
public static class Usage
{
    /// <summary>The etcd release whose API is served: plain integers, which clients read.</summary>
    public const string EtcdVersion = KvNode.ServerVersion;

    /// <summary>The cluster version that goes with it.</summary>
    public const string EtcdClusterVersion = "3.6.0";

    /// <summary>This program's own version.</summary>
    public static string OwnVersion =>
        typeof(Usage).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0.0.0";

    /// <summary>What <c>--version</c> prints; tools read the first line.</summary>
    public static string Version() => $"""
        etcd Version: {EtcdVersion}
        KvActors Version: {OwnVersion}
        .NET Version: {Environment.Version}
        OS/Arch: {(OperatingSystem.IsLinux() ? "linux" : OperatingSystem.IsMacOS() ? "darwin" : OperatingSystem.IsWindows() ? "windows" : "other")}/{Architecture}

        """;

    /// <summary>The processor in Go's words: amd64, arm64.</summary>
    public static string Architecture => RuntimeInformation.ProcessArchitecture switch
    {
        System.Runtime.InteropServices.Architecture.X64 => "amd64",
        System.Runtime.InteropServices.Architecture.X86 => "386",
        var other => other.ToString().ToLowerInvariant(),
    };

    /// <summary>What <c>--help</c> prints: flags that do something by group, then those known but not served.</summary>
    public static string Help()
    {
        var text = new StringBuilder("""
            Usage: kvactors [flags]
              Starts a KvActors server, which any etcd v3 client can use.

            Flags are etcd's: --flag=value, --flag value, with one dash or two. Each can be set by a variable too:
            --listen-client-urls is ETCD_LISTEN_CLIENT_URLS. A flag beats a variable, a variable beats the HOCON file (--hocon),
            and that beats the default. With --config-file FILE (etcd's YAML), other flags and ETCD_ variables are ignored.

            """);
        foreach (var group in EtcdFlags.All.Where(f => f.Support == FlagSupport.Yes && f.AliasOf is null).GroupBy(f => f.Group))
        {
            text.Append('\n').Append(group.Key).Append(":\n");
            foreach (var flag in group)
            {
                Write(text, flag);
            }
        }

        text.Append("\nKnown, but only with their defaults in this release:\n");
        Wrap(text, EtcdFlags.All.Where(f => f.Support != FlagSupport.Yes && f.AliasOf is null && !f.Name.StartsWith("experimental-", StringComparison.Ordinal)));
        text.Append("\nOld names that still work (--experimental-X for --X):\n");
        Wrap(text, EtcdFlags.All.Where(f => f.Support == FlagSupport.Yes && f.AliasOf is not null and not "help"));
        return text.ToString();
    }

    private static void Write(StringBuilder text, EtcdFlag flag)
    {
        text.Append("  --").Append(flag.Name).Append(" '").Append(flag.Default).Append('\'');
        if (flag.EnvironmentName is not null)
        {
            text.Append("  [").Append(flag.EnvironmentName).Append(']');
        }

        text.Append("\n    ").Append(flag.Help).Append('\n');
        if (flag.Choices.Count > 1 && flag.Name is not ("auto-compaction-mode" or "initial-cluster-state" or "log-level" or "log-format" or "metrics"))
        {
            text.Append("    One of ").AppendJoin(", ", flag.Choices).Append(".\n");
        }
    }

    private static void Wrap(StringBuilder text, IEnumerable<EtcdFlag> flags)
    {
        var column = 0;
        foreach (var flag in flags)
        {
            if (column == 0 || column + flag.Name.Length > 110)
            {
                text.Append(column == 0 ? " " : "\n ");
                column = 1;
            }

            text.Append(" --").Append(flag.Name);
            column += flag.Name.Length + 3;
        }

        text.Append('\n');
    }
}
