using Kv.Actors.Meters;
using Kv.Actors.Model;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Actors.Protos.Internal;

namespace Kv.Actors.Apply;

/// <summary>Counts operations as etcd's store counts them: those inside a transaction one by one, a range delete once.</summary>
/// <remarks>
/// What etcd reads on the way counts as a range too: a compare, the version before a put or a delete, the value that a put keeps.
/// <c>txn_total</c> counts store transactions that did more than one thing. What failed is not counted.
/// </remarks>
public static class ApplyCounts
{
    /// <summary>Counts one applied request.</summary>
    /// <param name="metrics">Where.</param>
    /// <param name="request">The request.</param>
    /// <param name="applied">What applying it answered.</param>
    /// <param name="revokedKeys">Keys that a revoked lease took with it.</param>
    public static void Add(Metrics metrics, InternalRaftRequest request, Applied applied, long revokedKeys)
    {
        ArgumentNullException.ThrowIfNull(metrics);
        ArgumentNullException.ThrowIfNull(request);
        if (applied.Error != KvError.None)
        {
            return;
        }
        var done = default(Done);
        switch (request.BodyCase)
        {
            case InternalRaftRequest.BodyOneofCase.Put:
                done.Put(request.Put);
                break;
            case InternalRaftRequest.BodyOneofCase.DeleteRange:
                done.Delete(request.DeleteRange);
                break;
            case InternalRaftRequest.BodyOneofCase.Txn when applied.Response is TxnResponse response:
                var compared = default(Done);
                done.Txn(request.Txn, response, ref compared);
                compared.AddTo(metrics);               // etcd compares in a transaction of its own, before the one that writes
                break;
            case InternalRaftRequest.BodyOneofCase.LeaseGrant when applied.Response is LeaseGrantResponse granted:
                metrics.LeasesGranted.Add();
                metrics.LeaseTtl.Record(granted.TTL);
                return;
            case InternalRaftRequest.BodyOneofCase.LeaseRevoke:
                metrics.LeasesRevoked.Add();
                done.Deletes = revokedKeys;
                break;
        }
        done.AddTo(metrics);
    }

    /// <summary>Counts a transaction that only read.</summary>
    public static void AddRead(Metrics metrics, TxnRequest request, TxnResponse response)
    {
        ArgumentNullException.ThrowIfNull(metrics);
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(response);
        var done = default(Done);
        done.Txn(request, response, ref done);
        done.AddTo(metrics);
    }

    /// <summary>What one store transaction did.</summary>
    private struct Done
    {
        public long Ranges;
        public long Puts;
        public long PutBytes;
        public long Deletes;

        public void Put(PutRequest put)
        {
            Puts++;
            PutBytes += put.Key.Length + put.Value.Length;
            Ranges += put.PrevKv || put.IgnoreValue || put.IgnoreLease ? 1 : 0;
        }

        public void Delete(DeleteRangeRequest delete)
        {
            Deletes++;
            Ranges += delete.PrevKv ? 1 : 0;
        }

        public void Txn(TxnRequest request, TxnResponse response, ref Done compared)
        {
            compared.Ranges += request.Compare.Count;
            var taken = response.Succeeded ? request.Success : request.Failure;
            for (var i = 0; i < taken.Count; i++)
            {
                switch (taken[i].RequestCase)
                {
                    case RequestOp.RequestOneofCase.RequestRange:
                        Ranges++;
                        break;
                    case RequestOp.RequestOneofCase.RequestPut:
                        Put(taken[i].RequestPut);
                        break;
                    case RequestOp.RequestOneofCase.RequestDeleteRange:
                        Delete(taken[i].RequestDeleteRange);
                        break;
                    case RequestOp.RequestOneofCase.RequestTxn:
                        Txn(taken[i].RequestTxn, response.Responses[i].ResponseTxn, ref compared);
                        break;
                }
            }
        }

        public readonly void AddTo(Metrics metrics)
        {
            if (Ranges + Puts + Deletes > 1)
            {
                metrics.Txns.Add();
            }
            if (Ranges > 0)
            {
                metrics.Ranges.Add(Ranges);
            }
            if (Puts > 0)
            {
                metrics.Puts.Add(Puts);
                metrics.PutBytes.Add(PutBytes);
            }
            if (Deletes > 0)
            {
                metrics.Deletes.Add(Deletes);
            }
        }
    }
}
