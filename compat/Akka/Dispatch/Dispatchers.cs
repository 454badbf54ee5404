using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Configuration;
using Akka.Event;

namespace Akka.Dispatch;

/// <summary>The system's dispatchers by HOCON path.</summary>
public sealed class Dispatchers
{
    /// <summary>Path of the default dispatcher.</summary>
    public const string DefaultDispatcherId = "akka.actor.default-dispatcher";

    /// <summary>Path of the dispatcher for blocking work.</summary>
    public const string DefaultBlockingDispatcherId = "akka.actor.default-blocking-io-dispatcher";

    internal const string InternalDispatcherId = "akka.actor.internal-dispatcher";

    private const int MaxAliasDepth = 20;

    private readonly ActorSystem _system;
    private readonly ConcurrentDictionary<string, MessageDispatcherConfigurator> _configurators = new();

    /// <summary>For a system.</summary>
    public Dispatchers(ActorSystem system, IDispatcherPrerequisites prerequisites, ILoggingAdapter logger)
    {
        _system = system;
        Prerequisites = prerequisites;
        _ = logger;
    }

    /// <summary>The system's parts.</summary>
    public IDispatcherPrerequisites Prerequisites { get; }

    /// <summary>The default dispatcher.</summary>
    public MessageDispatcher DefaultGlobalDispatcher => Lookup(DefaultDispatcherId);

    /// <summary>The dispatcher at a path.</summary>
    /// <exception cref="ConfigurationException">Nothing is configured there.</exception>
    public MessageDispatcher Lookup(string dispatcherName) => Configurator(dispatcherName).Dispatcher();

    /// <summary>Whether something is configured at a path.</summary>
    public bool HasDispatcher(string id) => _configurators.ContainsKey(id) || _system.Settings.Config.HasPath(id);

    /// <summary>Adds a configurator; false when the path has one.</summary>
    public bool RegisterConfigurator(string id, MessageDispatcherConfigurator configurator) => _configurators.TryAdd(id, configurator);

    internal void Shutdown()
    {
        foreach (var configurator in _configurators.Values) configurator.Shutdown();
    }

    private MessageDispatcherConfigurator Configurator(string id) =>
        string.IsNullOrEmpty(id) ? Configurator(DefaultDispatcherId) : _configurators.GetOrAdd(id, static (key, self) => self.Make(key), this);

    private MessageDispatcherConfigurator Make(string id)
    {
        var all = _system.Settings.Config;
        var path = id;
        for (var depth = 0; ; depth++)
        {
            if (depth > MaxAliasDepth) throw new ConfigurationException($"Could not find a concrete dispatcher config after following {MaxAliasDepth} aliases from [{id}]");
            if (!all.HasPath(path)) throw new ConfigurationException($"Dispatcher [{path}] not configured.");
            var value = all.GetValue(path);
            if (value.IsObject()) break;
            path = value.GetString();   // one dispatcher may be an alias of another
        }

        var section = ConfigurationFactory.ParseString($"id = \"{path}\"")
            .WithFallback(all.GetConfig(path))
            .WithFallback(all.GetConfig(DefaultDispatcherId));
        var type = section.GetString("type");
        return type switch
        {
            "Dispatcher" or "TaskDispatcher" or "SynchronizedDispatcher" => new DispatcherConfigurator(section, Prerequisites),
            "PinnedDispatcher" => new PinnedDispatcherConfigurator(section, Prerequisites),
            "ForkJoinDispatcher" => new ForkJoinDispatcherConfigurator(section, Prerequisites),
            null or "" => throw new ConfigurationException($"Missing dispatcher [type] in config section [{path}]"),
            _ => Custom(type, section, path),
        };
    }

    private MessageDispatcherConfigurator Custom(string name, Config section, string path)
    {
        var type = Type.GetType(name, throwOnError: false)
            ?? throw new ConfigurationException($"Could not resolve dispatcher type [{name}] for path [{path}]");
        return (MessageDispatcherConfigurator)Activator.CreateInstance(type, section, Prerequisites);
    }
}
