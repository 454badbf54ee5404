using System.Collections.Immutable;
using System.Globalization;
using Akka.Configuration;

namespace Akka.Cluster.SBR;

/// <summary>The section <c>akka.cluster.split-brain-resolver</c>.</summary>
public sealed class SplitBrainResolverSettings
{
    /// <summary>The side with more members lives on.</summary>
    public const string KeepMajorityName = "keep-majority";

    /// <summary>A side with enough members lives on.</summary>
    public const string StaticQuorumName = "static-quorum";

    /// <summary>The side with the oldest member lives on.</summary>
    public const string KeepOldestName = "keep-oldest";

    /// <summary>The side that gets a lease lives on; not in this stand-in.</summary>
    public const string LeaseMajorityName = "lease-majority";

    /// <summary>Nobody lives on.</summary>
    public const string DownAllName = "down-all";

    /// <summary>All of them.</summary>
    public static readonly ImmutableHashSet<string> AllStrategyNames = [KeepMajorityName, LeaseMajorityName, StaticQuorumName, KeepOldestName, DownAllName];

    private static readonly TimeSpan s_leastDownAll = TimeSpan.FromSeconds(4);

    /// <summary>From a configuration.</summary>
    /// <exception cref="ConfigurationException">The strategy is unknown or not supported here, or a value makes no sense.</exception>
    public SplitBrainResolverSettings(Config config)
    {
        var section = config.GetConfig("akka.cluster.split-brain-resolver")
            ?? throw ConfigurationException.NullOrEmptyConfig<SplitBrainResolverSettings>("akka.cluster.split-brain-resolver");
        DowningStableAfter = section.GetTimeSpan("stable-after");
        if (DowningStableAfter <= TimeSpan.Zero) throw new ConfigurationException("'split-brain-resolver.stable-after' must be a duration greater than 0s");
        DowningStrategy = section.GetString("active-strategy")?.ToLowerInvariant();
        if (DowningStrategy is null || !AllStrategyNames.Contains(DowningStrategy))
            throw new ConfigurationException($"Unknown downing strategy 'split-brain-resolver.active-strategy'=[{DowningStrategy}]. Select one of [{string.Join(", ", AllStrategyNames.Order())}]");
        if (DowningStrategy == LeaseMajorityName)
            throw new ConfigurationException($"'split-brain-resolver.active-strategy'=[{LeaseMajorityName}] is not supported by this stand-in for Akka.Cluster: it needs Akka.Coordination");

        DownAllWhenUnstable = section.GetString("down-all-when-unstable", "on").ToLowerInvariant() switch
        {
            "on" or "true" or "yes" => DowningStableAfter * 0.75 > s_leastDownAll ? DowningStableAfter * 0.75 : s_leastDownAll,
            "off" or "false" or "no" => TimeSpan.Zero,
            _ => section.GetTimeSpan("down-all-when-unstable"),
        };
        KeepMajorityRole = Role(section, KeepMajorityName);
        if (DowningStrategy == KeepOldestName) KeepOldestSettings = new KeepOldestSettings(section.GetBoolean("keep-oldest.down-if-alone", true), Role(section, KeepOldestName));
        if (DowningStrategy == StaticQuorumName) StaticQuorumSettings = new StaticQuorumSettings(QuorumSize(section), Role(section, StaticQuorumName));
    }

    /// <summary>Which strategy.</summary>
    public string DowningStrategy { get; }

    /// <summary>How long nothing must have changed.</summary>
    public TimeSpan DowningStableAfter { get; }

    /// <summary>How much longer until all are declared dead because it keeps changing; zero for never.</summary>
    public TimeSpan DownAllWhenUnstable { get; }

    /// <summary>Whom keep-majority counts; null for all.</summary>
    public string KeepMajorityRole { get; }

    /// <summary>Of static-quorum; null with another strategy.</summary>
    public StaticQuorumSettings StaticQuorumSettings { get; }

    /// <summary>Of keep-oldest; null with another strategy.</summary>
    public KeepOldestSettings KeepOldestSettings { get; }

    private static string Role(Config section, string strategy) => section.GetString(strategy + ".role") is { Length: > 0 } role ? role : null;

    private static int QuorumSize(Config section)
    {
        var text = section.GetString("static-quorum.quorum-size");
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var size) && size > 0
            ? size
            : throw new ConfigurationException($"'split-brain-resolver.static-quorum.quorum-size' must be >= 1, but is [{text}]");
    }
}
