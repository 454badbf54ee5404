using Grpc.Core;
using Kv.Actors.Node;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Gateway.Calls;

namespace Kv.Gateway.Services;

/// <summary>etcdserverpb.Cluster: so far the list of members; changing it comes with the cluster.</summary>
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
            ? (await node.Reads.LinearizableAsync(context.CancellationToken)).OrThrow()
            : node.Roots.Current;
        var response = new MemberListResponse { Header = node.Status.Header(0) };
        foreach (var member in root.Members.All)
        {
            var listed = new Member { ID = member.Id.Value, Name = member.Name, IsLearner = member.IsLearner };
            listed.PeerURLs.AddRange(member.PeerUrls);
            listed.ClientURLs.AddRange(member.ClientUrls);
            response.Members.Add(listed);
        }
        return response;
    }

    /// <inheritdoc/>
    public override Task<MemberAddResponse> MemberAdd(MemberAddRequest request, ServerCallContext context) =>
        throw NotYet.Exception(nameof(MemberAdd));

    /// <inheritdoc/>
    public override Task<MemberRemoveResponse> MemberRemove(MemberRemoveRequest request, ServerCallContext context) =>
        throw NotYet.Exception(nameof(MemberRemove));

    /// <inheritdoc/>
    public override Task<MemberUpdateResponse> MemberUpdate(MemberUpdateRequest request, ServerCallContext context) =>
        throw NotYet.Exception(nameof(MemberUpdate));

    /// <inheritdoc/>
    public override Task<MemberPromoteResponse> MemberPromote(MemberPromoteRequest request, ServerCallContext context) =>
        throw NotYet.Exception(nameof(MemberPromote));
}
