using Kv.Actors.Apply;
using Kv.Actors.Model;
using Kv.Actors.Mvcc;
using Kv.Actors.Node;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Gateway.Http;

namespace Kv.Gateway.Calls;

/// <summary>The node as health and version pages see it.</summary>
internal sealed class NodeProbe(Func<KvNode> node) : INodeProbe
{
    /// <inheritdoc/>
    public bool HasLeader => node().Status.Raft.HasLeader;

    /// <inheritdoc/>
    public bool IsLearner => node().Status.Raft.IsLearner;

    /// <inheritdoc/>
    public IReadOnlyCollection<string> Alarms =>
        [.. node().Roots.Current.Alarms.All.Select(static alarm => alarm.Alarm == AlarmType.Nospace ? "NOSPACE" : "CORRUPT").Distinct()];

    /// <inheritdoc/>
    public string? ClusterVersion => node().Roots.Current.ClusterVersion;

    /// <inheritdoc/>
    public async ValueTask<KvError> ReadAsync(bool serializable, CancellationToken cancelled)
    {
        Outcome<StoreRoot> root = serializable ? node().Roots.Current : await node().Reads.LinearizableAsync(cancelled).ConfigureAwait(false);
        return root.Ok ? root.Value.Kv.Range(new RangeQuery(KeyRange.All) { Limit = 1 }).Error : root.Error;
    }
}
