using Kv.Actors.Model;
using Kv.Actors.Mvcc;
using Kv.Actors.Protos.Etcdserverpb;

namespace Kv.Actors.Apply;

/// <summary>Carries out key-value requests on the store, and keeps the leases' lists of keys in step.</summary>
/// <remarks>
/// Requests have passed <see cref="TxnRules"/>; what is checked here is what only the state can tell: leases, earlier versions,
/// revisions. A request that fails changes nothing. Response headers hold the revision; the caller fills in cluster, member and
/// term. Nothing is visible to readers before <see cref="MvccStore.Publish"/>.
/// </remarks>
/// <param name="store">Changed here and nowhere else.</param>
/// <param name="leases">Which leases exist, and their keys.</param>
public sealed class KvApplier(MvccStore store, ILeaseBook leases)
{
    /// <summary>The store changed here.</summary>
    public MvccStore Store => store;

    /// <summary>Puts a key. Errors: <see cref="KvError.LeaseNotFound"/>, <see cref="KvError.KeyNotFound"/>.</summary>
    public Outcome<PutResponse> Apply(PutRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        var txn = store.BeginTxn();
        var error = CheckPut(txn, leases, request);
        Outcome<PutResponse> outcome = error == KvError.None ? Put(txn, request) : error;
        txn.End();
        return outcome;
    }

    /// <summary>Deletes a range. Cannot fail.</summary>
    public Outcome<DeleteRangeResponse> Apply(DeleteRangeRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        var txn = store.BeginTxn();
        var response = DeleteRange(txn, request);
        txn.End();
        return response;
    }

    /// <summary>Runs a transaction. Errors: those of its puts, and <see cref="KvError.FutureRev"/> and <see cref="KvError.Compacted"/> of its ranges.</summary>
    public Outcome<TxnResponse> Apply(TxnRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        var txn = store.BeginTxn();
        var outcome = new TxnEvaluator(txn, leases).Evaluate(request, Put, DeleteRange);
        txn.End();
        return outcome;
    }

    /// <summary>Records a compaction; <see cref="MvccStore.CompactStep"/> then removes. Errors: <see cref="KvError.Compacted"/>, <see cref="KvError.FutureRev"/>.</summary>
    public Outcome<CompactionResponse> Apply(CompactionRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        var error = store.Compact(request.Revision);
        if (error != KvError.None)
        {
            return error;
        }
        return new CompactionResponse { Header = new ResponseHeader { Revision = store.CurrentRevision } };
    }

    /// <summary>Deletes the keys of a lease that is being revoked, in one transaction and in key order.</summary>
    /// <param name="keys">The lease's keys; sorted in place.</param>
    /// <returns>The store's revision: one more than before if any of the keys existed.</returns>
    public long DeleteKeys(byte[][] keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        Array.Sort(keys, static (a, b) => a.AsSpan().SequenceCompareTo(b));
        var txn = store.BeginTxn();
        foreach (var key in keys)
        {
            Detach(txn.DeleteRange(KeyRange.Of(key)));
        }
        return txn.End();
    }

    /// <summary>Reads a range as a message. Errors: <see cref="KvError.FutureRev"/>, <see cref="KvError.Compacted"/>.</summary>
    public static Outcome<RangeResponse> Range(IKvReader state, RangeRequest request)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(request);
        var found = state.Range(KvProto.QueryOf(request));
        return found.Ok ? KvProto.ToResponse(found.Value, request.KeysOnly) : found.Error;
    }

    /// <summary>Reads a range for writing it straight to the wire. Errors as for <see cref="Range"/>.</summary>
    public static Outcome<RangeReply> RangeReply(IKvReader state, RangeRequest request)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(request);
        var found = state.Range(KvProto.QueryOf(request));
        return found.Ok ? new RangeReply(found.Value, request.KeysOnly) : found.Error;
    }

    /// <summary>Runs a transaction for which <see cref="TxnRules.IsReadOnly"/> holds, on any state and any thread.</summary>
    public static Outcome<TxnResponse> ReadTxn(IKvReader state, TxnRequest request)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(request);
        return new TxnEvaluator(state, leases: null).Evaluate(request, put: null, delete: null);
    }

    /// <summary>What of a put only the state can tell: that its lease exists, and the key it wants to keep parts of.</summary>
    internal static KvError CheckPut(IKvReader state, ILeaseBook leases, PutRequest request)
    {
        if (request.Lease != 0 && !leases.Contains(new LeaseId(request.Lease)))
        {
            return KvError.LeaseNotFound;
        }
        if ((request.IgnoreValue || request.IgnoreLease) && state.Get(request.Key.Span) is null)
        {
            return KvError.KeyNotFound;
        }
        return KvError.None;
    }

    private PutResponse Put(MvccStore.WriteTxn txn, PutRequest request)
    {
        var value = request.Value;
        var lease = new LeaseId(request.Lease);
        byte[] bytes;
        if (request.IgnoreValue || request.IgnoreLease)
        {
            var kept = txn.Get(request.Key.Span)
                ?? throw new InvalidOperationException($"key of an ignore_ put went missing in revision {txn.WriteRevision}");
            bytes = request.IgnoreValue ? kept.Value : KvProto.Take(value);
            lease = request.IgnoreLease ? kept.Lease : lease;
        }
        else
        {
            bytes = KvProto.Take(value);
        }
        var key = KvProto.Take(request.Key);
        var previous = txn.Put(key, bytes, lease);
        MoveLease(previous?.Key ?? key, previous, lease);       // the array the store keeps anyway
        var response = new PutResponse { Header = new ResponseHeader { Revision = txn.WriteRevision } };
        if (request.PrevKv && previous is not null)
        {
            response.PrevKv = KvProto.ToKeyValue(previous);
        }
        return response;
    }

    private DeleteRangeResponse DeleteRange(MvccStore.WriteTxn txn, DeleteRangeRequest request)
    {
        var deleted = txn.DeleteRange(KvProto.RangeOf(request.Key, request.RangeEnd));
        Detach(deleted);
        var response = new DeleteRangeResponse
        {
            Header = new ResponseHeader { Revision = txn.CurrentRevision },
            Deleted = deleted.Kvs.Length,
        };
        if (request.PrevKv)
        {
            foreach (var previous in deleted.Kvs)
            {
                response.PrevKvs.Add(KvProto.ToKeyValue(previous));
            }
        }
        return response;
    }

    private void MoveLease(byte[] key, KeyVersion? previous, LeaseId lease)
    {
        var before = previous?.Lease ?? LeaseId.None;
        if (before == lease)
        {
            return;
        }
        if (!before.IsNone)
        {
            leases.Detach(before, key);
        }
        if (!lease.IsNone)
        {
            leases.Attach(lease, key);
        }
    }

    private void Detach(RangeResult deleted)
    {
        foreach (var version in deleted.Kvs)
        {
            if (!version.Lease.IsNone)
            {
                leases.Detach(version.Lease, version.Key);
            }
        }
    }
}
