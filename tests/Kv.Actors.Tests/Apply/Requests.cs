using Google.Protobuf;
using Kv.Actors.Apply;
using Kv.Actors.Model;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Actors.Protos.Internal;
using Kv.Actors.Raft;

namespace Kv.Actors.Tests.Apply;

/// <summary>Replicated requests in one word each, and the log entries that carry them.</summary>
internal static class Requests
{
    public static InternalRaftRequest Put(string key, string value, long lease = 0) => new()
    {
        Put = new PutRequest { Key = Text(key), Value = Text(value), Lease = lease },
    };

    public static InternalRaftRequest Delete(string key) => new() { DeleteRange = new DeleteRangeRequest { Key = Text(key) } };

    public static InternalRaftRequest Compact(long revision, bool physical = false) => new()
    {
        Compaction = new CompactionRequest { Revision = revision, Physical = physical },
    };

    public static InternalRaftRequest Grant(long lease, long ttl) => new() { LeaseGrant = new LeaseGrantRequest { ID = lease, TTL = ttl } };

    public static InternalRaftRequest Revoke(long lease) => new() { LeaseRevoke = new LeaseRevokeRequest { ID = lease } };

    public static InternalRaftRequest Alarm(AlarmRequest.Types.AlarmAction action, AlarmType kind, ulong member = 1) => new()
    {
        Alarm = new AlarmRequest { Action = action, Alarm = kind, MemberID = member },
    };

    public static InternalRaftRequest Txn(string key, string value) => new()
    {
        Txn = new TxnRequest { Success = { new RequestOp { RequestPut = new PutRequest { Key = Text(key), Value = Text(value) } } } },
    };

    public static ByteString Text(string text) => ByteString.CopyFromUtf8(text);

    /// <summary>The entry of a request; its header gets the id.</summary>
    public static Entry Entry(ulong index, InternalRaftRequest request, ulong id = 0, ulong term = 1)
    {
        request.Header = new RequestHeader { Id = id };
        return new Entry(term, index, EntryType.Normal, request.ToByteArray());
    }

    /// <summary>The value of a key in a root, or null.</summary>
    public static string? Value(StoreRoot root, string key) =>
        root.Kv.Get(System.Text.Encoding.UTF8.GetBytes(key)) is { } found ? System.Text.Encoding.UTF8.GetString(found.Value) : null;

    /// <summary>A proposal that waits in a table.</summary>
    public static Proposal<T> Waiting<T>(ProposalTable table, InternalRaftRequest request, MonotonicTime since = default)
        where T : class, IMessage
    {
        request.Header = new RequestHeader { Id = table.NextId().Value };
        var proposal = new Proposal<T>(request, since);
        if (!table.TryAdd(proposal))
        {
            throw new InvalidOperationException("The table is full.");
        }
        return proposal;
    }
}
