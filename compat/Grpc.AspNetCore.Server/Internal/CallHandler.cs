using Grpc.Core;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Net.Http.Headers;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>Handles the calls of one method: checks that a request is a call, has a subclass run it, and ends it.</summary>
internal abstract class CallHandler(MethodOptions options, ILogger logger)
{
    /// <summary>The endpoint's delegate.</summary>
    public Task HandleAsync(HttpContext http)
    {
        var request = http.Request;
        if (!GrpcProtocol.IsGrpc(request.ContentType)) return RefuseContentType(http);
        if (!HttpProtocol.IsHttp2(request.Protocol) && !HttpProtocol.IsHttp3(request.Protocol)) return RefuseProtocol(http);

        var call = new HttpContextServerCallContext(http, options, logger);
        http.Features.Set<IServerCallContextFeature>(call);
        GrpcProtocol.SetContentType(http.Response);
        return RunAsync(call);
    }

    /// <summary>Reads what there is to read, calls the method, writes the answer and ends the call. Does not throw for what a client or a method can do.</summary>
    protected abstract Task RunAsync(HttpContextServerCallContext call);

    /// <summary>Ends a call: with its status, or with that of <paramref name="failure"/>, unless its deadline has ended it.</summary>
    protected static Task EndAsync(HttpContextServerCallContext call, Exception? failure)
    {
        if (!call.TryEnd()) return call.DeadlineDone;
        if (failure is not null) call.SetFailure(failure);
        call.WriteTrailers();
        return Task.CompletedTask;
    }

    /// <summary>Ends a call with one message. Nothing is flushed: the server sends headers, message and trailers together.</summary>
    protected static async Task EndAsync<TResponse>(HttpContextServerCallContext call, TResponse response, Action<TResponse, SerializationContext> serialize)
        where TResponse : class
    {
        if (!call.TryEnd())
        {
            await call.DeadlineDone.ConfigureAwait(false);
            return;
        }

        try
        {
            var http = call.HttpContext.Response;
            if (!http.HasStarted) await http.StartAsync().ConfigureAwait(false);    // only marks the headers as due
            MessageWriter.Write(call, http.BodyWriter, response, serialize);
        }
        catch (Exception e)     // of the serializer; becomes the call's status
        {
            call.SetFailure(e);
        }

        call.WriteTrailers();
    }

    /// <summary>Reads a body of exactly one message.</summary>
    protected static async ValueTask<TRequest> ReadSingleAsync<TRequest>(HttpContextServerCallContext call, Func<DeserializationContext, TRequest> deserialize)
        where TRequest : class
    {
        var body = call.HttpContext.Request.BodyReader;
        TRequest? request = null;
        while (!MessageReader.TakeSingle(call, body, await body.ReadAsync().ConfigureAwait(false), deserialize, ref request))
        {
        }

        return request!;
    }

    /// <summary>A null response is not a message.</summary>
    protected static RpcException NoMessage() => new(new Status(StatusCode.Cancelled, "No message returned from method."));

    /// <summary>Why a task that is complete but not successfully so is that.</summary>
    protected static Exception FailureOf(Task task) => task.Exception?.InnerException ?? new TaskCanceledException(task);

    /// <summary>A streaming request may take any time and have any size in all.</summary>
    protected static void LiftRequestLimits(HttpContext http)
    {
        var features = http.Features;
        if (features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate) rate.MinDataRate = null;
        if (features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = null;
    }

    /// <summary>A streaming response outlives a server-wide request timeout unless the endpoint has its own.</summary>
    protected static void LiftTimeout(HttpContext http)
    {
        if (http.Features.Get<IHttpRequestTimeoutFeature>() is not { } timeout) return;
        if (http.GetEndpoint()?.Metadata is { } metadata
            && (metadata.GetMetadata<RequestTimeoutAttribute>() is not null || metadata.GetMetadata<RequestTimeoutPolicy>() is not null)) return;
        timeout.DisableTimeout();
    }

    private Task RefuseContentType(HttpContext http)
    {
        if (UnimplementedConstraint.IsCorsPreflight(http))
        {
            http.Response.Headers.Allow = HttpMethods.Post;
            return GrpcProtocol.Refuse(http.Response, StatusCodes.Status405MethodNotAllowed, "Unhandled CORS preflight request received. CORS may not be configured correctly in the application.");
        }

        var contentType = http.Request.ContentType;
        Log.UnsupportedContentType(logger, contentType);
        return GrpcProtocol.Refuse(http.Response, StatusCodes.Status415UnsupportedMediaType,
            contentType is null ? "Content-Type is missing from the request." : $"Content-Type '{contentType}' is not supported.");
    }

    private Task RefuseProtocol(HttpContext http)
    {
        Log.UnsupportedProtocol(logger, http.Request.Protocol);
        http.Response.Headers[HeaderNames.Upgrade] = "HTTP/2";
        return GrpcProtocol.Refuse(http.Response, StatusCodes.Status426UpgradeRequired, $"Request protocol '{http.Request.Protocol}' is not supported.");
    }
}
