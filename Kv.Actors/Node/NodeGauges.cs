namespace Kv.Actors.Node;

/// <summary>Gauges that are read off the node when somebody looks, so that nothing on a hot path sets them.</summary>
internal static class NodeGauges
{
    /// <summary>Connects a node's gauges.</summary>
    public static void Connect(KvNode node)
    {
        var (metrics, status, roots) = (node.Metrics, node.Status, node.Roots);
        metrics.HasLeader.From(() => status.Raft.HasLeader ? 1 : 0);
        metrics.IsLeader.From(() => status.Raft.IsLeader ? 1 : 0);
        metrics.IsLearner.From(() => status.Raft.IsLearner ? 1 : 0);
        metrics.ProposalsCommitted.From(() => status.CommitIndex);
        metrics.ProposalsApplied.From(() => status.AppliedIndex);
        metrics.ProposalsPending.From(() => node.WaitingProposals);
        metrics.ProposalsFailed.From(() => node.FailedProposals);
        metrics.LeaderChanges.From(() => status.LeaderChanges);
        metrics.LeasesRenewed.From(() => node.Leases.Renewed);
        metrics.LeasesExpired.From(() => node.Leases.Expired);
        metrics.QuotaBytes.Set(node.Settings.QuotaBytes);
        metrics.CurrentRevision.From(() => roots.Current.Kv.CurrentRevision);
        metrics.CompactRevision.From(() => roots.Current.Kv.CompactRevision);
        metrics.Keys.From(() => roots.Current.Kv.Stats.Keys);
        metrics.DbSize.From(() => roots.Current.Kv.Stats.SizeBytes);
        metrics.DbSizeInUse.From(() => roots.Current.Kv.Stats.SizeInUseBytes);
        metrics.ServerId.With(status.Self.ToString()).Set(1);
        metrics.ServerVersion.With(KvNode.ServerVersion).Set(1);
        metrics.ClusterVersion.With("3.6").From(() => roots.Current.ClusterVersion is null ? 0 : 1);
    }
}
