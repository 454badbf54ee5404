using Grpc.Core;
using Kv.Actors.Protos.Etcdserverpb;
using Xunit;

namespace Kv.Gateway.Tests.Services;

/// <summary>One watch stream of a client.</summary>
internal sealed class WatchCall(NodeHost node, ChannelBase? channel = null) : IDisposable
{
    private readonly AsyncDuplexStreamingCall<WatchRequest, WatchResponse> _call =
        (channel is null ? node.Watch : new Protos.Etcdserverpb.Watch.WatchClient(channel)).Watch();

    public AsyncDuplexStreamingCall<WatchRequest, WatchResponse> Call => _call;

    public Task SendAsync(WatchCreateRequest request) => _call.RequestStream.WriteAsync(new WatchRequest { CreateRequest = request });

    public Task CancelAsync(long id) => _call.RequestStream.WriteAsync(new WatchRequest { CancelRequest = new WatchCancelRequest { WatchId = id } });

    public Task ProgressAsync() => _call.RequestStream.WriteAsync(new WatchRequest { ProgressRequest = new WatchProgressRequest() });

    /// <summary>Creates a watcher that must be accepted.</summary>
    public async Task<WatchResponse> CreateAsync(WatchCreateRequest request)
    {
        await SendAsync(request);
        var created = await NextAsync();
        Assert.True(created.Created && !created.Canceled && created.Events.Count == 0, $"not created: {created}");
        return created;
    }

    public async Task<WatchResponse> NextAsync()
    {
        Assert.True(await _call.ResponseStream.MoveNext(CancellationToken.None).WaitAsync(ServiceHost.Patience), "the stream ended");
        return _call.ResponseStream.Current;
    }

    public void Dispose() => _call.Dispose();
}
