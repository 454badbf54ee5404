using System.Globalization;
using Akka.Configuration;
using Kv.Actors.Cluster;
using Kv.Actors.Lease;
using Kv.Actors.Model;
using Kv.Actors.Peers;
using Kv.Actors.Watch;
using Kv.Persistence.Checkpoint;

namespace Kv.Actors.Node;

/// <summary>What a node is told at start, read once from <c>kv.*</c> and checked. Every key is explained in <c>hocon/reference.conf</c>.</summary>
public sealed record KvSettings
{
    /// <summary>etcd's default of <c>snapshot-count</c>, which asks for nothing here.</summary>
    public const int DefaultSnapshotCount = 10_000;

    private static readonly TimeSpan _longestElection = TimeSpan.FromSeconds(50);

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

    /// <summary>Where other members are listened for; empty is nowhere: then there is no remoting at all.</summary>
    public required IReadOnlyList<string> ListenPeerUrls { get; init; }

    /// <summary>Certificates between members.</summary>
    public required PeerTlsSettings PeerTls { get; init; }

    /// <summary>The members at a first start; this one alone where none are listed.</summary>
    public required IReadOnlyList<InitialMember> InitialMembers { get; init; }

    /// <summary>Members talk over TLS: the peer URL is https.</summary>
    public bool ListensForPeersOverTls => ListenPeerUrls.Count > 0 && ListenPeerUrls[0].StartsWith("https:", StringComparison.Ordinal);

    /// <summary>Bounds of the traffic between members.</summary>
    public required PeerLimits Peers { get; init; }

    /// <summary>Paths of actors beyond this service's own that other members' systems may select.</summary>
    public required IReadOnlyList<string> ExtensionPaths { get; init; }

    /// <summary>Bytes of entries in one message to a follower.</summary>
    public required long MaxAppendBytes { get; init; }

    /// <summary>Bytes of entries sent to a follower ahead of its answers.</summary>
    public required long MaxInflightBytes { get; init; }

    /// <summary>Bytes of log kept for a follower that is being sent a snapshot.</summary>
    public required long KeptForSnapshotBytes { get; init; }

    /// <summary>Mixed into the ids of cluster and members.</summary>
    public required string ClusterToken { get; init; }

    /// <summary>One Raft tick.</summary>
    public required TimeSpan HeartbeatInterval { get; init; }

    /// <summary>Shortest wait without a leader before an election.</summary>
    public required TimeSpan ElectionTimeout { get; init; }

    /// <summary>Ask before disturbing a leader.</summary>
    public required bool PreVote { get; init; }

    /// <summary>Acknowledge before the disk has it.</summary>
    public required bool UnsafeNoFsync { get; init; }

    /// <summary>This member joins a cluster that exists, rather than founding one.</summary>
    public required bool JoinsExistingCluster { get; init; }

    /// <summary>Refuse membership changes that would endanger the quorum.</summary>
    public required bool StrictReconfigCheck { get; init; }

    /// <summary>Learners that the cluster may have at a time.</summary>
    public required int MaxLearners { get; init; }

    /// <summary>Drop every other member at this start.</summary>
    public required bool ForceNewCluster { get; init; }

    /// <summary>Cut the wait for the first election short once others are heard.</summary>
    public required bool InitialElectionTickAdvance { get; init; }

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

    /// <summary>Pause between two compaction steps; zero is none.</summary>
    public required TimeSpan CompactionPause { get; init; }

    /// <summary>A batch that takes longer to apply is logged; <see cref="TimeSpan.MaxValue"/> is never.</summary>
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
    public TimeSpan RequestTimeout => RequestTimeoutOf(ElectionTimeout);

    /// <summary>Ticks in an election timeout.</summary>
    public int ElectionTicks => (int)(ElectionTimeout / HeartbeatInterval);

    /// <summary>Shortest TTL a lease gets, in seconds.</summary>
    public long MinLeaseTtlSeconds => LeaseTable.MinimumTtlSeconds(HeartbeatInterval, ElectionTicks);

    /// <summary>Reads and checks the settings.</summary>
    /// <exception cref="InvalidDataException">A key is missing or out of bounds; the message names it.</exception>
    public static KvSettings Read(Config config)
    {
        ArgumentNullException.ThrowIfNull(config);
        try
        {
            return ReadChecked(config);
        }
        catch (Exception wrong) when (wrong is ConfigurationException or FormatException or OverflowException or ArgumentOutOfRangeException)
        {
            throw new InvalidDataException($"A setting cannot be used: {wrong.Message}", wrong);
        }
    }

    private static KvSettings ReadChecked(Config config)
    {
        var name = config.GetString("kv.name");
        var dataDir = config.GetString("kv.data-dir");
        dataDir = string.IsNullOrEmpty(dataDir) ? $"{name}.etcd" : dataDir;
        var walDir = config.GetString("kv.wal-dir");
        var quota = config.GetLong("kv.store.quota-bytes");
        var mode = OneOf(config, "kv.compaction.auto-mode", "periodic", "revision");
        CheckTimes(config);
        var advertised = config.GetStringList("kv.peer.advertise-urls");
        var initial = InitialCluster.Parse(config.GetStringList("kv.cluster.initial-members"));
        return new KvSettings
        {
            Name = name,
            DataDir = dataDir,
            WalDir = string.IsNullOrEmpty(walDir) ? Path.Combine(dataDir, "member", "wal") : walDir,
            AdvertiseClientUrls = [.. config.GetStringList("kv.client.advertise-urls")],
            AdvertisePeerUrls = [.. advertised],
            ListenPeerUrls = [.. config.GetStringList("kv.peer.listen-urls")],
            InitialMembers = initial.Count > 0 ? initial : [new InitialMember(name, [.. advertised])],
            Peers = ReadPeers(config),
            PeerTls = ReadPeerTls(config),
            ExtensionPaths = PathsOf(config, "kv.peer.extension-paths"),
            MaxAppendBytes = Bytes(config, "kv.raft.max-append-bytes", 1),
            MaxInflightBytes = AtLeast(config, "kv.raft.max-inflight-bytes", "kv.raft.max-append-bytes"),
            KeptForSnapshotBytes = Bytes(config, "kv.raft.kept-for-snapshot-bytes", 1),
            ClusterToken = config.GetString("kv.cluster.initial-token"),
            HeartbeatInterval = Positive(config, "kv.raft.heartbeat-interval"),
            ElectionTimeout = Positive(config, "kv.raft.election-timeout"),
            PreVote = config.GetBoolean("kv.raft.pre-vote"),
            UnsafeNoFsync = config.GetBoolean("kv.wal.unsafe-no-fsync"),
            JoinsExistingCluster = OneOf(config, "kv.cluster.initial-state", "new", "existing") == "existing",
            StrictReconfigCheck = config.GetBoolean("kv.cluster.strict-reconfig-check"),
            MaxLearners = AtLeast(config, "kv.cluster.max-learners", 0),
            ForceNewCluster = config.GetBoolean("kv.cluster.force-new-cluster"),
            InitialElectionTickAdvance = config.GetBoolean("kv.raft.initial-election-tick-advance"),
            Checkpoints = new CheckpointPolicy(
                Bytes(config, "kv.raft.checkpoint-min-log-bytes", 1),
                Share(config, "kv.raft.checkpoint-log-to-state"),
                CheckpointEntries(config)),
            QuotaBytes = quota == 0 ? Limits.DefaultQuotaBytes : quota,
            MaxRequestBytes = AtLeast(config, "kv.limits.max-request-bytes", 1, 1 << 30),
            MaxTxnOps = AtLeast(config, "kv.limits.max-txn-ops", 1),
            CompactionBatch = AtLeast(config, "kv.compaction.batch-limit", 1),
            CompactionPause = NotNegative(config, "kv.compaction.sleep-interval"),
            SlowApply = NotNegative(config, "kv.log.warning-apply-duration") is var slow && slow > TimeSpan.Zero ? slow : TimeSpan.MaxValue,
            MaxWaitingProposals = AtLeast(config, "kv.raft.max-waiting-proposals", 1),
            KeptEntries = AtLeast(config, "kv.raft.kept-entries", 1),
            Lessor = new LessorLimits
            {
                RevokeBatch = AtLeast(config, "kv.lease.revoke-batch", 1),
                MaxOutstandingRevokes = AtLeast(config, "kv.lease.max-outstanding-revokes", 1),
                RevokesPerSecond = AtLeast(config, "kv.lease.revokes-per-second", 1),
                CheckpointInterval = NotNegative(config, "kv.lease.checkpoint-interval"),
            }.Validate(),
            AutoCompactionPeriod = mode == "periodic" ? Hours(config, "kv.compaction.auto-retention") : TimeSpan.Zero,
            AutoCompactionRevisions = mode == "revision" ? Revisions(config, "kv.compaction.auto-retention") : 0,
            Watch = new WatchLimits
            {
                QueueResponses = AtLeast(config, "kv.watch.queue-responses", 1),
                QueueBytes = Bytes(config, "kv.watch.queue-bytes", 1024),
                CatchUpRevisions = AtLeast(config, "kv.watch.catch-up-revisions", 1),
                CatchUpScan = AtLeast(config, "kv.watch.catch-up-scan", 1),
                ProgressNotifyInterval = Positive(config, "kv.watch.progress-notify-interval"),
                FragmentBytes = AtLeast(config, "kv.limits.max-request-bytes", 1, 1 << 30) + Limits.GrpcOverheadBytes,
            }.Validate(),
        };
    }

    private static TimeSpan RequestTimeoutOf(TimeSpan electionTimeout) => TimeSpan.FromSeconds(5) + (2 * electionTimeout);

    private static PeerLimits ReadPeers(Config config) => new()
    {
        PingInterval = Positive(config, "kv.peer.ping-interval"),
        LostAfter = Positive(config, "kv.peer.lost-after"),
        WindowBytes = Bytes(config, "kv.peer.window-bytes", 1),
        QueueBytes = Bytes(config, "kv.peer.queue-bytes", 1),
        MaxCalls = AtLeast(config, "kv.peer.max-calls", 1),
        CallTimeout = RequestTimeoutOf(Positive(config, "kv.raft.election-timeout")),
        SnapshotChunkBytes = Bytes(config, "kv.peer.snapshot-chunk-bytes", 4096) is var chunk && chunk <= 1 << 20
            ? (int)chunk
            : throw new ConfigurationException($"kv.peer.snapshot-chunk-bytes is {chunk}: it must be at most {1 << 20}"),
        SnapshotWindowChunks = AtLeast(config, "kv.peer.snapshot-window-chunks", 1, 1024),
        SnapshotTimeout = Positive(config, "kv.peer.snapshot-timeout"),
        MaxGuests = AtLeast(config, "kv.peer.max-guests", 1),
    };

    private static PeerTlsSettings ReadPeerTls(Config config) => new()
    {
        CertFile = config.GetString("kv.peer.tls.cert-file"),
        KeyFile = config.GetString("kv.peer.tls.key-file"),
        TrustedCaFile = config.GetString("kv.peer.tls.trusted-ca-file"),
        CrlFile = config.GetString("kv.peer.tls.crl-file"),
        ClientCertAuth = config.GetBoolean("kv.peer.tls.client-cert-auth"),
        AllowedCommonNames = [.. config.GetStringList("kv.peer.tls.allowed-cn")],
        AllowedHostNames = [.. config.GetStringList("kv.peer.tls.allowed-hostname")],
        AutoTls = config.GetBoolean("kv.peer.tls.auto-tls"),
        SelfSignedYears = AtLeast(config, "kv.peer.tls.self-signed-years", 0, 100),
        SkipClientSanVerification = config.GetBoolean("kv.peer.tls.skip-client-san-verification"),
    };

    private static long AtLeast(Config config, string key, string leastKey)
    {
        var (value, least) = (Bytes(config, key, 1), Bytes(config, leastKey, 1));
        return value >= least ? value : throw new ConfigurationException($"{key} is {value}: it must be at least {leastKey} ({least})");
    }

    /// <summary>A plain number is hours, as in etcd; anything else a duration.</summary>
    private static TimeSpan Hours(Config config, string key) =>
        long.TryParse(config.GetString(key), NumberStyles.None, CultureInfo.InvariantCulture, out var hours)
            ? TimeSpan.FromHours(hours)
            : NotNegative(config, key);

    /// <summary>
    /// <c>checkpoint-max-entries</c>, or <c>snapshot-count</c> if that was set to something of its own and is smaller: its default
    /// is etcd's, tuned for snapshots that cost it little, and would write a large state far too often here.
    /// </summary>
    private static long CheckpointEntries(Config config)
    {
        var most = AtLeast(config, "kv.raft.checkpoint-max-entries", 1);
        var text = config.GetString("kv.raft.snapshot-count");
        if (!ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count))
        {
            throw new ConfigurationException($"kv.raft.snapshot-count is {text}: it must be a whole number from 0");
        }
        return count is 0 or DefaultSnapshotCount ? most : (long)Math.Min(count, (ulong)most);
    }

    private static string[] PathsOf(Config config, string key)
    {
        var paths = config.GetStringList(key);
        return paths.FirstOrDefault(static path => !path.StartsWith('/')) is { } bad
            ? throw new ConfigurationException($"{key} has {bad}: a path begins with / and names an actor, such as /user/audit")
            : [.. paths];
    }

    private static void CheckTimes(Config config)
    {
        var (heartbeat, election) = (Positive(config, "kv.raft.heartbeat-interval"), Positive(config, "kv.raft.election-timeout"));
        if (election < 5 * heartbeat || election > _longestElection)
        {
            throw new ConfigurationException(
                $"kv.raft.election-timeout is {election}: it must be at least 5 times kv.raft.heartbeat-interval ({heartbeat}), and at most {_longestElection}");
        }
    }

    private static long Revisions(Config config, string key)
    {
        var value = config.GetLong(key);
        return value >= 0 ? value : throw new ConfigurationException($"{key} is {value}: it must be 0 or more");
    }

    private static int AtLeast(Config config, string key, int least, int most = int.MaxValue)
    {
        var value = config.GetLong(key);
        return value >= least && value <= most
            ? (int)value
            : throw new ConfigurationException($"{key} is {value}: it must be {least} to {most}");
    }

    private static long Bytes(Config config, string key, long least)
    {
        var value = config.GetByteSize(key) ?? throw new ConfigurationException($"{key} is no size in bytes");
        return value >= least ? value : throw new ConfigurationException($"{key} is {value}: it must be at least {least}");
    }

    private static double Share(Config config, string key)
    {
        var value = config.GetDouble(key);
        return value >= 0 && double.IsFinite(value) ? value : throw new ConfigurationException($"{key} is {value}: it must be 0 or more");
    }

    private static string OneOf(Config config, string key, string one, string other)
    {
        var value = config.GetString(key);
        return value == one || value == other ? value : throw new ConfigurationException($"{key} is {value}: it must be {one} or {other}");
    }

    private static TimeSpan NotNegative(Config config, string key)
    {
        var value = config.GetTimeSpan(key);
        return value >= TimeSpan.Zero ? value : throw new ConfigurationException($"{key} is {value}: it must not be negative");
    }

    private static TimeSpan Positive(Config config, string key)
    {
        var value = config.GetTimeSpan(key);
        return value > TimeSpan.Zero ? value : throw new ConfigurationException($"{key} is {value}: it must be above zero");
    }
}
