using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using Microsoft.AspNetCore.Http.Features;

namespace Kv.Gateway.Services;

/// <summary>
/// Gives requests that are too large grpc-go's text, <c>grpc: received message larger than max (N vs. M)</c>, and those with a flag
/// that does not exist <c>grpc: received unexpected payload format F</c>. The gRPC library refuses them itself, the former at
/// <c>MaxReceiveMessageSize</c>, the latter as a failure of the service; here only its answer is put into other words before it is
/// sent, so a call that is not refused pays for one look at a header.
/// </summary>
public static class MessageLimit
{
    private const string ResourceExhausted = "8";
    private const string Unknown = "2";
    private const string Internal = "13";
    private const string HandlerText = "Exception was thrown by handler.";
    private const string LibraryText = "Received message exceeds the maximum configured message size.";
    private const int PrefixBytes = 5;

    /// <summary>Adds the text to the endpoints of a service whose limit is <paramref name="maxReceiveBytes"/>.</summary>
    public static TBuilder WithMessageLimitText<TBuilder>(this TBuilder endpoints, int maxReceiveBytes)
        where TBuilder : IEndpointConventionBuilder
    {
        endpoints.Add(builder =>
        {
            if (builder.RequestDelegate is not { } next) return;
            builder.RequestDelegate = http =>
            {
                var handled = next(http);
                return handled.IsCompletedSuccessfully ? Reword(http, maxReceiveBytes) : AwaitAsync(handled, http, maxReceiveBytes);
            };
        });
        return endpoints;
    }

    private static async Task AwaitAsync(Task handled, HttpContext http, int maxReceiveBytes)
    {
        await handled.ConfigureAwait(false);
        await Reword(http, maxReceiveBytes).ConfigureAwait(false);
    }

    private static Task Reword(HttpContext http, int maxReceiveBytes)
    {
        if (!http.Response.HasStarted) return Reword(http, http.Response.Headers, maxReceiveBytes);
        return http.Features.Get<IHttpResponseTrailersFeature>()?.Trailers is { IsReadOnly: false } trailers
            ? Reword(http, trailers, maxReceiveBytes)
            : Task.CompletedTask;
    }

    private static Task Reword(HttpContext http, IHeaderDictionary answer, int maxReceiveBytes)
        => (answer.GrpcStatus == ResourceExhausted && answer.GrpcMessage == LibraryText)
            || (answer.GrpcStatus == Unknown && answer.GrpcMessage == HandlerText)
                ? RewordAsync(http, answer, maxReceiveBytes)
                : Task.CompletedTask;

    /// <summary>
    /// The refused message is still at the head of the request: nothing of it was used up. Cancelling the read beforehand makes
    /// it return what is there, though the library has looked at all of it, and not wait for more.
    /// </summary>
    private static async Task RewordAsync(HttpContext http, IHeaderDictionary answer, int maxReceiveBytes)
    {
        var body = http.Request.BodyReader;
        body.CancelPendingRead();
        var read = await body.ReadAsync().ConfigureAwait(false);
        var (flag, length) = PrefixIn(read.Buffer);
        if (answer.GrpcStatus == Unknown && flag > 1)
        {
            answer.GrpcStatus = Internal;
            answer.GrpcMessage = string.Create(CultureInfo.InvariantCulture, $"grpc: received unexpected payload format {flag}");
        }
        else if (answer.GrpcStatus == Unknown && length <= int.MaxValue)
        {
            // Some other failure; only a length beyond what the library reads is one that it does not call too large.
        }
        else if (length > maxReceiveBytes)
        {
            answer.GrpcStatus = ResourceExhausted;
            answer.GrpcMessage = string.Create(CultureInfo.InvariantCulture, $"grpc: received message larger than max ({length} vs. {maxReceiveBytes})");
        }

        body.AdvanceTo(read.Buffer.Start, read.Buffer.End);
    }

    /// <summary>Flag and length at the head; both 0 if they are not there.</summary>
    private static (byte Flag, uint Length) PrefixIn(in ReadOnlySequence<byte> buffer)
    {
        if (buffer.Length < PrefixBytes) return default;
        Span<byte> prefix = stackalloc byte[PrefixBytes];
        buffer.Slice(0, PrefixBytes).CopyTo(prefix);
        return (prefix[0], BinaryPrimitives.ReadUInt32BigEndian(prefix[1..]));
    }
}
