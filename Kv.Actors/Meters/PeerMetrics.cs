namespace Kv.Actors.Meters;

/// <summary>Meters of the traffic between members, by etcd's names. Labels are members' ids in hex.</summary>
public sealed class PeerMetrics
{
    /// <summary>Registers them.</summary>
    public PeerMetrics(MetricsRegistry registry)
    {
        ArgumentNullException.ThrowIfNull(registry);
        Active = registry.Gauges("etcd_network_active_peers", "The current number of active peer connections.", "Local", "Remote");
        Known = registry.Gauges("etcd_network_known_peers", "The current number of known peers.", "Local", "Remote");
        Disconnected = registry.Counters("etcd_network_disconnected_peers_total", "The total number of disconnected peers.", "Local", "Remote");
        SentBytes = registry.Counters("etcd_network_peer_sent_bytes_total", "The total number of bytes sent to peers, about.", "To");
        ReceivedBytes = registry.Counters("etcd_network_peer_received_bytes_total", "The total number of bytes received from peers, about.", "From");
        SentFailures = registry.Counters("etcd_network_peer_sent_failures_total", "The total number of messages to peers that were dropped because too much waited.", "To");
        ReceivedFailures = registry.Counters("etcd_network_peer_received_failures_total", "The total number of messages from peers that were refused.", "From");
        RoundTrip = registry.Histograms("etcd_network_peer_round_trip_time_seconds", "Round-Trip-Time histogram between peers.", 0.0001, 2, 16, "To");
        Unreachable = registry.Gauge("kvactors_unreachable_systems", "Actor systems of the Akka cluster that this one cannot reach.");
        HeartbeatSendFailures = registry.Counter("etcd_server_heartbeat_send_failures_total", "The total number of leader heartbeat send failures (likely overloaded from slow disk).");
        SnapshotSends = registry.Gauges("etcd_network_snapshot_send_inflights_total", "Total number of inflight snapshot sends.", "To");
        SnapshotSendSuccesses = registry.Counters("etcd_network_snapshot_send_success", "Total number of successful snapshot sends.", "To");
        SnapshotSendFailures = registry.Counters("etcd_network_snapshot_send_failures", "Total number of snapshot send failures.", "To");
        SnapshotSendDuration = registry.Histograms("etcd_network_snapshot_send_total_duration_seconds", "Total latency distributions of v3 snapshot sends.", 0.1, 2, 10, "To");
        SnapshotReceives = registry.Gauges("etcd_network_snapshot_receive_inflights_total", "Total number of inflight snapshot receives.", "From");
        SnapshotReceiveSuccesses = registry.Counters("etcd_network_snapshot_receive_success", "Total number of successful snapshot receives.", "From");
        SnapshotReceiveFailures = registry.Counters("etcd_network_snapshot_receive_failures", "Total number of snapshot receive failures.", "From");
        SnapshotReceiveDuration = registry.Histograms("etcd_network_snapshot_receive_total_duration_seconds", "Total latency distributions of v3 snapshot receives.", 0.1, 2, 10, "From");
    }

    /// <summary>1 while a member is heard. Labels: Local, Remote.</summary>
    public MetricFamily<Gauge> Active { get; }

    /// <summary>1 for each other member. Labels: Local, Remote.</summary>
    public MetricFamily<Gauge> Known { get; }

    /// <summary>Times that a member fell silent. Labels: Local, Remote.</summary>
    public MetricFamily<Counter> Disconnected { get; }

    /// <summary>Bytes sent. Labels: To.</summary>
    public MetricFamily<Counter> SentBytes { get; }

    /// <summary>Bytes received. Labels: From.</summary>
    public MetricFamily<Counter> ReceivedBytes { get; }

    /// <summary>Messages dropped on the way out. Labels: To.</summary>
    public MetricFamily<Counter> SentFailures { get; }

    /// <summary>Messages refused. Labels: From.</summary>
    public MetricFamily<Counter> ReceivedFailures { get; }

    /// <summary>How long a ping took. Labels: To.</summary>
    public MetricFamily<Histogram> RoundTrip { get; }

    /// <summary>Actor systems that cannot be reached.</summary>
    public Gauge Unreachable { get; }

    /// <summary>Heartbeats that left late: a tick took longer to come than two should.</summary>
    public Counter HeartbeatSendFailures { get; }

    /// <summary>Snapshots on their way out. Labels: To.</summary>
    public MetricFamily<Gauge> SnapshotSends { get; }

    /// <summary>Snapshots delivered. Labels: To.</summary>
    public MetricFamily<Counter> SnapshotSendSuccesses { get; }

    /// <summary>Snapshots given up. Labels: To.</summary>
    public MetricFamily<Counter> SnapshotSendFailures { get; }

    /// <summary>Seconds a delivery took. Labels: To.</summary>
    public MetricFamily<Histogram> SnapshotSendDuration { get; }

    /// <summary>Snapshots on their way in. Labels: From.</summary>
    public MetricFamily<Gauge> SnapshotReceives { get; }

    /// <summary>Snapshots taken in. Labels: From.</summary>
    public MetricFamily<Counter> SnapshotReceiveSuccesses { get; }

    /// <summary>Snapshots refused or given up. Labels: From.</summary>
    public MetricFamily<Counter> SnapshotReceiveFailures { get; }

    /// <summary>Seconds taking one in took. Labels: From.</summary>
    public MetricFamily<Histogram> SnapshotReceiveDuration { get; }
}
