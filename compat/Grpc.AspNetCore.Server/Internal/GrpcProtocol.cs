using System.Globalization;
using System.Text;
using Grpc.Core;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>gRPC over HTTP/2 as far as headers go: names, content type, timeouts, status.</summary>
internal static class GrpcProtocol
{
    public const string Identity = "identity";
    public const string EncodingRequestHeader = "grpc-internal-encoding-request";

    /// <summary>RST_STREAM code CANCEL of HTTP/2, H3_REQUEST_CANCELLED of HTTP/3.</summary>
    private const int Http2Cancel = 0x8, Http3Cancel = 0x10c;

    private const string GrpcContentType = "application/grpc";
    private const string HexDigits = "0123456789ABCDEF";

    private static readonly StringValues s_contentType = GrpcContentType;
    private static readonly StringValues[] s_codes = [.. Enumerable.Range(0, 17).Select(static i => new StringValues(i.ToString(CultureInfo.InvariantCulture)))];

    /// <summary>Headers that belong to the transport and are not shown as metadata.</summary>
    private static readonly HashSet<string> s_transportHeaders = new(StringComparer.OrdinalIgnoreCase)
    {
        "grpc-encoding", "grpc-accept-encoding", "grpc-timeout", "content-type", "te", "host", "accept-encoding",
    };

    public static void SetContentType(HttpResponse response) => response.Headers.ContentType = s_contentType;

    /// <summary>True for <c>application/grpc</c>, alone or with a suffix after <c>;</c> or <c>+</c>.</summary>
    public static bool IsGrpc(string? contentType)
        => contentType is not null
           && contentType.StartsWith(GrpcContentType, StringComparison.OrdinalIgnoreCase)
           && (contentType.Length == GrpcContentType.Length || contentType[GrpcContentType.Length] is ';' or '+');

    public static bool IsTransportHeader(string name) => name.StartsWith(':') || s_transportHeaders.Contains(name);

    public static int CancelCode(string protocol) => HttpProtocol.IsHttp3(protocol) ? Http3Cancel : Http2Cancel;

    /// <summary>Reads <c>grpc-timeout</c>: digits of an <see cref="int"/> and a unit. Less than a tick, 100 ns, is no timeout.</summary>
    public static bool TryReadTimeout(string text, out TimeSpan timeout)
    {
        timeout = default;
        if (text.Length < 2 || !int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count)) return false;
        var ticks = text[^1] switch
        {
            'H' => count * TimeSpan.TicksPerHour,
            'M' => count * TimeSpan.TicksPerMinute,
            'S' => count * TimeSpan.TicksPerSecond,
            'm' => count * TimeSpan.TicksPerMillisecond,
            'u' => count * TimeSpan.TicksPerMicrosecond,
            'n' => count / TimeSpan.NanosecondsPerTick,
            _ => 0,
        };
        timeout = new TimeSpan(ticks);
        return ticks > 0;
    }

    /// <summary>Bytes of a <c>-bin</c> header: base64 with or without padding.</summary>
    public static byte[] ReadBinary(ReadOnlySpan<char> base64)
    {
        base64 = base64.Trim();
        var padded = (base64.Length & 3) switch
        {
            0 => base64.ToString(),
            2 => string.Concat(base64, "=="),
            3 => string.Concat(base64, "="),
            _ => throw new FormatException("Invalid base64 header value"),
        };
        return Convert.FromBase64String(padded);
    }

    /// <summary>Where status and trailers go: the header block while nothing has been sent ("trailers only"), the trailer block after that.</summary>
    public static IHeaderDictionary TrailersOf(HttpResponse response)
    {
        if (!response.HasStarted) return response.Headers;
        return response.HttpContext.Features.Get<IHttpResponseTrailersFeature>()?.Trailers is { IsReadOnly: false } trailers
            ? trailers
            : throw new InvalidOperationException("Trailers are not supported for this response. The server may not support gRPC.");
    }

    public static void SetStatus(IHeaderDictionary destination, in Status status)
    {
        var code = (int)status.StatusCode;
        destination.GrpcStatus = (uint)code < (uint)s_codes.Length ? s_codes[code] : code.ToString(CultureInfo.InvariantCulture);
        if (!string.IsNullOrEmpty(status.Detail)) destination.GrpcMessage = PercentEncode(status.Detail);
    }

    /// <summary>An answer in HTTP's terms to a request that is no gRPC call.</summary>
    public static Task Refuse(HttpResponse response, int httpStatus, string message)
    {
        response.StatusCode = httpStatus;
        SetStatus(TrailersOf(response), new Status(StatusCode.Internal, message));
        return Task.CompletedTask;
    }

    /// <summary>UTF-8 with everything outside 0x20..0x7e, and <c>%</c>, as <c>%XX</c>.</summary>
    public static string PercentEncode(string text)
    {
        if (!NeedsEncoding(text)) return text;
        var encoded = new StringBuilder(text.Length + 16);
        foreach (var b in Encoding.UTF8.GetBytes(text))
        {
            if (b is >= 0x20 and <= 0x7e and not (byte)'%') encoded.Append((char)b);
            else encoded.Append('%').Append(HexDigits[b >> 4]).Append(HexDigits[b & 15]);
        }

        return encoded.ToString();
    }

    private static bool NeedsEncoding(string text)
    {
        foreach (var c in text)
        {
            if (c is < ' ' or > '~' or '%') return true;
        }

        return false;
    }
}
