using Grpc.Core;
using V1 = Kv.Gateway.Protos.GrpcReflectionV1;

namespace Kv.Gateway.Services;

/// <summary><c>grpc.reflection.v1alpha.ServerReflection</c>, the name that older tools ask for: the same messages, the same answers.</summary>
[BindServiceMethod(typeof(ReflectionServiceAlpha), nameof(Bind))]
public sealed class ReflectionServiceAlpha(ReflectionIndex index) : ReflectionService(index)
{
    /// <summary>The method, with v1's messages: the two versions have the same bytes on the wire.</summary>
    public static readonly Method<V1.ServerReflectionRequest, V1.ServerReflectionResponse> Info = new(
        MethodType.DuplexStreaming,
        "grpc.reflection.v1alpha.ServerReflection",
        nameof(ServerReflectionInfo),
        MessageMarshaller.Of(V1.ServerReflectionRequest.Parser),
        MessageMarshaller.Of(V1.ServerReflectionResponse.Parser));

    /// <summary>Called by the server, with null to learn the method.</summary>
    public static void Bind(ServiceBinderBase binder, V1.ServerReflection.ServerReflectionBase? service)
    {
        ArgumentNullException.ThrowIfNull(binder);
        binder.AddMethod(Info, service is null ? null : new DuplexStreamingServerMethod<V1.ServerReflectionRequest, V1.ServerReflectionResponse>(service.ServerReflectionInfo));
    }
}
