using Akka.Actor.Setup;
using Akka.Configuration;

namespace Akka.Actor
{
    /// <summary>A system's configuration, read.</summary>
    public class Settings
    {
        private readonly Config _userConfig;
        private readonly Lock _lock = new();
        private Config _fallback;
        private volatile Config _config;

        /// <summary>For a system.</summary>
        public Settings(ActorSystem system, Config config)
            : this(system, config, ActorSystemSetup.Empty)
        {
        }

        /// <summary>For a system with set-ups.</summary>
        public Settings(ActorSystem system, Config config, ActorSystemSetup setup)
        {
            System = system;
            Setup = setup;
            _userConfig = config;
            _fallback = ConfigurationFactory.Default();
            Rebuild();
            ConfigVersion = Config.GetString("akka.version");
            ProviderClass = ProviderSelection.Resolve(Config.GetString("akka.actor.provider"));
            SupervisorStrategyClass = Config.GetString("akka.actor.guardian-supervisor-strategy");
            AskTimeout = Config.GetTimeSpan("akka.actor.ask-timeout", Timeout.InfiniteTimeSpan);
            LogLevel = Config.GetString("akka.loglevel");
            StdoutLogLevel = Config.GetString("akka.stdout-loglevel");
            Loggers = Config.GetStringList("akka.loggers");
            LoggersDispatcher = Config.GetString("akka.loggers-dispatcher");
            LoggerStartTimeout = Config.GetTimeSpan("akka.logger-startup-timeout");
            LogConfigOnStart = Config.GetBoolean("akka.log-config-on-start");
            LogDeadLetters = Config.GetString("akka.log-dead-letters") switch
            {
                "on" or "true" or "yes" => int.MaxValue,
                "off" or "false" or "no" => 0,
                _ => Config.GetInt("akka.log-dead-letters"),
            };
            LogDeadLettersDuringShutdown = Config.GetBoolean("akka.log-dead-letters-during-shutdown");
            LogDeadLettersSuspendDuration = Config.GetTimeSpan("akka.log-dead-letters-suspend-duration", Timeout.InfiniteTimeSpan);
            DebugUnhandledMessage = Config.GetBoolean("akka.actor.debug.unhandled");
            DebugLifecycle = Config.GetBoolean("akka.actor.debug.lifecycle");
            DebugEventStream = Config.GetBoolean("akka.actor.debug.event-stream");
            SerializeAllMessages = Config.GetBoolean("akka.actor.serialize-messages");
            SerializeAllCreators = Config.GetBoolean("akka.actor.serialize-creators");
            SchedulerClass = Config.GetString("akka.scheduler.implementation");
            CoordinatedShutdownTerminateActorSystem = Config.GetBoolean("akka.coordinated-shutdown.terminate-actor-system");
            CoordinatedShutdownRunByActorSystemTerminate = Config.GetBoolean("akka.coordinated-shutdown.run-by-actor-system-terminate");
            if (CoordinatedShutdownRunByActorSystemTerminate && !CoordinatedShutdownTerminateActorSystem)
                throw new ConfigurationException("akka.coordinated-shutdown.run-by-actor-system-terminate=on and akka.coordinated-shutdown.terminate-actor-system=off is not a supported configuration combination.");
        }

        /// <summary>The system.</summary>
        public ActorSystem System { get; }

        /// <summary>Set-ups given in code.</summary>
        public ActorSystemSetup Setup { get; }

        /// <summary>The configuration over the defaults of all modules in use.</summary>
        public Config Config => _config;

        /// <summary>Version of the defaults.</summary>
        public string ConfigVersion { get; }

        /// <summary>Type of the provider.</summary>
        public string ProviderClass { get; }

        /// <summary>Strategy of the user guardian.</summary>
        public string SupervisorStrategyClass { get; }

        /// <summary>Time limit of an Ask without one; infinite by default.</summary>
        public TimeSpan AskTimeout { get; }

        /// <summary>Level of the loggers.</summary>
        public string LogLevel { get; }

        /// <summary>Level of the console while starting and stopping.</summary>
        public string StdoutLogLevel { get; }

        /// <summary>Types of the loggers.</summary>
        public IList<string> Loggers { get; }

        /// <summary>Dispatcher of the loggers.</summary>
        public string LoggersDispatcher { get; }

        /// <summary>How long a logger may take to start.</summary>
        public TimeSpan LoggerStartTimeout { get; }

        /// <summary>Whether the configuration is logged at start.</summary>
        public bool LogConfigOnStart { get; }

        /// <summary>Dead letters logged before silence; 0 for none.</summary>
        public int LogDeadLetters { get; }

        /// <summary>Whether they are logged while the system stops.</summary>
        public bool LogDeadLettersDuringShutdown { get; }

        /// <summary>How long the silence lasts; infinite for ever.</summary>
        public TimeSpan LogDeadLettersSuspendDuration { get; }

        /// <summary>Whether unhandled messages are logged.</summary>
        public bool DebugUnhandledMessage { get; }

        /// <summary>Whether starts and stops are logged.</summary>
        public bool DebugLifecycle { get; }

        /// <summary>Whether subscriptions are logged.</summary>
        public bool DebugEventStream { get; }

        /// <summary>Whether every message makes a round trip through its serializer.</summary>
        public bool SerializeAllMessages { get; }

        /// <summary>Whether every Props does.</summary>
        public bool SerializeAllCreators { get; }

        /// <summary>Type of the scheduler.</summary>
        public string SchedulerClass { get; }

        /// <summary>Whether the last phase stops the system.</summary>
        public bool CoordinatedShutdownTerminateActorSystem { get; }

        /// <summary>Whether stopping the system runs the phases.</summary>
        public bool CoordinatedShutdownRunByActorSystemTerminate { get; }

        /// <summary>Adds a module's defaults below everything.</summary>
        public void InjectTopLevelFallback(Config config)
        {
            lock (_lock)
            {
                _fallback = config.SafeWithFallback(_fallback);
                Rebuild();
            }
        }

        private void Rebuild() => _config = _userConfig.SafeWithFallback(_fallback);

        /// <inheritdoc/>
        public override string ToString() => Config.ToString();
    }

    /// <summary>Which provider a system uses.</summary>
    public abstract class ProviderSelection
    {
        internal const string LocalProvider = "Akka.Actor.LocalActorRefProvider, Akka";
        internal const string RemoteProvider = "Akka.Remote.RemoteActorRefProvider, Akka.Remote";
        internal const string ClusterProvider = "Akka.Cluster.ClusterActorRefProvider, Akka.Cluster";

        private ProviderSelection(string identifier, string fqn, bool hasCluster)
        {
            Identifier = identifier;
            Fqn = fqn;
            HasCluster = hasCluster;
        }

        internal string Identifier { get; }

        internal string Fqn { get; }

        internal bool HasCluster { get; }

        internal static string Resolve(string name) => name switch
        {
            "local" => LocalProvider,
            "remote" => RemoteProvider,
            "cluster" => ClusterProvider,
            _ => name,
        };

        /// <summary>This process only.</summary>
        public sealed class Local : ProviderSelection
        {
            private Local()
                : base("local", LocalProvider, false)
            {
            }

            /// <summary>The only instance.</summary>
            public static readonly Local Instance = new();
        }

        /// <summary>Messages between nodes.</summary>
        public sealed class Remote : ProviderSelection
        {
            private Remote()
                : base("remote", RemoteProvider, false)
            {
            }

            /// <summary>The only instance.</summary>
            public static readonly Remote Instance = new();
        }

        /// <summary>Membership.</summary>
        public sealed class Cluster : ProviderSelection
        {
            private Cluster()
                : base("cluster", ClusterProvider, true)
            {
            }

            /// <summary>The only instance.</summary>
            public static readonly Cluster Instance = new();
        }

        /// <summary>One of your own.</summary>
        public sealed class Custom : ProviderSelection
        {
            /// <summary>By type name.</summary>
            public Custom(string fqn, string identifier = null, bool hasCluster = false)
                : base(identifier ?? "custom", fqn, hasCluster)
            {
            }
        }
    }

    /// <summary>Configuration and provider given in code.</summary>
    public sealed class BootstrapSetup : Setup.Setup
    {
        private BootstrapSetup(Util.Option<Config> config, Util.Option<ProviderSelection> provider)
        {
            Config = config;
            ActorRefProvider = provider;
        }

        /// <summary>The configuration, if given.</summary>
        public Util.Option<Config> Config { get; }

        /// <summary>The provider, if given.</summary>
        public Util.Option<ProviderSelection> ActorRefProvider { get; }

        /// <summary>Without anything.</summary>
        public static BootstrapSetup Create() => new(Util.Option<Config>.None, Util.Option<ProviderSelection>.None);

        /// <summary>With a configuration.</summary>
        public BootstrapSetup WithConfig(Config config) => new(config, ActorRefProvider);

        /// <summary>With a configuration below the one given before.</summary>
        public BootstrapSetup WithConfigFallback(Config config) => WithConfig(Config.HasValue ? Config.Value.SafeWithFallback(config) : config);

        /// <summary>With a provider.</summary>
        public BootstrapSetup WithActorRefProvider(ProviderSelection name) => new(Config, name);
    }
}

namespace Akka.Actor.Setup
{
    /// <summary>Something given to a system in code.</summary>
    public abstract class Setup
    {
        /// <summary>This and another.</summary>
        public ActorSystemSetup And(Setup other) => ActorSystemSetup.Create(this, other);
    }

    /// <summary>Set-ups by type.</summary>
    public sealed class ActorSystemSetup
    {
        /// <summary>None.</summary>
        public static readonly ActorSystemSetup Empty = new([]);

        private readonly Dictionary<Type, Setup> _setups;

        private ActorSystemSetup(Dictionary<Type, Setup> setups) => _setups = setups;

        /// <summary>Of all given; a later one replaces one of its type.</summary>
        public static ActorSystemSetup Create(params Setup[] setup)
        {
            var setups = new Dictionary<Type, Setup>();
            foreach (var one in setup) setups[one.GetType()] = one;
            return new ActorSystemSetup(setups);
        }

        /// <summary>The one of a type.</summary>
        public Util.Option<T> Get<T>()
            where T : Setup => _setups.TryGetValue(typeof(T), out var setup) ? new Util.Option<T>((T)setup) : Util.Option<T>.None;

        /// <summary>With one more.</summary>
        public ActorSystemSetup WithSetup<T>(T setup)
            where T : Setup => new(new Dictionary<Type, Setup>(_setups) { [setup.GetType()] = setup });

        /// <summary>With one more.</summary>
        public ActorSystemSetup And<T>(T setup)
            where T : Setup => WithSetup(setup);

        /// <inheritdoc/>
        public override string ToString() => $"ActorSystemSetup({string.Join(",", _setups.Keys.Select(static t => t.FullName))})";
    }
}
