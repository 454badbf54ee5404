using Kv.Actors.Cluster;
using Kv.Gateway.Config;
using Xunit;

namespace Kv.Gateway.Tests.Config;

public class ConfigSourcesTests
{
    private const string Urls = "--listen-client-urls=http://127.0.0.1:1 --advertise-client-urls=http://127.0.0.1:1";

    [Fact]
    public void Nothing_given_is_etcd_s_defaults()
    {
        var options = Configured.Options("");
        Assert.Equal("default", options.Name);
        Assert.Equal("default.etcd", options.DataDir);
        Assert.Null(options.WalDir);
        Assert.Equal("http://localhost:2379", Assert.Single(options.ListenClientUrls).ToString());
        Assert.Equal("http://localhost:2379", Assert.Single(options.AdvertiseClientUrls).ToString());
        Assert.Equal("http://localhost:2380", Assert.Single(options.AdvertisePeerUrls).ToString());
        Assert.Equal(TimeSpan.FromMilliseconds(100), options.HeartbeatInterval);
        Assert.Equal(10, options.ElectionTicks);
        Assert.Equal(TimeSpan.FromSeconds(7), options.RequestTimeout);
        Assert.Equal(2L << 30, options.QuotaBytes);
        Assert.Equal(1_572_864, options.MaxRequestBytes);
        Assert.Equal(128, options.MaxTxnOps);
        Assert.Equal(10_000, options.SnapshotCount);
        Assert.Equal(TimeSpan.Zero, options.AutoCompactionRetention);
        Assert.Equal(TimeSpan.FromMinutes(10), options.WatchProgressNotifyInterval);
        Assert.Equal(KvLogLevel.Info, options.LogLevel);
        Assert.Equal("stderr", Assert.Single(options.LogOutputs));
        Assert.False(options.UnsafeNoFsync);
        Assert.Empty(options.Given);
        Assert.Equal("default=http://localhost:2380", InitialCluster.Text(options.InitialCluster));
    }

    [Theory]
    [InlineData("--name=a")]
    [InlineData("--name a")]
    [InlineData("-name=a")]
    [InlineData("-name a")]
    [InlineData("--name=b --name=a")]                // the last one wins, as in Go
    [InlineData("--pre-vote --name a")]              // a boolean takes no following word
    [InlineData("--pre-vote=false --name a --")]
    public void Flags_are_read_as_go_reads_them(string arguments)
    {
        var options = Configured.Options(arguments);
        Assert.Equal("a", options.Name);
        Assert.Equal("a.etcd", options.DataDir);
        Assert.Equal(!arguments.Contains("=false"), options.PreVote);
    }

    // Texts and exit codes as etcd 3.4.23 gives them.
    [Theory]
    [InlineData("---x", 2, "bad flag syntax: ---x")]
    [InlineData("--=x", 2, "bad flag syntax: --=x")]
    [InlineData("--bad-flag", 2, "flag provided but not defined: -bad-flag")]
    [InlineData("--nmae=x", 2, "The nearest flag there is: --name")]
    [InlineData("--max-txn-ops", 2, "flag needs an argument: -max-txn-ops")]
    [InlineData("--heartbeat-interval=x", 2, "invalid value \"x\" for flag -heartbeat-interval: parse error")]
    [InlineData("--snapshot-count=-1", 2, "invalid value \"-1\" for flag -snapshot-count: parse error")]
    [InlineData("--quota-backend-bytes=99999999999999999999", 2, "value out of range")]
    [InlineData("--max-txn-ops=4294967296", 2, "value out of range")]
    [InlineData("--pre-vote=maybe", 2, "invalid boolean value \"maybe\" for -pre-vote: parse error")]
    [InlineData("--grpc-keepalive-min-time=5", 2, "invalid value \"5\" for flag -grpc-keepalive-min-time: parse error")]
    [InlineData("--initial-cluster-state=foo", 2, "invalid value \"foo\" for flag -initial-cluster-state: invalid value")]
    [InlineData("--listen-client-urls=foo", 2, "invalid value \"foo\" for flag -listen-client-urls: URL scheme must be http, https, unix, or unixs: foo")]
    [InlineData("--listen-client-urls=http://127.0.0.1", 2, "URL address does not have the form \"host:port\": http://127.0.0.1")]
    [InlineData("--listen-client-urls=http://127.0.0.1:1/x", 2, "URL must not contain a path: http://127.0.0.1:1/x")]
    [InlineData("--log-level=foo", 2, "unknown level \"foo\"")]
    [InlineData("word", 1, "error verifying flags, 'word' is not a valid flag. See")]
    [InlineData("--name=x word", 1, "'word' is not a valid flag")]
    [InlineData("--auto-compaction-mode=foo", 1, "unknown auto-compaction-mode \"foo\"")]
    [InlineData("--logger=foo", 1, "unknown logger option \"foo\"")]
    [InlineData("--heartbeat-interval=0", 1, "--heartbeat-interval must be >0 (set to 0ms)")]
    [InlineData("--heartbeat-interval=300", 1, "--election-timeout[1000ms] should be at least as 5 times as --heartbeat-interval[300ms]")]
    [InlineData("--election-timeout=60000", 1, "--election-timeout[60000ms] is too long, and should be set less than 50000ms")]
    [InlineData("--listen-client-urls=http://127.0.0.1:1", 1, "--advertise-client-urls is required when --listen-client-urls is set explicitly")]
    [InlineData("--listen-client-urls=http://example.com:9 --advertise-client-urls=http://a:1", 1, "expected IP in URL for binding (http://example.com:9)")]
    [InlineData("--advertise-client-urls=http://:2379", 1, "unexpected empty host (http://:2379)")]
    [InlineData("--auto-compaction-retention=abc", 1, "error parsing CompactionRetention")]
    [InlineData("--auto-compaction-mode=revision --auto-compaction-retention=1h", 1, "error parsing CompactionRetention")]
    [InlineData("--log-outputs=default,stdout", 1, "multi logoutput for \"default\" is not supported yet")]
    [InlineData("--config-file=none.yml", 1, "open none.yml: no such file or directory")]
    [InlineData("--hocon none.conf", 1, "open none.conf: no such file or directory")]
    [InlineData("--initial-cluster=default=http://a:1/x", 1, "URL must not contain a path: http://a:1/x")]
    [InlineData("--initial-cluster=a=http://a:1 --discovery-srv=example.com", 1, "multiple discovery or bootstrap flags are set. Choose one of")]
    [InlineData("--listen-peer-urls=http://127.0.0.1:1,http://127.0.0.1:2", 1, "--listen-peer-urls has 2 URLs")]
    [InlineData("--listen-peer-urls=unix://peer.sock", 1, "other members are reached over TCP only")]
    [InlineData("--listen-peer-urls=http://example.com:2380", 1, "expected IP in URL for binding (http://example.com:2380)")]
    [InlineData("--max-learners=-1", 2, "invalid value \"-1\" for flag -max-learners: parse error")]
    [InlineData("--initial-cluster=foo", 1, "\"foo\" where NAME=URL was expected")]
    [InlineData("--watch-progress-notify-interval=50ms", 1, "at least 100ms")]
    [InlineData("--max-request-bytes=0", 1, "--max-request-bytes must be >0 (set to 0)")]
    [InlineData("--feature-gates=Nope=true", 1, "unrecognized feature gate: Nope")]
    [InlineData("--feature-gates=LeaseCheckpoint=true", 1, "not supported yet")]
    [InlineData("--metrics=foo", 1, "invalid value \"foo\" for --metrics")]
    public void What_is_wrong_is_said_in_etcd_s_words(string arguments, int exitCode, string text)
    {
        var refused = Configured.Refused(arguments);
        Assert.Contains(text, refused.Text, StringComparison.Ordinal);
        Assert.Equal(exitCode, refused.ExitCode);
    }

    [Theory]
    [InlineData("--cert-file=a.pem", "--cert-file is not supported yet by this release: leave it unset")]
    [InlineData("--raft-read-timeout=6s", "--raft-read-timeout is not supported yet by this release: leave it '5s'")]
    [InlineData("--max-wals=7", "--max-wals has no meaning here: leave it '5'")]
    [InlineData("--experimental-corrupt-check-time=1h", "--experimental-corrupt-check-time is not supported yet")]
    [InlineData("--listen-client-urls=https://127.0.0.1:1 --advertise-client-urls=https://127.0.0.1:1", "TLS is not supported yet")]
    public void A_flag_that_would_do_nothing_is_refused(string arguments, string text)
    {
        var refused = Configured.Refused(arguments);
        Assert.Contains(text, refused.Text, StringComparison.Ordinal);
        Assert.Equal(1, refused.ExitCode);
    }

    [Fact]
    public void A_flag_that_would_do_nothing_may_have_its_default() =>
        Configured.Options("--max-wals=5 --raft-read-timeout=5000ms --strict-reconfig-check --compact-hash-check-time=60s --auto-tls=false --cors=* --feature-gates=LeaseCheckpoint=false,TxnModeWriteWithSharedBuffer=true");

    [Fact]
    public void A_flag_beats_a_variable_and_a_variable_beats_the_hocon_file()
    {
        HoconReader hocon = _ => flag => flag.HoconKey switch
        {
            "kv.name" => "from-file",
            "kv.limits.max-txn-ops" => "7",
            "kv.raft.heartbeat-interval" => "50",
            _ => null,
        };
        var files = new Dictionary<string, string> { ["x.conf"] = "text" };
        var run = Configured.Run("--name=from-flag --hocon=x.conf", "ETCD_NAME=from-variable ETCD_MAX_TXN_OPS=9", files, hocon);
        Assert.Equal("from-flag", run.Options.Name);
        Assert.Equal(9, run.Options.MaxTxnOps);
        Assert.Equal(TimeSpan.FromMilliseconds(50), run.Options.HeartbeatInterval);
        Assert.Equal("text", run.Options.HoconText);
        Assert.Equal("ETCD_NAME", Assert.Single(run.Warnings).Value);
        Assert.Contains("shadowed", run.Warnings[0].Message, StringComparison.Ordinal);
        Assert.Equal(9, Configured.Options("", "ETCD_MAX_TXN_OPS=9 KV_HOCON=x.conf", files, hocon).MaxTxnOps);
        Assert.Equal(7, Configured.Options("", "KV_HOCON=x.conf", files, hocon).MaxTxnOps);
    }

    [Fact]
    public void A_variable_that_etcd_does_not_know_is_only_warned_of()
    {
        var run = Configured.Run("", "ETCD_NAMEX=1 ETCD_VERSION=v3.5 PATH=/bin ETCD_NAME=x");
        Assert.Equal("ETCD_NAMEX=1", Assert.Single(run.Warnings).Value);
        Assert.Equal("x", run.Options.Name);
    }

    [Fact]
    public void A_variable_with_a_bad_value_is_refused() =>
        Assert.Contains("invalid value \"x\" for ETCD_PRE_VOTE: parse error", Configured.Refused("", "ETCD_PRE_VOTE=x").Text, StringComparison.Ordinal);

    [Fact]
    public void A_yaml_file_silences_flags_and_variables()
    {
        var files = new Dictionary<string, string>
        {
            ["c.yml"] = """
                name: from-yaml
                listen-client-urls: http://127.0.0.1:1,http://127.0.0.1:2
                advertise-client-urls: http://127.0.0.1:1
                watch-progress-notify-interval: 60000000000   # nanoseconds
                grpc-keepalive-interval: 1h
                quota-backend-bytes: 1000
                pre-vote: false
                log-outputs: [stdout, some.log]
                client-transport-security:
                  cert-file: ""
                  client-cert-auth: false
                surprise: 1
                """,
        };
        var run = Configured.Run("--config-file=c.yml --name=from-flag", "ETCD_MAX_TXN_OPS=9", files);
        Assert.Equal("from-yaml", run.Options.Name);
        Assert.Equal(128, run.Options.MaxTxnOps);
        Assert.Equal(2, run.Options.ListenClientUrls.Count);
        Assert.Equal(TimeSpan.FromMinutes(1), run.Options.WatchProgressNotifyInterval);
        Assert.Equal(TimeSpan.FromHours(1), run.Options.KeepAliveInterval);
        Assert.Equal(1000, run.Options.QuotaBytes);
        Assert.False(run.Options.PreVote);
        Assert.Equal(["stdout", "some.log"], run.Options.LogOutputs);
        Assert.Equal("surprise", Assert.Single(run.Warnings).Value);
        Assert.Equal("from-yaml", Configured.Options("", "ETCD_CONFIG_FILE=c.yml", files).Name);
    }

    [Theory]
    [InlineData("name: [", "c.yml, line 2")]
    [InlineData("- a", "expected keys and values")]
    [InlineData("name: x\nmax-txn-ops: many", "c.yml, line 2: invalid value \"many\" for max-txn-ops: parse error")]
    [InlineData("client-transport-security:\n  cert-file: a.pem", "--cert-file is not supported yet")]
    public void A_bad_yaml_file_is_refused_with_its_line(string yaml, string text) =>
        Assert.Contains(text, Configured.Refused("--config-file=c.yml", "", new() { ["c.yml"] = yaml }).Text, StringComparison.Ordinal);

    [Fact]
    public void An_old_name_works_and_the_new_one_beats_it()
    {
        Assert.Equal(5, Configured.Options("--experimental-compaction-batch-limit=5").CompactionBatchLimit);
        Assert.Equal(6, Configured.Options("--compaction-batch-limit=6 --experimental-compaction-batch-limit=5").CompactionBatchLimit);
    }

    [Fact]
    public void Addresses_may_be_ipv6_several_and_socket_files()
    {
        var options = Configured.Options("--listen-client-urls=http://[::1]:2379,http://127.0.0.1:2379,unix://kv.sock,http://:99 --advertise-client-urls=http://kv.example:2379");
        Assert.Equal(["http://127.0.0.1:2379", "http://:99", "http://[::1]:2379", "unix://kv.sock"], options.ListenClientUrls.Select(u => u.ToString()));
        Assert.Equal("::1", options.ListenClientUrls[2].Host);
        Assert.True(options.ListenClientUrls[3].IsUnix);
        Assert.Equal("kv.sock", options.ListenClientUrls[3].Host);
    }

    [Fact]
    public void One_address_cannot_be_listened_on_twice()
    {
        Assert.Contains("listened on already", Configured.Refused($"{Urls} --listen-client-http-urls=http://127.0.0.1:1").Text, StringComparison.Ordinal);
        Assert.Contains("listened on already", Configured.Refused($"{Urls} --listen-metrics-urls=http://127.0.0.1:1").Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Zero_means_what_etcd_means_by_it()
    {
        var options = Configured.Options("--quota-backend-bytes=-1 --grpc-keepalive-interval=0s --grpc-keepalive-timeout=0 --snapshot-count=0 --warning-apply-duration=0s");
        Assert.Equal(long.MaxValue, options.QuotaBytes);
        Assert.Equal(Timeout.InfiniteTimeSpan, options.KeepAliveInterval);
        Assert.Equal(Timeout.InfiniteTimeSpan, options.KeepAliveTimeout);
        Assert.Equal(10_000, options.SnapshotCount);
        Assert.Equal(TimeSpan.MaxValue, options.WarningApplyDuration);
    }

    [Theory]
    [InlineData("--auto-compaction-retention=2", "02:00:00", 0)]
    [InlineData("--auto-compaction-retention=30m", "00:30:00", 0)]
    [InlineData("--auto-compaction-mode=revision --auto-compaction-retention=1000", "00:00:00", 1000)]
    public void Retention_is_hours_a_duration_or_revisions(string arguments, string span, long revisions)
    {
        var options = Configured.Options(arguments);
        Assert.Equal(TimeSpan.Parse(span, System.Globalization.CultureInfo.InvariantCulture), options.AutoCompactionRetention);
        Assert.Equal(revisions, options.AutoCompactionRevisions);
    }

    [Fact]
    public void Version_s_first_line_is_what_tools_read_and_help_names_every_supported_flag()
    {
        var version = Assert.IsType<ConfigResult.Print>(Configured.From("--version")).Text;
        Assert.Matches(@"^etcd Version: 3\.6\.\d+\n", version);
        foreach (var arguments in (string[])["--help", "-h", "-help"])
        {
            var help = Assert.IsType<ConfigResult.Print>(Configured.From(arguments)).Text;
            foreach (var flag in EtcdFlags.All.Where(f => f.AliasOf != "help" && f.Support == FlagSupport.Yes))
            {
                Assert.Matches($@"--{flag.Name}\s", help);
            }
        }
    }

    [Theory]
    [InlineData("a", 2380)]
    [InlineData("b", 2390)]
    [InlineData("c", 2400)]
    public void One_file_serves_several_nodes_and_a_variable_says_which_this_is(string node, int peerPort)
    {
        var files = new Dictionary<string, string> { ["cluster.conf"] = File.ReadAllText(Path.Combine(Repository.Root, "hocon", "cluster.conf")) };
        var options = Configured.Options("--hocon=cluster.conf", $"KV_NODE={node}", files, HoconFile.Read);
        Assert.Equal((node, $"kv-cluster/{node}", $"http://127.0.0.1:{peerPort}"), (options.Name, options.DataDir, options.ListenPeerUrls.Single().ToString()));
        Assert.Null(InitialCluster.WhyNotFound(options.InitialCluster, options.Name, [.. options.AdvertisePeerUrls.Select(static url => url.ToString())]));
        Assert.Equal((3, "kv-cluster"), (options.InitialCluster.Count, options.InitialClusterToken));
        var refused = Assert.IsType<ConfigResult.Refused>(Configured.From("--hocon=cluster.conf", "KV_NODE=d", files, HoconFile.Read));
        Assert.Contains("KV_NODE is \"d\", but cluster.conf has no kv-nodes.d", refused.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_cluster_for_trying_out_is_planned_by_one_flag()
    {
        var plan = Assert.IsType<ConfigResult.TryCluster>(Configured.From("--try-cluster 3 --try-cluster-port=5000 --election-timeout=500 --data-dir=there")).Plan;
        Assert.Equal(["a 5000 5001", "b 5010 5011", "c 5020 5021"], plan.Members.Select(static m => $"{m.Name} {m.ClientPort} {m.PeerPort}"));
        foreach (var member in plan.Members)
        {
            var options = Configured.Options(string.Join(' ', member.Flags));
            Assert.Equal((member.Name, Path.Combine("there", member.Name), TimeSpan.FromMilliseconds(500)), (options.Name, options.DataDir, options.ElectionTimeout));
            Assert.Equal(member.Endpoint, options.ListenClientUrls.Single().HostPort);
            Assert.Equal(3, options.InitialCluster.Count);
            Assert.Null(InitialCluster.WhyNotFound(options.InitialCluster, options.Name, [.. options.AdvertisePeerUrls.Select(static url => url.ToString())]));
        }
    }

    [Fact]
    public void Certificates_for_other_members_are_told_to_the_actors_and_warned_of_where_nothing_is_encrypted()
    {
        const string Files = "--peer-cert-file=c.pem --peer-key-file=k.pem --peer-trusted-ca-file=ca.pem --peer-client-cert-auth --peer-cert-allowed-cn=a,b --listen-peer-urls=";
        var over = Configured.Run(Files + "https://127.0.0.1:2380");
        Assert.Empty(over.Warnings);
        Assert.Contains("kv.peer.tls.allowed-cn = [\"a\", \"b\"]\n", over.Options.HoconOverlay, StringComparison.Ordinal);
        Assert.Contains("kv.peer.tls.cert-file = \"c.pem\"\n", over.Options.HoconOverlay, StringComparison.Ordinal);
        Assert.Equal(
            ["scheme is HTTP while key and cert files are present; ignoring key and cert files", "scheme is HTTP while --peer-client-cert-auth is enabled; ignoring client cert auth for this URL"],
            Configured.Run(Files + "http://127.0.0.1:2380").Warnings.Select(static warning => warning.Message));
        var yaml = new Dictionary<string, string> { ["c.yml"] = "peer-transport-security:\n  cert-file: c.pem\n  allowed-cn: x\n" };
        Assert.Contains("kv.peer.tls.allowed-cn = [\"x\"]\n", Configured.Options("--config-file=c.yml", files: yaml).HoconOverlay, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--try-cluster=3 --name=x", 1, "--name cannot be given with --try-cluster, which chooses it for each member")]
    [InlineData("--try-cluster=10", 2, "invalid value \"10\" for flag -try-cluster: value out of range")]
    public void What_a_cluster_for_trying_out_decides_itself_cannot_be_given(string arguments, int exitCode, string text)
    {
        var refused = Configured.Refused(arguments);
        Assert.Equal(exitCode, refused.ExitCode);
        Assert.Contains(text, refused.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_overlay_carries_what_was_decided_to_the_actors()
    {
        var overlay = Configured.Options("--name=a\"b --heartbeat-interval=20 --election-timeout=200 --compaction-sleep-interval=1m30s").HoconOverlay;
        Assert.Contains("kv.name = \"a\\\"b\"\n", overlay, StringComparison.Ordinal);
        Assert.Contains("kv.data-dir = \"a\\\"b.etcd\"\n", overlay, StringComparison.Ordinal);
        Assert.Contains("kv.raft.heartbeat-interval = 20ms\n", overlay, StringComparison.Ordinal);
        Assert.Contains("kv.compaction.sleep-interval = 90000ms\n", overlay, StringComparison.Ordinal);
        Assert.Contains("kv.client.listen-urls = [\"http://localhost:2379\"]\n", overlay, StringComparison.Ordinal);
        Assert.Contains("kv.cluster.initial-members = [\"a\\\"b=http://localhost:2380\"]\n", overlay, StringComparison.Ordinal);
    }
}
