using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Grpc.Core;

namespace Grpc.Net.Client.Internal;

/// <summary>What a response says besides its messages.</summary>
internal static class ResponseHead
{
    /// <summary>The status of a response that has no messages: because it says so, or because it is no gRPC response. Null if it has.</summary>
    public static Status? Refusal(HttpResponseMessage response)
    {
        if (StatusIn(response.Headers) is { } status) return status;
        if (response.StatusCode != HttpStatusCode.OK)
        {
            return new Status(CodeOf(response.StatusCode), "Bad gRPC response. HTTP status code: " + ((int)response.StatusCode).ToString(CultureInfo.InvariantCulture));
        }

        var contentType = response.Content.Headers.ContentType?.MediaType;
        return contentType is not null && (contentType == "application/grpc" || contentType.StartsWith("application/grpc+", StringComparison.Ordinal))
            ? null
            : new Status(StatusCode.Cancelled, "Bad gRPC response. " + (contentType is null ? "Response did not have a content-type header." : "Invalid content-type value: " + contentType));
    }

    /// <summary>The status among headers or trailers; null if there is none.</summary>
    public static Status? StatusIn(HttpHeaders headers)
    {
        if (Single(headers, "grpc-status") is not { } text) return null;
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var code)) throw new InvalidOperationException("Unexpected grpc-status value: " + text);
        return new Status((StatusCode)code, Uri.UnescapeDataString(Single(headers, "grpc-message") ?? ""));
    }

    public static string? EncodingOf(HttpResponseMessage response) => Single(response.Headers, "grpc-encoding");

    /// <summary>Headers or trailers as metadata, without those of the transport.</summary>
    public static Metadata ToMetadata(HttpHeaders headers)
    {
        var metadata = new Metadata();
        foreach (var (name, values) in headers)
        {
            var key = name.ToLowerInvariant();
            if (key is "grpc-status" or "grpc-message" or "grpc-encoding" or "grpc-accept-encoding" or "content-type" or "te" || key.StartsWith(':')) continue;
            foreach (var value in values)
            {
                if (!key.EndsWith(Metadata.BinaryHeaderSuffix, StringComparison.Ordinal)) metadata.Add(key, value);
                else foreach (var part in value.Split(',')) metadata.Add(key, Convert.FromBase64String(Padded(part.Trim())));
            }
        }

        return metadata;
    }

    /// <summary>What a failure of the transport means for a call.</summary>
    public static Status Describe(Exception exception, string summary)
    {
        var text = summary;
        for (var e = exception; e is not null; e = e.InnerException) text += $" {e.GetType().Name}: {e.Message}";
        return new Status(CodeOf(exception), text, exception);
    }

    private static StatusCode CodeOf(Exception exception)
    {
        for (var e = exception; e is not null; e = e.InnerException)
        {
            switch (e)
            {
                case HttpProtocolException protocol: return CodeOfReset(protocol.ErrorCode);
                case SocketException: return StatusCode.Unavailable;
                case HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError }: return StatusCode.Unavailable;
                case IOException when e.InnerException is null: return StatusCode.Unavailable;
            }
        }

        return StatusCode.Internal;
    }

    /// <summary>The codes of RST_STREAM and GOAWAY (RFC 9113 §7) as gRPC's HTTP/2 mapping has them.</summary>
    private static StatusCode CodeOfReset(long code) => code switch
    {
        0x7 => StatusCode.Unavailable,
        0x8 => StatusCode.Cancelled,
        0xb => StatusCode.ResourceExhausted,
        0xc => StatusCode.PermissionDenied,
        _ => StatusCode.Internal,
    };

    private static StatusCode CodeOf(HttpStatusCode code) => code switch
    {
        HttpStatusCode.BadRequest or HttpStatusCode.RequestHeaderFieldsTooLarge => StatusCode.Internal,
        HttpStatusCode.Unauthorized => StatusCode.Unauthenticated,
        HttpStatusCode.Forbidden => StatusCode.PermissionDenied,
        HttpStatusCode.NotFound => StatusCode.Unimplemented,
        HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout => StatusCode.Unavailable,
        _ => (int)code is >= 100 and < 200 ? StatusCode.Internal : StatusCode.Unknown,
    };

    private static string? Single(HttpHeaders headers, string name) => headers.TryGetValues(name, out var values) ? string.Join(',', values) : null;

    private static string Padded(string base64) => base64.PadRight((base64.Length + 3) / 4 * 4, '=');
}
