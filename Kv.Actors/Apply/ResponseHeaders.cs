using Google.Protobuf;
using Kv.Actors.Protos.Etcdserverpb;

namespace Kv.Actors.Apply;

/// <summary>Finds the header of a response that applying a request can give.</summary>
public static class ResponseHeaders
{
    /// <summary>The header object, or null when the message has none.</summary>
    public static ResponseHeader? Of(IMessage response) => response switch
    {
        PutResponse put => put.Header,
        TxnResponse txn => txn.Header,
        DeleteRangeResponse delete => delete.Header,
        LeaseGrantResponse grant => grant.Header,
        LeaseRevokeResponse revoke => revoke.Header,
        CompactionResponse compaction => compaction.Header,
        AlarmResponse alarm => alarm.Header,
        LeaseCheckpointResponse checkpoint => checkpoint.Header,
        _ => null,
    };
}
