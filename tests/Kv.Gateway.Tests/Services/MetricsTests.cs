using System.Globalization;
using Google.Protobuf;
using Grpc.Core;
using Kv.Actors.Protos.Etcdserverpb;
using Xunit;
using static Kv.Gateway.Tests.Services.NodeHost;

namespace Kv.Gateway.Tests.Services;

/// <summary>Every meter that a client can drive moves when it is driven, on the page that Prometheus reads.</summary>
public sealed class MetricsTests(MetricsTests.Host node) : IClassFixture<MetricsTests.Host>
{
    /// <summary>Small enough to fill.</summary>
    public sealed class Host() : NodeHost("", "--quota-backend-bytes=1000000");

    [Fact]
    public async Task Operations_are_counted_as_etcd_counts_them()
    {
        // Each line: what is done, and what etcd 3.4 adds to its counters for it (measured on a real one, see also KV_TEST_ENDPOINT).
        await AddsAsync(puts: 1, () => Put("c1", "v"));
        await AddsAsync(puts: 1, ranges: 1, txns: 1, act: () => node.Kv.PutAsync(new PutRequest { Key = B("c1"), Value = B("w"), PrevKv = true }).ResponseAsync);
        await AddsAsync(ranges: 1, act: () => node.Kv.RangeAsync(new RangeRequest { Key = B("c"), RangeEnd = B("d") }).ResponseAsync);
        await AddsAsync(ranges: 1, act: () => node.Kv.RangeAsync(new RangeRequest { Key = B("c1"), Serializable = true }).ResponseAsync);
        await AddsAsync(deletes: 1, act: () => node.Kv.DeleteRangeAsync(new DeleteRangeRequest { Key = B("c"), RangeEnd = B("d") }).ResponseAsync);
        await AddsAsync(ranges: 1, puts: 2, txns: 1, act: () => node.Kv.TxnAsync(new TxnRequest
        {
            Compare = { new Compare { Key = B("none"), Target = Compare.Types.CompareTarget.Version, Version = 0 } },
            Success = { PutOp("c2", "v"), PutOp("c3", "v") },
            Failure = { PutOp("c4", "v") },
        }).ResponseAsync);
        await AddsAsync(ranges: 2, txns: 1, act: () => node.Kv.TxnAsync(new TxnRequest
        {
            Compare = { new Compare { Key = B("none"), Target = Compare.Types.CompareTarget.Version, Version = 1 } },
            Failure = { new RequestOp { RequestRange = new RangeRequest { Key = B("c2") } } },
        }).ResponseAsync);
        var lease = (await node.Lease.LeaseGrantAsync(new LeaseGrantRequest { TTL = 100 })).ID;
        await node.Kv.PutAsync(new PutRequest { Key = B("l1"), Lease = lease });
        await node.Kv.PutAsync(new PutRequest { Key = B("l2"), Lease = lease });
        await AddsAsync(deletes: 2, txns: 1, act: () => node.Lease.LeaseRevokeAsync(new LeaseRevokeRequest { ID = lease }).ResponseAsync);
    }

    [Fact]
    public async Task Put_bytes_count_keys_and_values_inside_transactions_too()
    {
        await MovesAsync("etcd_debugging_mvcc_total_put_size_in_bytes", 2 + 3, () => Put("pb", "123"));
        await MovesAsync("etcd_debugging_mvcc_total_put_size_in_bytes", 2 + 4, () => node.Kv.TxnAsync(new TxnRequest { Success = { PutOp("pb", "1234") } }).ResponseAsync);
    }

    [Fact]
    public async Task Applying_and_reading_are_timed_by_operation_and_outcome()
    {
        await MovesAsync(Applied("Put", true), 1, () => Put("t", "v"));
        await MovesAsync(Applied("Put", false), 1, () => Fails(node.Kv.PutAsync(new PutRequest { Key = B("t"), Lease = 404 })));
        await MovesAsync(Applied("LeaseRevoke", false), 1, () => Fails(node.Lease.LeaseRevokeAsync(new LeaseRevokeRequest { ID = 404 })));
        await MovesAsync("etcd_server_range_duration_seconds_count{success=\"true\"}", 1, () => node.Kv.RangeAsync(new RangeRequest { Key = B("t") }).ResponseAsync);
        await MovesAsync("etcd_server_range_duration_seconds_count{success=\"false\"}", 1, () => Fails(node.Kv.RangeAsync(new RangeRequest { Key = B("t"), Revision = 1 << 20 })));

        static string Applied(string op, bool success) =>
            $"etcd_server_apply_duration_seconds_count{{version=\"v3\",op=\"{op}\",success=\"{(success ? "true" : "false")}\"}}";
    }

    [Fact]
    public async Task The_leader_of_the_start_is_the_first_leader_seen() =>
        Assert.Equal(1, await node.MetricAsync("etcd_server_leader_changes_seen_total"));

    [Fact]
    public async Task Maintenance_is_timed()
    {
        await MovesAsync("etcd_disk_backend_snapshot_duration_seconds_count", 1, async () =>
        {
            using var call = node.Maintenance.Snapshot(new SnapshotRequest());
            while (await call.ResponseStream.MoveNext(CancellationToken.None))
            {
                Assert.True(call.ResponseStream.Current.Blob.Length > 0);
            }
        });
        await MovesAsync("etcd_mvcc_hash_duration_seconds_count", 1, () => node.Maintenance.HashAsync(new HashRequest()).ResponseAsync);
        await MovesAsync("etcd_mvcc_hash_rev_duration_seconds_count", 1, () => node.Maintenance.HashKVAsync(new HashKVRequest()).ResponseAsync);
        var (saved, synced) = (await node.MetricAsync("etcd_snap_db_save_total_duration_seconds_count"), await node.MetricAsync("etcd_snap_db_fsync_duration_seconds_count"));
        await MovesAsync("etcd_disk_backend_defrag_duration_seconds_count", 1, () => node.Maintenance.DefragmentAsync(new DefragmentRequest()).ResponseAsync);
        Assert.Equal(0, await node.MetricAsync("etcd_disk_defrag_inflight"));
        Assert.True(await node.MetricAsync("etcd_snap_db_save_total_duration_seconds_count") > saved);
        Assert.True(await node.MetricAsync("etcd_snap_db_fsync_duration_seconds_count") > synced);
    }

    [Fact]
    public async Task A_compaction_counts_what_it_removed_and_when_it_ended()
    {
        for (var i = 0; i < 10; i++)
        {
            await Put("compacted", $"{i}");
        }
        var revision = (await Put("compacted", "last")).Header.Revision;
        var before = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var removed = await node.MetricAsync("etcd_debugging_mvcc_db_compaction_keys_total");
        var pauses = await node.MetricAsync("etcd_debugging_mvcc_db_compaction_pause_duration_milliseconds_count");
        await MovesAsync("etcd_debugging_mvcc_db_compaction_total_duration_milliseconds_count", 1,
            () => node.Kv.CompactAsync(new CompactionRequest { Revision = revision, Physical = true }).ResponseAsync);
        Assert.True(await node.MetricAsync("etcd_debugging_mvcc_db_compaction_keys_total") >= removed + 10);
        Assert.True(await node.MetricAsync("etcd_debugging_mvcc_db_compaction_pause_duration_milliseconds_count") > pauses);
        Assert.InRange(await node.MetricAsync("etcd_debugging_mvcc_db_compaction_last"), before, before + 60);
        Assert.Equal(revision, await node.MetricAsync("etcd_debugging_mvcc_compact_revision"));
    }

    [Fact]
    public async Task Leases_are_counted_when_they_are_renewed_and_when_they_run_out()
    {
        var lease = (await node.Lease.LeaseGrantAsync(new LeaseGrantRequest { TTL = 100 })).ID;
        await MovesAsync("etcd_debugging_lease_renewed_total", 1, async () =>
        {
            using var keeper = node.Lease.LeaseKeepAlive();
            await keeper.RequestStream.WriteAsync(new LeaseKeepAliveRequest { ID = lease });
            Assert.True(await keeper.ResponseStream.MoveNext(CancellationToken.None));
        });
        var expired = await node.MetricAsync("etcd_debugging_server_lease_expired_total");
        await node.Lease.LeaseRevokeAsync(new LeaseRevokeRequest { ID = lease });
        Assert.Equal(expired, await node.MetricAsync("etcd_debugging_server_lease_expired_total"));     // revoked, not run out
        await node.Lease.LeaseGrantAsync(new LeaseGrantRequest { TTL = 1 });
        await UntilAsync(() => node.MetricAsync("etcd_debugging_server_lease_expired_total"), value => value == expired + 1);
    }

    [Fact]
    public async Task Events_count_when_they_were_sent_and_wait_when_nobody_reads()
    {
        using var watch = new WatchCall(node, node.Connect());
        await watch.CreateAsync(new WatchCreateRequest { Key = B("ev/"), RangeEnd = B("ev0") });
        await MovesAsync("etcd_debugging_mvcc_events_total", 3, async () =>
        {
            await Put("ev/1", "v");
            await node.Kv.TxnAsync(new TxnRequest { Success = { PutOp("ev/2", "v"), PutOp("ev/3", "v") } });
            var seen = 0;
            while (seen < 3)
            {
                seen += (await watch.NextAsync()).Events.Count;
            }
            await UntilAsync(() => node.MetricAsync("etcd_debugging_mvcc_pending_events_total"), static pending => pending == 0);
        });
        var value = ByteString.CopyFrom(new byte[100_000]);
        using var stalled = new WatchCall(node, node.Connect());
        await stalled.CreateAsync(new WatchCreateRequest { Key = B("stalled") });
        await UntilAsync(
            async () =>
            {
                await node.Kv.PutAsync(new PutRequest { Key = B("stalled"), Value = value });
                await node.Kv.CompactAsync(new CompactionRequest { Revision = (await node.Kv.DeleteRangeAsync(new DeleteRangeRequest { Key = B("stalled") })).Header.Revision, Physical = true });
                return await node.MetricAsync("etcd_debugging_mvcc_pending_events_total");
            },
            static pending => pending > 0);
    }

    [Fact]
    public async Task Messages_of_streams_are_counted_one_by_one_and_bytes_are_those_of_messages()
    {
        const string Labels = "{grpc_type=\"bidi_stream\",grpc_service=\"etcdserverpb.Watch\",grpc_method=\"Watch\"}";
        var (received, sent) = (await node.MetricAsync("grpc_server_msg_received_total" + Labels), await node.MetricAsync("grpc_server_msg_sent_total" + Labels));
        var (bytesIn, bytesOut) = (await node.MetricAsync("etcd_network_client_grpc_received_bytes_total"), await node.MetricAsync("etcd_network_client_grpc_sent_bytes_total"));
        using var watch = new WatchCall(node, node.Connect());
        for (var i = 0; i < 5; i++)
        {
            await watch.CreateAsync(new WatchCreateRequest { Key = B("msg") });
        }
        var put = new PutRequest { Key = B("msg"), Value = ByteString.CopyFrom(new byte[10_000]) };
        await node.Kv.PutAsync(put);
        for (var i = 0; i < 5; i++)
        {
            await watch.NextAsync();
        }
        // Other tests of this process may count meanwhile: at least.
        Assert.True(await node.MetricAsync("grpc_server_msg_received_total" + Labels) >= received + 5);
        Assert.True(await node.MetricAsync("grpc_server_msg_sent_total" + Labels) >= sent + 10);
        Assert.True(await node.MetricAsync("etcd_network_client_grpc_received_bytes_total") >= bytesIn + put.CalculateSize());
        Assert.True(await node.MetricAsync("etcd_network_client_grpc_sent_bytes_total") >= bytesOut + (5 * 10_000));
    }

    [Fact]
    public async Task Clients_are_counted_by_the_version_they_name()
    {
        var version = new Metadata { { "client-api-version", "3.9" } };
        await MovesAsync(Clients("unary", "3.9"), 1, () => node.Kv.RangeAsync(new RangeRequest { Key = B("x") }, version).ResponseAsync);
        await MovesAsync(Clients("stream", "3.9"), 1, async () =>
        {
            using var keeper = node.Lease.LeaseKeepAlive(version);
            await keeper.RequestStream.CompleteAsync();
            Assert.False(await keeper.ResponseStream.MoveNext(CancellationToken.None));
        });

        static string Clients(string type, string version) => $"etcd_server_client_requests_total{{type=\"{type}\",client_api_version=\"{version}\"}}";
    }

    [Fact]
    public async Task An_alarm_is_shown_while_it_is_raised()
    {
        var member = (ulong)0x1234;
        const string Gauge = "etcd_debugging_server_alarms{server_id=\"1234\",alarm_type=\"CORRUPT\"}";
        var alarm = new AlarmRequest { Action = AlarmRequest.Types.AlarmAction.Activate, Alarm = AlarmType.Corrupt, MemberID = member };
        await node.Maintenance.AlarmAsync(alarm);
        Assert.Equal(1, await node.MetricAsync(Gauge));
        alarm.Action = AlarmRequest.Types.AlarmAction.Deactivate;
        await node.Maintenance.AlarmAsync(alarm);
        Assert.Equal(0, await node.MetricAsync(Gauge));
    }

    private static RequestOp PutOp(string key, string value) => new() { RequestPut = new PutRequest { Key = B(key), Value = B(value) } };

    private static async Task Fails<T>(AsyncUnaryCall<T> call) => await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync);

    private Task<PutResponse> Put(string key, string value) => node.Kv.PutAsync(new PutRequest { Key = B(key), Value = B(value) }).ResponseAsync;

    private async Task AddsAsync(Func<Task> act, int puts = 0, int ranges = 0, int deletes = 0, int txns = 0)
    {
        var before = await CountsAsync();
        await act();
        var after = await CountsAsync();
        Assert.Equal((puts, ranges, deletes, txns), (after.Puts - before.Puts, after.Ranges - before.Ranges, after.Deletes - before.Deletes, after.Txns - before.Txns));
    }

    private Task AddsAsync(int puts, Func<Task> act) => AddsAsync(act, puts);

    private async Task<(double Puts, double Ranges, double Deletes, double Txns)> CountsAsync()
    {
        var page = (await node.GetAsync("/metrics")).Body;
        return (Of("put"), Of("range"), Of("delete"), Of("txn"));

        double Of(string what)
        {
            // 3.4 has the older name beside the newer, where the newer may be missing.
            var line = page.Split('\n').First(line => line.StartsWith($"etcd_mvcc_{what}_total ", StringComparison.Ordinal)
                || line.StartsWith($"etcd_debugging_mvcc_{what}_total ", StringComparison.Ordinal));
            return double.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture);
        }
    }

    /// <summary>Checks by how much <paramref name="act"/> moves a metric; one that has no series yet stands at 0.</summary>
    private async Task MovesAsync(string name, double by, Func<Task> act)
    {
        var before = await ValueAsync(name);
        await act();
        // What is measured around a call may be written down after its answer has left.
        await UntilAsync(() => ValueAsync(name), value => value >= before + by);
        Assert.Equal(before + by, await ValueAsync(name));
    }

    private async Task<double> ValueAsync(string name) =>
        (await node.GetAsync("/metrics")).Body.Split('\n').SingleOrDefault(line => line.StartsWith(name + " ", StringComparison.Ordinal)) is { } line
            ? double.Parse(line[(name.Length + 1)..], CultureInfo.InvariantCulture)
            : 0;
}
