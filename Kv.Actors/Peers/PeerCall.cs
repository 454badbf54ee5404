namespace Kv.Actors.Peers;

/// <summary>What one member may ask another to do. The numbers travel: they never change.</summary>
public enum PeerCall : byte
{
    /// <summary>Renew a lease; <c>LeaseKeepAliveRequest</c>, <c>LeaseKeepAliveResponse</c>.</summary>
    KeepAlive = 1,

    /// <summary>A lease's remaining time; <c>LeaseTimeToLiveRequest</c>, <c>LeaseTimeToLiveResponse</c>.</summary>
    TimeToLive = 2,

    /// <summary>Promote a learner; <c>MemberPromoteRequest</c>, <c>MemberPromoteResponse</c>.</summary>
    Promote = 3,

    /// <summary>Hash of the keys; <c>HashKVRequest</c>, <c>HashKVResponse</c>.</summary>
    HashKv = 4,

    /// <summary>How the member is; <c>StatusRequest</c>, <c>StatusResponse</c>.</summary>
    Status = 5,
}

/// <summary>What a call came to.</summary>
/// <param name="Error">None, or why there is no body.</param>
/// <param name="Body">The response message's bytes.</param>
public readonly record struct PeerReply(Model.KvError Error, ReadOnlyMemory<byte> Body);
