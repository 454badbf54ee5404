using Akka.Configuration;

namespace Akka.Remote.Configuration;

/// <summary>Keys of the package that this stand-in has no use for: they may stand at the package's default, any other value is refused rather than ignored.</summary>
internal static class UnsupportedKeys
{
    private static readonly (string Path, Func<Config, string, bool> AtDefault)[] s_keys =
    [
        ("akka.remote.backoff-interval", Is(TimeSpan.FromMilliseconds(50))),
        ("akka.remote.command-ack-timeout", Is(TimeSpan.FromSeconds(30))),
        ("akka.remote.handshake-timeout", Is(TimeSpan.FromSeconds(15))),     // the package goes by connection-timeout too
        ("akka.remote.log-frame-size-exceeding", Is("off")),
        ("akka.remote.quarantine-after-silence", Is(TimeSpan.FromDays(2))),
        ("akka.remote.resend-interval", Is(TimeSpan.FromSeconds(2))),
        ("akka.remote.resend-limit", Is("200")),
        ("akka.remote.system-message-ack-piggyback-timeout", Is(TimeSpan.FromMilliseconds(300))),
        ("akka.remote.transport-failure-detector.implementation-class", Is("Akka.Remote.DeadlineFailureDetector,Akka.Remote", "Akka.Remote.DeadlineFailureDetector, Akka.Remote")),
        ("akka.remote.enabled-transports", IsList("akka.remote.dot-netty.tcp")),
        ("akka.remote.dot-netty.tcp.applied-adapters", IsList()),
        ("akka.remote.dot-netty.tcp.transport-class", Is("Akka.Remote.Transport.DotNetty.TcpTransport,Akka.Remote", "Akka.Remote.Transport.DotNetty.TcpTransport, Akka.Remote")),
        ("akka.remote.dot-netty.tcp.transport-protocol", Is("tcp")),
        ("akka.remote.dot-netty.tcp.batching.max-pending-writes", Is("30")),
        ("akka.remote.dot-netty.tcp.byte-order", Is("little-endian")),
        ("akka.remote.dot-netty.tcp.enable-backwards-compatibility", Is("false", "off", "no")),
        ("akka.remote.dot-netty.tcp.enable-pooling", Is("true", "on", "yes")),
        ("akka.remote.dot-netty.tcp.log-transport", Is("false", "off", "no")),
        ("akka.remote.dot-netty.tcp.use-dispatcher-for-io", Is("")),
        ("akka.remote.dot-netty.tcp.write-buffer-high-water-mark", static (c, p) => c.GetByteSize(p, null) is null or 0),
        ("akka.remote.dot-netty.tcp.write-buffer-low-water-mark", static (c, p) => c.GetByteSize(p, null) is null or 0),
    ];

    /// <exception cref="ConfigurationException">A key asks for what is not done here.</exception>
    public static void Refuse(Config config)
    {
        foreach (var (path, atDefault) in s_keys)
            if (config.HasPath(path) && !atDefault(config, path)) throw NotDone(path);
        foreach (var pool in (string[])["server", "client"])
        {
            var path = $"akka.remote.dot-netty.tcp.{pool}-socket-worker-pool";
            if (config.HasPath($"{path}.pool-size-min") && config.GetInt($"{path}.pool-size-min") != 2) throw NotDone($"{path}.pool-size-min");
            if (config.HasPath($"{path}.pool-size-max") && config.GetInt($"{path}.pool-size-max") != 2) throw NotDone($"{path}.pool-size-max");
        }

        if (config.GetConfig("akka.actor.deployment") is not { } deployment) return;
        foreach (var (actor, section) in deployment.AsEnumerable())
            if (section.GetChildObject("remote") is { } remote && remote.GetString() is { Length: > 0 }) throw NotDone($"akka.actor.deployment.\"{actor}\".remote");
    }

    private static ConfigurationException NotDone(string path) =>
        new($"{path}: this stand-in for Akka.Remote does not do that; leave the key at its default, or use the real package.");

    private static Func<Config, string, bool> Is(params string[] values) => (config, path) => values.Contains(config.GetString(path, ""), StringComparer.OrdinalIgnoreCase);

    private static Func<Config, string, bool> Is(TimeSpan value) => (config, path) => config.GetTimeSpan(path) == value;

    private static Func<Config, string, bool> IsList(params string[] values) => (config, path) => config.GetStringList(path).SequenceEqual(values);
}
