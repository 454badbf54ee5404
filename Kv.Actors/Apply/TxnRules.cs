using Google.Protobuf;
using Google.Protobuf.Collections;
using Kv.Actors.Model;
using Kv.Actors.Mvcc;
using Kv.Actors.Protos.Etcdserverpb;

namespace Kv.Actors.Apply;

/// <summary>What can be refused of a request by looking at it alone, in etcd's order. Source: reference, validation of range, put, delete, txn.</summary>
public static class TxnRules
{
    /// <summary>What each put counts for against the quota besides its key and value, in bytes.</summary>
    public const long PutOverheadBytes = 256;

    /// <summary>What granting a lease counts for against the quota, in bytes.</summary>
    public const long LeaseGrantCost = 64;

    /// <summary><see cref="KvError.EmptyKey"/>, <see cref="KvError.InvalidSortOption"/> or none.</summary>
    public static KvError CheckRange(RangeRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.Key.IsEmpty)
        {
            return KvError.EmptyKey;
        }
        return (int)request.SortOrder is < 0 or > (int)RangeOrder.Descend || (int)request.SortTarget is < 0 or > (int)RangeTarget.Value
            ? KvError.InvalidSortOption
            : KvError.None;
    }

    /// <summary>As <see cref="CheckRange"/>, and what a stream does not take: orders and bounds on revisions.</summary>
    public static KvError CheckRangeStream(RangeRequest request)
    {
        var error = CheckRange(request);
        if (error != KvError.None)
        {
            return error;
        }
        var query = KvProto.QueryOf(request);
        if (!query.IsNaturalOrder)
        {
            return KvError.RangeStreamSort;
        }
        return query.HasBounds ? KvError.RangeStreamFilter : KvError.None;
    }

    /// <summary><see cref="KvError.EmptyKey"/>, <see cref="KvError.ValueProvided"/>, <see cref="KvError.LeaseProvided"/> or none.</summary>
    public static KvError CheckPut(PutRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.Key.IsEmpty)
        {
            return KvError.EmptyKey;
        }
        if (request.IgnoreValue && !request.Value.IsEmpty)
        {
            return KvError.ValueProvided;
        }
        return request.IgnoreLease && request.Lease != 0 ? KvError.LeaseProvided : KvError.None;
    }

    /// <summary><see cref="KvError.EmptyKey"/> or none.</summary>
    public static KvError CheckDelete(DeleteRangeRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return request.Key.IsEmpty ? KvError.EmptyKey : KvError.None;
    }

    /// <summary>Number of operations, each operation on its own, then keys modified twice.</summary>
    /// <param name="request">The transaction.</param>
    /// <param name="maxOps">Operations allowed along a path of nested transactions.</param>
    public static KvError CheckTxn(TxnRequest request, int maxOps = Limits.DefaultMaxTxnOps)
    {
        ArgumentNullException.ThrowIfNull(request);
        var error = CheckOps(request, maxOps);
        if (error != KvError.None)
        {
            return error;
        }
        return Modifications.Of(request.Success) is null || Modifications.Of(request.Failure) is null ? KvError.DuplicateKey : KvError.None;
    }

    /// <summary>Whether every operation of both branches is a range: such a transaction is not replicated. An empty one is.</summary>
    public static bool IsReadOnly(TxnRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return AreRanges(request.Success) && AreRanges(request.Failure);
    }

    /// <summary>Whether every range of both branches is serializable: a read-only transaction then needs no quorum.</summary>
    public static bool IsSerializable(TxnRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return AreSerializable(request.Success) && AreSerializable(request.Failure);
    }

    /// <summary>What a put counts for against the quota, in bytes.</summary>
    public static long PutCost(PutRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return PutOverheadBytes + request.Key.Length + request.Value.Length;
    }

    /// <summary>What a transaction's puts count for: the dearer branch, at every level. 0 if neither puts.</summary>
    public static long PutCost(TxnRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return Math.Max(PutCost(request.Success), PutCost(request.Failure));
    }

    private static long PutCost(RepeatedField<RequestOp> ops)
    {
        var cost = 0L;
        foreach (var op in ops)
        {
            cost += op.RequestCase switch
            {
                RequestOp.RequestOneofCase.RequestPut => PutCost(op.RequestPut),
                RequestOp.RequestOneofCase.RequestTxn => PutCost(op.RequestTxn),
                _ => 0,
            };
        }
        return cost;
    }

    private static bool AreRanges(RepeatedField<RequestOp> ops)
    {
        foreach (var op in ops)
        {
            if (op.RequestCase != RequestOp.RequestOneofCase.RequestRange)
            {
                return false;
            }
        }
        return true;
    }

    private static bool AreSerializable(RepeatedField<RequestOp> ops)
    {
        foreach (var op in ops)
        {
            if (op.RequestCase != RequestOp.RequestOneofCase.RequestRange || !op.RequestRange.Serializable)
            {
                return false;
            }
        }
        return true;
    }

    private static KvError CheckOps(TxnRequest request, int maxOps)
    {
        var ops = Math.Max(request.Compare.Count, Math.Max(request.Success.Count, request.Failure.Count));
        if (ops > maxOps)
        {
            return KvError.TooManyOps;
        }
        foreach (var compare in request.Compare)
        {
            if (compare.Key.IsEmpty)
            {
                return KvError.EmptyKey;
            }
        }
        var error = CheckOps(request.Success, maxOps - ops);
        return error != KvError.None ? error : CheckOps(request.Failure, maxOps - ops);
    }

    private static KvError CheckOps(RepeatedField<RequestOp> ops, int maxOps)
    {
        foreach (var op in ops)
        {
            var error = op.RequestCase switch
            {
                RequestOp.RequestOneofCase.RequestRange => CheckRange(op.RequestRange),
                RequestOp.RequestOneofCase.RequestPut => CheckPut(op.RequestPut),
                RequestOp.RequestOneofCase.RequestDeleteRange => CheckDelete(op.RequestDeleteRange),
                RequestOp.RequestOneofCase.RequestTxn => CheckOps(op.RequestTxn, maxOps),
                _ => KvError.KeyNotFound,
            };
            if (error != KvError.None)
            {
                return error;
            }
        }
        return KvError.None;
    }

    /// <summary>Keys put and ranges deleted by a list of operations and all that is nested in it.</summary>
    /// <remarks>
    /// Order decides: deletes of the level, then nested transactions one by one, then puts of the level. So of two nested
    /// transactions "delete k" then "put k" is refused, and "put k" then "delete k" is not. A deletion of all keys from one on is not
    /// looked at, as in etcd, which takes its end for a key that lies before it.
    /// </remarks>
    private sealed class Modifications
    {
        private readonly HashSet<ByteString> _puts = [];
        private readonly KeyIntervals _deletes = new();

        /// <summary>Null when some key is modified twice.</summary>
        internal static Modifications? Of(RepeatedField<RequestOp> ops)
        {
            var all = new Modifications();
            foreach (var op in ops)
            {
                if (op.RequestCase == RequestOp.RequestOneofCase.RequestDeleteRange
                    && KvProto.RangeOf(op.RequestDeleteRange.Key, op.RequestDeleteRange.RangeEnd) is { IsFromKey: false } deleted)
                {
                    all._deletes.Add(deleted);
                }
            }
            foreach (var op in ops)
            {
                if (op.RequestCase == RequestOp.RequestOneofCase.RequestTxn && !all.AddNested(op.RequestTxn))
                {
                    return null;
                }
            }
            foreach (var op in ops)
            {
                if (op.RequestCase == RequestOp.RequestOneofCase.RequestPut && !all.AddPut(op.RequestPut.Key))
                {
                    return null;
                }
            }
            return all;
        }

        private bool AddNested(TxnRequest nested)
        {
            if (Of(nested.Success) is not { } success || Of(nested.Failure) is not { } failure)
            {
                return false;
            }
            foreach (var key in success._puts)
            {
                if (!AddPut(key))
                {
                    return false;
                }
            }
            foreach (var key in failure._puts)
            {
                // Only one of the branches runs, so both may put the same key.
                if (!success._puts.Contains(key) && !AddPut(key))
                {
                    return false;
                }
            }
            _deletes.Add(success._deletes);
            _deletes.Add(failure._deletes);
            return true;
        }

        private bool AddPut(ByteString key) => !_deletes.Contains(key.Span) && _puts.Add(key);
    }
}
