using Google.Protobuf;
using Grpc.Core;
using Kv.Actors.Apply;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Gateway.Calls;

namespace Kv.Gateway.Services;

/// <summary>etcdserverpb.KV as gRPC methods: like generated code, but a range's answer goes from the store's versions straight to the wire.</summary>
public static class KvBinding
{
    /// <summary>The service's name on the wire.</summary>
    public const string ServiceName = "etcdserverpb.KV";

    private static readonly MessageCounts RangeCounts = MessageCounts.Of($"/{ServiceName}/Range");

    private static readonly Method<RangeRequest, RangeReply> RangeMethod =
        new(MethodType.Unary, ServiceName, "Range", MessageMarshaller.Of(RangeRequest.Parser), RangeReplies);

    private static readonly Method<RangeRequest, RangeStreamResponse> RangeStreamMethod =
        new(MethodType.ServerStreaming, ServiceName, "RangeStream", MessageMarshaller.Of(RangeRequest.Parser), MessageMarshaller.Of(RangeStreamResponse.Parser));

    private static readonly Method<PutRequest, PutResponse> PutMethod = Unary("Put", PutRequest.Parser, PutResponse.Parser);

    private static readonly Method<DeleteRangeRequest, DeleteRangeResponse> DeleteRangeMethod =
        Unary("DeleteRange", DeleteRangeRequest.Parser, DeleteRangeResponse.Parser);

    private static readonly Method<TxnRequest, TxnResponse> TxnMethod = Unary("Txn", TxnRequest.Parser, TxnResponse.Parser);

    private static readonly Method<CompactionRequest, CompactionResponse> CompactMethod =
        Unary("Compact", CompactionRequest.Parser, CompactionResponse.Parser);

    private static Marshaller<RangeReply> RangeReplies => Marshallers.Create<RangeReply>(
        static (reply, context) =>
        {
            var bytes = reply.Size();
            context.SetPayloadLength(bytes);
            reply.WriteTo(context.GetBufferWriter());
            context.Complete();
            RangeCounts.AddSent(bytes);
        },
        static _ => throw new InvalidOperationException("Range replies are written here, never read."));

    /// <summary>Called by the server with the service, or with null to learn its methods.</summary>
    public static void BindService(ServiceBinderBase binder, KvBase? service)
    {
        binder = new EtcdBinder(binder);
        binder.AddMethod(RangeMethod, service is null ? null : new UnaryServerMethod<RangeRequest, RangeReply>(service.Range));
        binder.AddMethod(RangeStreamMethod, service is null ? null : new ServerStreamingServerMethod<RangeRequest, RangeStreamResponse>(service.RangeStream));
        binder.AddMethod(PutMethod, service is null ? null : new UnaryServerMethod<PutRequest, PutResponse>(service.Put));
        binder.AddMethod(DeleteRangeMethod, service is null ? null : new UnaryServerMethod<DeleteRangeRequest, DeleteRangeResponse>(service.DeleteRange));
        binder.AddMethod(TxnMethod, service is null ? null : new UnaryServerMethod<TxnRequest, TxnResponse>(service.Txn));
        binder.AddMethod(CompactMethod, service is null ? null : new UnaryServerMethod<CompactionRequest, CompactionResponse>(service.Compact));
    }

    private static Method<TRequest, TResponse> Unary<TRequest, TResponse>(string name, MessageParser<TRequest> request, MessageParser<TResponse> response)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> =>
        new(MethodType.Unary, ServiceName, name, MessageMarshaller.Of(request), MessageMarshaller.Of(response));

    /// <summary>What the KV service implements.</summary>
    [BindServiceMethod(typeof(KvBinding), nameof(BindService))]
    public abstract class KvBase
    {
        /// <summary>Reads keys.</summary>
        public abstract Task<RangeReply> Range(RangeRequest request, ServerCallContext context);

        /// <summary>Reads keys in chunks of one pinned revision.</summary>
        public abstract Task RangeStream(RangeRequest request, IServerStreamWriter<RangeStreamResponse> responseStream, ServerCallContext context);

        /// <summary>Sets a key.</summary>
        public abstract Task<PutResponse> Put(PutRequest request, ServerCallContext context);

        /// <summary>Deletes keys.</summary>
        public abstract Task<DeleteRangeResponse> DeleteRange(DeleteRangeRequest request, ServerCallContext context);

        /// <summary>Compares, then does one of two lists of operations.</summary>
        public abstract Task<TxnResponse> Txn(TxnRequest request, ServerCallContext context);

        /// <summary>Forgets history below a revision.</summary>
        public abstract Task<CompactionResponse> Compact(CompactionRequest request, ServerCallContext context);
    }
}
