using Akka.Configuration;

namespace Kv.Actors.Node;

/// <summary>Every setting with its default: <c>hocon/reference.conf</c>, which is built into this assembly.</summary>
public static class ReferenceConfig
{
    private static readonly string[] _selected = ["/user/node/peers", "/system/cluster/core/daemon", "/system/cluster/heartbeatReceiver"];

    /// <summary>The defaults, with the journal's beside them.</summary>
    public static Config Load() => s_defaults.Value;

    private static readonly Lazy<Config> s_defaults = new(static () =>
        ConfigurationFactory.FromResource("hocon.reference.conf", typeof(ReferenceConfig).Assembly)
            .WithFallback(ConfigurationFactory.FromResource("hocon.wal-journal.conf", typeof(ReferenceConfig).Assembly)));

    /// <summary>What the actor system of a node needs beyond the defaults: its plugins, in its folders.</summary>
    /// <param name="settings">The node's settings.</param>
    /// <param name="remoting">Whether it listens for other members.</param>
    public static Config For(KvSettings settings, bool remoting)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var node = ConfigurationFactory.ParseString($$"""
            akka {
              actor {
                serializers {
                  # The package's own "json" makes any type that bytes name: its place is taken, by name and by number.
                  json = "Kv.Actors.Peers.RefusingSerializer, Kv.Actors"
                  kv-raft = "Kv.Actors.Raft.RaftSerializer, Kv.Actors"
                  kv-peer = "Kv.Actors.Peers.PeerSerializer, Kv.Actors"
                }
                serialization-bindings {
                  "System.Object" = json
                  "Kv.Actors.Raft.RaftEvent, Kv.Actors" = kv-raft
                  "Kv.Actors.Peers.PeerMessage, Kv.Actors" = kv-peer
                }
              }
              coordinated-shutdown.run-by-clr-shutdown-hook = off
              log-dead-letters = off
              log-dead-letters-during-shutdown = off
              persistence {
                journal.plugin = "kv.persistence.journal"
                snapshot-store.plugin = "kv.persistence.snapshot-store"
              }
            }
            kv.persistence {
              journal.dir = {{Quote(settings.WalDir)}}
              snapshot-store.dir = {{Quote(Path.Combine(settings.DataDir, "member", "snap"))}}
            }
            """);
        if (!remoting)
        {
            return node;
        }
        node = Remoting(settings).WithFallback(node);
        return settings.ListensForPeersOverTls ? ConfigurationFactory.ParseString(HandshakeGuard.Hocon).WithFallback(node) : node;
    }

    /// <summary>Akka.Remote where the peer URLs say. One frame holds the largest message: an append with a request of the largest size.</summary>
    private static Config Remoting(KvSettings settings)
    {
        var (listen, advertised) = (UrlOf(settings.ListenPeerUrls[0]), UrlOf(settings.AdvertisePeerUrls.Count > 0 ? settings.AdvertisePeerUrls[0] : settings.ListenPeerUrls[0]));
        var frame = Math.Max(settings.MaxAppendBytes, settings.MaxRequestBytes) + settings.MaxAppendBytes + FrameOverheadBytes;
        return ConfigurationFactory.ParseString($$"""
            akka {
              actor {
                provider = cluster
                # Of what Akka itself can say to an actor elsewhere members say nothing, and take nothing: neither PoisonPill, Kill,
                # failures and questions for paths (misc), nor stop, restart and watch (system-msg), nor types by name (proto), nor
                # actors to be made here (daemon-create).
                serializers {
                  akka-misc = "Kv.Actors.Peers.RefusingSerializer, Kv.Actors"
                  akka-system-msg = "Kv.Actors.Peers.RefusingSerializer, Kv.Actors"
                  proto = "Kv.Actors.Peers.RefusingSerializer, Kv.Actors"
                  daemon-create = "Kv.Actors.Peers.RefusingSerializer, Kv.Actors"
                }
                serialization-settings {
                  akka-misc.in-place-of = 16
                  akka-system-msg.in-place-of = 22
                  proto.in-place-of = 2
                  daemon-create.in-place-of = 3
                }
              }
              cluster {
                downing-provider-class = "Akka.Cluster.NoDowning, Akka.Cluster"
                run-coordinated-shutdown-when-down = off
                log-info = off
              }
              # Whoever stops tells the cluster of systems, but does not wait for it: Raft has handed over already.
              coordinated-shutdown.phases {
                cluster-leave.timeout = 1s
                cluster-exiting.timeout = 1s
                cluster-exiting-done.timeout = 1s
                cluster-shutdown.timeout = 1s
              }
              remote {
                # Whoever reaches the port is a stranger first. These are all that members select on each other, and what extensions do.
                untrusted-mode = on
                trusted-selection-paths = [{{string.Join(", ", _selected.Concat(settings.ExtensionPaths).Select(Quote))}}]
                retry-gate-closed-for = 300ms
                # A connection on which nothing comes is ended, and made anew: etcd's patience with its streams between members, doubled.
                # Akka's own is two minutes.
                transport-failure-detector {
                  heartbeat-interval = 1s
                  acceptable-heartbeat-pause = 10s
                }
                log-remote-lifecycle-events = off
                dot-netty.tcp {
                  hostname = {{Quote(listen.Host)}}
                  port = {{listen.Port}}
                  # Two processes must not share a port, as Linux lets them with it.
                  tcp-reuse-addr = off
                  # How long connecting and the TLS handshake may take, and how long a stranger may say nothing.
                  connection-timeout = 5s
                  public-hostname = {{Quote(advertised.Host)}}
                  public-port = {{advertised.Port}}
                  maximum-frame-size = {{frame}}b
                  enable-ssl = {{(settings.ListensForPeersOverTls ? "on" : "off")}}
                }
              }
            }
            """);
    }

    private const int FrameOverheadBytes = 64 * 1024;

    private static Uri UrlOf(string text) => Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Host.Length > 0
        ? url
        : throw new InvalidDataException($"A setting cannot be used: the peer URL {text} has no host and port");

    private static string Quote(string text) =>
        $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}
