using Kv.Actors.Meters;
using Xunit;

namespace Kv.Actors.Tests.Meters;

public class MetricsTests
{
    [Fact]
    public void The_page_is_prometheus_s_text_format_byte_for_byte()
    {
        var registry = new MetricsRegistry();
        registry.Counter("b_total", "Counts b.").Add(3);
        registry.Gauge("a", "Says \\ and\nmore.").Set(1.5);
        var labelled = registry.Counters("c_total", "Counts c.", "kind", "code");
        labelled.With("x\"y", "OK").Add();
        labelled.With("a", "No").Add(2);
        var histogram = registry.Histogram("d_seconds", "Times d.", 0.001, 2, 3);
        histogram.Record(0.001);                 // a bound belongs to its bucket
        histogram.Record(0.003);
        histogram.Record(TimeSpan.FromSeconds(1));
        registry.Counters("e_total", "Has no series yet.", "kind");
        Assert.Equal(
            """
            # HELP a Says \\ and\nmore.
            # TYPE a gauge
            a 1.5
            # HELP b_total Counts b.
            # TYPE b_total counter
            b_total 3
            # HELP c_total Counts c.
            # TYPE c_total counter
            c_total{kind="a",code="No"} 2
            c_total{kind="x\"y",code="OK"} 1
            # HELP d_seconds Times d.
            # TYPE d_seconds histogram
            d_seconds_bucket{le="0.001"} 1
            d_seconds_bucket{le="0.002"} 1
            d_seconds_bucket{le="0.004"} 2
            d_seconds_bucket{le="+Inf"} 3
            d_seconds_sum 1.004
            d_seconds_count 3

            """,
            MetricsText.Write(registry));
    }

    [Fact]
    public void A_name_can_be_registered_once()
    {
        var registry = new MetricsRegistry();
        registry.Counter("a_total", "A.");
        Assert.Throws<InvalidOperationException>(() => registry.Gauge("a_total", "A."));
    }

    [Fact]
    public void The_wrong_number_of_labels_is_refused() =>
        Assert.Throws<ArgumentException>(() => new MetricsRegistry().Counters("a_total", "A.", "x").With("1", "2"));

    [Fact]
    public void Nothing_is_lost_when_many_threads_count()
    {
        var registry = new MetricsRegistry();
        var counter = registry.Counter("a_total", "A.");
        var gauge = registry.Gauge("b", "B.");
        var histogram = registry.Histogram("c", "C.", 1, 2, 4);
        Parallel.For(0, 8, _ =>
        {
            for (var i = 0; i < 10_000; i++)
            {
                counter.Add();
                gauge.Add(i % 2 == 0 ? 1 : -1);
                histogram.Record(i % 2);
            }
        });
        Assert.Equal(80_000, counter.Value);
        Assert.Equal(0, gauge.Value);
        Assert.Equal(80_000, histogram.Count);
        Assert.Equal(40_000, histogram.Sum);
    }

    [Fact]
    public void Recording_allocates_nothing()
    {
        var metrics = new Metrics(new MetricsRegistry());
        void Record()
        {
            metrics.Puts.Add();
            metrics.WalFsyncDuration.Record(0.0003);
            metrics.ProposalsPending.Add(1);
            metrics.Keys.Set(5);
        }

        Record();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            Record();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    /// <summary>Names that dashboards, alerts and etcdctl read (check datascale, check perf).</summary>
    [Fact]
    public void A_node_s_page_has_the_names_that_tools_read()
    {
        var metrics = new Metrics(new MetricsRegistry());
        metrics.ServerId.With("2e1259d415f2a040").Set(1);
        metrics.CurrentRevision.From(() => 7);
        var lines = MetricsText.Write(metrics.Registry).Split('\n');
        Assert.Contains("etcd_server_has_leader 0", lines);
        Assert.Contains("etcd_server_id{server_id=\"2e1259d415f2a040\"} 1", lines);
        Assert.Contains("etcd_debugging_mvcc_current_revision 7", lines);
        Assert.Contains("etcd_debugging_mvcc_compact_revision -1", lines);
        Assert.Contains("etcd_disk_wal_fsync_duration_seconds_bucket{le=\"8.192\"} 0", lines);
        Assert.Contains("# TYPE process_cpu_seconds_total counter", lines);
        foreach (var name in (string[])["process_resident_memory_bytes", "etcd_mvcc_db_total_size_in_bytes", "process_open_fds", "os_fd_limit", "process_start_time_seconds"])
        {
            Assert.Contains(lines, l => l.StartsWith(name + " ", StringComparison.Ordinal) && !l.EndsWith("NaN", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Every_metric_has_a_help_text_that_ends_a_sentence() => Assert.All(
        new Metrics(new MetricsRegistry()).Registry.Families,
        f => Assert.True(f.Help.Length > 10 && f.Help.EndsWith('.'), $"{f.Name}: {f.Help}"));
}
