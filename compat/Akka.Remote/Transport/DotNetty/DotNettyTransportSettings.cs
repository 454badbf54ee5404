using System.Net;
using Akka.Actor;
using Akka.Configuration;

namespace Akka.Remote.Transport.DotNetty;

/// <summary>The <c>akka.remote.dot-netty.tcp</c> section, read.</summary>
internal sealed record DotNettyTransportSettings
{
    public bool EnableSsl { get; private init; }

    public TimeSpan ConnectTimeout { get; private init; }

    public TimeSpan HandshakeTimeout { get; private init; }

    public string Hostname { get; private init; }

    public int Port { get; private init; }

    public string PublicHostname { get; private init; }

    /// <summary>Null: the port listened on.</summary>
    public int? PublicPort { get; private init; }

    public int MaxFrameSize { get; private init; }

    public int? SendBufferSize { get; private init; }

    public int? ReceiveBufferSize { get; private init; }

    /// <summary>Messages that one write may carry.</summary>
    public int BatchMessages { get; private init; }

    public bool TcpNoDelay { get; private init; }

    public bool TcpKeepAlive { get; private init; }

    public bool TcpReuseAddr { get; private init; }

    public bool DnsUseIpv6 { get; private init; }

    public bool EnforceIpFamily { get; private init; }

    public int Backlog { get; private init; }

    public TimeSpan HeartbeatInterval { get; private init; }

    /// <summary>After so long a silence a connection counts as dead.</summary>
    public TimeSpan SilenceAllowed { get; private init; }

    /// <summary>Of addresses, after "akka.".</summary>
    public string Scheme => EnableSsl ? "ssl.tcp" : "tcp";

    /// <exception cref="ConfigurationException">A value is out of bounds.</exception>
    public static DotNettyTransportSettings Create(Config config)
    {
        var tcp = config.GetConfig("akka.remote.dot-netty.tcp") ?? throw ConfigurationException.NullOrEmptyConfig<DotNettyTransportSettings>("akka.remote.dot-netty.tcp");
        var detector = config.GetConfig("akka.remote.transport-failure-detector");
        var (interval, pause) = (detector.GetTimeSpan("heartbeat-interval"), detector.GetTimeSpan("acceptable-heartbeat-pause"));
        if (interval <= TimeSpan.Zero || pause <= TimeSpan.Zero)
            throw new ConfigurationException("akka.remote.transport-failure-detector: heartbeat-interval and acceptable-heartbeat-pause must be > 0s");
        var host = tcp.GetString("hostname");
        if (string.IsNullOrWhiteSpace(host)) host = IPAddress.Any.ToString();
        var publicHost = tcp.GetString("public-hostname");
        var publicPort = tcp.GetInt("public-port");
        var settings = new DotNettyTransportSettings
        {
            EnableSsl = tcp.GetBoolean("enable-ssl"),
            ConnectTimeout = tcp.GetTimeSpan("connection-timeout"),
            HandshakeTimeout = tcp.GetTimeSpan("connection-timeout"),
            Hostname = host,
            Port = tcp.GetInt("port"),
            PublicHostname = string.IsNullOrEmpty(publicHost) ? host : publicHost,
            PublicPort = publicPort > 0 ? publicPort : null,
            MaxFrameSize = (int)Math.Min(tcp.GetByteSize("maximum-frame-size", null) ?? 128_000, int.MaxValue / 4),
            SendBufferSize = Size(tcp, "send-buffer-size"),
            ReceiveBufferSize = Size(tcp, "receive-buffer-size"),
            BatchMessages = tcp.GetBoolean("batching.enabled", true) ? int.MaxValue : 1,
            TcpNoDelay = tcp.GetBoolean("tcp-nodelay", true),
            TcpKeepAlive = tcp.GetBoolean("tcp-keepalive", true),
            TcpReuseAddr = tcp.GetString("tcp-reuse-addr") switch
            {
                "off-for-windows" => !OperatingSystem.IsWindows(),
                "on" or "true" or "yes" => true,
                _ => false,
            },
            DnsUseIpv6 = tcp.GetBoolean("dns-use-ipv6"),
            EnforceIpFamily = tcp.GetBoolean("enforce-ip-family"),
            Backlog = tcp.GetInt("backlog", 4096),
            HeartbeatInterval = interval,
            SilenceAllowed = interval + pause,
        };
        if (settings.MaxFrameSize < 32_000) throw new ArgumentException("maximum-frame-size must be at least 32000 bytes");
        return settings;
    }

    private static int? Size(Config tcp, string key) => tcp.GetByteSize(key, null) is { } bytes and > 0 ? (int)Math.Min(bytes, int.MaxValue) : null;

    /// <summary>The address others reach us by, once bound.</summary>
    public Address AddressAt(string system, int boundPort) =>
        new($"{RemoteSettings.AkkaScheme}.{Scheme}", system, IPAddress.TryParse(PublicHostname, out var ip) && ip.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? $"[{ip}]" : PublicHostname, PublicPort ?? boundPort);
}
