using Akka.Configuration;
using Kv.Actors.Model;
using Kv.Actors.Node;
using Xunit;

namespace Kv.Actors.Tests.Node;

public class KvSettingsTests
{
    private static KvSettings Read(string hocon) => KvSettings.Read(ConfigurationFactory.ParseString(hocon).WithFallback(ReferenceConfig.Load()));

    [Theory]
    [InlineData("kv.raft.heartbeat-interval = 0ms", "kv.raft.heartbeat-interval")]
    [InlineData("kv.raft.election-timeout = 400ms", "kv.raft.election-timeout")]
    [InlineData("kv.raft.election-timeout = 51s", "kv.raft.election-timeout")]
    [InlineData("kv.raft.max-waiting-proposals = 0", "kv.raft.max-waiting-proposals")]
    [InlineData("kv.raft.checkpoint-min-log-bytes = 0", "kv.raft.checkpoint-min-log-bytes")]
    [InlineData("kv.raft.checkpoint-log-to-state = -1", "kv.raft.checkpoint-log-to-state")]
    [InlineData("kv.raft.checkpoint-max-entries = 0", "kv.raft.checkpoint-max-entries")]
    [InlineData("kv.raft.kept-entries = 0", "kv.raft.kept-entries")]
    [InlineData("kv.raft.snapshot-count = -5", "kv.raft.snapshot-count")]
    [InlineData("kv.limits.max-request-bytes = 0", "kv.limits.max-request-bytes")]
    [InlineData("kv.limits.max-request-bytes = 1073741825", "kv.limits.max-request-bytes")]
    [InlineData("kv.limits.max-txn-ops = 0", "kv.limits.max-txn-ops")]
    [InlineData("kv.compaction.batch-limit = 0", "kv.compaction.batch-limit")]
    [InlineData("kv.compaction.auto-mode = sometimes", "kv.compaction.auto-mode")]
    [InlineData("kv.compaction { auto-mode = revision, auto-retention = -1 }", "kv.compaction.auto-retention")]
    [InlineData("kv.cluster.initial-state = old", "kv.cluster.initial-state")]
    [InlineData("kv.lease.revoke-batch = 0", "kv.lease.revoke-batch")]
    [InlineData("kv.lease.revoke-batch = 1001", "kv.lease.revoke-batch")]
    [InlineData("kv.lease.checkpoint-interval = 10ms", "kv.lease.checkpoint-interval")]
    [InlineData("kv.watch.queue-bytes = 1", "kv.watch.queue-bytes")]
    [InlineData("kv.peer.extension-paths = [audit]", "kv.peer.extension-paths")]
    [InlineData("kv.watch.progress-notify-interval = 50ms", "kv.watch.progress-notify-interval")]
    public void A_setting_out_of_bounds_is_refused_by_name(string hocon, string key)
    {
        var refused = Assert.Throws<InvalidDataException>(() => Read(hocon));
        Assert.Contains(key, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Times_follow_from_heartbeat_and_election()
    {
        var settings = Read("kv.raft { heartbeat-interval = 50ms, election-timeout = 490ms }");
        Assert.Equal((9, TimeSpan.FromMilliseconds(5980)), (settings.ElectionTicks, settings.RequestTimeout));
    }

    [Theory]
    [InlineData("", 1_000_000)]
    [InlineData("kv.raft.snapshot-count = 0", 1_000_000)]
    [InlineData("kv.raft.snapshot-count = 10000", 1_000_000)]     // etcd's default asks for nothing
    [InlineData("kv.raft.snapshot-count = 500", 500)]
    [InlineData("kv.raft.snapshot-count = 18446744073709551615", 1_000_000)]
    [InlineData("kv.raft { snapshot-count = 500, checkpoint-max-entries = 100 }", 100)]
    public void Snapshot_count_counts_only_when_it_was_set_to_something_of_its_own(string hocon, long entries) =>
        Assert.Equal(entries, Read(hocon).Checkpoints.MaxEvents);

    [Theory]
    [InlineData("0", Limits.DefaultQuotaBytes)]
    [InlineData("-1", -1)]
    [InlineData("12345", 12345)]
    public void A_quota_of_zero_is_the_default_and_a_negative_one_none(string text, long quota) =>
        Assert.Equal(quota, Read($"kv.store.quota-bytes = {text}").QuotaBytes);

    [Fact]
    public void Retention_is_hours_a_duration_or_revisions()
    {
        Assert.Equal(TimeSpan.FromHours(3), Read("kv.compaction.auto-retention = \"3\"").AutoCompactionPeriod);
        Assert.Equal(TimeSpan.FromMinutes(30), Read("kv.compaction.auto-retention = \"30m\"").AutoCompactionPeriod);
        var revisions = Read("kv.compaction { auto-mode = revision, auto-retention = \"1000\" }");
        Assert.Equal((1000L, TimeSpan.Zero), (revisions.AutoCompactionRevisions, revisions.AutoCompactionPeriod));
    }

    /// <summary>It logged every batch as slow.</summary>
    [Fact]
    public void A_slow_apply_limit_of_zero_is_never() =>
        Assert.Equal(TimeSpan.MaxValue, Read("kv.log.warning-apply-duration = 0s").SlowApply);

    [Fact]
    public void Directories_follow_the_name_and_the_data_directory()
    {
        Assert.Equal("n1.etcd", Read("kv.name = n1").DataDir);
        Assert.Equal(Path.Combine("d", "member", "wal"), Read("kv.data-dir = d").WalDir);
        Assert.Equal("w", Read("kv { data-dir = d, wal-dir = w }").WalDir);
    }
}
