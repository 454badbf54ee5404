using Kv.Actors.Model;
using Kv.Actors.Mvcc;
using Kv.Actors.Protos.Etcdserverpb;

namespace Kv.Actors.Apply;

/// <summary>Runs a transaction in three passes: decide every branch, check every chosen operation, execute.</summary>
/// <remarks>
/// All decisions and checks see the state before the transaction; only execution sees its own writes. Each pass visits the
/// chosen branches in the same order, so the decisions are a plain list that the later passes read off:
/// <code>
///  if a=1                       true
///  then [ if b=2 else [ … ],    true, false
///         put c, if d=3 then…]  true, false, true
/// </code>
/// Source: reference, txn evaluation, compare and response.
/// </remarks>
/// <param name="state">A root for a read-only transaction, the open write transaction otherwise.</param>
/// <param name="leases">Null for a read-only transaction.</param>
internal sealed class TxnEvaluator(IKvReader state, ILeaseBook? leases)
{
    private readonly List<bool> _path = [];
    private int _next;
    private Func<MvccStore.WriteTxn, PutRequest, PutResponse>? _put;
    private Func<MvccStore.WriteTxn, DeleteRangeRequest, DeleteRangeResponse>? _delete;

    /// <summary>Runs <paramref name="request"/>. An error means that nothing was changed.</summary>
    internal Outcome<TxnResponse> Evaluate(
        TxnRequest request,
        Func<MvccStore.WriteTxn, PutRequest, PutResponse>? put,
        Func<MvccStore.WriteTxn, DeleteRangeRequest, DeleteRangeResponse>? delete)
    {
        (_put, _delete) = (put, delete);
        Decide(request);
        _next = 0;
        var error = Check(request);
        if (error != KvError.None)
        {
            return error;
        }
        _next = 0;
        var response = Execute(request);
        response.Header.Revision = state.CurrentRevision;
        return response;
    }

    private void Decide(TxnRequest request)
    {
        var holds = true;
        foreach (var compare in request.Compare)
        {
            if (!TxnCompare.Holds(state, compare))
            {
                holds = false;
                break;
            }
        }
        _path.Add(holds);
        foreach (var op in holds ? request.Success : request.Failure)
        {
            if (op.RequestCase == RequestOp.RequestOneofCase.RequestTxn)
            {
                Decide(op.RequestTxn);
            }
        }
    }

    private KvError Check(TxnRequest request)
    {
        foreach (var op in _path[_next++] ? request.Success : request.Failure)
        {
            var error = op.RequestCase switch
            {
                RequestOp.RequestOneofCase.RequestRange => CheckRange(op.RequestRange.Revision),
                RequestOp.RequestOneofCase.RequestPut when leases is not null => KvApplier.CheckPut(state, leases, op.RequestPut),
                RequestOp.RequestOneofCase.RequestTxn => Check(op.RequestTxn),
                _ => KvError.None,
            };
            if (error != KvError.None)
            {
                return error;
            }
        }
        return KvError.None;
    }

    /// <summary>Unlike a range on its own, one in a transaction takes a negative revision for what it is: below the compact revision.</summary>
    private KvError CheckRange(long revision)
    {
        if (revision == 0)
        {
            return KvError.None;
        }
        if (revision > state.CurrentRevision)
        {
            return KvError.FutureRev;
        }
        return revision < state.CompactRevision ? KvError.Compacted : KvError.None;
    }

    private TxnResponse Execute(TxnRequest request)
    {
        var succeeded = _path[_next++];
        var response = new TxnResponse { Header = new ResponseHeader(), Succeeded = succeeded };
        var ops = succeeded ? request.Success : request.Failure;
        response.Responses.Capacity = ops.Count;
        foreach (var op in ops)
        {
            response.Responses.Add(op.RequestCase switch
            {
                RequestOp.RequestOneofCase.RequestRange => new ResponseOp { ResponseRange = Range(op.RequestRange) },
                RequestOp.RequestOneofCase.RequestPut => new ResponseOp { ResponsePut = Required(_put)(Txn, op.RequestPut) },
                RequestOp.RequestOneofCase.RequestDeleteRange => new ResponseOp { ResponseDeleteRange = Required(_delete)(Txn, op.RequestDeleteRange) },
                RequestOp.RequestOneofCase.RequestTxn => new ResponseOp { ResponseTxn = Execute(op.RequestTxn) },
                _ => new ResponseOp(),      // an op with no request set is refused before it is proposed
            });
        }
        return response;
    }

    private MvccStore.WriteTxn Txn => (MvccStore.WriteTxn)state;

    private RangeResponse Range(RangeRequest request) => KvApplier.Range(state, request).Value
        ?? throw new InvalidOperationException($"range at revision {request.Revision} failed after it was checked, at {state.CurrentRevision}");

    private static T Required<T>(T? writer)
        where T : class => writer ?? throw new InvalidOperationException("a transaction run as read-only has a write in it");
}
