namespace Kv.Gateway.Config;

/// <summary>What a flag's text must look like.</summary>
public enum FlagKind
{
    /// <summary>Any text.</summary>
    Text,

    /// <summary>1, t, T, true, TRUE, True and their opposites, as Go reads them. The only kind that may stand without a value.</summary>
    Bool,

    /// <summary>A whole number that may be negative, 64 bits.</summary>
    Number,

    /// <summary>A whole number from 0, as many bits as <see cref="EtcdFlag.Max"/> allows.</summary>
    Count,

    /// <summary>A whole number of milliseconds; a duration in HOCON.</summary>
    Milliseconds,

    /// <summary>A length of time as Go writes it: <c>300ms</c>, <c>1h30m</c>.</summary>
    Duration,

    /// <summary>Comma-separated URLs: http, https, unix or unixs, with host and port and no path.</summary>
    Urls,

    /// <summary>One of <see cref="EtcdFlag.Choices"/>.</summary>
    Choice,

    /// <summary>Comma-separated texts.</summary>
    List,
}

/// <summary>Whether giving a flag changes anything here.</summary>
public enum FlagSupport
{
    /// <summary>It does what it does in etcd.</summary>
    Yes,

    /// <summary>A later release of this service will have it; until then only its default is accepted.</summary>
    Later,

    /// <summary>It tunes a part of etcd that does not exist here; only its default is accepted.</summary>
    Never,
}

/// <summary>One of etcd's command-line flags, or one of ours.</summary>
/// <param name="Name">Without dashes.</param>
/// <param name="Kind">What its text must look like.</param>
/// <param name="Default">The text that stands when nobody says anything.</param>
/// <param name="Group">The heading it has in <c>--help</c>.</param>
/// <param name="Help">One line for <c>--help</c>; for an unsupported flag, what it would do.</param>
public sealed record EtcdFlag(string Name, FlagKind Kind, string Default, string Group, string Help)
{
    /// <summary>Whether it does something here.</summary>
    public FlagSupport Support { get; init; } = FlagSupport.Yes;

    /// <summary>The HOCON key that sets the same thing; null if only the command line, environment and YAML can.</summary>
    public string? HoconKey { get; init; }

    /// <summary>The key in a YAML file; dots are nesting. Null if a file cannot set it.</summary>
    public string? YamlKey { get; init; } = Name;

    /// <summary>The texts a <see cref="FlagKind.Choice"/> allows.</summary>
    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>Largest value of <see cref="FlagKind.Count"/>.</summary>
    public ulong Max { get; init; } = uint.MaxValue;

    /// <summary>The flag this is an old name of; null if it is a name of its own.</summary>
    public string? AliasOf { get; init; }

    /// <summary>
    /// Name of the environment variable: <c>ETCD_</c>, then the name in capitals with underscores. Null for <c>--version</c> and
    /// <c>--help</c>: images of etcd set <c>ETCD_VERSION</c> to say what is inside.
    /// </summary>
    public string? EnvironmentName => Name is "version" or "help" or "h" or EtcdFlags.TryClusterFlag or EtcdFlags.TryClusterPortFlag
        ? null
        : (Name == EtcdFlags.HoconFlag ? "KV_" : "ETCD_") + Name.ToUpperInvariant().Replace('-', '_');
}
