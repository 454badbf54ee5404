using System.Net;

namespace Kv.Gateway.Config;

/// <summary>A URL to listen on or to tell others, as etcd understands it: <c>scheme://host:port</c>, or <c>unix://socket-file</c>.</summary>
/// <param name="Scheme"><c>http</c>, <c>https</c>, <c>unix</c> or <c>unixs</c>.</param>
/// <param name="Host">Name or address without brackets; may be empty (every address). For <c>unix</c> the path of the socket file.</param>
/// <param name="Port">0 for <c>unix</c>, and where the system is to choose one.</param>
/// <remarks>Not a <see cref="Uri"/>: etcd's <c>unix://localhost:m20</c> names a file and is no valid URI.</remarks>
public sealed record KvUrl(string Scheme, string Host, int Port)
{
    /// <summary>Whether it names a socket file.</summary>
    public bool IsUnix => Scheme is "unix" or "unixs";

    /// <summary>Whether it asks for TLS.</summary>
    public bool IsTls => Scheme is "https" or "unixs";

    /// <summary>Whether a connection could be made to it: a host and a port, of a kind that members are reached over.</summary>
    public bool IsReachable => !IsUnix && Port != 0 && Uri.CheckHostName(Host) != UriHostNameType.Unknown;

    /// <summary>Where to listen: an address, or null for <c>localhost</c> (both loopback addresses) and socket files.</summary>
    public IPAddress? Address => IsUnix || Host == "localhost" ? null : Host.Length == 0 ? IPAddress.IPv6Any : IPAddress.Parse(Host);

    /// <summary>Host and port without the scheme, as logs print it: <c>127.0.0.1:2379</c>.</summary>
    public string HostPort => IsUnix ? Host : Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";

    /// <inheritdoc/>
    public override string ToString() => $"{Scheme}://{HostPort}";

    /// <summary>Reads one URL.</summary>
    /// <returns>Null, or etcd's text of what is wrong.</returns>
    public static string? TryParse(string text, out KvUrl url)
    {
        url = new KvUrl("", "", 0);
        text = text.Trim();
        var split = text.IndexOf("://", StringComparison.Ordinal);
        var scheme = split < 0 ? "" : text[..split];
        var rest = split < 0 ? text : text[(split + 3)..];
        switch (scheme)
        {
            case "unix" or "unixs":
                if (rest.Length == 0)
                {
                    return $"URL names no socket file: {text}";
                }

                url = new KvUrl(scheme, rest, 0);
                return null;
            case "http" or "https":
                break;
            default:
                return $"URL scheme must be http, https, unix, or unixs: {text}";
        }

        var path = rest.IndexOfAny(['/', '?', '#']);
        var hostPort = path < 0 ? rest : rest[..path];
        if (!TrySplit(hostPort, out var host, out var port))
        {
            return $"URL address does not have the form \"host:port\": {text}";
        }

        if (path >= 0)
        {
            return $"URL must not contain a path: {text}";
        }

        url = new KvUrl(scheme, host, port);
        return null;
    }

    /// <summary>Reads a comma-separated list, sorted as etcd sorts it.</summary>
    /// <returns>Null, or etcd's text of what is wrong.</returns>
    public static string? TryParseList(string text, out IReadOnlyList<KvUrl> urls)
    {
        urls = [];
        var list = new List<KvUrl>();
        foreach (var part in text.Split(','))
        {
            if (TryParse(part, out var url) is { } problem)
            {
                return problem;
            }

            list.Add(url);
        }

        list.Sort((a, b) => string.CompareOrdinal(a.ToString(), b.ToString()));
        urls = list;
        return null;
    }

    private static bool TrySplit(string text, out string host, out int port)
    {
        (host, port) = ("", 0);
        var colon = text.LastIndexOf(':');
        if (colon < 0)
        {
            return false;
        }

        var bracketed = text.StartsWith('[') && colon > 0 && text[colon - 1] == ']';
        host = bracketed ? text[1..(colon - 1)] : text[..colon];
        if (host.Contains(':', StringComparison.Ordinal) != bracketed)
        {
            return false;                                    // an IPv6 address needs its brackets, and nothing else has them
        }

        return ushort.TryParse(text.AsSpan(colon + 1), System.Globalization.NumberStyles.None, null, out var number) && (port = number) >= 0;
    }
}
