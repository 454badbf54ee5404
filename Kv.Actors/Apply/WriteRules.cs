using Kv.Actors.Cluster;
using Kv.Actors.Model;
using Kv.Actors.Protos.Internal;

namespace Kv.Actors.Apply;

/// <summary>What alarms and the quota forbid; corrupt wins over no space. Source: reference, alarms.</summary>
/// <remarks>Asked twice: by the member that answers, before it proposes, and again where the request is applied.</remarks>
public static class WriteRules
{
    /// <summary>Why a request is refused, or none.</summary>
    /// <param name="request">The request.</param>
    /// <param name="alarms">The alarms raised.</param>
    /// <param name="sizeBytes">Size of the store.</param>
    /// <param name="quotaBytes">Its bound; 0 or less is none.</param>
    /// <param name="overQuota">It is refused for the quota alone: the alarm is to be raised.</param>
    public static KvError Check(InternalRaftRequest request, AlarmSet alarms, long sizeBytes, long quotaBytes, out bool overQuota)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(alarms);
        overQuota = false;
        switch (request.BodyCase)
        {
            case InternalRaftRequest.BodyOneofCase.Put:
            case InternalRaftRequest.BodyOneofCase.Txn:
            case InternalRaftRequest.BodyOneofCase.LeaseGrant:
                if (alarms.HasCorrupt)
                {
                    return KvError.Corrupt;
                }
                var cost = CostOf(request);
                if (cost == 0)
                {
                    return KvError.None;
                }
                if (alarms.HasNoSpace)
                {
                    return KvError.NoSpace;
                }
                overQuota = quotaBytes > 0 && sizeBytes + cost >= quotaBytes;
                return overQuota ? KvError.NoSpace : KvError.None;
            case InternalRaftRequest.BodyOneofCase.DeleteRange:
            case InternalRaftRequest.BodyOneofCase.Compaction:
            case InternalRaftRequest.BodyOneofCase.LeaseRevoke:
                return alarms.HasCorrupt ? KvError.Corrupt : KvError.None;
            default:
                return KvError.None;
        }
    }

    private static long CostOf(InternalRaftRequest request) => request.BodyCase switch
    {
        InternalRaftRequest.BodyOneofCase.Put => TxnRules.PutCost(request.Put),
        InternalRaftRequest.BodyOneofCase.Txn => TxnRules.PutCost(request.Txn),
        _ => TxnRules.LeaseGrantCost,
    };
}
