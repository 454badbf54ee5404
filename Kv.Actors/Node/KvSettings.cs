using System.Globalization;
using Akka.Configuration;
using Kv.Actors.Cluster;
using Kv.Actors.Lease;
using Kv.Actors.Model;
using Kv.Actors.Watch;
using Kv.Persistence.Checkpoint;

namespace Kv.Actors.Node;

/// <summary>What a node is told at start, read once from <c>kv.*</c> and checked. Every key is explained in <c>hocon/reference.conf</c>.</summary>
public sealed record KvSettings
{
    /// <summary>This member's name.</summary>
    public required string Name { get; init; }

    /// <summary>Data directory.</summary>
    public required string DataDir { get; init; }

    /// <summary>Directory of the log.</summary>
    public required string WalDir { get; init; }

    /// <summary>Client URLs told to clients.</summary>
    public required IReadOnlyList<string> AdvertiseClientUrls { get; init; }

    /// <summary>Peer URLs told to the cluster.</summary>
    public required IReadOnlyList<string> AdvertisePeerUrls { get; init; }

    /// <summary>Mixed into the ids of cluster and members.</summary>
    public required string ClusterToken { get; init; }

    /// <summary>One Raft tick.</summary>
    public required TimeSpan HeartbeatInterval { get; init; }

    /// <summary>Shortest wait without a leader before an election.</summary>
    public required TimeSpan ElectionTimeout { get; init; }

    /// <summary>Ask before disturbing a leader.</summary>
    public required bool PreVote { get; init; }

    /// <summary>When a checkpoint is due.</summary>
    public required CheckpointPolicy Checkpoints { get; init; }

    /// <summary>Quota in bytes; 0 or less is none.</summary>
    public required long QuotaBytes { get; init; }

    /// <summary>Largest replicated request, bytes.</summary>
    public required int MaxRequestBytes { get; init; }

    /// <summary>Operations in one level of a transaction.</summary>
    public required int MaxTxnOps { get; init; }

    /// <summary>History records that one compaction step looks at.</summary>
    public required int CompactionBatch { get; init; }

    /// <summary>Pause between two compaction steps.</summary>
    public required TimeSpan CompactionPause { get; init; }

    /// <summary>A batch that takes longer to apply is logged.</summary>
    public required TimeSpan SlowApply { get; init; }

    /// <summary>Callers that may wait for consensus at once.</summary>
    public required int MaxWaitingProposals { get; init; }

    /// <summary>Applied entries kept in memory.</summary>
    public required long KeptEntries { get; init; }

    /// <summary>Bounds of the lessor's revocations.</summary>
    public required LessorLimits Lessor { get; init; }

    /// <summary>History that auto-compaction keeps; zero when it is off or keeps a number of revisions.</summary>
    public required TimeSpan AutoCompactionPeriod { get; init; }

    /// <summary>Revisions that auto-compaction keeps; 0 when it is off or keeps a span of time.</summary>
    public required long AutoCompactionRevisions { get; init; }

    /// <summary>Bounds of watch streams.</summary>
    public required WatchLimits Watch { get; init; }

    /// <summary>How long a request may wait: 5 s and two election timeouts (reference, time-outs).</summary>
    public TimeSpan RequestTimeout => TimeSpan.FromSeconds(5) + (2 * ElectionTimeout);

    /// <summary>Ticks in an election timeout.</summary>
    public int ElectionTicks => (int)(ElectionTimeout / HeartbeatInterval);

    /// <summary>Shortest TTL a lease gets, in seconds.</summary>
    public long MinLeaseTtlSeconds => LeaseTable.MinimumTtlSeconds(HeartbeatInterval, ElectionTicks);

    /// <summary>Reads and checks the settings.</summary>
    /// <exception cref="ConfigurationException">A key is missing or out of bounds; the message names it.</exception>
    public static KvSettings Read(Config config)
    {
        var name = config.GetString("kv.name");
        var dataDir = config.GetString("kv.data-dir");
        dataDir = string.IsNullOrEmpty(dataDir) ? $"{name}.etcd" : dataDir;
        var walDir = config.GetString("kv.wal-dir");
        var quota = config.GetLong("kv.store.quota-bytes");
        return new KvSettings
        {
            Name = name,
            DataDir = dataDir,
            WalDir = string.IsNullOrEmpty(walDir) ? Path.Combine(dataDir, "member", "wal") : walDir,
            AdvertiseClientUrls = [.. config.GetStringList("kv.client.advertise-urls")],
            AdvertisePeerUrls = [.. config.GetStringList("kv.peer.advertise-urls")],
            ClusterToken = config.GetString("kv.cluster.initial-token"),
            HeartbeatInterval = Positive(config, "kv.raft.heartbeat-interval"),
            ElectionTimeout = Positive(config, "kv.raft.election-timeout"),
            PreVote = config.GetBoolean("kv.raft.pre-vote"),
            Checkpoints = new CheckpointPolicy(
                config.GetByteSize("kv.raft.checkpoint-min-log-bytes") ?? 0,
                config.GetDouble("kv.raft.checkpoint-log-to-state"),
                config.GetLong("kv.raft.checkpoint-max-entries")),
            QuotaBytes = quota == 0 ? Limits.DefaultQuotaBytes : quota,
            MaxRequestBytes = AtLeast(config, "kv.limits.max-request-bytes", 1),
            MaxTxnOps = AtLeast(config, "kv.limits.max-txn-ops", 1),
            CompactionBatch = AtLeast(config, "kv.compaction.batch-limit", 1),
            CompactionPause = config.GetTimeSpan("kv.compaction.sleep-interval"),
            SlowApply = config.GetTimeSpan("kv.log.warning-apply-duration"),
            MaxWaitingProposals = AtLeast(config, "kv.raft.max-waiting-proposals", 1),
            KeptEntries = AtLeast(config, "kv.raft.kept-entries", 1),
            Lessor = new LessorLimits
            {
                RevokeBatch = AtLeast(config, "kv.lease.revoke-batch", 1),
                MaxOutstandingRevokes = AtLeast(config, "kv.lease.max-outstanding-revokes", 1),
                RevokesPerSecond = AtLeast(config, "kv.lease.revokes-per-second", 1),
                CheckpointInterval = config.GetTimeSpan("kv.lease.checkpoint-interval"),
            },
            AutoCompactionPeriod = config.GetString("kv.compaction.auto-mode") == "periodic" ? Hours(config, "kv.compaction.auto-retention") : TimeSpan.Zero,
            AutoCompactionRevisions = config.GetString("kv.compaction.auto-mode") == "revision" ? config.GetLong("kv.compaction.auto-retention") : 0,
            Watch = new WatchLimits
            {
                QueueResponses = AtLeast(config, "kv.watch.queue-responses", 1),
                QueueBytes = config.GetByteSize("kv.watch.queue-bytes") ?? 0,
                CatchUpRevisions = AtLeast(config, "kv.watch.catch-up-revisions", 1),
                CatchUpScan = AtLeast(config, "kv.watch.catch-up-scan", 1),
                ProgressNotifyInterval = Positive(config, "kv.watch.progress-notify-interval"),
                FragmentBytes = AtLeast(config, "kv.limits.max-request-bytes", 1) + Limits.GrpcOverheadBytes,
            }.Validate(),
        };
    }

    /// <summary>A plain number is hours, as in etcd; anything else a duration.</summary>
    private static TimeSpan Hours(Config config, string key) =>
        long.TryParse(config.GetString(key), NumberStyles.None, CultureInfo.InvariantCulture, out var hours)
            ? TimeSpan.FromHours(hours)
            : config.GetTimeSpan(key);

    private static int AtLeast(Config config, string key, int least)
    {
        var value = config.GetLong(key);
        return value >= least && value <= int.MaxValue
            ? (int)value
            : throw new ConfigurationException($"{key} is {value}: it must be {least} to {int.MaxValue}");
    }

    private static TimeSpan Positive(Config config, string key)
    {
        var value = config.GetTimeSpan(key);
        return value > TimeSpan.Zero ? value : throw new ConfigurationException($"{key} is {value}: it must be above zero");
    }
}
