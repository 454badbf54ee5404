using Google.Protobuf;
using Grpc.Core;
using Kv.Gateway.Calls;

namespace Kv.Gateway.Services;

/// <summary>
/// Binds a service as <paramref name="binder"/> does, but with requests that do not parse answered as grpc-go answers them:
/// INTERNAL and <c>grpc: error unmarshalling request: …</c>, those of streams <c>grpc: failed to unmarshal the received message: …</c>. Counts messages and bytes (<see cref="MessageCounts"/>); responses that
/// are no protobuf messages are counted by their own marshallers.
/// </summary>
/// <example><code>
/// [BindServiceMethod(typeof(KvService), nameof(Bind))]
/// public sealed class KvService : KV.KVBase
/// {
///     public static void Bind(ServiceBinderBase binder, KV.KVBase? service) =&gt; KV.BindService(new EtcdBinder(binder), service!);
/// }
/// </code></example>
public sealed class EtcdBinder(ServiceBinderBase binder) : ServiceBinderBase
{
    /// <inheritdoc/>
    public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, UnaryServerMethod<TRequest, TResponse>? handler)
        => binder.AddMethod(Checked(method), handler);

    /// <inheritdoc/>
    public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, ClientStreamingServerMethod<TRequest, TResponse>? handler)
        => binder.AddMethod(Checked(method), handler);

    /// <inheritdoc/>
    public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, ServerStreamingServerMethod<TRequest, TResponse>? handler)
        => binder.AddMethod(Checked(method), handler);

    /// <inheritdoc/>
    public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, DuplexStreamingServerMethod<TRequest, TResponse>? handler)
        => binder.AddMethod(Checked(method), handler);

    private static void Write(IMessage response, SerializationContext context, MessageCounts counts)
    {
        var bytes = response.CalculateSize();
        context.SetPayloadLength(bytes);
        response.WriteTo(context.GetBufferWriter());
        context.Complete();
        counts.AddSent(bytes);
    }

    private static Method<TRequest, TResponse> Checked<TRequest, TResponse>(Method<TRequest, TResponse> method)
        where TRequest : class
        where TResponse : class
    {
        var counts = MessageCounts.Of(method.FullName);
        var parse = method.RequestMarshaller.ContextualDeserializer;
        var refusal = method.Type == MethodType.Unary ? "grpc: error unmarshalling request" : "grpc: failed to unmarshal the received message";
        var requests = Marshallers.Create(method.RequestMarshaller.ContextualSerializer, context =>
        {
            try
            {
                var request = parse(context);
                counts.AddReceived(context.PayloadLength);
                return request;
            }
            catch (InvalidProtocolBufferException e)
            {
                throw new RpcException(new Status(StatusCode.Internal, $"{refusal}: proto: cannot parse invalid wire-format data", e));
            }
        });
        var responses = typeof(IMessage).IsAssignableFrom(typeof(TResponse))
            ? Marshallers.Create<TResponse>((response, context) => Write((IMessage)response, context, counts), method.ResponseMarshaller.ContextualDeserializer)
            : method.ResponseMarshaller;
        return new Method<TRequest, TResponse>(method.Type, method.ServiceName, method.Name, requests, responses);
    }
}
