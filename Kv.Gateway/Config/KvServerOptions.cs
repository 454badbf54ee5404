using Kv.Actors.Cluster;

namespace Kv.Gateway.Config;

/// <summary>Level of a log line, in zap's order and names.</summary>
public enum KvLogLevel
{
    /// <summary>Single messages.</summary>
    Debug,

    /// <summary>Changes of state.</summary>
    Info,

    /// <summary>What may go wrong next.</summary>
    Warn,

    /// <summary>What went wrong.</summary>
    Error,

    /// <summary>zap's level for bugs.</summary>
    Dpanic,

    /// <summary>As fatal here.</summary>
    Panic,

    /// <summary>The process ends.</summary>
    Fatal,
}

/// <summary>What auto-compaction counts.</summary>
public enum AutoCompactionMode
{
    /// <summary>Keeps a span of time.</summary>
    Periodic,

    /// <summary>Keeps a number of revisions.</summary>
    Revision,
}

/// <summary>
/// Everything the process was told, checked and typed: etcd's flags in the units that code uses. Settings beyond etcd's flags
/// stay in HOCON; <see cref="HoconOverlay"/> carries these values there for the actors.
/// </summary>
public sealed record KvServerOptions
{
    /// <summary>Name of this member.</summary>
    public required string Name { get; init; }

    /// <summary>Data directory, as given or <c>NAME.etcd</c>; relative to the working directory.</summary>
    public required string DataDir { get; init; }

    /// <summary>Directory of the write-ahead log; null is <c>member/wal</c> in <see cref="DataDir"/>.</summary>
    public required string? WalDir { get; init; }

    /// <summary>Where clients are served, sorted; at least one.</summary>
    public required IReadOnlyList<KvUrl> ListenClientUrls { get; init; }

    /// <summary>Where clients are served HTTP only. If there are any, <see cref="ListenClientUrls"/> serve gRPC only.</summary>
    public required IReadOnlyList<KvUrl> ListenClientHttpUrls { get; init; }

    /// <summary>What clients are told to connect to.</summary>
    public required IReadOnlyList<KvUrl> AdvertiseClientUrls { get; init; }

    /// <summary>Where other members are listened for; one.</summary>
    public required IReadOnlyList<KvUrl> ListenPeerUrls { get; init; }

    /// <summary>This member's certificate for other members, PEM; empty without.</summary>
    public required string PeerCertFile { get; init; }

    /// <summary>Its key, PEM; empty without.</summary>
    public required string PeerKeyFile { get; init; }

    /// <summary>What other members are told to connect to; the member's id comes from it.</summary>
    public required IReadOnlyList<KvUrl> AdvertisePeerUrls { get; init; }

    /// <summary>Further places that serve metrics and health only.</summary>
    public required IReadOnlyList<KvUrl> ListenMetricsUrls { get; init; }

    /// <summary>The members at the first start: names and peer URLs.</summary>
    public required IReadOnlyList<InitialMember> InitialCluster { get; init; }

    /// <summary>DNS domain whose SRV records name them instead; empty without.</summary>
    public required string DiscoverySrv { get; init; }

    /// <summary>Suffix of those records' service names; empty without.</summary>
    public required string DiscoverySrvName { get; init; }

    /// <summary>Mixed into ids.</summary>
    public required string InitialClusterToken { get; init; }

    /// <summary>Raft's tick.</summary>
    public required TimeSpan HeartbeatInterval { get; init; }

    /// <summary>Wait before an election, at least; 5 to 500 heartbeats or more.</summary>
    public required TimeSpan ElectionTimeout { get; init; }

    /// <summary>Heartbeats in an election timeout, rounded down as etcd does.</summary>
    public int ElectionTicks => (int)(ElectionTimeout / HeartbeatInterval);

    /// <summary>5 s and two election timeouts: how long a request may wait for consensus.</summary>
    public TimeSpan RequestTimeout => TimeSpan.FromSeconds(5) + (2 * ElectionTimeout);

    /// <summary>Whether elections are asked for before they are held.</summary>
    public required bool PreVote { get; init; }

    /// <summary>Applied entries after which a checkpoint is due, unless it is the default; 0 was replaced by that.</summary>
    public required long SnapshotCount { get; init; }

    /// <summary>Size in bytes that raises NOSPACE; <see cref="long.MaxValue"/> without a quota.</summary>
    public required long QuotaBytes { get; init; }

    /// <summary>What <see cref="AutoCompactionRetention"/> and <see cref="AutoCompactionRevisions"/> hold.</summary>
    public required AutoCompactionMode AutoCompactionMode { get; init; }

    /// <summary>History kept in time; zero is off, or another mode.</summary>
    public required TimeSpan AutoCompactionRetention { get; init; }

    /// <summary>History kept in revisions; zero is off, or another mode.</summary>
    public required long AutoCompactionRevisions { get; init; }

    /// <summary>Revisions removed in one step of compaction.</summary>
    public required int CompactionBatchLimit { get; init; }

    /// <summary>Pause between steps of compaction.</summary>
    public required TimeSpan CompactionSleepInterval { get; init; }

    /// <summary>Largest request in bytes.</summary>
    public required int MaxRequestBytes { get; init; }

    /// <summary>Operations in one level of a transaction.</summary>
    public required int MaxTxnOps { get; init; }

    /// <summary>Calls open at a time on a connection.</summary>
    public required uint MaxConcurrentStreams { get; init; }

    /// <summary>Shortest time between a client's pings; zero or less is gRPC's default of 5 minutes.</summary>
    public required TimeSpan KeepAliveMinTime { get; init; }

    /// <summary>Silence after which the server pings; <see cref="Timeout.InfiniteTimeSpan"/> for never.</summary>
    public required TimeSpan KeepAliveInterval { get; init; }

    /// <summary>Wait for the ping's answer; <see cref="Timeout.InfiniteTimeSpan"/> for no limit.</summary>
    public required TimeSpan KeepAliveTimeout { get; init; }

    /// <summary>Whether the JSON gateway may be served.</summary>
    public required bool EnableGrpcGateway { get; init; }

    /// <summary>How often an idle watch is told the revision.</summary>
    public required TimeSpan WatchProgressNotifyInterval { get; init; }

    /// <summary>Slower applies are logged; <see cref="TimeSpan.MaxValue"/> for never.</summary>
    public required TimeSpan WarningApplyDuration { get; init; }

    /// <summary>Slower unary calls are logged; <see cref="TimeSpan.MaxValue"/> for never.</summary>
    public required TimeSpan WarningUnaryRequestDuration { get; init; }

    /// <summary>Whether <c>grpc_server_handling_seconds</c> is kept.</summary>
    public required bool ExtensiveMetrics { get; init; }

    /// <summary>Lowest level logged.</summary>
    public required KvLogLevel LogLevel { get; init; }

    /// <summary>True for the console format, false for JSON lines.</summary>
    public required bool LogConsole { get; init; }

    /// <summary><c>stderr</c>, <c>stdout</c> or paths of files; each once.</summary>
    public required IReadOnlyList<string> LogOutputs { get; init; }

    /// <summary>True if the log is not synced to disk.</summary>
    public required bool UnsafeNoFsync { get; init; }

    /// <summary>The HOCON file given, to be read over <c>hocon/reference.conf</c>; null without one.</summary>
    public required string? HoconFile { get; init; }

    /// <summary>Its text, read once; empty without a file.</summary>
    public required string HoconText { get; init; }

    /// <summary>These options as HOCON (<c>kv.*</c> keys), to be laid over the file: the result of flag over environment over file.</summary>
    public required string HoconOverlay { get; init; }

    /// <summary>Flags by name with the text they ended up with, where it is not the default: for the start-up log line.</summary>
    public required IReadOnlyList<KeyValuePair<string, string>> Given { get; init; }
}
