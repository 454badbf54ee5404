using Google.Protobuf;
using Grpc.Core;

namespace Kv.Gateway.Services;

/// <summary>
/// Binds a service as <paramref name="binder"/> does, but with requests that do not parse answered as grpc-go answers them:
/// INTERNAL and <c>grpc: error unmarshalling request: …</c>. Costs nothing for requests that parse.
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

    private static Method<TRequest, TResponse> Checked<TRequest, TResponse>(Method<TRequest, TResponse> method)
    {
        var parse = method.RequestMarshaller.ContextualDeserializer;
        var marshaller = Marshallers.Create(method.RequestMarshaller.ContextualSerializer, context =>
        {
            try
            {
                return parse(context);
            }
            catch (InvalidProtocolBufferException e)
            {
                throw new RpcException(new Status(StatusCode.Internal, "grpc: error unmarshalling request: proto: cannot parse invalid wire-format data", e));
            }
        });
        return new Method<TRequest, TResponse>(method.Type, method.ServiceName, method.Name, marshaller, method.ResponseMarshaller);
    }
}
