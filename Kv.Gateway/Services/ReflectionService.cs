using Grpc.Core;
using V1 = Kv.Gateway.Protos.GrpcReflectionV1;

namespace Kv.Gateway.Services;

/// <summary><c>grpc.reflection.v1.ServerReflection</c>: tells tools which services there are and how they look.</summary>
public class ReflectionService(ReflectionIndex index) : V1.ServerReflection.ServerReflectionBase
{
    /// <inheritdoc/>
    public override async Task ServerReflectionInfo(
        IAsyncStreamReader<V1.ServerReflectionRequest> requestStream, IServerStreamWriter<V1.ServerReflectionResponse> responseStream, ServerCallContext context)
    {
        HashSet<string> sent = new(StringComparer.Ordinal);
        while (await requestStream.MoveNext(context.CancellationToken).ConfigureAwait(false))
        {
            await responseStream.WriteAsync(Answer(requestStream.Current, sent)).ConfigureAwait(false);
        }
    }

    private V1.ServerReflectionResponse Answer(V1.ServerReflectionRequest request, HashSet<string> sent)
    {
        var response = new V1.ServerReflectionResponse { ValidHost = request.Host, OriginalRequest = request };
        switch (request.MessageRequestCase)
        {
            case V1.ServerReflectionRequest.MessageRequestOneofCase.ListServices:
                response.ListServicesResponse = new() { Service = { index.Services.Select(static name => new V1.ServiceResponse { Name = name }) } };
                break;
            case V1.ServerReflectionRequest.MessageRequestOneofCase.FileByFilename:
                Describe(response, index.FileByName(request.FileByFilename), $"file not found: {request.FileByFilename}", sent);
                break;
            case V1.ServerReflectionRequest.MessageRequestOneofCase.FileContainingSymbol:
                Describe(response, index.FileOfSymbol(request.FileContainingSymbol), $"symbol not found: {request.FileContainingSymbol}", sent);
                break;
            case V1.ServerReflectionRequest.MessageRequestOneofCase.FileContainingExtension:
                var wanted = request.FileContainingExtension;
                Describe(response, index.FileOfExtension(wanted.ContainingType, wanted.ExtensionNumber), $"extension not found: {wanted.ContainingType} {wanted.ExtensionNumber}", sent);
                break;
            case V1.ServerReflectionRequest.MessageRequestOneofCase.AllExtensionNumbersOfType:
                if (index.ExtensionsOf(request.AllExtensionNumbersOfType) is { } numbers)
                {
                    response.AllExtensionNumbersResponse = new() { BaseTypeName = request.AllExtensionNumbersOfType, ExtensionNumber = { numbers } };
                }
                else
                {
                    response.ErrorResponse = NotFound($"type not found: {request.AllExtensionNumbersOfType}");
                }

                break;
            default:
                throw new RpcException(new Status(StatusCode.InvalidArgument, "invalid MessageRequest: nothing is asked for"));
        }

        return response;
    }

    private static void Describe(V1.ServerReflectionResponse response, Google.Protobuf.Reflection.FileDescriptor? file, string missing, HashSet<string> sent)
    {
        if (file is null) response.ErrorResponse = NotFound(missing);
        else response.FileDescriptorResponse = new() { FileDescriptorProto = { ReflectionIndex.WithImports(file, sent) } };
    }

    private static V1.ErrorResponse NotFound(string text) => new() { ErrorCode = (int)StatusCode.NotFound, ErrorMessage = text };
}
