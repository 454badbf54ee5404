namespace Kv.Actors.Meters;

/// <summary>
/// Every meter of one node by etcd's name, with unit and meaning. The owner of a number keeps the property and adds to it; a
/// number that something else knows already is given a source (<see cref="Gauge.From"/>) when the node is put together.
/// </summary>
/// <remarks>
/// Gauges that end in <c>_total</c> are gauges in etcd too. Metrics of parts that do not exist here (bbolt's commits, the v2
/// store, Go's runtime) are left out rather than served as zeros.
/// </remarks>
public sealed class Metrics
{
    // Consensus
    /// <summary><c>etcd_server_has_leader</c>: Whether or not a leader exists. 1 is existence, 0 is not.</summary>
    public Gauge HasLeader { get; }

    /// <summary><c>etcd_server_is_leader</c>: Whether or not this member is a leader. 1 if is, 0 otherwise.</summary>
    public Gauge IsLeader { get; }

    /// <summary><c>etcd_server_is_learner</c>: Whether or not this member is a learner. 1 if is, 0 otherwise.</summary>
    public Gauge IsLearner { get; }

    /// <summary><c>etcd_server_learner_promote_successes</c>: The total number of successful learner promotions that this member answered.</summary>
    public Counter LearnerPromoteSuccesses { get; }

    /// <summary><c>etcd_server_learner_promote_failures</c>: The total number of failed learner promotions that this member answered. Labels: Reason.</summary>
    public MetricFamily<Counter> LearnerPromoteFailures { get; }

    /// <summary><c>etcd_server_leader_changes_seen_total</c>: The number of leader changes seen.</summary>
    public Counter LeaderChanges { get; }

    /// <summary><c>etcd_server_proposals_committed_total</c>: The total number of consensus proposals committed.</summary>
    public Gauge ProposalsCommitted { get; }

    /// <summary><c>etcd_server_proposals_applied_total</c>: The total number of consensus proposals applied.</summary>
    public Gauge ProposalsApplied { get; }

    /// <summary><c>etcd_server_proposals_pending</c>: The current number of pending proposals to commit.</summary>
    public Gauge ProposalsPending { get; }

    /// <summary><c>etcd_server_proposals_failed_total</c>: The total number of failed proposals seen.</summary>
    public Counter ProposalsFailed { get; }

    /// <summary><c>etcd_server_read_indexes_failed_total</c>: The total number of failed read indexes seen.</summary>
    public Counter ReadIndexesFailed { get; }

    /// <summary><c>etcd_server_slow_read_indexes_total</c>: The total number of pending read indexes not in sync with leader's or timed out read index requests.</summary>
    public Counter SlowReadIndexes { get; }

    /// <summary><c>etcd_server_slow_apply_total</c>: The total number of slow apply requests (likely overloaded from slow disk).</summary>
    public Counter SlowApplies { get; }

    /// <summary><c>etcd_server_apply_duration_seconds</c>: Seconds that applying one request took, by operation and success. Labels: version, op, success.</summary>
    public MetricFamily<Histogram> ApplyDuration { get; }

    /// <summary><c>etcd_server_range_duration_seconds</c>: Seconds that a range took, by success. Labels: success.</summary>
    public MetricFamily<Histogram> RangeDuration { get; }

    /// <summary><c>etcd_server_id</c>: Server or member ID in hexadecimal format. 1 for 'server_id' label with current ID. Labels: server_id.</summary>
    public MetricFamily<Gauge> ServerId { get; }

    /// <summary><c>etcd_server_version</c>: Which version is running. 1 for 'server_version' label with current version. Labels: server_version.</summary>
    public MetricFamily<Gauge> ServerVersion { get; }

    /// <summary><c>etcd_cluster_version</c>: Which version is running. 1 for 'cluster_version' label with current cluster version. Labels: cluster_version.</summary>
    public MetricFamily<Gauge> ClusterVersion { get; }

    /// <summary><c>etcd_debugging_server_alarms</c>: 1 while that member has that alarm. Labels: server_id, alarm_type.</summary>
    public MetricFamily<Gauge> Alarms { get; }

    /// <summary><c>etcd_server_quota_backend_bytes</c>: Current backend storage quota size in bytes.</summary>
    public Gauge QuotaBytes { get; }

    // Disk
    /// <summary><c>etcd_disk_wal_fsync_duration_seconds</c>: The latency distributions of fsync called by WAL.</summary>
    public Histogram WalFsyncDuration { get; }

    /// <summary><c>etcd_disk_wal_write_duration_seconds</c>: The latency distributions of write called by WAL.</summary>
    public Histogram WalWriteDuration { get; }

    /// <summary><c>etcd_disk_wal_write_bytes_total</c>: Total number of bytes written in WAL.</summary>
    public Gauge WalWriteBytes { get; }

    /// <summary><c>etcd_snap_db_save_total_duration_seconds</c>: Seconds that writing a checkpoint took.</summary>
    public Histogram CheckpointDuration { get; }

    /// <summary><c>etcd_snap_db_fsync_duration_seconds</c>: Seconds that syncing a checkpoint took.</summary>
    public Histogram CheckpointFsyncDuration { get; }

    /// <summary><c>etcd_disk_backend_snapshot_duration_seconds</c>: Seconds that streaming a snapshot took.</summary>
    public Histogram SnapshotDuration { get; }

    /// <summary><c>etcd_disk_backend_defrag_duration_seconds</c>: The latency distribution of backend defragmentation.</summary>
    public Histogram DefragmentDuration { get; }

    /// <summary><c>etcd_disk_defrag_inflight</c>: Whether or not defrag is active on the member. 1 means active, 0 means not.</summary>
    public Gauge DefragmentInflight { get; }

    // Store
    /// <summary><c>etcd_debugging_mvcc_current_revision</c>: The current revision of store.</summary>
    public Gauge CurrentRevision { get; }

    /// <summary><c>etcd_debugging_mvcc_compact_revision</c>: The revision of the last compaction in store.</summary>
    public Gauge CompactRevision { get; }

    /// <summary><c>etcd_debugging_mvcc_keys_total</c>: Total number of keys.</summary>
    public Gauge Keys { get; }

    /// <summary><c>etcd_debugging_mvcc_total_put_size_in_bytes</c>: The total size of put kv pairs seen by this member.</summary>
    public Gauge PutBytes { get; }

    /// <summary><c>etcd_mvcc_put_total</c>: Total number of puts seen by this member.</summary>
    public Counter Puts { get; }

    /// <summary><c>etcd_mvcc_delete_total</c>: Total number of deletes seen by this member.</summary>
    public Counter Deletes { get; }

    /// <summary><c>etcd_mvcc_txn_total</c>: Total number of txns seen by this member.</summary>
    public Counter Txns { get; }

    /// <summary><c>etcd_mvcc_range_total</c>: Total number of ranges seen by this member.</summary>
    public Counter Ranges { get; }

    /// <summary><c>etcd_mvcc_db_total_size_in_bytes</c>: Total size of the underlying database physically allocated in bytes.</summary>
    public Gauge DbSize { get; }

    /// <summary><c>etcd_mvcc_db_total_size_in_use_in_bytes</c>: Total size of the underlying database logically in use in bytes.</summary>
    public Gauge DbSizeInUse { get; }

    /// <summary><c>etcd_debugging_mvcc_db_compaction_keys_total</c>: Total number of db keys compacted.</summary>
    public Counter CompactedKeys { get; }

    /// <summary><c>etcd_debugging_mvcc_db_compaction_last</c>: Unix time at which the last compaction ended; 0 if there was none since the start.</summary>
    public Gauge LastCompaction { get; }

    /// <summary><c>etcd_debugging_mvcc_db_compaction_pause_duration_milliseconds</c>: Milliseconds that one step of compaction held up writes.</summary>
    public Histogram CompactionPause { get; }

    /// <summary><c>etcd_debugging_mvcc_db_compaction_total_duration_milliseconds</c>: Milliseconds from the start of a compaction to its end.</summary>
    public Histogram CompactionDuration { get; }

    /// <summary><c>etcd_mvcc_hash_duration_seconds</c>: The latency distribution of storage hash operation.</summary>
    public Histogram HashDuration { get; }

    /// <summary><c>etcd_mvcc_hash_rev_duration_seconds</c>: The latency distribution of storage hash by revision operation.</summary>
    public Histogram HashRevisionDuration { get; }

    // Watches and leases
    /// <summary><c>etcd_debugging_mvcc_watcher_total</c>: Total number of watchers.</summary>
    public Gauge Watchers { get; }

    /// <summary><c>etcd_debugging_mvcc_watch_stream_total</c>: Total number of watch streams.</summary>
    public Gauge WatchStreams { get; }

    /// <summary><c>etcd_debugging_mvcc_slow_watcher_total</c>: Total number of unsynced slow watchers.</summary>
    public Gauge SlowWatchers { get; }

    /// <summary><c>etcd_debugging_mvcc_events_total</c>: Total number of events sent by this member.</summary>
    public Counter Events { get; }

    /// <summary><c>etcd_debugging_mvcc_pending_events_total</c>: Total number of pending events to be sent.</summary>
    public Gauge PendingEvents { get; }

    /// <summary><c>etcd_debugging_lease_granted_total</c>: The total number of granted leases.</summary>
    public Counter LeasesGranted { get; }

    /// <summary><c>etcd_debugging_lease_revoked_total</c>: The total number of revoked leases.</summary>
    public Counter LeasesRevoked { get; }

    /// <summary><c>etcd_debugging_lease_renewed_total</c>: The number of renewed leases seen by the leader.</summary>
    public Counter LeasesRenewed { get; }

    /// <summary><c>etcd_debugging_server_lease_expired_total</c>: The total number of expired leases.</summary>
    public Counter LeasesExpired { get; }

    /// <summary><c>etcd_debugging_lease_ttl_total</c>: Bucketed histogram of lease TTLs.</summary>
    public Histogram LeaseTtl { get; }

    // Clients
    /// <summary><c>etcd_network_client_grpc_received_bytes_total</c>: The total number of bytes received from grpc clients.</summary>
    public Counter ClientReceivedBytes { get; }

    /// <summary><c>etcd_network_client_grpc_sent_bytes_total</c>: The total number of bytes sent to grpc clients.</summary>
    public Counter ClientSentBytes { get; }

    /// <summary><c>etcd_server_client_requests_total</c>: The total number of client requests per client version. Labels: type, client_api_version.</summary>
    public MetricFamily<Counter> ClientRequests { get; }

    /// <summary><c>etcd_server_health_success</c>: The total number of successful health checks.</summary>
    public Counter HealthSuccesses { get; }

    /// <summary><c>etcd_server_health_failures</c>: The total number of failed health checks.</summary>
    public Counter HealthFailures { get; }

    /// <summary><c>etcd_server_healthcheck</c>: The result of each kind of healthcheck. Labels: type, name.</summary>
    public MetricFamily<Gauge> HealthCheck { get; }

    /// <summary><c>etcd_server_healthchecks_total</c>: The total number of each kind of healthcheck. Labels: type, name, status.</summary>
    public MetricFamily<Counter> HealthChecks { get; }

    /// <summary>Registers every meter. <paramref name="registry"/> is this node's alone.</summary>
    public Metrics(MetricsRegistry registry)
    {
        ArgumentNullException.ThrowIfNull(registry);
        Registry = registry;
        // Consensus
        HasLeader = registry.Gauge("etcd_server_has_leader", "Whether or not a leader exists. 1 is existence, 0 is not.");
        IsLeader = registry.Gauge("etcd_server_is_leader", "Whether or not this member is a leader. 1 if is, 0 otherwise.");
        IsLearner = registry.Gauge("etcd_server_is_learner", "Whether or not this member is a learner. 1 if is, 0 otherwise.");
        LearnerPromoteSuccesses = registry.Counter("etcd_server_learner_promote_successes", "The total number of successful learner promotions that this member answered.");
        LearnerPromoteFailures = registry.Counters("etcd_server_learner_promote_failures", "The total number of failed learner promotions that this member answered, by reason.", "Reason");
        LeaderChanges = registry.Counter("etcd_server_leader_changes_seen_total", "The number of leader changes seen.");
        ProposalsCommitted = registry.Gauge("etcd_server_proposals_committed_total", "The total number of consensus proposals committed.");
        ProposalsApplied = registry.Gauge("etcd_server_proposals_applied_total", "The total number of consensus proposals applied.");
        ProposalsPending = registry.Gauge("etcd_server_proposals_pending", "The current number of pending proposals to commit.");
        ProposalsFailed = registry.Counter("etcd_server_proposals_failed_total", "The total number of failed proposals seen.");
        ReadIndexesFailed = registry.Counter("etcd_server_read_indexes_failed_total", "The total number of failed read indexes seen.");
        SlowReadIndexes = registry.Counter("etcd_server_slow_read_indexes_total", "The total number of pending read indexes not in sync with leader's or timed out read index requests.");
        SlowApplies = registry.Counter("etcd_server_slow_apply_total", "The total number of slow apply requests (likely overloaded from slow disk).");
        ApplyDuration = registry.Histograms("etcd_server_apply_duration_seconds", "Seconds that applying one request took, by operation and success.", 0.0001, 2, 20, "version", "op", "success");
        RangeDuration = registry.Histograms("etcd_server_range_duration_seconds", "Seconds that a range took, by success.", 0.0001, 2, 20, "success");
        ServerId = registry.Gauges("etcd_server_id", "Server or member ID in hexadecimal format. 1 for 'server_id' label with current ID.", "server_id");
        ServerVersion = registry.Gauges("etcd_server_version", "Which version is running. 1 for 'server_version' label with current version.", "server_version");
        ClusterVersion = registry.Gauges("etcd_cluster_version", "Which version is running. 1 for 'cluster_version' label with current cluster version.", "cluster_version");
        Alarms = registry.Gauges("etcd_debugging_server_alarms", "1 while that member has that alarm.", "server_id", "alarm_type");
        QuotaBytes = registry.Gauge("etcd_server_quota_backend_bytes", "Current backend storage quota size in bytes.");

        // Disk
        WalFsyncDuration = registry.Histogram("etcd_disk_wal_fsync_duration_seconds", "The latency distributions of fsync called by WAL.", 0.001, 2, 14);
        WalWriteDuration = registry.Histogram("etcd_disk_wal_write_duration_seconds", "The latency distributions of write called by WAL.", 0.001, 2, 14);
        WalWriteBytes = registry.Gauge("etcd_disk_wal_write_bytes_total", "Total number of bytes written in WAL.");
        CheckpointDuration = registry.Histogram("etcd_snap_db_save_total_duration_seconds", "Seconds that writing a checkpoint took.", 0.1, 2, 10);
        CheckpointFsyncDuration = registry.Histogram("etcd_snap_db_fsync_duration_seconds", "Seconds that syncing a checkpoint took.", 0.001, 2, 14);
        SnapshotDuration = registry.Histogram("etcd_disk_backend_snapshot_duration_seconds", "Seconds that streaming a snapshot took.", .01, 2, 17);
        DefragmentDuration = registry.Histogram("etcd_disk_backend_defrag_duration_seconds", "The latency distribution of backend defragmentation.", .1, 2, 13);
        DefragmentInflight = registry.Gauge("etcd_disk_defrag_inflight", "Whether or not defrag is active on the member. 1 means active, 0 means not.");

        // Store
        CurrentRevision = registry.Gauge("etcd_debugging_mvcc_current_revision", "The current revision of store.");
        CompactRevision = registry.Gauge("etcd_debugging_mvcc_compact_revision", "The revision of the last compaction in store.");
        Keys = registry.Gauge("etcd_debugging_mvcc_keys_total", "Total number of keys.");
        PutBytes = registry.Gauge("etcd_debugging_mvcc_total_put_size_in_bytes", "The total size of put kv pairs seen by this member.");
        Puts = registry.Counter("etcd_mvcc_put_total", "Total number of puts seen by this member.");
        Deletes = registry.Counter("etcd_mvcc_delete_total", "Total number of deletes seen by this member.");
        Txns = registry.Counter("etcd_mvcc_txn_total", "Total number of txns seen by this member.");
        Ranges = registry.Counter("etcd_mvcc_range_total", "Total number of ranges seen by this member.");
        DbSize = registry.Gauge("etcd_mvcc_db_total_size_in_bytes", "Total size of the underlying database physically allocated in bytes.");
        DbSizeInUse = registry.Gauge("etcd_mvcc_db_total_size_in_use_in_bytes", "Total size of the underlying database logically in use in bytes.");
        CompactedKeys = registry.Counter("etcd_debugging_mvcc_db_compaction_keys_total", "Total number of db keys compacted.");
        LastCompaction = registry.Gauge("etcd_debugging_mvcc_db_compaction_last", "Unix time at which the last compaction ended; 0 if there was none since the start.");
        CompactionPause = registry.Histogram("etcd_debugging_mvcc_db_compaction_pause_duration_milliseconds", "Milliseconds that one step of compaction held up writes.", 1, 2, 13);
        CompactionDuration = registry.Histogram("etcd_debugging_mvcc_db_compaction_total_duration_milliseconds", "Milliseconds from the start of a compaction to its end.", 100, 2, 14);
        HashDuration = registry.Histogram("etcd_mvcc_hash_duration_seconds", "The latency distribution of storage hash operation.", .01, 2, 15);
        HashRevisionDuration = registry.Histogram("etcd_mvcc_hash_rev_duration_seconds", "The latency distribution of storage hash by revision operation.", .01, 2, 15);

        // Watches and leases
        Watchers = registry.Gauge("etcd_debugging_mvcc_watcher_total", "Total number of watchers.");
        WatchStreams = registry.Gauge("etcd_debugging_mvcc_watch_stream_total", "Total number of watch streams.");
        SlowWatchers = registry.Gauge("etcd_debugging_mvcc_slow_watcher_total", "Total number of unsynced slow watchers.");
        Events = registry.Counter("etcd_debugging_mvcc_events_total", "Total number of events sent by this member.");
        PendingEvents = registry.Gauge("etcd_debugging_mvcc_pending_events_total", "Total number of pending events to be sent.");
        LeasesGranted = registry.Counter("etcd_debugging_lease_granted_total", "The total number of granted leases.");
        LeasesRevoked = registry.Counter("etcd_debugging_lease_revoked_total", "The total number of revoked leases.");
        LeasesRenewed = registry.Counter("etcd_debugging_lease_renewed_total", "The number of renewed leases seen by the leader.");
        LeasesExpired = registry.Counter("etcd_debugging_server_lease_expired_total", "The total number of expired leases.");
        LeaseTtl = registry.Histogram("etcd_debugging_lease_ttl_total", "Bucketed histogram of lease TTLs.", 1, 2, 24);

        // Clients
        ClientReceivedBytes = registry.Counter("etcd_network_client_grpc_received_bytes_total", "The total number of bytes received from grpc clients.");
        ClientSentBytes = registry.Counter("etcd_network_client_grpc_sent_bytes_total", "The total number of bytes sent to grpc clients.");
        ClientRequests = registry.Counters("etcd_server_client_requests_total", "The total number of client requests per client version.", "type", "client_api_version");
        HealthSuccesses = registry.Counter("etcd_server_health_success", "The total number of successful health checks.");
        HealthFailures = registry.Counter("etcd_server_health_failures", "The total number of failed health checks.");
        HealthCheck = registry.Gauges("etcd_server_healthcheck", "The result of each kind of healthcheck.", "type", "name");
        HealthChecks = registry.Counters("etcd_server_healthchecks_total", "The total number of each kind of healthcheck.", "type", "name", "status");

        Peers = new PeerMetrics(registry);

        CompactRevision.Set(-1);                                   // as etcd: nothing was ever compacted
        MetricsProcess.Register(registry);
    }

    /// <summary>The traffic between members.</summary>
    public PeerMetrics Peers { get; }

    /// <summary>Where they are registered; the gateway adds its own.</summary>
    public MetricsRegistry Registry { get; }
}
