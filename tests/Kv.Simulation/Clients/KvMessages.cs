using System.Text;
using Google.Protobuf;
using Kv.Actors.Model;
using Kv.Actors.Mvcc;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Testing.History;
using PbCompare = Kv.Actors.Protos.Etcdserverpb.Compare;

namespace Kv.Simulation.Clients;

/// <summary>Between the history's requests and answers and the API's messages.</summary>
internal static class KvMessages
{
    public static RangeRequest Of(KvRequest.Range range) => new()
    {
        Key = Bytes(range.Key),
        RangeEnd = range.End is null ? ByteString.Empty : Bytes(range.End),
        Limit = range.Limit,
        Revision = range.Revision,
        Serializable = range.Serializable,
    };

    public static PutRequest Of(KvRequest.Put put) => new() { Key = Bytes(put.Key), Value = Bytes(put.Value), Lease = put.Lease, PrevKv = put.PrevKv };

    public static DeleteRangeRequest Of(KvRequest.Delete delete) => new()
    {
        Key = Bytes(delete.Key),
        RangeEnd = delete.End is null ? ByteString.Empty : Bytes(delete.End),
        PrevKv = delete.PrevKv,
    };

    public static TxnRequest Of(KvRequest.Txn txn)
    {
        var message = new TxnRequest();
        message.Compare.AddRange(txn.Compares.Select(Of));
        message.Success.AddRange(txn.Then.Select(Op));
        message.Failure.AddRange(txn.Else.Select(Op));
        return message;
    }

    public static KvAnswer Of(RangeResult found) =>
        new KvAnswer.Range([.. found.Kvs.ToArray().Select(Of)], found.Count, found.More) { Revision = found.Revision };

    public static KvAnswer Of(PutResponse put) =>
        new KvAnswer.Put(put.PrevKv is null ? null : Of(put.PrevKv)) { Revision = put.Header?.Revision ?? 0 };

    public static KvAnswer Of(DeleteRangeResponse delete) =>
        new KvAnswer.Delete(delete.Deleted, [.. delete.PrevKvs.Select(Of)]) { Revision = delete.Header?.Revision ?? 0 };

    public static KvAnswer Of(TxnResponse txn) =>
        new KvAnswer.Txn(txn.Succeeded, [.. txn.Responses.Select(Of)]) { Revision = txn.Header.Revision };

    public static KeyRecord Of(KeyVersion kv) =>
        new(Encoding.UTF8.GetString(kv.Key), Encoding.UTF8.GetString(kv.Value), kv.CreateRevision, kv.ModRevision, kv.Version, kv.Lease.Value);

    private static KeyRecord Of(Actors.Protos.Mvccpb.KeyValue kv) =>
        new(kv.Key.ToStringUtf8(), kv.Value.ToStringUtf8(), kv.CreateRevision, kv.ModRevision, kv.Version, kv.Lease);

    private static KvAnswer Of(ResponseOp op) => op.ResponseCase switch
    {
        ResponseOp.ResponseOneofCase.ResponseRange => new KvAnswer.Range([.. op.ResponseRange.Kvs.Select(Of)], op.ResponseRange.Count, op.ResponseRange.More),
        ResponseOp.ResponseOneofCase.ResponsePut => Of(op.ResponsePut),
        ResponseOp.ResponseOneofCase.ResponseDeleteRange => Of(op.ResponseDeleteRange),
        _ => Of(op.ResponseTxn),
    };

    private static RequestOp Op(KvRequest request) => request switch
    {
        KvRequest.Range range => new RequestOp { RequestRange = Of(range) },
        KvRequest.Put put => new RequestOp { RequestPut = Of(put) },
        KvRequest.Delete delete => new RequestOp { RequestDeleteRange = Of(delete) },
        KvRequest.Txn txn => new RequestOp { RequestTxn = Of(txn) },
        _ => throw new ArgumentException($"{request} cannot stand in a transaction"),
    };

    private static PbCompare Of(KvCompare compare)
    {
        var message = new PbCompare { Key = Bytes(compare.Key), Result = PbCompare.Types.CompareResult.Equal };
        switch (compare.Of)
        {
            case CompareOf.Version:
                (message.Target, message.Version) = (PbCompare.Types.CompareTarget.Version, compare.Number);
                break;
            case CompareOf.Create:
                (message.Target, message.CreateRevision) = (PbCompare.Types.CompareTarget.Create, compare.Number);
                break;
            case CompareOf.Mod:
                (message.Target, message.ModRevision) = (PbCompare.Types.CompareTarget.Mod, compare.Number);
                break;
            default:
                (message.Target, message.Value) = (PbCompare.Types.CompareTarget.Value, Bytes(compare.Value!));
                break;
        }

        return message;
    }

    private static ByteString Bytes(string text) => ByteString.CopyFromUtf8(text);
}
