using System.Collections.Immutable;
using Akka.Actor;
using Akka.Configuration;
using Akka.Util;

namespace Akka.Cluster;

/// <summary>The section <c>akka.cluster</c>, read once.</summary>
public sealed class ClusterSettings
{
    private static readonly TimeSpan s_weaklyUpAfter = TimeSpan.FromSeconds(7);

    /// <summary>From a configuration.</summary>
    /// <exception cref="ConfigurationException">The section is missing, or a value makes no sense.</exception>
    public ClusterSettings(Config config, string systemName)
    {
        var cluster = config.GetConfig("akka.cluster");
        FailureDetectorConfig = cluster?.GetConfig("failure-detector")
            ?? throw new ConfigurationException($"Failed to instantiate {nameof(ClusterSettings)} of [{systemName}]: there is no akka.cluster section. Is akka.actor.provider set to cluster?");

        LogInfoVerbose = cluster.GetBoolean("log-info-verbose");
        LogInfo = LogInfoVerbose || cluster.GetBoolean("log-info");
        VerboseHeartbeatLogging = cluster.GetBoolean("debug.verbose-heartbeat-logging");
        VerboseGossipReceivedLogging = cluster.GetBoolean("debug.verbose-receive-gossip-logging");

        FailureDetectorImplementationClass = FailureDetectorConfig.GetString("implementation-class");
        HeartbeatInterval = FailureDetectorConfig.GetTimeSpan("heartbeat-interval");
        HeartbeatExpectedResponseAfter = FailureDetectorConfig.GetTimeSpan("expected-response-after");
        MonitoredByNrOfMembers = FailureDetectorConfig.GetInt("monitored-by-nr-of-members");
        if (HeartbeatInterval <= TimeSpan.Zero) throw Bad("failure-detector.heartbeat-interval", HeartbeatInterval, "greater than 0s");
        if (HeartbeatExpectedResponseAfter <= TimeSpan.Zero) throw Bad("failure-detector.expected-response-after", HeartbeatExpectedResponseAfter, "greater than 0s");
        if (MonitoredByNrOfMembers < 1) throw Bad("failure-detector.monitored-by-nr-of-members", MonitoredByNrOfMembers, "at least 1");

        SeedNodes = cluster.GetStringList("seed-nodes").Select(Address.Parse).ToImmutableList();
        SeedNodeTimeout = cluster.GetTimeSpan("seed-node-timeout");
        RetryUnsuccessfulJoinAfter = OrOff(cluster, "retry-unsuccessful-join-after");
        ShutdownAfterUnsuccessfulJoinSeedNodes = OrOff(cluster, "shutdown-after-unsuccessful-join-seed-nodes");

        PeriodicTasksInitialDelay = cluster.GetTimeSpan("periodic-tasks-initial-delay");
        GossipInterval = Positive(cluster, "gossip-interval");
        GossipTimeToLive = cluster.GetTimeSpan("gossip-time-to-live");
        LeaderActionsInterval = Positive(cluster, "leader-actions-interval");
        UnreachableNodesReaperInterval = Positive(cluster, "unreachable-nodes-reaper-interval");
        GossipDifferentViewProbability = cluster.GetDouble("gossip-different-view-probability");
        ReduceGossipDifferentViewProbability = cluster.GetInt("reduce-gossip-different-view-probability");
        SchedulerTickDuration = cluster.GetTimeSpan("scheduler.tick-duration");
        SchedulerTicksPerWheel = cluster.GetInt("scheduler.ticks-per-wheel");
        UseDispatcher = cluster.GetString("use-dispatcher") is { Length: > 0 } dispatcher ? dispatcher : Dispatch.Dispatchers.InternalDispatcherId;

        Roles = cluster.GetStringList("roles").ToImmutableHashSet();
        AppVersion = AppVersion.Create(cluster.GetString("app-version", "assembly-version"));
        MinNrOfMembers = cluster.GetInt("min-nr-of-members");
        MinNrOfMembersOfRole = RoleMinimums(cluster);
        WeaklyUpAfter = ReadWeaklyUpAfter(cluster);

#pragma warning disable CS0618 // the key is read so that a warning can be logged
        AutoDownUnreachableAfter = OrOff(cluster, "auto-down-unreachable-after");
#pragma warning restore CS0618
        DownRemovalMargin = OrOff(cluster, "down-removal-margin") ?? TimeSpan.Zero;
        var downing = cluster.GetString("downing-provider-class");
        DowningProviderType = string.IsNullOrEmpty(downing) ? typeof(NoDowning) : Type.GetType(downing, throwOnError: true);
        RunCoordinatedShutdownWhenDown = cluster.GetBoolean("run-coordinated-shutdown-when-down");

        // What this stand-in has no use for is refused rather than read and forgotten.
        PublishStatsInterval = OrOff(cluster, "publish-stats-interval");
        if (PublishStatsInterval is not null) throw new ConfigurationException("akka.cluster.publish-stats-interval is not supported by this stand-in for Akka.Cluster: set it to off");
        UseLegacyHeartbeatMessage = cluster.GetBoolean("use-legacy-heartbeat-message");
        if (UseLegacyHeartbeatMessage) throw new ConfigurationException("akka.cluster.use-legacy-heartbeat-message is not supported by this stand-in for Akka.Cluster: set it to off");
    }

    /// <summary>Whether changes are logged.</summary>
    public bool LogInfo { get; }

    /// <summary>Whether every step is logged.</summary>
    public bool LogInfoVerbose { get; }

    /// <summary>The section of the failure detector.</summary>
    public Config FailureDetectorConfig { get; }

    /// <summary>Type of the failure detector.</summary>
    public string FailureDetectorImplementationClass { get; }

    /// <summary>How often a heartbeat is sent.</summary>
    public TimeSpan HeartbeatInterval { get; }

    /// <summary>How long after the first heartbeat the watch begins without an answer.</summary>
    public TimeSpan HeartbeatExpectedResponseAfter { get; }

    /// <summary>How many others watch a member.</summary>
    public int MonitoredByNrOfMembers { get; }

    /// <summary>Whom to join at start, the first first.</summary>
    public ImmutableList<Address> SeedNodes { get; }

    /// <summary>How long to wait for a seed.</summary>
    public TimeSpan SeedNodeTimeout { get; }

    /// <summary>When a join without welcome is tried again; null for never.</summary>
    public TimeSpan? RetryUnsuccessfulJoinAfter { get; }

    /// <summary>When joining seeds is given up and the system ends; null for never.</summary>
    public TimeSpan? ShutdownAfterUnsuccessfulJoinSeedNodes { get; }

    /// <summary>Replaced by split brain resolution; set, it is only warned about.</summary>
    [Obsolete("Deprecated as of Akka.NET v1.5.2 - clustering defaults to using KeepMajority SBR instead")]
    public TimeSpan? AutoDownUnreachableAfter { get; }

    /// <summary>Delay before the first of each timer.</summary>
    public TimeSpan PeriodicTasksInitialDelay { get; }

    /// <summary>How often gossip is sent.</summary>
    public TimeSpan GossipInterval { get; }

    /// <summary>How long a received gossip may wait before it is stale.</summary>
    public TimeSpan GossipTimeToLive { get; }

    /// <summary>How often the leader acts.</summary>
    public TimeSpan LeaderActionsInterval { get; }

    /// <summary>How often the failure detector is asked.</summary>
    public TimeSpan UnreachableNodesReaperInterval { get; }

    /// <summary>How often statistics are published; null for never.</summary>
    public TimeSpan? PublishStatsInterval { get; }

    /// <summary>What this node is for.</summary>
    public ImmutableHashSet<string> Roles { get; }

    /// <summary>Version of the program.</summary>
    public AppVersion AppVersion { get; }

    /// <summary>Type of what decides who is declared dead.</summary>
    public Type DowningProviderType { get; }

    /// <summary>Whether a system that was declared dead ends.</summary>
    public bool RunCoordinatedShutdownWhenDown { get; }

    /// <summary>How many must have joined before anybody is up.</summary>
    public int MinNrOfMembers { get; }

    /// <summary>The same by role.</summary>
    public ImmutableDictionary<string, int> MinNrOfMembersOfRole { get; }

    /// <summary>Dispatcher of the cluster's actors.</summary>
    public string UseDispatcher { get; }

    /// <summary>How likely gossip goes to one who has not seen the newest version.</summary>
    public double GossipDifferentViewProbability { get; }

    /// <summary>From how many members on that is reduced.</summary>
    public int ReduceGossipDifferentViewProbability { get; }

    /// <summary>The system's scheduler is used whatever this says.</summary>
    public TimeSpan SchedulerTickDuration { get; }

    /// <summary>The system's scheduler is used whatever this says.</summary>
    public int SchedulerTicksPerWheel { get; }

    /// <summary>Whether heartbeats are logged.</summary>
    public bool VerboseHeartbeatLogging { get; }

    /// <summary>Whether received gossip is logged.</summary>
    public bool VerboseGossipReceivedLogging { get; }

    /// <summary>Whether members may come weakly up.</summary>
    public bool AllowWeaklyUpMembers => WeaklyUpAfter != TimeSpan.Zero;

    /// <summary>After how long without agreement; zero for never.</summary>
    public TimeSpan WeaklyUpAfter { get; }

    /// <summary>Always false here.</summary>
    public bool UseLegacyHeartbeatMessage { get; }

    internal TimeSpan DownRemovalMargin { get; }

    private static TimeSpan? OrOff(Config config, string key) => config.GetString(key) switch
    {
        null => null,
        var text when text.ToLowerInvariant() is "off" or "false" or "no" => null,
        _ => config.GetTimeSpan(key),
    };

    private static TimeSpan Positive(Config config, string key)
    {
        var value = config.GetTimeSpan(key);
        return value > TimeSpan.Zero ? value : throw Bad(key, value, "greater than 0s");
    }

    private static ConfigurationException Bad(string key, object value, string rule) =>
        new($"akka.cluster.{key} must be {rule}, but is [{value}]");

    private static ImmutableDictionary<string, int> RoleMinimums(Config cluster)
    {
        var minimums = ImmutableDictionary.CreateBuilder<string, int>();
        if (cluster.GetConfig("role") is { } roles)
        {
            foreach (var (role, value) in roles.AsEnumerable())
                minimums[role] = value.GetChildObject("min-nr-of-members")?.GetInt() ?? throw Bad($"role.{role}", value, "a section with min-nr-of-members");
        }

        return minimums.ToImmutable();
    }

    private static TimeSpan ReadWeaklyUpAfter(Config cluster)
    {
        const string key = "allow-weakly-up-members";
        switch (cluster.GetString(key, "on").ToLowerInvariant())
        {
            case "off" or "false" or "no": return TimeSpan.Zero;
            case "on" or "true" or "yes": return s_weaklyUpAfter;
        }

        var value = cluster.GetTimeSpan(key);
        return value > TimeSpan.Zero ? value : throw new ConfigurationException($"Valid settings for [akka.cluster.{key}] are 'off', 'on', or a timespan greater than 0s. Received [{value}]");
    }
}
