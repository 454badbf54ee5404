using Google.Protobuf;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Actors.Protos.Mvccpb;

namespace Kv.Testing.History;

/// <summary>Between the records of a history and the client API's messages. Keys and values are Latin-1 text.</summary>
public static class KvWire
{
    /// <summary>A range as a message.</summary>
    public static RangeRequest ToMessage(KvRequest.Range range) => new()
    {
        Key = Bytes(range.Key),
        RangeEnd = Bytes(range.End),
        Limit = range.Limit,
        Revision = range.Revision,
        Serializable = range.Serializable,
    };

    /// <summary>A put as a message.</summary>
    public static PutRequest ToMessage(KvRequest.Put put) => new() { Key = Bytes(put.Key), Value = Bytes(put.Value), Lease = put.Lease, PrevKv = put.PrevKv };

    /// <summary>A delete as a message.</summary>
    public static DeleteRangeRequest ToMessage(KvRequest.Delete delete) => new() { Key = Bytes(delete.Key), RangeEnd = Bytes(delete.End), PrevKv = delete.PrevKv };

    /// <summary>A transaction as a message.</summary>
    public static TxnRequest ToMessage(KvRequest.Txn txn)
    {
        var message = new TxnRequest();
        message.Compare.AddRange(txn.Compares.Select(ToMessage));
        message.Success.AddRange(txn.Then.Select(ToOp));
        message.Failure.AddRange(txn.Else.Select(ToOp));
        return message;
    }

    /// <summary>A range's answer.</summary>
    public static KvAnswer.Range From(RangeResponse response) => new([.. response.Kvs.Select(From)], response.Count, response.More) { Revision = response.Header?.Revision ?? 0 };

    /// <summary>A put's answer.</summary>
    public static KvAnswer.Put From(PutResponse response) => new(response.PrevKv is null ? null : From(response.PrevKv)) { Revision = response.Header?.Revision ?? 0 };

    /// <summary>A delete's answer.</summary>
    public static KvAnswer.Delete From(DeleteRangeResponse response) => new(response.Deleted, [.. response.PrevKvs.Select(From)]) { Revision = response.Header?.Revision ?? 0 };

    /// <summary>A transaction's answer.</summary>
    public static KvAnswer.Txn From(TxnResponse response) => new(response.Succeeded, [.. response.Responses.Select(From)]) { Revision = response.Header?.Revision ?? 0 };

    /// <summary>A key's state.</summary>
    public static KeyRecord From(KeyValue kv) => new(Text(kv.Key), Text(kv.Value), kv.CreateRevision, kv.ModRevision, kv.Version, kv.Lease);

    /// <summary>A watch event.</summary>
    public static WatchEvent From(Event e) => new(e.Type == Event.Types.EventType.Delete, From(e.Kv), e.PrevKv is null ? null : From(e.PrevKv));

    /// <summary>Text as bytes; nothing for none.</summary>
    public static ByteString Bytes(string? text) => text is null ? ByteString.Empty : ByteString.CopyFrom(text, System.Text.Encoding.Latin1);

    private static string Text(ByteString bytes) => bytes.ToString(System.Text.Encoding.Latin1);

    private static Compare ToMessage(KvCompare compare)
    {
        var message = new Compare { Key = Bytes(compare.Key), Result = Compare.Types.CompareResult.Equal };
        switch (compare.Of)
        {
            case CompareOf.Version:
                (message.Target, message.Version) = (Compare.Types.CompareTarget.Version, compare.Number);
                break;
            case CompareOf.Create:
                (message.Target, message.CreateRevision) = (Compare.Types.CompareTarget.Create, compare.Number);
                break;
            case CompareOf.Mod:
                (message.Target, message.ModRevision) = (Compare.Types.CompareTarget.Mod, compare.Number);
                break;
            default:
                (message.Target, message.Value) = (Compare.Types.CompareTarget.Value, Bytes(compare.Value));
                break;
        }
        return message;
    }

    private static RequestOp ToOp(KvRequest request) => request switch
    {
        KvRequest.Range range => new RequestOp { RequestRange = ToMessage(range) },
        KvRequest.Put put => new RequestOp { RequestPut = ToMessage(put) },
        KvRequest.Delete delete => new RequestOp { RequestDeleteRange = ToMessage(delete) },
        KvRequest.Txn txn => new RequestOp { RequestTxn = ToMessage(txn) },
        _ => throw new ArgumentException($"not an operation of a transaction: {request}"),
    };

    private static KvAnswer From(ResponseOp response) => response.ResponseCase switch
    {
        ResponseOp.ResponseOneofCase.ResponseRange => From(response.ResponseRange),
        ResponseOp.ResponseOneofCase.ResponsePut => From(response.ResponsePut),
        ResponseOp.ResponseOneofCase.ResponseDeleteRange => From(response.ResponseDeleteRange),
        ResponseOp.ResponseOneofCase.ResponseTxn => From(response.ResponseTxn),
        _ => throw new ArgumentException("an operation of a transaction was not answered"),
    };
}
