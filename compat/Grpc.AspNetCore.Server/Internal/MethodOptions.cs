using System.IO.Compression;
using Grpc.Net.Compression;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>The options of one service's methods, looked up once when it is mapped.</summary>
internal sealed class MethodOptions
{
    public MethodOptions(GrpcServiceOptions global, GrpcServiceOptions service)
    {
        MaxReceiveBytes = service.MaxReceiveMessageSize ?? int.MaxValue;
        MaxSendBytes = service.MaxSendMessageSize ?? int.MaxValue;
        DetailedErrors = service.EnableDetailedErrors ?? false;
        ResponseEncoding = service.ResponseCompressionAlgorithm;
        ResponseLevel = service.ResponseCompressionLevel;
        foreach (var provider in service.CompressionProviders) Providers[provider.EncodingName] = provider;
        SupportedEncodings = [GrpcProtocol.Identity, .. Providers.Keys];
        Interceptors = [.. global.Interceptors, .. service.Interceptors];
        if (ResponseEncoding is not null && !Providers.ContainsKey(ResponseEncoding))
        {
            throw new InvalidOperationException($"The configured response compression algorithm '{ResponseEncoding}' does not have a matching compression provider.");
        }
    }

    public int MaxReceiveBytes { get; }

    public int MaxSendBytes { get; }

    public bool DetailedErrors { get; }

    /// <summary>The encoding to use when the client accepts it; null for none.</summary>
    public string? ResponseEncoding { get; }

    public CompressionLevel? ResponseLevel { get; }

    public Dictionary<string, ICompressionProvider> Providers { get; } = new(StringComparer.Ordinal);

    public IReadOnlyList<string> SupportedEncodings { get; }

    /// <summary>Outermost first: those for all services, then those of this one.</summary>
    public IReadOnlyList<InterceptorRegistration> Interceptors { get; }
}
