using System.Buffers;
using Grpc.Core;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Actors.Watch;
using Kv.Gateway.Calls;
using WatchResponse = Kv.Actors.Watch.WatchResponse;

namespace Kv.Gateway.Services;

/// <summary>One watch response on its way out: written from shared, already encoded events.</summary>
/// <param name="Response">What it says.</param>
/// <param name="Header">Who says it.</param>
public sealed record WatchFrame(WatchResponse Response, WatchHeader Header);

/// <summary>etcdserverpb.Watch as a gRPC method: like generated code, but events are encoded once for all watchers.</summary>
public static class WatchBinding
{
    /// <summary>The service's name on the wire.</summary>
    public const string ServiceName = "etcdserverpb.Watch";

    private static readonly MessageCounts Counts = MessageCounts.Of($"/{ServiceName}/Watch");

    private static readonly Method<WatchRequest, WatchFrame> WatchMethod = new(
        MethodType.DuplexStreaming,
        ServiceName,
        "Watch",
        MessageMarshaller.Of(WatchRequest.Parser),
        Marshallers.Create<WatchFrame>(Write, static _ => throw new InvalidOperationException("Watch responses are written here, never read.")));

    /// <summary>Called by the server with the service, or with null to learn its methods.</summary>
    public static void BindService(ServiceBinderBase binder, WatchBase? service)
    {
        binder = new EtcdBinder(binder);
        binder.AddMethod(WatchMethod, service is null ? null : new DuplexStreamingServerMethod<WatchRequest, WatchFrame>(service.Watch));
    }

    private static void Write(WatchFrame frame, SerializationContext context)
    {
        var bytes = WatchWire.SizeOf(frame.Response, frame.Header);
        context.SetPayloadLength(bytes);
        WatchWire.Write(context.GetBufferWriter(), frame.Response, frame.Header);
        context.Complete();
        Counts.AddSent(bytes);
    }

    /// <summary>What the watch service implements.</summary>
    [BindServiceMethod(typeof(WatchBinding), nameof(BindService))]
    public abstract class WatchBase
    {
        /// <summary>Any number of watchers on one stream.</summary>
        public abstract Task Watch(IAsyncStreamReader<WatchRequest> requestStream, IServerStreamWriter<WatchFrame> responseStream, ServerCallContext context);
    }
}
