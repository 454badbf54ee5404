using System.Collections;
using Kv.Actors.Cluster;
using Kv.Actors.Model;
using Kv.Gateway.Config;

namespace Kv.Gateway.Logging;

/// <summary>
/// Every line that the gateway logs, with its event id: ids stay what they are, new ones are added at the end of their block.
/// The texts that operators and test frameworks wait for are etcd's.
/// </summary>
public static class Log
{
    // 1-19: starting and stopping.

    /// <summary>Before anything is opened: what was configured.</summary>
    public static void Starting(this ILogger log, KvServerOptions options) => Write(log, LogLevel.Information, 1, "starting an etcd server",
        ("etcd-version", Usage.EtcdVersion), ("kvactors-version", Usage.OwnVersion), ("dotnet-version", Environment.Version.ToString()),
        ("arch", Usage.Architecture), ("max-cpu-available", Environment.ProcessorCount),
        ("name", options.Name), ("data-dir", options.DataDir), ("wal-dir", options.WalDir ?? ""),
        ("heartbeat-interval", options.HeartbeatInterval), ("election-timeout", options.ElectionTimeout),
        ("snapshot-count", options.SnapshotCount), ("initial-advertise-peer-urls", Texts(options.AdvertisePeerUrls)),
        ("listen-peer-urls", Texts(options.ListenPeerUrls)), ("advertise-client-urls", Texts(options.AdvertiseClientUrls)),
        ("listen-client-urls", Texts(options.ListenClientUrls)), ("listen-metrics-urls", Texts(options.ListenMetricsUrls)),
        ("initial-cluster", InitialCluster.Text(options.InitialCluster)),
        ("initial-cluster-token", options.InitialClusterToken), ("quota-backend-bytes", options.QuotaBytes),
        ("max-request-bytes", options.MaxRequestBytes), ("max-txn-ops", options.MaxTxnOps), ("pre-vote", options.PreVote),
        ("auto-compaction-mode", options.AutoCompactionMode == AutoCompactionMode.Periodic ? "periodic" : "revision"),
        ("auto-compaction-retention", options.AutoCompactionMode == AutoCompactionMode.Periodic ? options.AutoCompactionRetention : options.AutoCompactionRevisions),
        ("given", options.Given.Select(g => $"{g.Key}={g.Value}")));

    /// <summary>Something odd about the configuration.</summary>
    public static void Configuration(this ILogger log, ConfigWarning warning) =>
        Write(log, LogLevel.Warning, 2, warning.Message, (warning.Field, warning.Value));

    /// <summary>Acknowledged writes may be lost.</summary>
    public static void UnsafeNoFsync(this ILogger log) =>
        Write(log, LogLevel.Warning, 3, "running with --unsafe-no-fsync: a crash of the machine loses acknowledged writes");

    /// <summary>Listeners are bound.</summary>
    public static void NowServing(this ILogger log, string member, KvServerOptions options) => Write(log, LogLevel.Information, 4,
        "now serving peer/client/metrics", ("local-member-id", member), ("listen-peer-urls", Texts(options.ListenPeerUrls)),
        ("advertise-client-urls", Texts(options.AdvertiseClientUrls)), ("listen-client-urls", Texts(options.ListenClientUrls)),
        ("listen-metrics-urls", Texts(options.ListenMetricsUrls)));

    /// <summary>The line that scripts and test frameworks wait for.</summary>
    public static void ReadyToServe(this ILogger log, TimeSpan took) =>
        Write(log, LogLevel.Information, 5, "ready to serve client requests", ("took", took));

    /// <summary>A plaintext listener is up; <paramref name="traffic"/> is <c>grpc+http</c>, <c>grpc</c> or <c>http</c>.</summary>
    public static void ServingInsecurely(this ILogger log, string traffic, string address) => Write(log, LogLevel.Information, 6,
        "serving client traffic insecurely; this is strongly discouraged!", ("traffic", traffic), ("address", address));

    /// <summary>A signal asked the process to end.</summary>
    public static void SignalReceived(this ILogger log, string signal) =>
        Write(log, LogLevel.Information, 7, "received signal; shutting down", ("signal", signal));

    /// <summary>The server begins to close.</summary>
    public static void Closing(this ILogger log, KvServerOptions options) => Write(log, LogLevel.Information, 8, "closing etcd server",
        ("name", options.Name), ("data-dir", options.DataDir), ("advertise-client-urls", Texts(options.AdvertiseClientUrls)));

    /// <summary>The server has closed.</summary>
    public static void Closed(this ILogger log, KvServerOptions options) => Write(log, LogLevel.Information, 9, "closed etcd server",
        ("name", options.Name), ("data-dir", options.DataDir), ("advertise-client-urls", Texts(options.AdvertiseClientUrls)));

    /// <summary>A lone member has nobody to hand leadership to.</summary>
    public static void SkippedLeadershipTransfer(this ILogger log, string member) => Write(log, LogLevel.Information, 10,
        "skipped leadership transfer for single voting member cluster", ("local-member-id", member), ("current-leader-member-id", member));

    /// <summary>A listener could not be bound; the process ends.</summary>
    public static void ListenFailed(this ILogger log, string address, string error) =>
        Write(log, LogLevel.Critical, 11, "listen failed", ("address", address), ("error", error));

    /// <summary>The node stopped by itself; the process ends.</summary>
    public static void NodeFailed(this ILogger log, Exception exception) =>
        Write(log, LogLevel.Critical, 12, "the node has failed; stopping the process", exception);

    /// <summary>The node cannot be started; the process ends.</summary>
    public static void StartFailed(this ILogger log, string error) =>
        Write(log, LogLevel.Critical, 13, "the server cannot start", ("error", error));

    /// <summary>Who this is, in which cluster: the one line to look for when a member is not where it should be.</summary>
    public static void LocalMember(this ILogger log, NodeId member, ClusterId cluster, int members) => Write(log, LogLevel.Information, 15,
        "started local member", ("local-member-id", member.ToString()), ("cluster-id", cluster.ToString()), ("members", members));

    /// <summary>The node starts anew in this process.</summary>
    public static void PeerCertificateRenewed(this ILogger log, string file) => Write(log, LogLevel.Information, 18,
        "the certificate for other members was renewed; the node starts anew with it", ("peer-cert-file", file));

    /// <summary>The member was removed from its cluster; the process ends.</summary>
    public static void Removed(this ILogger log, NodeId member) => Write(log, LogLevel.Warning, 17,
        "the member has been permanently removed from the cluster", ("local-member-id", member.ToString()));

    /// <summary>The members at the first start came from DNS.</summary>
    public static void Discovered(this ILogger log, string domain, string cluster) => Write(log, LogLevel.Information, 16,
        "got bootstrap from DNS", ("discovery-srv", domain), ("initial-cluster", cluster));

    // 20-29: health.

    /// <summary><c>/health</c> answered false.</summary>
    public static void HealthFalseAlarm(this ILogger log, string alarm) =>
        Write(log, LogLevel.Warning, 20, "serving /health false due to an alarm", ("alarm", alarm));

    /// <summary><c>/health</c> answered false.</summary>
    public static void HealthFalseNoLeader(this ILogger log) => Write(log, LogLevel.Warning, 21, "serving /health false; no leader");

    /// <summary><c>/health</c> answered false.</summary>
    public static void HealthFalseRead(this ILogger log, string error) =>
        Write(log, LogLevel.Warning, 22, "serving /health false; Range fails", ("error", error));

    /// <summary><c>/livez</c> or <c>/readyz</c> answered 503.</summary>
    public static void HealthCheckFailed(this ILogger log, string path, string reason) =>
        Write(log, LogLevel.Error, 23, "Health check error", ("path", path), ("reason", reason), ("status-code", 503));

    /// <summary>A query excludes a check that does not exist.</summary>
    public static void HealthCheckNotExcludable(this ILogger log, string name) =>
        Write(log, LogLevel.Warning, 24, "some health checks cannot be excluded", ("missing-health-checks", name));

    /// <summary>The gRPC health service answers differently from now on.</summary>
    public static void HealthStatusChanged(this ILogger log, string service, string status) =>
        Write(log, LogLevel.Information, 25, "grpc service status changed", ("service", service), ("status", status));

    // 30-39: calls. Never keys, values, passwords or tokens.

    /// <summary>A unary call was slow.</summary>
    public static void SlowRequest(this ILogger log, string method, TimeSpan took, string code, string remote) => Write(log, LogLevel.Warning, 30,
        "request stats", ("response type", method), ("time spent", took), ("response code", code), ("remote", remote));

    /// <summary>A call failed in a way that only a bug explains.</summary>
    public static void CallFailed(this ILogger log, string method, Exception exception) =>
        Write(log, LogLevel.Error, 31, "a call failed unexpectedly", exception, ("method", method));

    // 40-49: maintenance.

    /// <summary>The snapshot stream begins.</summary>
    public static void SendingSnapshot(this ILogger log, long bytes) =>
        Write(log, LogLevel.Information, 40, "sending database snapshot to client", ("total-bytes", bytes));

    /// <summary>The snapshot stream has ended well.</summary>
    public static void SentSnapshot(this ILogger log, long bytes, TimeSpan took) =>
        Write(log, LogLevel.Information, 41, "successfully sent database snapshot to client", ("total-bytes", bytes), ("took", took));

    /// <summary>Defragment was asked for.</summary>
    public static void StartingDefragment(this ILogger log) => Write(log, LogLevel.Information, 42, "starting defragment");

    /// <summary>Defragment is done.</summary>
    public static void FinishedDefragment(this ILogger log, TimeSpan took) => Write(log, LogLevel.Information, 43, "finished defragment", ("took", took));

    /// <summary>MoveLeader begins.</summary>
    public static void TransferStarting(this ILogger log, NodeId leader, NodeId target) => Write(log, LogLevel.Information, 44,
        "leadership transfer starting", ("local-member-id", leader.ToString()), ("current-leader-member-id", leader.ToString()),
        ("transferee-member-id", target.ToString()));

    /// <summary>MoveLeader is done.</summary>
    public static void TransferFinished(this ILogger log, NodeId leader, NodeId target, TimeSpan took) => Write(log, LogLevel.Information, 45,
        "leadership transfer finished", ("local-member-id", leader.ToString()), ("old-leader-member-id", leader.ToString()),
        ("new-leader-member-id", target.ToString()), ("took", took));

    /// <summary>MoveLeader came to nothing.</summary>
    public static void TransferFailed(this ILogger log, NodeId leader, NodeId target, string error) => Write(log, LogLevel.Warning, 46,
        "leadership transfer failed", ("local-member-id", leader.ToString()), ("transferee-member-id", target.ToString()), ("error", error));

    private static IEnumerable<string> Texts(IEnumerable<KvUrl> urls) => urls.Select(u => u.ToString());

    private static void Write(ILogger log, LogLevel level, int id, string message, params (string Name, object? Value)[] fields) =>
        Write(log, level, id, message, null, fields);

    private static void Write(ILogger log, LogLevel level, int id, string message, Exception? exception, params (string Name, object? Value)[] fields)
    {
        if (log.IsEnabled(level))
        {
            log.Log(level, new EventId(id), new Line(message, fields), exception, static (line, _) => line.Message);
        }
    }

    /// <summary>A constant message and its fields, in the shape that logging providers look for.</summary>
    private sealed class Line(string message, (string Name, object? Value)[] fields) : IReadOnlyList<KeyValuePair<string, object?>>
    {
        public string Message => message;

        public int Count => fields.Length;

        public KeyValuePair<string, object?> this[int index] => new(fields[index].Name, fields[index].Value);

        public IEnumerator<KeyValuePair<string, object?>> GetEnumerator()
        {
            foreach (var (name, value) in fields)
            {
                yield return new(name, value);
            }
        }

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
