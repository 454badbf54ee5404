using System.Text;
using Google.Protobuf;
using Kv.Actors.Apply;
using Kv.Actors.Model;
using Kv.Actors.Mvcc;
using Kv.Actors.Node;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Actors.Protos.Internal;
using Kv.Simulation.Machines;
using Kv.Testing.History;
using Pb = Kv.Actors.Protos.Etcdserverpb;
using RangeRequest = Kv.Actors.Protos.Etcdserverpb.RangeRequest;

namespace Kv.Simulation.Clients;

/// <summary>One client's requests: carried to a member, answered, and kept in the history with what the client knows of their fate.</summary>
internal sealed class KvCalls(SimCaller caller, HistoryRecorder history)
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(7);

    public SimCaller Caller => caller;

    public HistoryRecorder History => history;

    /// <summary>Name in the history.</summary>
    public string Name => $"c{caller.Number}";

    /// <summary>Calls that were answered.</summary>
    public int Answers { get; private set; }

    /// <summary>A member drawn anew: any takes any request.</summary>
    public SimMachine AnyMember() => caller.AnyMember();

    /// <summary>Which start of which member a call goes to.</summary>
    public static string ConnectionTo(SimMachine machine) => $"n{machine.Number}.{machine.Starts}";

    /// <summary>Asks a member; null when there is no answer, or an error in its place.</summary>
    public async Task<KvAnswer?> AskAsync(SimMachine to, KvRequest request)
    {
        var pending = history.Begin(Name, request, ConnectionTo(to));
        caller.World.Trace?.Write($"{Name} -> n{to.Number}: {request}");
        var reply = await caller.Call(to, node => DoAsync(node, request, caller.World), _patience);
        var ended = reply.How switch
        {
            Ending.Refused => pending.Failed("nobody listens"),
            Ending.Unknown => pending.Unknown("no answer"),
            _ when reply.Value.Ok => pending.Answered(reply.Value.Value),
            _ when request.MayWrite && !IsSure(reply.Value.Error) => pending.Unknown(reply.Value.Error.ToString()),
            _ => pending.Failed(reply.Value.Error.ToString()),
        };
        caller.World.Trace?.Write($"{Name} <- n{to.Number}: {ended}");
        caller.World.Fingerprint.Add(Encoding.UTF8.GetBytes(ended.ToString()));
        if (ended.Fate != Fate.Known) return null;
        Answers++;
        return ended.Answer;
    }

    /// <summary>Whether an error says that nothing was done and nothing will be.</summary>
    public static bool IsSure(KvError error) => error is not (KvError.Timeout or KvError.TimeoutDueToLeaderFail or KvError.TimeoutDueToConnectionLost
        or KvError.TimeoutWaitAppliedIndex or KvError.DeadlineExceeded or KvError.LeaderChanged or KvError.Stopped or KvError.Canceled or KvError.Unhealthy);

    /// <summary>Proposes through a member, if it takes what clients propose: a learner does not.</summary>
    public static Task<Outcome<T>> ProposeAsync<T>(KvNode node, InternalRaftRequest request)
        where T : class, IMessage =>
        node.Status.Raft.IsLearner ? Task.FromResult<Outcome<T>>(KvError.NotSupportedForLearner) : node.ProposeAsync<T>(request);

    private static async Task<Outcome<KvAnswer>> DoAsync(KvNode node, KvRequest request, SimWorld world)
    {
        switch (request)
        {
            case KvRequest.Range range:
                return await RangeAsync(node, range, world);
            case KvRequest.Put put:
                var stored = await ProposeAsync<PutResponse>(node, new InternalRaftRequest { Put = KvMessages.Of(put) });
                return stored.Ok ? KvMessages.Of(stored.Value) : stored.Error;
            case KvRequest.Delete delete:
                var deleted = await ProposeAsync<DeleteRangeResponse>(node, new InternalRaftRequest { DeleteRange = KvMessages.Of(delete) });
                return deleted.Ok ? KvMessages.Of(deleted.Value) : deleted.Error;
            case KvRequest.Txn txn:
                var done = await ProposeAsync<TxnResponse>(node, new InternalRaftRequest { Txn = KvMessages.Of(txn) });
                return done.Ok ? KvMessages.Of(done.Value) : done.Error;
            case KvRequest.Revoke revoke:
                var revoked = await ProposeAsync<LeaseRevokeResponse>(node, new InternalRaftRequest { LeaseRevoke = new LeaseRevokeRequest { ID = revoke.Lease } });
                return revoked.Ok ? new KvAnswer.Revoke { Revision = 0 } : revoked.Error;
            default:
                throw new ArgumentException($"nobody knows how to ask {request}");
        }
    }

    private static async Task<Outcome<KvAnswer>> RangeAsync(KvNode node, KvRequest.Range range, SimWorld world)
    {
        StoreRoot root;
        if (range.Serializable)
        {
            root = node.Roots.Current;
        }
        else
        {
            if (node.Status.Raft.IsLearner) return KvError.NotSupportedForLearner;
            var gate = await world.ReadFrom(node);
            if (!gate.Ok) return gate.Error;
            root = gate.Value;
        }

        var found = root.Kv.Range(KvProto.QueryOf(KvMessages.Of(range)));
        return found.Ok ? KvMessages.Of(found.Value) : found.Error;
    }
}
