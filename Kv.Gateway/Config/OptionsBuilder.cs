using System.Globalization;
using Kv.Actors.Cluster;
using Kv.Actors.Model;

namespace Kv.Gateway.Config;

/// <summary>From flags' texts to <see cref="KvServerOptions"/>: defaults, and the rules between flags, with etcd's words where it has some.</summary>
internal static class OptionsBuilder
{
    /// <summary>Builds the options from texts by flag name; each text already reads as its kind.</summary>
    /// <returns>Null, or what is wrong.</returns>
    public static string? Build(IReadOnlyDictionary<string, string> given, string? hoconFile, string hoconText, out KvServerOptions? options)
    {
        options = null;
        foreach (var name in (string[])["auto-compaction-mode", "logger", "log-format", "metrics"])
        {
            if (FlagText.Problem(EtcdFlags.Find(name)!, Text(name)) is { } problem)
            {
                return problem.StartsWith("unknown", StringComparison.Ordinal) ? problem : $"invalid value \"{Text(name)}\" for --{name}: {problem}";
            }
        }

        var memberName = Text("name").Length == 0 ? "default" : Text("name");
        var listenClient = Urls("listen-client-urls");
        var listenHttp = Urls("listen-client-http-urls");
        var listenPeer = Urls("listen-peer-urls");
        var listenMetrics = Urls("listen-metrics-urls");
        var advertiseClient = Urls("advertise-client-urls");
        var advertisePeer = Urls("initial-advertise-peer-urls");
        var (heartbeat, election) = (Number("heartbeat-interval"), Number("election-timeout"));
        var problemFound =
            CheckListen(listenPeer, needOne: "listen-peer-urls", mayBeTls: true)
            ?? CheckPeer(listenPeer, "listen-peer-urls")
            ?? CheckPeer(advertisePeer, "initial-advertise-peer-urls")
            ?? CheckDiscovery(given.ContainsKey("initial-cluster") && Text("initial-cluster").Length > 0, Text("discovery-srv"))
            ?? CheckListen(listenClient, needOne: "listen-client-urls")
            ?? CheckListen(listenHttp, needOne: null)
            ?? CheckListen(listenMetrics, needOne: null)
            ?? CheckAdvertised(advertisePeer, "initial-advertise-peer-urls")
            ?? CheckAdvertised(advertiseClient, "advertise-client-urls")
            ?? (given.ContainsKey("listen-client-urls") && !given.ContainsKey("advertise-client-urls")
                ? "--advertise-client-urls is required when --listen-client-urls is set explicitly" : null)
            ?? CheckShared(listenClient, listenHttp, "listen-client-http-urls")
            ?? CheckShared(listenClient, listenMetrics, "listen-metrics-urls")
            ?? CheckShared(listenHttp, listenMetrics, "listen-metrics-urls")
            ?? CheckTimes(heartbeat, election);
        if (problemFound is not null)
        {
            return problemFound;
        }

        if (ReadCluster(Text("initial-cluster"), memberName, advertisePeer, out var cluster) is { } clusterProblem)
        {
            return clusterProblem;
        }

        var mode = Text("auto-compaction-mode") == "revision" ? AutoCompactionMode.Revision : AutoCompactionMode.Periodic;
        if (ReadRetention(mode, Text("auto-compaction-retention"), out var retention, out var revisions) is { } retentionProblem)
        {
            return retentionProblem;
        }

        if (ReadOutputs(FlagText.List(Text("log-outputs")), out var outputs) is { } outputProblem)
        {
            return outputProblem;
        }

        if (FeatureGates.Problem(Text("feature-gates")) is { } gateProblem)
        {
            return gateProblem;
        }

        foreach (var positive in (string[])["max-txn-ops", "max-request-bytes", "max-concurrent-streams", "compaction-batch-limit"])
        {
            if (Number(positive) < 1)
            {
                return $"--{positive} must be >0 (set to {Number(positive)})";
            }
        }

        var progress = Span("watch-progress-notify-interval");
        if (progress < TimeSpan.FromMilliseconds(100))
        {
            return $"--watch-progress-notify-interval must be at least 100ms (set to {GoDuration.Format(progress)})";
        }

        foreach (var name in (string[])[
            "compaction-sleep-interval", "warning-apply-duration", "warning-unary-request-duration",
            "grpc-keepalive-interval", "grpc-keepalive-timeout"])
        {
            if (Span(name) < TimeSpan.Zero)
            {
                return $"--{name} must not be negative (set to {GoDuration.Format(Span(name))})";
            }
        }

        var quota = Number("quota-backend-bytes");
        var snapshotCount = Number("snapshot-count");
        var dataDir = Text("data-dir").Length == 0 ? $"{memberName}.etcd" : Text("data-dir");
        options = new KvServerOptions
        {
            Name = memberName,
            DataDir = dataDir,
            WalDir = Text("wal-dir").Length == 0 ? null : Text("wal-dir"),
            ListenClientUrls = listenClient,
            ListenClientHttpUrls = listenHttp,
            AdvertiseClientUrls = advertiseClient,
            ListenPeerUrls = listenPeer,
            PeerCertFile = Text("peer-cert-file"),
            PeerKeyFile = Text("peer-key-file"),
            AdvertisePeerUrls = advertisePeer,
            ListenMetricsUrls = listenMetrics,
            InitialCluster = cluster,
            InitialClusterToken = Text("initial-cluster-token"),
            DiscoverySrv = Text("discovery-srv"),
            DiscoverySrvName = Text("discovery-srv-name"),
            HeartbeatInterval = TimeSpan.FromMilliseconds(heartbeat),
            ElectionTimeout = TimeSpan.FromMilliseconds(election),
            PreVote = Flag("pre-vote"),
            SnapshotCount = snapshotCount == 0 ? 10_000 : snapshotCount,
            QuotaBytes = quota == 0 ? Limits.DefaultQuotaBytes : quota < 0 ? long.MaxValue : quota,
            AutoCompactionMode = mode,
            AutoCompactionRetention = retention,
            AutoCompactionRevisions = revisions,
            CompactionBatchLimit = (int)Math.Min(int.MaxValue, Number("compaction-batch-limit")),
            CompactionSleepInterval = Span("compaction-sleep-interval"),
            MaxRequestBytes = (int)Number("max-request-bytes"),
            MaxTxnOps = (int)Math.Min(int.MaxValue, Number("max-txn-ops")),
            MaxConcurrentStreams = (uint)Number("max-concurrent-streams"),
            KeepAliveMinTime = Span("grpc-keepalive-min-time"),
            KeepAliveInterval = Endless(Span("grpc-keepalive-interval"), Timeout.InfiniteTimeSpan),
            KeepAliveTimeout = Endless(Span("grpc-keepalive-timeout"), Timeout.InfiniteTimeSpan),
            EnableGrpcGateway = Flag("enable-grpc-gateway"),
            WatchProgressNotifyInterval = progress,
            WarningApplyDuration = Endless(Span("warning-apply-duration"), TimeSpan.MaxValue),
            WarningUnaryRequestDuration = Endless(Span("warning-unary-request-duration"), TimeSpan.MaxValue),
            ExtensiveMetrics = Text("metrics") == "extensive",
            LogLevel = Enum.Parse<KvLogLevel>(Text("log-level"), ignoreCase: true),
            LogConsole = Text("log-format") == "console",
            LogOutputs = outputs,
            UnsafeNoFsync = Flag("unsafe-no-fsync"),
            HoconFile = hoconFile,
            HoconText = hoconText,
            HoconOverlay = HoconOverlay.Write(flag => flag.Name switch
            {
                "name" => memberName,
                "data-dir" => dataDir,
                "initial-cluster" => InitialCluster.Text(cluster),
                "snapshot-catchup-entries" => Math.Clamp(Number("snapshot-catchup-entries"), 1, int.MaxValue).ToString(CultureInfo.InvariantCulture),
                "listen-peer-urls" => string.Join(',', listenPeer),
                "initial-advertise-peer-urls" => string.Join(',', advertisePeer),
                _ => Text(flag.Name),
            }),
            Given = [.. given
                .Where(p => !FlagText.Same(EtcdFlags.Find(p.Key)!, p.Value, EtcdFlags.Find(p.Key)!.Default))
                .OrderBy(p => p.Key, StringComparer.Ordinal)],
        };
        return null;

        string Text(string name) => given.TryGetValue(name, out var text) ? text : EtcdFlags.Find(name)!.Default;
        bool Flag(string name) => FlagText.Bool(Text(name)) == true;
        long Number(string name) => decimal.ToInt64(Math.Min(long.MaxValue, decimal.Parse(Text(name), CultureInfo.InvariantCulture)));
        TimeSpan Span(string name) => GoDuration.TryParse(Text(name), out var span) ? span : TimeSpan.Zero;
        static TimeSpan Endless(TimeSpan span, TimeSpan never) => span == TimeSpan.Zero ? never : span;
        IReadOnlyList<KvUrl> Urls(string name) =>
            Text(name).Length == 0 ? [] : KvUrl.TryParseList(Text(name), out var urls) is null ? urls : [];
    }

    /// <summary>Certificates that are given for peer URLs which are not https, in etcd's words.</summary>
    public static IEnumerable<ConfigWarning> PeerWarnings(IReadOnlyDictionary<string, string> given, KvServerOptions options)
    {
        foreach (var url in options.ListenPeerUrls.Where(static url => !url.IsTls))
        {
            if (given.GetValueOrDefault("peer-cert-file") is { Length: > 0 } || given.GetValueOrDefault("peer-key-file") is { Length: > 0 })
            {
                yield return new ConfigWarning("scheme is HTTP while key and cert files are present; ignoring key and cert files", "peer-url", url.ToString());
            }

            if (FlagText.Bool(given.GetValueOrDefault("peer-client-cert-auth") ?? "false") == true)
            {
                yield return new ConfigWarning("scheme is HTTP while --peer-client-cert-auth is enabled; ignoring client cert auth for this URL", "peer-url", url.ToString());
            }
        }
    }

    private static string? CheckListen(IReadOnlyList<KvUrl> urls, string? needOne, bool mayBeTls = false)
    {
        if (urls.Count == 0 && needOne is not null)
        {
            return $"--{needOne} names no URL";
        }

        foreach (var url in urls)
        {
            if (url.IsTls && !mayBeTls)
            {
                return $"TLS is not supported yet by this release, so {url} cannot be listened on";
            }

            if (!url.IsUnix && url.Host is not ("localhost" or "") && !System.Net.IPAddress.TryParse(url.Host, out _))
            {
                return $"expected IP in URL for binding ({url})";
            }
        }

        return null;
    }

    /// <summary>Members talk to each other over one TCP port each.</summary>
    private static string? CheckPeer(IReadOnlyList<KvUrl> urls, string name)
    {
        if (urls.Count > 1)
        {
            return $"--{name} has {urls.Count} URLs ({string.Join(',', urls)}): this service uses one for other members";
        }

        return urls is [{ IsUnix: true } socket] ? $"--{name} has {socket}: other members are reached over TCP only" : null;
    }

    private static string? CheckDiscovery(bool hasInitialCluster, string domain) => hasInitialCluster && domain.Length > 0
        ? "multiple discovery or bootstrap flags are set. Choose one of \"initial-cluster\", \"discovery\", \"discovery-endpoints\" or \"discovery-srv\""
        : null;

    private static string? CheckAdvertised(IReadOnlyList<KvUrl> urls, string name)
    {
        if (urls.Count == 0)
        {
            return $"--{name} names no URL";
        }

        var empty = urls.FirstOrDefault(u => u.Host.Length == 0);
        return empty is null ? null : $"unexpected empty host ({empty})";
    }

    private static string? CheckShared(IReadOnlyList<KvUrl> some, IReadOnlyList<KvUrl> others, string otherName)
    {
        var shared = some.FirstOrDefault(u => u.Port != 0 && others.Contains(u));
        return shared is null ? null : $"{shared} is listened on already and cannot be in --{otherName} as well";
    }

    private static string? CheckTimes(long heartbeat, long election)
    {
        if (heartbeat <= 0)
        {
            return $"--heartbeat-interval must be >0 (set to {heartbeat}ms)";
        }

        if (election <= 0)
        {
            return $"--election-timeout must be >0 (set to {election}ms)";
        }

        if (5 * heartbeat > election)
        {
            return $"--election-timeout[{election}ms] should be at least as 5 times as --heartbeat-interval[{heartbeat}ms]";
        }

        return election > 50_000 ? $"--election-timeout[{election}ms] is too long, and should be set less than 50000ms" : null;
    }

    /// <summary>
    /// Reads <c>NAME=URL,NAME=URL,…</c>; empty is this member with its advertised URLs. Whether the list fits this member is asked at
    /// the first start only, by the node: a restart does not need it.
    /// </summary>
    private static string? ReadCluster(string text, string name, IReadOnlyList<KvUrl> advertised, out IReadOnlyList<InitialMember> cluster)
    {
        cluster = [new InitialMember(name, [.. advertised.Select(static url => url.ToString())])];
        if (text.Length == 0)
        {
            return null;
        }

        var items = new List<string>();
        foreach (var part in FlagText.List(text))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals < 1 || equals == part.Length - 1)
            {
                return $"--initial-cluster has \"{part}\" where NAME=URL was expected";
            }

            if (KvUrl.TryParse(part[(equals + 1)..], out var url) is { } problem)
            {
                return problem;
            }

            items.Add($"{part[..equals]}={url}");
        }

        try
        {
            cluster = InitialCluster.Parse(items);
            return null;
        }
        catch (FormatException wrong)
        {
            return wrong.Message;
        }
    }

    private static string? ReadRetention(AutoCompactionMode mode, string text, out TimeSpan retention, out long revisions)
    {
        (retention, revisions) = (TimeSpan.Zero, 0);
        if (text.Length == 0)
        {
            return null;
        }

        var isNumber = long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number);
        if (mode == AutoCompactionMode.Revision)
        {
            revisions = number;
            return isNumber ? null : $"error parsing CompactionRetention: \"{text}\" is no number of revisions";
        }

        const long longestHours = 24 * 366 * 100;
        if (isNumber && number <= longestHours)
        {
            retention = TimeSpan.FromHours(number);
            return null;
        }

        return !isNumber && GoDuration.TryParse(text, out retention) && retention >= TimeSpan.Zero
            ? null
            : $"error parsing CompactionRetention: \"{text}\" is neither hours nor a duration";
    }

    private static string? ReadOutputs(IReadOnlyList<string> texts, out IReadOnlyList<string> outputs)
    {
        outputs = ["stderr"];
        if (texts.Count == 0)
        {
            return null;
        }

        if (texts.Count > 1 && texts.Contains("default"))
        {
            return "multi logoutput for \"default\" is not supported yet";
        }

        if (texts.Contains("systemd/journal"))
        {
            return "--log-outputs=systemd/journal is not supported yet by this release; stderr reaches the journal of a systemd unit too";
        }

        outputs = [.. texts.Select(t => t == "default" ? "stderr" : t).Distinct(StringComparer.Ordinal)];
        return null;
    }
}
