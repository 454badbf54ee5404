using Grpc.Core;
using Kv.Actors.Apply;
using Kv.Actors.Model;
using Kv.Actors.Node;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Actors.Protos.Internal;
using Kv.Gateway.Calls;

namespace Kv.Gateway.Services;

/// <summary>etcdserverpb.Lease: check, hand over, encode.</summary>
[BindServiceMethod(typeof(LeaseService), nameof(Bind))]
public sealed class LeaseService(KvNode node, IHostApplicationLifetime host, LeaderWatch leader) : Protos.Etcdserverpb.Lease.LeaseBase
{
    /// <summary>Called by the server, with null to learn the methods; a request that cannot be read gets etcd's words.</summary>
    public static void Bind(ServiceBinderBase binder, Protos.Etcdserverpb.Lease.LeaseBase? service) =>
        Protos.Etcdserverpb.Lease.BindService(new EtcdBinder(binder), service!);

    /// <inheritdoc/>
    public override Task<LeaseGrantResponse> LeaseGrant(LeaseGrantRequest request, ServerCallContext context)
    {
        if (request.TTL > Limits.MaxLeaseTtlSeconds)
        {
            return Answers.Failed<LeaseGrantResponse>(KvError.LeaseTTLTooLarge);
        }
        if (request.ID == 0)
        {
            request.ID = node.LeaseIds.Next().Value;
        }
        return node.ProposeAsync<LeaseGrantResponse>(new InternalRaftRequest { LeaseGrant = request }).OrThrow();
    }

    /// <inheritdoc/>
    public override Task<LeaseRevokeResponse> LeaseRevoke(LeaseRevokeRequest request, ServerCallContext context) =>
        node.ProposeAsync<LeaseRevokeResponse>(new InternalRaftRequest { LeaseRevoke = request }).OrThrow();

    /// <inheritdoc/>
    public override async Task LeaseKeepAlive(
        IAsyncStreamReader<LeaseKeepAliveRequest> requestStream,
        IServerStreamWriter<LeaseKeepAliveResponse> responseStream,
        ServerCallContext context)
    {
        var leaderLost = leader.LostFor(context);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, host.ApplicationStopping, leaderLost);
        while (await NextAsync(requestStream, over.Token, leaderLost).ConfigureAwait(false))
        {
            var id = requestStream.Current.ID;
            // The revision is read before the renewal, so it is never above the revision at renewal (reference, keep-alive).
            var header = node.Status.Header(node.Roots.Current.Kv.CurrentRevision);
            var kept = await node.KeepAliveAsync(new LeaseId(id)).ConfigureAwait(false);
            if (kept.Error != KvError.None)
            {
                throw ErrorMap.Exception(kept.Error);
            }
            await responseStream.WriteAsync(new LeaseKeepAliveResponse { Header = header, ID = id, TTL = kept.TtlSeconds }).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public override async Task<LeaseTimeToLiveResponse> LeaseTimeToLive(LeaseTimeToLiveRequest request, ServerCallContext context)
    {
        var lease = await node.TimeToLiveAsync(new LeaseId(request.ID), request.Keys).ConfigureAwait(false);
        if (lease.Error is not (KvError.None or KvError.LeaseNotFound))
        {
            throw ErrorMap.Exception(lease.Error);
        }
        var root = node.Roots.Current;
        var response = new LeaseTimeToLiveResponse { Header = node.Status.Header(root.Kv.CurrentRevision), ID = request.ID, TTL = -1 };
        if (lease.Ok)
        {
            response.TTL = lease.Value.RemainingSeconds;
            response.GrantedTTL = lease.Value.GrantedSeconds;
            response.Keys.AddRange(lease.Value.Keys.Select(static key => Google.Protobuf.UnsafeByteOperations.UnsafeWrap(key)));
        }
        return response;
    }

    /// <inheritdoc/>
    public override async Task<LeaseLeasesResponse> LeaseLeases(LeaseLeasesRequest request, ServerCallContext context)
    {
        IReadOnlyList<LeaseId> leases;
        try
        {
            leases = await node.LeasesByExpiryAsync().ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw ErrorMap.Exception(KvError.Timeout);
        }
        catch (OperationCanceledException)
        {
            throw ErrorMap.Exception(KvError.Stopped);
        }
        var response = new LeaseLeasesResponse { Header = node.Status.Header(node.Roots.Current.Kv.CurrentRevision) };
        response.Leases.AddRange(leases.Select(static id => new LeaseStatus { ID = id.Value }));
        return response;
    }

    private async Task<bool> NextAsync(IAsyncStreamReader<LeaseKeepAliveRequest> requests, CancellationToken over, CancellationToken leaderLost)
    {
        try
        {
            return await requests.MoveNext(over).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (host.ApplicationStopping.IsCancellationRequested || leaderLost.IsCancellationRequested)
        {
            throw ErrorMap.Exception(leaderLost.IsCancellationRequested ? KvError.NoLeader : KvError.Stopped);
        }
    }
}
