using Akka.Configuration;

namespace Kv.Actors.Node;

/// <summary>Every setting with its default: <c>hocon/reference.conf</c>, which is built into this assembly.</summary>
public static class ReferenceConfig
{
    /// <summary>The defaults, with the journal's beside them.</summary>
    public static Config Load() =>
        ConfigurationFactory.FromResource("hocon.reference.conf", typeof(ReferenceConfig).Assembly)
            .WithFallback(ConfigurationFactory.FromResource("hocon.wal-journal.conf", typeof(ReferenceConfig).Assembly));

    /// <summary>What the actor system of a node needs beyond the defaults: its plugins, in its folders.</summary>
    public static Config For(KvSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return ConfigurationFactory.ParseString($$"""
            akka {
              actor {
                serializers { kv-raft = "Kv.Actors.Raft.RaftSerializer, Kv.Actors" }
                serialization-bindings { "Kv.Actors.Raft.RaftEvent, Kv.Actors" = kv-raft }
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
    }

    private static string Quote(string text) =>
        $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}
