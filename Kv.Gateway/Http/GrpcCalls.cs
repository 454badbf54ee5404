using System.Diagnostics;
using System.Globalization;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Kv.Gateway.Logging;
using Microsoft.AspNetCore.Http.Features;

namespace Kv.Gateway.Http;

/// <summary>Counts gRPC calls as they pass, and logs unary ones that took long. Costs a dictionary look-up and two additions a call.</summary>
internal static class GrpcCalls
{
    /// <summary>The middleware. What is no method that is counted goes on to <paramref name="others"/>.</summary>
    public static RequestDelegate Count(RequestDelegate next, RequestDelegate others, GrpcMetrics metrics, TimeSpan slow, ILogger log) => context =>
    {
        var path = context.Request.Path.Value ?? "";
        return (metrics.Find(path) ?? metrics.Find(path, context.GetEndpoint()?.Metadata.GetMetadata<GrpcMethodMetadata>()?.Method)) is { } method
            ? CountAsync(context, next, method, slow, log)
            : others(context);
    };

    private static async Task CountAsync(HttpContext context, RequestDelegate next, GrpcMethodMetrics method, TimeSpan slow, ILogger log)
    {
        var started = method.Started();
        method.Clients.Count(context.Request.Headers[ClientVersions.Header]);
        try
        {
            await next(context).ConfigureAwait(false);
        }
        finally
        {
            var code = CodeOf(context);
            method.Handled(code, started);
            if (method.IsUnary && Stopwatch.GetElapsedTime(started) is var took && took > slow)
            {
                log.SlowRequest(context.Request.Path.Value ?? "", took, code.ToString(), context.Connection.RemoteIpAddress?.ToString() ?? "");
            }
        }
    }

    /// <summary>The status as it went out: in the trailers, or in the headers when there was nothing else.</summary>
    private static StatusCode CodeOf(HttpContext context)
    {
        var trailers = context.Features.Get<IHttpResponseTrailersFeature>()?.Trailers;
        var text = trailers is not null && trailers.TryGetValue("grpc-status", out var trailer) ? trailer.ToString() : context.Response.Headers["grpc-status"].ToString();
        return text == "0" ? StatusCode.OK
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var code) ? (StatusCode)code
            : context.RequestAborted.IsCancellationRequested ? StatusCode.Cancelled : StatusCode.Unknown;
    }
}
