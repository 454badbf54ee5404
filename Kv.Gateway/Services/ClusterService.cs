using Google.Protobuf.Collections;
using Grpc.Core;
using Kv.Actors.Apply;
using Kv.Actors.Cluster;
using Kv.Actors.Model;
using Kv.Actors.Node;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Gateway.Calls;
using Kv.Gateway.Config;

namespace Kv.Gateway.Services;

/// <summary>etcdserverpb.Cluster: who belongs to the cluster, and who comes and goes. Headers have no revision here.</summary>
[BindServiceMethod(typeof(ClusterService), nameof(Bind))]
public sealed class ClusterService(KvNode node) : Protos.Etcdserverpb.Cluster.ClusterBase
{
    /// <summary>Called by the server, with null to learn the methods; a request that cannot be read gets etcd's words.</summary>
    public static void Bind(ServiceBinderBase binder, Protos.Etcdserverpb.Cluster.ClusterBase? service) =>
        Protos.Etcdserverpb.Cluster.BindService(new EtcdBinder(binder), service!);

    /// <inheritdoc/>
    public override async Task<MemberListResponse> MemberList(MemberListRequest request, ServerCallContext context)
    {
        var root = request.Linearizable
            ? (await node.Reads.LinearizableAsync(context.CancellationToken).ConfigureAwait(false)).OrThrow()
            : node.Roots.Current;
        var response = new MemberListResponse { Header = node.Status.Header(0) };
        Fill(response.Members, root.Members);
        return response;
    }

    /// <inheritdoc/>
    public override async Task<MemberAddResponse> MemberAdd(MemberAddRequest request, ServerCallContext context)
    {
        var urls = Urls(request.PeerURLs);
        var (members, added) = await node.Membership.AddAsync(urls, request.IsLearner).ConfigureAwait(false);
        var set = members.OrThrow();
        var response = new MemberAddResponse { Header = node.Status.Header(0), Member = MemberProto.Of(set.Find(added)!) };
        Fill(response.Members, set);
        return response;
    }

    /// <inheritdoc/>
    public override async Task<MemberRemoveResponse> MemberRemove(MemberRemoveRequest request, ServerCallContext context)
    {
        var set = (await node.Membership.RemoveAsync(new NodeId(request.ID)).ConfigureAwait(false)).OrThrow();
        var response = new MemberRemoveResponse { Header = node.Status.Header(0) };
        Fill(response.Members, set);
        return response;
    }

    /// <inheritdoc/>
    public override async Task<MemberUpdateResponse> MemberUpdate(MemberUpdateRequest request, ServerCallContext context)
    {
        var urls = Urls(request.PeerURLs);
        var set = (await node.Membership.UpdateAsync(new NodeId(request.ID), urls).ConfigureAwait(false)).OrThrow();
        var response = new MemberUpdateResponse { Header = node.Status.Header(0) };
        Fill(response.Members, set);
        return response;
    }

    /// <inheritdoc/>
    public override async Task<MemberPromoteResponse> MemberPromote(MemberPromoteRequest request, ServerCallContext context)
    {
        var promoted = await node.Membership.PromoteAsync(new NodeId(request.ID)).ConfigureAwait(false);
        if (!promoted.Ok)
        {
            node.Metrics.LearnerPromoteFailures.With(ErrorMap.Text(promoted.Error)).Add();
        }
        var set = promoted.OrThrow();
        node.Metrics.LearnerPromoteSuccesses.Add();
        var response = new MemberPromoteResponse { Header = node.Status.Header(0) };
        Fill(response.Members, set);
        return response;
    }

    /// <summary>Peer URLs as etcd takes them; an update is checked as well, where etcd stores what it gets and crashes on it later.</summary>
    private static List<string> Urls(RepeatedField<string> texts)
    {
        var urls = new List<string>(texts.Count);
        foreach (var text in texts)
        {
            if (KvUrl.TryParse(text, out var url) is not null || !url.IsReachable)
            {
                throw ErrorMap.Exception(KvError.MemberBadURLs);
            }
            urls.Add(url.ToString());
        }
        return urls.Count > 0 ? urls : throw ErrorMap.Exception(KvError.MemberBadURLs);
    }

    private static void Fill(RepeatedField<Member> listed, MemberSet members) => listed.AddRange(MemberProto.Of(members));
}
