using static Kv.Gateway.Config.FlagKind;

namespace Kv.Gateway.Config;

/// <summary>
/// Every flag of etcd 3.6 as a table, and what each means here. A flag that does nothing is not accepted in silence: it is
/// known, but only with its default.
/// </summary>
public static class EtcdFlags
{
    /// <summary>Our own flag: a HOCON file for everything that etcd's flags do not reach. <c>KV_HOCON</c> in the environment.</summary>
    public const string HoconFlag = "hocon";

    /// <summary>Our own flag: a whole cluster for trying out.</summary>
    public const string TryClusterFlag = "try-cluster";

    /// <summary>Where its ports begin.</summary>
    public const string TryClusterPortFlag = "try-cluster-port";

    private const string Member = "Member", Clustering = "Clustering", Security = "Security", Auth = "Auth",
        Compaction = "Compaction", Monitoring = "Monitoring", Logging = "Logging", Tuning = "Tuning", Safety = "Unsafe", General = "General";

    /// <summary>All flags, in the order of <c>--help</c>.</summary>
    public static IReadOnlyList<EtcdFlag> All { get; } = Build();

    private static readonly Dictionary<string, EtcdFlag> _byName = All.ToDictionary(f => f.Name, StringComparer.Ordinal);

    private static readonly Dictionary<string, EtcdFlag> _byEnvironment =
        All.Where(f => f.EnvironmentName is not null).ToDictionary(f => f.EnvironmentName!, StringComparer.Ordinal);

    private static readonly Dictionary<string, EtcdFlag> _byYaml =
        All.Where(f => f.YamlKey is not null).ToDictionary(f => f.YamlKey!, StringComparer.Ordinal);

    /// <summary>The flag of that name, without dashes; null if etcd 3.6 has none.</summary>
    public static EtcdFlag? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>The flag that environment variable sets.</summary>
    public static EtcdFlag? FindEnvironment(string variable) => _byEnvironment.GetValueOrDefault(variable);

    /// <summary>The flag that YAML key sets; nested keys are joined by dots.</summary>
    public static EtcdFlag? FindYaml(string key) => _byYaml.GetValueOrDefault(key);

    /// <summary>The known name closest to <paramref name="name"/>; null when nothing is near (more than a third of the letters differ).</summary>
    public static string? Nearest(string name)
    {
        string? best = null;
        var bestDistance = Math.Max(2, name.Length / 3) + 1;
        foreach (var flag in All)
        {
            var distance = EditDistance(name, flag.Name);
            if (distance < bestDistance)
            {
                (best, bestDistance) = (flag.Name, distance);
            }
        }

        return best;
    }

    /// <summary>Letters to insert, remove, replace or swap to turn one name into the other.</summary>
    private static int EditDistance(string a, string b)
    {
        var rows = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
        {
            rows[i, 0] = i;
        }

        for (var j = 0; j <= b.Length; j++)
        {
            rows[0, j] = j;
        }

        for (var i = 1; i <= a.Length; i++)
        {
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = a[i - 1] == b[j - 1] ? 0 : 1;
                rows[i, j] = Math.Min(Math.Min(rows[i - 1, j] + 1, rows[i, j - 1] + 1), rows[i - 1, j - 1] + cost);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    rows[i, j] = Math.Min(rows[i, j], rows[i - 2, j - 2] + 1);
                }
            }
        }

        return rows[a.Length, b.Length];
    }

    private static EtcdFlag[] Build()
    {
        EtcdFlag Yes(string name, FlagKind kind, string value, string group, string key, string help) =>
            new(name, kind, value, group, help) { HoconKey = key };
        EtcdFlag Later(string name, FlagKind kind, string value, string group, string help, string? yaml = "") =>
            new(name, kind, value, group, help) { Support = FlagSupport.Later, YamlKey = yaml is "" ? name : yaml };
        EtcdFlag Never(string name, FlagKind kind, string value, string group, string help) =>
            new(name, kind, value, group, help) { Support = FlagSupport.Never };
        EtcdFlag Old(string name, EtcdFlag target) => target with
        {
            Name = name,
            AliasOf = target.Name,
            YamlKey = name,
            Help = $"Old name of --{target.Name}.",
        };

        var compactionBatch = Yes("compaction-batch-limit", Count, "1000", Compaction, "kv.compaction.batch-limit",
            "Revisions that compaction removes in one step between two batches of writes. From 1.");
        var compactionSleep = Yes("compaction-sleep-interval", Duration, "10ms", Compaction, "kv.compaction.sleep-interval",
            "Pause between two steps of compaction.");
        var progress = Yes("watch-progress-notify-interval", Duration, "10m", Tuning, "kv.watch.progress-notify-interval",
            "How often an idle watch that asked for it is told the current revision. At least 100ms.");
        var warnApply = Yes("warning-apply-duration", Duration, "100ms", Logging, "kv.log.warning-apply-duration",
            "A request that takes longer than this to apply is logged as a warning. 0 turns the warning off.");
        var warnUnary = Yes("warning-unary-request-duration", Duration, "300ms", Logging, "kv.log.warning-unary-request-duration",
            "A unary call that takes longer than this is logged as a warning. 0 turns the warning off.");
        var bootstrapDefrag = Never("bootstrap-defrag-threshold-megabytes", Count, "0", Tuning, "Defragments the backend at start; there is nothing to defragment here.");
        var hashCheck = Later("compact-hash-check-time", Duration, "1m", Tuning, "Interval at which the leader compares members' hashes of compacted revisions.");
        var corruptCheck = Later("corrupt-check-time", Duration, "0s", Tuning, "Interval at which members' hashes are compared; 0 is never.");
        var tracingAddress = Later("distributed-tracing-address", Text, "localhost:4317", Monitoring, "Address of the tracing collector.");
        var tracingId = Later("distributed-tracing-instance-id", Text, "", Monitoring, "Instance id in traces.");
        var tracingRate = Later("distributed-tracing-sampling-rate", Number, "0", Monitoring, "Traces per million requests.");
        var tracingName = Later("distributed-tracing-service-name", Text, "etcd", Monitoring, "Service name in traces.");
        var tracing = Later("enable-distributed-tracing", Bool, "false", Monitoring, "Sends OpenTelemetry traces.");
        var downgrade = Later("downgrade-check-time", Duration, "5s", Tuning, "Interval at which a downgrade's state is looked at.");
        var mlock = Later("memory-mlock", Bool, "false", Tuning, "Keeps the process's pages in memory.");
        var skipSan = Yes("peer-skip-client-san-verification", Bool, "false", Security, "kv.peer.tls.skip-client-san-verification", "Does not compare the addresses in a member's certificate with where it connects from.") with { YamlKey = "peer-transport-security.skip-client-san-verification" };
        var catchUp = Yes("snapshot-catchup-entries", Count, "5000", Member, "kv.raft.kept-entries", "Applied entries kept in memory, from which a follower that lags is served without a snapshot.") with { Max = ulong.MaxValue };

        return
        [
            Yes("name", Text, "default", Member, "kv.name", "Name of this member, unique in its cluster."),
            Yes("data-dir", Text, "", Member, "kv.data-dir", "Data directory; empty is NAME.etcd in the working directory."),
            Yes("wal-dir", Text, "", Member, "kv.wal-dir", "Directory of the write-ahead log; empty is member/wal in the data directory."),
            Yes("snapshot-count", Count, "10000", Member, "kv.raft.snapshot-count", "Applied entries after which a checkpoint is due. 0 and the default leave it to the log's size.") with { Max = ulong.MaxValue },
            catchUp,
            Yes("heartbeat-interval", Milliseconds, "100", Member, "kv.raft.heartbeat-interval", "Milliseconds between a leader's heartbeats. From 1."),
            Yes("election-timeout", Milliseconds, "1000", Member, "kv.raft.election-timeout", "Milliseconds without a leader before an election; at least 5 heartbeats, at most 50000."),
            Yes("initial-election-tick-advance", Bool, "true", Member, "kv.raft.initial-election-tick-advance", "Shortens the first election's wait once other members are heard."),
            Yes("listen-peer-urls", Urls, "http://localhost:2380", Member, "kv.peer.listen-urls", "URL to listen on for other members; one."),
            Yes("listen-client-urls", Urls, "http://localhost:2379", Member, "kv.client.listen-urls", "URLs to listen on for clients; several, separated by commas. unix:///run/kv.sock is a socket file."),
            Yes("listen-client-http-urls", Urls, "", Member, "kv.client.listen-http-urls", "URLs for HTTP/1.1 only (health, version, metrics); --listen-client-urls then serve gRPC only."),
            Never("max-snapshots", Count, "5", Member, "Number of snapshot files kept; checkpoints here are kept by need, not by number."),
            Never("max-wals", Count, "5", Member, "Number of WAL files kept; segments here are kept until a checkpoint covers them."),
            Yes("quota-backend-bytes", Number, "0", Member, "kv.store.quota-bytes", "Size of the store in bytes that raises the NOSPACE alarm. 0 is 2 GiB, negative is no quota."),
            Never("backend-bbolt-freelist-type", Choice, "map", Member, "Tunes bbolt's free list.") with { Choices = ["map", "array"] },
            Never("backend-batch-interval", Duration, "100ms", Member, "Time between commits of etcd's backend."),
            Never("backend-batch-limit", Number, "10000", Member, "Operations between commits of etcd's backend."),
            Yes("max-txn-ops", Count, "128", Member, "kv.limits.max-txn-ops", "Operations allowed in one level of a transaction."),
            Yes("max-request-bytes", Count, "1572864", Member, "kv.limits.max-request-bytes", "Largest request in bytes, up to 1 GiB. A message may be 512 KiB larger.") with { Max = 1 << 30 },
            Yes("max-concurrent-streams", Count, "4294967295", Member, "kv.client.max-concurrent-streams", "Calls that one connection may have open at a time. From 1."),
            Yes("grpc-keepalive-min-time", Duration, "5s", Member, "kv.client.keepalive-min-time", "Shortest time between a client's pings; one that pings faster is sent away. 0 is 5 minutes."),
            Yes("grpc-keepalive-interval", Duration, "2h", Member, "kv.client.keepalive-interval", "Silence after which the server pings a connection. 0 is never."),
            Yes("grpc-keepalive-timeout", Duration, "20s", Member, "kv.client.keepalive-timeout", "Wait for the ping's answer before the connection is closed. 0 is no limit."),
            Later("socket-reuse-port", Bool, "false", Member, "Lets several processes listen on one port.", "socket-options.reuse-port"),
            Later("socket-reuse-address", Bool, "false", Member, "Binds addresses that are in TIME_WAIT.", "socket-options.reuse-address"),
            Yes("enable-grpc-gateway", Bool, "true", Member, "kv.client.enable-grpc-gateway", "Serves the JSON gateway under /v3/. This release has none: nothing is served there, whether true or false."),
            Later("raft-read-timeout", Duration, "5s", Member, "Read timeout of peers' connections."),
            Later("raft-write-timeout", Duration, "5s", Member, "Write timeout of peers' connections."),
            mlock,
            Yes("feature-gates", List, "", Member, "kv.feature-gates", "Features by name, Name=true|false; only their defaults are accepted in this release."),

            Yes("initial-advertise-peer-urls", Urls, "http://localhost:2380", Clustering, "kv.peer.advertise-urls", "This member's peer URLs as told to the cluster; its id comes from them."),
            Yes("initial-cluster", List, "", Clustering, "kv.cluster.initial-members", "Members at the first start, NAME=URL,…; empty is this member alone."),
            Yes("initial-cluster-state", Choice, "new", Clustering, "kv.cluster.initial-state", "new founds a cluster; existing joins one that runs, to which the member was added before.") with { Choices = ["new", "existing"] },
            Yes("initial-cluster-token", Text, "etcd-cluster", Clustering, "kv.cluster.initial-token", "Mixed into the ids of members, so that clusters are not taken for each other."),
            Yes("advertise-client-urls", Urls, "http://localhost:2379", Clustering, "kv.client.advertise-urls", "This member's client URLs as told to clients. Needed whenever --listen-client-urls is given."),
            Yes("strict-reconfig-check", Bool, "true", Clustering, "kv.cluster.strict-reconfig-check", "Refuses changes of membership that would endanger the quorum."),
            Yes("pre-vote", Bool, "true", Clustering, "kv.raft.pre-vote", "Asks whether an election can be won before it disturbs the leader."),
            Yes("max-learners", Count, "1", Clustering, "kv.cluster.max-learners", "Learners that the cluster may have at a time.") with { Max = int.MaxValue },
            Later("discovery", Text, "", Clustering, "URL of a v2 discovery service."),
            Later("discovery-endpoints", List, "", Clustering, "Endpoints of a v3 discovery service.", "discovery-config.endpoints"),
            Later("discovery-token", Text, "", Clustering, "Token of the cluster in the discovery service.", "discovery-config.token"),
            Later("discovery-dial-timeout", Duration, "2s", Clustering, "Discovery: dial timeout.", "discovery-config.dial-timeout"),
            Later("discovery-request-timeout", Duration, "5s", Clustering, "Discovery: request timeout.", "discovery-config.request-timeout"),
            Later("discovery-keepalive-time", Duration, "2s", Clustering, "Discovery: keep-alive interval.", "discovery-config.keepalive-time"),
            Later("discovery-keepalive-timeout", Duration, "6s", Clustering, "Discovery: keep-alive timeout.", "discovery-config.keepalive-timeout"),
            Later("discovery-insecure-transport", Bool, "true", Clustering, "Discovery: no TLS.", "discovery-config.insecure-transport"),
            Later("discovery-insecure-skip-tls-verify", Bool, "false", Clustering, "Discovery: certificates are not checked.", "discovery-config.insecure-skip-tls-verify"),
            Later("discovery-cert", Text, "", Clustering, "Discovery: client certificate.", "discovery-config.cert"),
            Later("discovery-key", Text, "", Clustering, "Discovery: client key.", "discovery-config.key"),
            Later("discovery-cacert", Text, "", Clustering, "Discovery: certificate authority.", "discovery-config.cacert"),
            Later("discovery-user", Text, "", Clustering, "Discovery: user.", "discovery-config.user"),
            Later("discovery-password", Text, "", Clustering, "Discovery: password.", "discovery-config.password"),
            Later("discovery-fallback", Choice, "exit", Clustering, "What to do when discovery fails.") with { Choices = ["exit", "proxy"] },
            Later("discovery-proxy", Text, "", Clustering, "HTTP proxy for v2 discovery."),
            Yes("discovery-srv", Text, "", Clustering, "kv.cluster.discovery-srv", "DNS domain whose SRV records name the members at the first start."),
            Yes("discovery-srv-name", Text, "", Clustering, "kv.cluster.discovery-srv-name", "Suffix of the SRV records' service name."),
            Never("v2-deprecation", Choice, "write-only", Clustering, "Phase of the v2 store's removal; there is no v2 store.") with { Choices = ["not-yet", "write-only", "write-only-drop-data", "gone"] },

            Yes("auto-compaction-mode", Choice, "periodic", Compaction, "kv.compaction.auto-mode", "What --auto-compaction-retention counts: periodic (time) or revision.") with { Choices = ["periodic", "revision"] },
            Yes("auto-compaction-retention", Text, "0", Compaction, "kv.compaction.auto-retention", "History kept by auto-compaction: hours or a duration such as 30m, or a number of revisions. 0 is off."),
            compactionBatch,
            compactionSleep,

            Later("cert-file", Text, "", Security, "Certificate of the client listeners.", "client-transport-security.cert-file"),
            Later("key-file", Text, "", Security, "Key of the client listeners.", "client-transport-security.key-file"),
            Later("client-cert-auth", Bool, "false", Security, "Requires client certificates.", "client-transport-security.client-cert-auth"),
            Later("client-cert-file", Text, "", Security, "Certificate for our own calls as a client.", "client-transport-security.client-cert-file"),
            Later("client-key-file", Text, "", Security, "Key for our own calls as a client.", "client-transport-security.client-key-file"),
            Later("client-crl-file", Text, "", Security, "Revocation list of client certificates.", null),
            Later("client-cert-allowed-hostname", List, "", Security, "Host names allowed in client certificates.", "client-transport-security.allowed-hostname"),
            Later("trusted-ca-file", Text, "", Security, "Authority of client certificates.", "client-transport-security.trusted-ca-file"),
            Later("auto-tls", Bool, "false", Security, "Client listeners make their own certificate.", "client-transport-security.auto-tls"),
            Yes("peer-cert-file", Text, "", Security, "kv.peer.tls.cert-file", "This member's certificate for other members, PEM.") with { YamlKey = "peer-transport-security.cert-file" },
            Yes("peer-key-file", Text, "", Security, "kv.peer.tls.key-file", "Its key, PEM.") with { YamlKey = "peer-transport-security.key-file" },
            Yes("peer-client-cert-auth", Bool, "false", Security, "kv.peer.tls.client-cert-auth", "Requires certificates of members that connect.") with { YamlKey = "peer-transport-security.client-cert-auth" },
            Later("peer-client-cert-file", Text, "", Security, "Certificate for calls to other members.", "peer-transport-security.client-cert-file"),
            Later("peer-client-key-file", Text, "", Security, "Key for calls to other members.", "peer-transport-security.client-key-file"),
            Yes("peer-trusted-ca-file", Text, "", Security, "kv.peer.tls.trusted-ca-file", "Authority of members' certificates, PEM; read anew for each connection.") with { YamlKey = "peer-transport-security.trusted-ca-file" },
            Yes("peer-cert-allowed-cn", List, "", Security, "kv.peer.tls.allowed-cn", "Common names allowed in members' certificates.") with { YamlKey = "peer-transport-security.allowed-cn" },
            Yes("peer-cert-allowed-hostname", List, "", Security, "kv.peer.tls.allowed-hostname", "Host names of which a member's certificate must be good for one.") with { YamlKey = "peer-transport-security.allowed-hostname" },
            Yes("peer-auto-tls", Bool, "false", Security, "kv.peer.tls.auto-tls", "Each member makes its own certificate, and takes any.") with { YamlKey = "peer-transport-security.auto-tls" },
            Yes("self-signed-cert-validity", Count, "1", Security, "kv.peer.tls.self-signed-years", "Years for which a certificate of our own making is good.") with { Max = 100 },
            Yes("peer-crl-file", Text, "", Security, "kv.peer.tls.crl-file", "Revocation list of members' certificates, PEM or DER; read anew for each connection.") with { YamlKey = null },
            skipSan,
            Later("cipher-suites", List, "", Security, "Cipher suites up to TLS 1.2."),
            Later("tls-min-version", Choice, "TLS1.2", Security, "Lowest TLS version.") with { Choices = ["TLS1.2", "TLS1.3"] },
            Later("tls-max-version", Choice, "", Security, "Highest TLS version.") with { Choices = ["", "TLS1.2", "TLS1.3"] },
            Later("cors", List, "*", Security, "Origins that browsers may call from."),
            Later("host-whitelist", List, "*", Security, "Host names accepted on plaintext HTTP."),
            Later("auth-token", Text, "simple", Auth, "Token provider and its options."),
            Later("bcrypt-cost", Count, "10", Auth, "Cost of hashing a password."),
            Later("auth-token-ttl", Count, "300", Auth, "Life of a simple token in seconds."),

            Later("enable-pprof", Bool, "false", Monitoring, "Serves profiles under /debug/pprof."),
            Yes("metrics", Choice, "basic", Monitoring, "kv.metrics.level", "basic, or extensive with histograms of calls' duration.") with { Choices = ["basic", "extensive"] },
            Yes("listen-metrics-urls", Urls, "", Monitoring, "kv.metrics.listen-urls", "Further URLs that serve metrics and health only, over HTTP/1.1."),
            tracing,
            tracingAddress,
            tracingName,
            tracingId,
            tracingRate,

            Yes("logger", Choice, "zap", Logging, "kv.log.logger", "Kept for etcd's sake; zap is the only one.") with { Choices = ["zap"] },
            Yes("log-outputs", List, "default", Logging, "kv.log.outputs", "Where log lines go: default (stderr), stderr, stdout, or paths of files; several, separated by commas."),
            Yes("log-level", Choice, "info", Logging, "kv.log.level", "Lowest level logged: debug, info, warn, error, panic, fatal.") with { Choices = ["debug", "info", "warn", "error", "dpanic", "panic", "fatal"] },
            Yes("log-format", Choice, "json", Logging, "kv.log.format", "json or console.") with { Choices = ["json", "console"] },
            Later("enable-log-rotation", Bool, "false", Logging, "Rotates a log file."),
            Later("log-rotation-config-json", Text, """{"maxsize": 100, "maxage": 0, "maxbackups": 0, "localtime": false, "compress": false}""", Logging, "When a log file is rotated."),
            warnApply,
            warnUnary,

            corruptCheck,
            hashCheck,
            progress,
            bootstrapDefrag,
            downgrade,

            Yes("unsafe-no-fsync", Bool, "false", Safety, "kv.wal.unsafe-no-fsync", "Does not wait for the disk: a crash of the machine loses acknowledged writes."),
            Yes("force-new-cluster", Bool, "false", Safety, "kv.cluster.force-new-cluster", "Keeps the data, drops every other member and starts again as a cluster of one."),

            new EtcdFlag("config-file", Text, "", General, "YAML file with flags' names as keys; every other flag and ETCD_ variable is then ignored.") { YamlKey = null },
            new EtcdFlag(HoconFlag, Text, "", General, "HOCON file for every setting beyond etcd's flags, see hocon/reference.conf. Read also with --config-file.") { YamlKey = null },
            new EtcdFlag(TryClusterFlag, Count, "0", General, "Starts that many members on this machine, each a process of its own, and looks after them: for trying out.") { YamlKey = null, Max = Try.TryPlan.MostMembers },
            new EtcdFlag(TryClusterPortFlag, Count, "2379", General, "Client port of the first of them; its peer port is the next, the others' are ten apart.") { YamlKey = null, Max = 65_000 },
            new EtcdFlag("version", Bool, "false", General, "Prints the version and exits.") { YamlKey = null },
            new EtcdFlag("help", Bool, "false", General, "Prints this text and exits.") { YamlKey = null },
            new EtcdFlag("h", Bool, "false", General, "Short for --help.") { YamlKey = null, AliasOf = "help" },

            Old("experimental-bootstrap-defrag-threshold-megabytes", bootstrapDefrag),
            Later("experimental-compact-hash-check-enabled", Bool, "false", Tuning, "Old form of the feature gate CompactHashCheck."),
            Old("experimental-compact-hash-check-time", hashCheck),
            Old("experimental-compaction-batch-limit", compactionBatch),
            Old("experimental-compaction-sleep-interval", compactionSleep),
            Old("experimental-corrupt-check-time", corruptCheck),
            Old("experimental-distributed-tracing-address", tracingAddress),
            Old("experimental-distributed-tracing-instance-id", tracingId),
            Old("experimental-distributed-tracing-sampling-rate", tracingRate),
            Old("experimental-distributed-tracing-service-name", tracingName),
            Old("experimental-downgrade-check-time", downgrade),
            Old("experimental-enable-distributed-tracing", tracing),
            Later("experimental-enable-lease-checkpoint", Bool, "false", Tuning, "Old form of the feature gate LeaseCheckpoint."),
            Later("experimental-enable-lease-checkpoint-persist", Bool, "false", Tuning, "Old form of the feature gate LeaseCheckpointPersist."),
            Later("experimental-initial-corrupt-check", Bool, "false", Tuning, "Old form of the feature gate InitialCorruptCheck."),
            Old("experimental-memory-mlock", mlock),
            Old("experimental-peer-skip-client-san-verification", skipSan),
            Old("experimental-snapshot-catchup-entries", catchUp),
            Later("experimental-stop-grpc-service-on-defrag", Bool, "false", Tuning, "Old form of the feature gate StopGRPCServiceOnDefrag."),
            Never("experimental-txn-mode-write-with-shared-buffer", Bool, "true", Tuning, "Tunes etcd's backend."),
            Old("experimental-warning-apply-duration", warnApply),
            Old("experimental-warning-unary-request-duration", warnUnary),
            Old("experimental-watch-progress-notify-interval", progress),
        ];
    }
}
