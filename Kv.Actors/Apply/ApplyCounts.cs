using Kv.Actors.Meters;
using Kv.Actors.Model;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Actors.Protos.Internal;

namespace Kv.Actors.Apply;

/// <summary>Counts applied operations as etcd counts them: those inside a transaction one by one, a range delete once.</summary>
internal static class ApplyCounts
{
    /// <summary>Counts one applied request; what failed changed nothing and is not counted.</summary>
    public static void Add(Metrics metrics, InternalRaftRequest request, Applied applied)
    {
        if (applied.Error != KvError.None)
        {
            return;
        }
        switch (request.BodyCase)
        {
            case InternalRaftRequest.BodyOneofCase.Put:
                metrics.Puts.Add();
                metrics.PutBytes.Add(request.Put.Key.Length + request.Put.Value.Length);
                break;
            case InternalRaftRequest.BodyOneofCase.DeleteRange:
                metrics.Deletes.Add();
                break;
            case InternalRaftRequest.BodyOneofCase.Txn when applied.Response is TxnResponse response:
                metrics.Txns.Add();
                Add(metrics, response);
                break;
            case InternalRaftRequest.BodyOneofCase.LeaseGrant when applied.Response is LeaseGrantResponse granted:
                metrics.LeasesGranted.Add();
                metrics.LeaseTtl.Record(granted.TTL);
                break;
            case InternalRaftRequest.BodyOneofCase.LeaseRevoke:
                metrics.LeasesRevoked.Add();
                break;
        }
    }

    private static void Add(Metrics metrics, TxnResponse response)
    {
        foreach (var op in response.Responses)
        {
            switch (op.ResponseCase)
            {
                case ResponseOp.ResponseOneofCase.ResponsePut:
                    metrics.Puts.Add();
                    break;
                case ResponseOp.ResponseOneofCase.ResponseDeleteRange:
                    metrics.Deletes.Add();
                    break;
                case ResponseOp.ResponseOneofCase.ResponseRange:
                    metrics.Ranges.Add();
                    break;
                case ResponseOp.ResponseOneofCase.ResponseTxn:
                    Add(metrics, op.ResponseTxn);
                    break;
            }
        }
    }
}
