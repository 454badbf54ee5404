using System.Text;
using Grpc.Core;

namespace Kv.Gateway.Services;

/// <summary>Texts as <c>grpc-message</c> carries them, for answers that are written without a gRPC service.</summary>
internal static class GrpcText
{
    /// <summary>Ends a call before any service sees it: one response of headers only, as gRPC has it.</summary>
    public static Task RefuseAsync(HttpContext http, Status status)
    {
        var headers = http.Response.Headers;
        headers.ContentType = "application/grpc";
        headers.GrpcStatus = ((int)status.StatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture);
        headers.GrpcMessage = Encode(status.Detail);
        return Task.CompletedTask;
    }

    /// <summary>UTF-8 with everything outside 0x20..0x7e, and <c>%</c>, as <c>%XX</c>.</summary>
    public static string Encode(string text)
    {
        if (text.All(static c => c is >= ' ' and <= '~' and not '%')) return text;
        var encoded = new StringBuilder(text.Length + 16);
        foreach (var b in Encoding.UTF8.GetBytes(text))
        {
            if (b is >= 0x20 and <= 0x7e and not (byte)'%') encoded.Append((char)b);
            else encoded.Append('%').Append(b.ToString("X2", System.Globalization.CultureInfo.InvariantCulture));
        }

        return encoded.ToString();
    }
}
