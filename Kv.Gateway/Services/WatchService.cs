using Grpc.Core;
using Kv.Actors.Model;
using Kv.Actors.Node;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Actors.Watch;
using Kv.Gateway.Calls;

namespace Kv.Gateway.Services;

/// <summary>etcdserverpb.Watch: requests go to a watch stream, its responses to the client; neither waits for the other.</summary>
public sealed class WatchService(KvNode node, IHostApplicationLifetime host, LeaderWatch leader) : WatchBinding.WatchBase
{
    private static readonly WriteOptions Buffered = new(WriteFlags.BufferHint);

    /// <inheritdoc/>
    public override async Task Watch(IAsyncStreamReader<WatchRequest> requestStream, IServerStreamWriter<WatchFrame> responseStream, ServerCallContext context)
    {
        var stream = await node.OpenWatchAsync(bunch => WriteAsync(bunch, responseStream)).ConfigureAwait(false);
        var leaderLost = leader.LostFor(context);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, host.ApplicationStopping, leaderLost);
        using var close = over.Token.Register(static stream => _ = ((WatchStream)stream!).CloseAsync(), stream);
        try
        {
            while (await requestStream.MoveNext(over.Token).ConfigureAwait(false))
            {
                await RequestAsync(stream, requestStream.Current).ConfigureAwait(false);
            }
            await stream.Ended.ConfigureAwait(false);          // half-closed: watchers stay, events go on
        }
        catch (OperationCanceledException) when (host.ApplicationStopping.IsCancellationRequested || leaderLost.IsCancellationRequested)
        {
            throw ErrorMap.Exception(leaderLost.IsCancellationRequested ? KvError.NoLeader : KvError.Stopped);
        }
        finally
        {
            await stream.CloseAsync().ConfigureAwait(false);
        }
        if (!context.CancellationToken.IsCancellationRequested)
        {
            // A half-closed stream of which the leader is lost, or the node ended it: the client goes elsewhere.
            throw ErrorMap.Exception(leaderLost.IsCancellationRequested ? KvError.NoLeader : KvError.Stopped);
        }
    }

    private static Task RequestAsync(WatchStream stream, WatchRequest request) => request.RequestUnionCase switch
    {
        WatchRequest.RequestUnionOneofCase.CreateRequest => stream.CreateAsync(WatchSpec.Of(request.CreateRequest)),
        WatchRequest.RequestUnionOneofCase.CancelRequest => stream.CancelAsync(request.CancelRequest.WatchId),
        WatchRequest.RequestUnionOneofCase.ProgressRequest => stream.RequestProgressAsync(),
        _ => Task.CompletedTask,                               // nothing we know: ignored, the stream stays open
    };

    /// <summary>One flush for the whole bunch.</summary>
    private async Task WriteAsync(WatchBunch bunch, IServerStreamWriter<WatchFrame> writer)
    {
        var header = new WatchHeader(node.Status.Cluster.Value, node.Status.Self.Value, node.Status.Raft.Term);
        for (var i = 0; i < bunch.Responses.Length; i++)
        {
            writer.WriteOptions = i < bunch.Responses.Length - 1 ? Buffered : WriteOptions.Default;
            await writer.WriteAsync(new WatchFrame(bunch.Responses[i], header)).ConfigureAwait(false);
        }
    }
}
