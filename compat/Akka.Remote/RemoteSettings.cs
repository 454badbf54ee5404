using Akka.Actor;
using Akka.Configuration;
using Akka.Remote.Configuration;

namespace Akka.Remote;

/// <summary>The <c>akka.remote</c> section, read.</summary>
public class RemoteSettings
{
    /// <summary>First part of every address's protocol.</summary>
    public static readonly string AkkaScheme = "akka";

    /// <summary>From the whole configuration.</summary>
    /// <exception cref="ConfigurationException">There is none, or a key asks for what this stand-in does not do.</exception>
    public RemoteSettings(Config config)
    {
        if (config.IsNullOrEmpty()) throw ConfigurationException.NullOrEmptyConfig<RemoteSettings>();
        UnsupportedKeys.Refuse(config);
        Config = config;
        var remote = config.GetConfig("akka.remote") ?? throw ConfigurationException.NullOrEmptyConfig<RemoteSettings>("akka.remote");
        LogReceive = remote.GetBoolean("log-received-messages");
        LogSend = remote.GetBoolean("log-sent-messages");
        LogBufferSizeExceeding = remote.GetString("log-buffer-size-exceeding", "off").ToLowerInvariant() is "off" or "false" or "no"
            ? int.MaxValue
            : remote.GetInt("log-buffer-size-exceeding");
        UntrustedMode = remote.GetBoolean("untrusted-mode");
        TrustedSelectionPaths = [.. remote.GetStringList("trusted-selection-paths")];
        RemoteLifecycleEventsLogLevel = remote.GetString("log-remote-lifecycle-events", "DEBUG");
        if (RemoteLifecycleEventsLogLevel.ToLowerInvariant() is "on" or "yes" or "true") RemoteLifecycleEventsLogLevel = "DEBUG";
        Dispatcher = remote.GetString("use-dispatcher");
        FlushWait = remote.GetTimeSpan("flush-wait-on-shutdown");
        ShutdownTimeout = remote.GetTimeSpan("shutdown-timeout");
        StartupTimeout = remote.GetTimeSpan("startup-timeout");
        TransportNames = remote.GetStringList("enabled-transports");
        Transports = [.. TransportNames.Select(name => new TransportSettings(config.GetConfig(name) ?? throw ConfigurationException.NullOrEmptyConfig<TransportSettings>(name)))];
        RetryGateClosedFor = remote.GetTimeSpan("retry-gate-closed-for");
        UsePassiveConnections = remote.GetBoolean("use-passive-connections");
        SysMsgBufferSize = remote.GetInt("system-message-buffer-size");
        InitialSysMsgDeliveryTimeout = remote.GetTimeSpan("initial-system-message-delivery-timeout");
        QuarantineDuration = remote.GetTimeSpan("prune-quarantine-marker-after");
        WatchFailureDetectorConfig = remote.GetConfig("watch-failure-detector");
        WatchFailureDetectorImplementationClass = WatchFailureDetectorConfig.GetString("implementation-class");
        WatchHeartBeatInterval = WatchFailureDetectorConfig.GetTimeSpan("heartbeat-interval");
        WatchUnreachableReaperInterval = WatchFailureDetectorConfig.GetTimeSpan("unreachable-nodes-reaper-interval");
        WatchHeartbeatExpectedResponseAfter = WatchFailureDetectorConfig.GetTimeSpan("expected-response-after");
    }

    /// <summary>The whole configuration.</summary>
    public Config Config { get; private set; }

    /// <summary>Paths that selections from peers may take in untrusted mode.</summary>
    public HashSet<string> TrustedSelectionPaths { get; set; }

    /// <summary>Whether peers are kept from doing harm.</summary>
    public bool UntrustedMode { get; set; }

    /// <summary>Whether messages sent are logged.</summary>
    public bool LogSend { get; set; }

    /// <summary>Whether messages received are logged.</summary>
    public bool LogReceive { get; set; }

    /// <summary>Messages waiting for one peer from which a warning is logged.</summary>
    public int LogBufferSizeExceeding { get; set; }

    /// <summary>Lowest level at which connections made and lost are logged.</summary>
    public string RemoteLifecycleEventsLogLevel { get; set; }

    /// <summary>Dispatcher of the actors of remoting.</summary>
    public string Dispatcher { get; set; }

    /// <summary>How long shutting down may take in all.</summary>
    public TimeSpan ShutdownTimeout { get; set; }

    /// <summary>How long shutting down waits for queued messages to be sent.</summary>
    public TimeSpan FlushWait { get; set; }

    /// <summary>How long the listener may take to bind.</summary>
    public TimeSpan StartupTimeout { get; set; }

    /// <summary>Paths of the transports' sections.</summary>
    public IList<string> TransportNames { get; set; }

    /// <summary>The transports' sections.</summary>
    public TransportSettings[] Transports { get; set; }

    /// <summary>How long an address gets no connection after a failure.</summary>
    public TimeSpan RetryGateClosedFor { get; set; }

    /// <summary>Whether answers go back on the connection that the peer opened.</summary>
    public bool UsePassiveConnections { get; set; }

    /// <summary>System messages that may wait for an acknowledgement.</summary>
    public int SysMsgBufferSize { get; set; }

    /// <summary>How long they may wait for a peer that never answered.</summary>
    public TimeSpan InitialSysMsgDeliveryTimeout { get; set; }

    /// <summary>How long a quarantined incarnation is remembered.</summary>
    public TimeSpan? QuarantineDuration { get; set; }

    /// <summary>Section of the detector for watched nodes.</summary>
    public Config WatchFailureDetectorConfig { get; set; }

    /// <summary>Type of that detector.</summary>
    public string WatchFailureDetectorImplementationClass { get; set; }

    /// <summary>How often watched nodes are asked.</summary>
    public TimeSpan WatchHeartBeatInterval { get; set; }

    /// <summary>How often unreachable nodes are looked for.</summary>
    public TimeSpan WatchUnreachableReaperInterval { get; set; }

    /// <summary>From when on a first answer is missed.</summary>
    public TimeSpan WatchHeartbeatExpectedResponseAfter { get; set; }

    /// <summary>Props on the dispatcher of remoting.</summary>
    public Props ConfigureDispatcher(Props props) => string.IsNullOrEmpty(Dispatcher) ? props : props.WithDispatcher(Dispatcher);

    /// <summary>One transport's section.</summary>
    public class TransportSettings
    {
        /// <summary>From the section.</summary>
        public TransportSettings(Config config)
        {
            Config = config;
            TransportClass = config.GetString("transport-class");
            Adapters = [.. config.GetStringList("applied-adapters").Reverse()];
        }

        /// <summary>The section.</summary>
        public Config Config { get; set; }

        /// <summary>Adapters between remoting and the transport.</summary>
        public IList<string> Adapters { get; set; }

        /// <summary>Type of the transport.</summary>
        public string TransportClass { get; set; }
    }
}
