using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Configuration;
using Akka.Event;

namespace Akka.Persistence;

/// <summary>Names the extension: <c>Persistence.Instance.Apply(system)</c>.</summary>
public class Persistence : ExtensionIdProvider<PersistenceExtension>
{
    /// <summary>The only one needed.</summary>
    public static Persistence Instance { get; } = new();

    /// <inheritdoc/>
    public override PersistenceExtension CreateExtension(ExtendedActorSystem system) => new(system);

    /// <summary>The defaults of every key.</summary>
    public static Config DefaultConfig() => s_defaults.Value;

    private static readonly Lazy<Config> s_defaults = new(static () => ConfigurationFactory.FromResource<Persistence>("Akka.Persistence.persistence.conf"));
}

/// <summary>Starts journals and snapshot stores, each once, from the configuration at its path.</summary>
public class PersistenceExtension : IExtension
{
    private const string NoSnapshotStore = "akka.persistence.no-snapshot-store";
    private const string JournalFallback = "akka.persistence.journal-plugin-fallback";
    private const string SnapshotStoreFallback = "akka.persistence.snapshot-store-plugin-fallback";

    private readonly ExtendedActorSystem _system;
    private readonly Config _config;
    private readonly ILoggingAdapter _log;
    private readonly Lazy<string> _defaultSnapshotStore;
    private readonly Lazy<IActorRef> _recoveryPermitter;

    // The plugin's actor reads its configuration while it starts, perhaps before its reference is known here: two tables.
    private readonly ConcurrentDictionary<string, Config> _configs = new();
    private readonly ConcurrentDictionary<string, Lazy<IActorRef>> _plugins = new();

    /// <summary>For one system.</summary>
    public PersistenceExtension(ExtendedActorSystem system)
    {
        _system = system;
        system.Settings.InjectTopLevelFallback(Persistence.DefaultConfig());
        _config = system.Settings.Config.GetConfig("akka.persistence");
        _log = Logging.GetLogger(system, this);
        PublishesPluginCommands = _config.GetBoolean("publish-plugin-commands");
        _defaultSnapshotStore = new Lazy<string>(FindDefaultSnapshotStore);
        _recoveryPermitter = new Lazy<IActorRef>(() =>
        {
            var permits = _config.GetInt("max-concurrent-recoveries");
            return _system.SystemActorOf(Props.Create(() => new RecoveryPermitter(permits)), "recoveryPermitter");
        });
        foreach (var id in _config.GetStringList("journal.auto-start-journals")) JournalFor(id);
        foreach (var id in _config.GetStringList("snapshot-store.auto-start-snapshot-stores")) SnapshotStoreFor(id);
    }

    /// <summary>Whether plugins publish the requests they have carried out.</summary>
    internal bool PublishesPluginCommands { get; }

    internal IActorRef RecoveryPermitter => _recoveryPermitter.Value;

    /// <summary>A persistence id made of an actor's path.</summary>
    public string PersistenceId(IActorRef actor) => actor.Path.ToStringWithoutAddress();

    /// <summary>The journal configured at a path, started on first use; null or empty for the default.</summary>
    /// <exception cref="ArgumentException">Nothing is configured there, or no class.</exception>
    public IActorRef JournalFor(string journalPluginId) => PluginFor(JournalPath(journalPluginId), JournalFallback);

    /// <summary>The snapshot store configured at a path, started on first use; null or empty for the default.</summary>
    /// <exception cref="ArgumentException">Nothing is configured there, or no class.</exception>
    public IActorRef SnapshotStoreFor(string snapshotPluginId) =>
        PluginFor(string.IsNullOrEmpty(snapshotPluginId) ? _defaultSnapshotStore.Value : snapshotPluginId, SnapshotStoreFallback);

    /// <summary>The merged configuration of a running plugin.</summary>
    internal Config ConfigFor(IActorRef plugin) => _configs.TryGetValue(plugin.Path.Name, out var config)
        ? config
        : throw new ArgumentException($"Unknown plugin actor {plugin}");

    internal TimeSpan RecoveryEventTimeout(string journalPluginId)
    {
        JournalFor(journalPluginId);
        return _configs[JournalPath(journalPluginId)].GetTimeSpan("recovery-event-timeout", null, false);
    }

    private string JournalPath(string journalPluginId)
    {
        if (!string.IsNullOrEmpty(journalPluginId)) return journalPluginId;
        var path = _config.GetString("journal.plugin");
        return string.IsNullOrEmpty(path) ? throw new NullReferenceException("Default journal plugin is not configured") : path;
    }

    private string FindDefaultSnapshotStore()
    {
        var path = _config.GetString("snapshot-store.plugin");
        if (!string.IsNullOrEmpty(path)) return path;
        _log.Warning("No default snapshot store configured! To configure a default snapshot-store plugin set the `akka.persistence.snapshot-store.plugin` key.");
        return NoSnapshotStore;
    }

    private IActorRef PluginFor(string path, string fallback) =>
        _plugins.GetOrAdd(path, static (p, state) => new Lazy<IActorRef>(() => state.Self.Start(p, state.Fallback)),
            (Self: this, Fallback: fallback)).Value;

    private IActorRef Start(string path, string fallback)
    {
        var all = _system.Settings.Config;
        if (!all.HasPath(path))
            throw new ArgumentException($"Persistence config is missing plugin config path for: {path}");
        var config = all.GetConfig(path).WithFallback(all.GetConfig(fallback));
        var className = config.GetString("class");
        if (string.IsNullOrEmpty(className))
            throw new ArgumentException($"Plugin class name must be defined in config property [{path}.class]");
        if (config.HasPath("event-adapters"))
            throw new NotSupportedException($"[{path}.event-adapters] is set, but this stand-in for Akka.Persistence has no event adapters.");
        var type = Type.GetType(className, throwOnError: true);
        object[] arguments = type.GetConstructor([typeof(Config)]) is null ? [] : [config];
        _configs[path] = config;
        return _system.SystemActorOf(new Props(type, arguments).WithDispatcher(config.GetString("plugin-dispatcher")), path);
    }
}
