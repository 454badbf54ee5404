using Akka.Actor;
using Google.Protobuf;
using Kv.Actors.Lease;
using Kv.Actors.Model;
using Kv.Actors.Peers;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Persistence;

namespace Kv.Actors.Node;

/// <summary>Lease calls that only the leader can answer: passed on to it by everybody else, and answered for others where this member leads.</summary>
internal sealed class PeerLeases(IActorRef peers, Workers workers)
{
    private static readonly TimeSpan _applyPatience = TimeSpan.FromSeconds(1);

    /// <summary>Answers other members' calls with what <paramref name="node"/> knows as the leader.</summary>
    public static void ServeTo(PeerServices services, KvNode node)
    {
        services.Serve(PeerCall.KeepAlive, async body =>
        {
            if (!node.Status.Raft.IsLeader)
            {
                return new PeerReply(KvError.NotLeader, default);
            }
            var id = LeaseKeepAliveRequest.Parser.ParseFrom(body.Span).ID;
            if (!await IsUpToDateAsync(node).ConfigureAwait(false))
            {
                return new PeerReply(KvError.TimeoutWaitAppliedIndex, default);
            }
            var kept = await node.KeepAliveAsLeaderAsync(new LeaseId(id)).ConfigureAwait(false);
            return Reply(kept.Error, new LeaseKeepAliveResponse { ID = id, TTL = kept.TtlSeconds });
        });
        services.Serve(PeerCall.TimeToLive, async body =>
        {
            if (!node.Status.Raft.IsLeader)
            {
                return new PeerReply(KvError.NotLeader, default);
            }
            var request = LeaseTimeToLiveRequest.Parser.ParseFrom(body.Span);
            if (!await IsUpToDateAsync(node).ConfigureAwait(false))
            {
                return new PeerReply(KvError.TimeoutWaitAppliedIndex, default);
            }
            var lease = await node.TimeToLiveAsLeaderAsync(new LeaseId(request.ID), request.Keys).ConfigureAwait(false);
            var response = new LeaseTimeToLiveResponse { ID = request.ID };
            if (lease.Ok)
            {
                (response.TTL, response.GrantedTTL) = (lease.Value.RemainingSeconds, lease.Value.GrantedSeconds);
                response.Keys.AddRange(lease.Value.Keys.Select(static key => UnsafeByteOperations.UnsafeWrap(key)));
            }
            return Reply(lease.Error, response);
        });
    }

    /// <summary>Has the leader renew a lease.</summary>
    public async Task<KeepAliveReply> KeepAliveAsync(LeaseId lease)
    {
        var reply = await AskLeaderAsync(PeerCall.KeepAlive, new LeaseKeepAliveRequest { ID = lease.Value }).ConfigureAwait(false);
        return reply.Error == KvError.None
            ? new KeepAliveReply(KvError.None, LeaseKeepAliveResponse.Parser.ParseFrom(reply.Body.Span).TTL)
            : new KeepAliveReply(reply.Error, 0);
    }

    /// <summary>Asks the leader how long a lease has left.</summary>
    public async Task<Outcome<LeaseTime>> TimeToLiveAsync(LeaseId lease, bool withKeys)
    {
        var reply = await AskLeaderAsync(PeerCall.TimeToLive, new LeaseTimeToLiveRequest { ID = lease.Value, Keys = withKeys }).ConfigureAwait(false);
        if (reply.Error != KvError.None)
        {
            return reply.Error;
        }
        var response = LeaseTimeToLiveResponse.Parser.ParseFrom(reply.Body.Span);
        return new LeaseTime(response.TTL, response.GrantedTTL, [.. response.Keys.Select(static key => key.ToByteArray())]);
    }

    /// <summary>Another member may have applied a grant before this one: everything committed is applied first (reference, keep-alive).</summary>
    private static async Task<bool> IsUpToDateAsync(KvNode node)
    {
        try
        {
            await node.Roots.WaitForAsync(node.Status.CommitIndex).AsTask().WaitAsync(_applyPatience, node.Clock).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private Task<PeerReply> AskLeaderAsync(PeerCall call, IMessage body)
    {
        var reply = workers.Promise<PeerReply>();
        peers.Tell(new PeerCommand.Call(default, call, body.ToByteArray(), reply), ActorRefs.NoSender);
        return reply.Task;
    }

    private static PeerReply Reply(KvError error, IMessage body) => new(error, error == KvError.None ? body.ToByteArray() : default);
}
