using Grpc.Core;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Testing.History;

namespace Kv.Chaos.Clients;

/// <summary>Reads each member's whole store from that member alone, and its hash; then the newest state once more through each.</summary>
internal sealed class MemberReader(ClientContext context, HistoryRecorder history)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    /// <summary>Those that answered.</summary>
    public async Task<List<MemberState>> ReadAsync()
    {
        var found = new List<MemberState>();
        foreach (var member in context.Cluster.Members)
        {
            using var client = new MemberClient("auditor", member);
            var newest = await client.DoAsync(history, new KvRequest.Range("\0", "\0"), s_patience);
            var own = await client.DoAsync(history, new KvRequest.Range("\0", "\0", Serializable: true), s_patience);
            if (newest.Fate != Fate.Known || own.Answer is not KvAnswer.Range { Revision: var revision, Kvs: var keys })
            {
                continue;
            }
            try
            {
                var hash = await client.Maintenance.HashKVAsync(new HashKVRequest { Revision = revision }, new CallOptions(deadline: DateTime.UtcNow + s_patience));
                found.Add(new MemberState(member.Name, revision, keys, revision, hash.CompactRevision, hash.Hash));
            }
            catch (RpcException)
            {
                // Asked again with the others.
            }
        }
        return found;
    }
}
