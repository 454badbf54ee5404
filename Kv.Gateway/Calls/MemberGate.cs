using Kv.Actors.Apply;
using Kv.Actors.Model;
using Kv.Gateway.Services;

namespace Kv.Gateway.Calls;

/// <summary>
/// Turns calls away that this member cannot take as what it is: a learner serves little, and a call with <c>hasleader: true</c>
/// is not served without a leader. Costs a call on an ordinary member two look-ups.
/// </summary>
/// <remarks>Source: reference, learners and watch semantics. What a learner may do with Range depends on the request: see KvService.</remarks>
internal static class MemberGate
{
    private const string StatusCall = "/etcdserverpb.Maintenance/Status", SnapshotCall = "/etcdserverpb.Maintenance/Snapshot", RangeCall = "/etcdserverpb.KV/Range";

    /// <summary>The middleware.</summary>
    public static RequestDelegate Check(RequestDelegate next, NodeStatus status) => context =>
    {
        var raft = status.Raft;
        var headers = context.Request.Headers;
        if (!raft.IsLearner && (raft.HasLeader || !headers.ContainsKey(LeaderWatch.Metadata)))
        {
            return next(context);
        }
        return Refusal(raft, context.Request.Path.Value ?? "", headers[LeaderWatch.Metadata]) is var error and not KvError.None
            ? GrpcText.RefuseAsync(context, ErrorMap.Status(error))
            : next(context);
    };

    /// <summary>Why a call is turned away, or none. Pages and services that are not etcd's are nobody's business here.</summary>
    public static KvError Refusal(RaftView raft, string path, string? hasLeader)
    {
        if (!path.StartsWith("/etcdserverpb.", StringComparison.Ordinal) && !path.StartsWith("/v3", StringComparison.Ordinal))
        {
            return KvError.None;
        }
        if (raft.IsLearner && path is not (StatusCall or SnapshotCall or RangeCall))
        {
            return KvError.NotSupportedForLearner;
        }
        return !raft.HasLeader && LeaderWatch.IsAsked(hasLeader) ? KvError.NoLeader : KvError.None;
    }
}
