using Akka.Configuration;
using Kv.Gateway.Config;
using Xunit;

namespace Kv.Gateway.Tests.Config;

public class HoconFileTests
{
    private static KvServerOptions Options(string hocon) =>
        Configured.Options("--hocon=x.conf", files: new() { ["x.conf"] = hocon }, hocon: HoconFile.Read);

    [Fact]
    public void A_file_sets_every_kind_of_value()
    {
        var options = Options("""
            kv {
              name = kate
              client { listen-urls = ["http://127.0.0.1:1", "http://127.0.0.1:2"], advertise-urls = ["http://kate:1"] }
              raft { heartbeat-interval = 50ms, election-timeout = 2s, pre-vote = off }
              store.quota-bytes = 3GiB
              compaction { auto-mode = revision, auto-retention = "1000", sleep-interval = 1m }
              log.outputs = [stdout]
            }
            """);
        Assert.Equal("kate", options.Name);
        Assert.Equal("kate.etcd", options.DataDir);
        Assert.Equal(2, options.ListenClientUrls.Count);
        Assert.Equal(TimeSpan.FromMilliseconds(50), options.HeartbeatInterval);
        Assert.Equal(TimeSpan.FromSeconds(2), options.ElectionTimeout);
        Assert.False(options.PreVote);
        Assert.Equal(3L << 30, options.QuotaBytes);
        Assert.Equal(1000, options.AutoCompactionRevisions);
        Assert.Equal(TimeSpan.FromMinutes(1), options.CompactionSleepInterval);
        Assert.Equal(["stdout"], options.LogOutputs);
    }

    [Theory]
    [InlineData("kv { raft { pre-vote = on }, name = x }")]   // what the package's parser refuses too
    [InlineData("kv.raft.pre-vote = perhaps")]
    [InlineData("kv.raft.heartbeat-interval = soon")]
    [InlineData("kv.limits.max-txn-ops = many")]
    [InlineData("kv.limits.max-txn-ops = -1")]
    [InlineData("kv.client.listen-urls = [\"ftp://a:1\"]")]
    public void A_bad_file_is_refused_and_named(string hocon)
    {
        var result = Configured.From("--hocon=x.conf", files: new() { ["x.conf"] = hocon }, hocon: HoconFile.Read);
        var refused = Assert.IsType<ConfigResult.Refused>(result);
        Assert.Contains("x.conf", refused.Text, StringComparison.Ordinal);
        Assert.Equal(1, refused.ExitCode);
    }

    [Fact]
    public void The_overlay_reads_back_as_what_was_decided()
    {
        var options = Configured.Options("--name=a\"b\\c --max-txn-ops=9 --watch-progress-notify-interval=1m1.5s --listen-metrics-urls=http://[::1]:9");
        var config = ConfigurationFactory.ParseString(options.HoconOverlay);
        Assert.Equal("a\"b\\c", config.GetString("kv.name"));
        Assert.Equal(9, config.GetInt("kv.limits.max-txn-ops"));
        Assert.Equal(TimeSpan.FromMilliseconds(61_500), config.GetTimeSpan("kv.watch.progress-notify-interval"));
        Assert.Equal(["http://[::1]:9"], config.GetStringList("kv.metrics.listen-urls"));
        foreach (var flag in EtcdFlags.All.Where(f => f.HoconKey is not null))
        {
            Assert.True(config.HasPath(flag.HoconKey), flag.HoconKey);
        }
    }

    [Theory]
    [InlineData("reference.conf")]
    [InlineData("single.conf")]
    [InlineData("cluster.conf")]
    [InlineData("production.conf")]
    public void The_files_in_the_repository_are_read(string name) =>
        Options(File.ReadAllText(Path.Combine(Repository.Root, "hocon", name)));
}
