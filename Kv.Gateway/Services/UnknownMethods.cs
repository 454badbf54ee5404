using Grpc.AspNetCore.Server;
using Grpc.Core;

namespace Kv.Gateway.Services;

/// <summary>
/// Answers calls that no service takes as a grpc-go server does: UNIMPLEMENTED with <c>unknown service X</c> or
/// <c>unknown method X for service Y</c>. To be mapped after the services, which need <c>IgnoreUnknownServices = true</c>.
/// </summary>
public static class UnknownMethods
{
    private const string GrpcContentType = "application/grpc";

    /// <summary>Maps the lowest ranking endpoint of all. A request that is no gRPC call goes to <paramref name="otherwise"/>, or is 404.</summary>
    public static IEndpointConventionBuilder MapUnknownMethods(this IEndpointRouteBuilder endpoints, RequestDelegate? otherwise = null) =>
        endpoints.MapFallback("{**path}", Handler(endpoints, otherwise));

    /// <summary>
    /// A request step that lets through methods called by their exact name: routes match without regard to case, gRPC's paths do not.
    /// </summary>
    public static RequestDelegate ExactNames(RequestDelegate next, RequestDelegate unknown) => http =>
        http.GetEndpoint()?.Metadata.GetMetadata<GrpcMethodMetadata>() is { } called && called.Method.FullName != http.Request.Path.Value
            ? unknown(http)
            : next(http);

    /// <summary>Answers a call as unknown; a request that is no gRPC call goes to <paramref name="otherwise"/>, or is 404.</summary>
    public static RequestDelegate Handler(IEndpointRouteBuilder endpoints, RequestDelegate? otherwise = null)
    {
        // Read at the first unknown call, when everything has been mapped.
        var services = new Lazy<HashSet<string>>(() => endpoints.DataSources
            .SelectMany(static source => source.Endpoints)
            .Select(static endpoint => endpoint.Metadata.GetMetadata<GrpcMethodMetadata>()?.Method.ServiceName)
            .OfType<string>()
            .ToHashSet(StringComparer.Ordinal));

        return http =>
        {
            if (IsCall(http.Request)) return GrpcText.RefuseAsync(http, new Status(StatusCode.Unimplemented, Describe(http.Request.Path.Value ?? "", services.Value)));
            if (otherwise is not null) return otherwise(http);
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        };
    }

    /// <summary>The text for <paramref name="path"/>, such as <c>/etcdserverpb.KV/Nope</c>, given the services there are.</summary>
    public static string Describe(string path, IReadOnlySet<string> services)
    {
        var name = path.StartsWith('/') ? path[1..] : path;
        var slash = name.LastIndexOf('/');
        if (slash < 0) return $"malformed method name: \"{path}\"";
        var (service, method) = (name[..slash], name[(slash + 1)..]);
        return services.Contains(service) ? $"unknown method {method} for service {service}" : $"unknown service {service}";
    }

    /// <summary>Whether this is a gRPC call by its verb, protocol and content type.</summary>
    internal static bool IsCall(HttpRequest request)
        => HttpMethods.IsPost(request.Method) && HttpProtocol.IsHttp2(request.Protocol) && IsGrpcType(request.ContentType);

    /// <summary>Whether a content type is gRPC's: <c>application/grpc</c>, <c>application/grpc+proto</c>.</summary>
    internal static bool IsGrpcType(string? type)
        => type is not null
           && type.StartsWith(GrpcContentType, StringComparison.OrdinalIgnoreCase)
           && (type.Length == GrpcContentType.Length || type[GrpcContentType.Length] is '+' or ';');
}
