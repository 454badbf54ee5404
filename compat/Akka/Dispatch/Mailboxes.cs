using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch.MessageQueues;

namespace Akka.Dispatch;

/// <summary>Makes the queues of a kind of mailbox, as HOCON names it; constructed with (Settings, Config).</summary>
public abstract class MailboxType
{
    /// <summary>The system's settings.</summary>
    protected readonly Settings Settings;

    /// <summary>The mailbox's own section.</summary>
    protected readonly Config Config;

    /// <summary>From the section that names it.</summary>
    protected MailboxType(Settings settings, Config config)
    {
        Settings = settings;
        Config = config;
    }

    /// <summary>A queue for one actor.</summary>
    public abstract IMessageQueue Create(IActorRef owner, ActorSystem system);
}

/// <summary>The default: unbounded, first in, first out.</summary>
public sealed class UnboundedMailbox : MailboxType, IProducesMessageQueue<UnboundedMessageQueue>
{
    /// <summary>Without configuration.</summary>
    public UnboundedMailbox()
        : this(null, null)
    {
    }

    /// <summary>From the section that names it.</summary>
    public UnboundedMailbox(Settings settings, Config config)
        : base(settings, config)
    {
    }

    /// <inheritdoc/>
    public override IMessageQueue Create(IActorRef owner, ActorSystem system) => new UnboundedMessageQueue();
}

/// <summary>The mailbox of actors that stash.</summary>
public sealed class UnboundedDequeBasedMailbox : MailboxType, IProducesMessageQueue<UnboundedDequeMessageQueue>
{
    /// <summary>From the section that names it.</summary>
    public UnboundedDequeBasedMailbox(Settings settings, Config config)
        : base(settings, config)
    {
    }

    /// <inheritdoc/>
    public override IMessageQueue Create(IActorRef owner, ActorSystem system) => new UnboundedDequeMessageQueue();
}

/// <summary>Finds the mailbox an actor is to have: its Props', what it requires, its dispatcher's, the default.</summary>
public class Mailboxes
{
    /// <summary>HOCON path of the default mailbox.</summary>
    public static readonly string DefaultMailboxId = "akka.actor.default-mailbox";

    /// <summary>Says that a type requires nothing.</summary>
    public static readonly string NoMailboxRequirement = "";

    private readonly ActorSystem _system;
    private readonly ConcurrentDictionary<string, MailboxType> _types = new();
    private readonly ConcurrentDictionary<Type, Type> _required = new();
    private readonly List<(Type Semantics, string Id)> _requirements = [];
    private readonly MailboxType _default;

    /// <summary>For a system; reads <c>akka.actor.mailbox.requirements</c>.</summary>
    public Mailboxes(ActorSystem system)
    {
        _system = system;
        _default = Lookup(DefaultMailboxId);
        foreach (var pair in system.Settings.Config.GetConfig("akka.actor.mailbox.requirements").AsEnumerable())
        {
            var type = Type.GetType(pair.Key, throwOnError: false)
                ?? throw new ConfigurationException($"Mailbox requirement [{pair.Key}] is not a type that can be loaded");
            _requirements.Add((type, pair.Value.GetString()));
        }
    }

    /// <summary>The semantics an actor type requires by <see cref="IRequiresMessageQueue{T}"/>, or null.</summary>
    public Type GetRequiredType(Type actorType) => _required.GetOrAdd(actorType, static type => type.GetInterfaces()
        .Where(static i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IRequiresMessageQueue<>))
        .Select(static i => i.GetGenericArguments()[0])
        .FirstOrDefault());

    /// <summary>Whether an actor type requires semantics.</summary>
    public bool HasRequiredType(Type actorType) => GetRequiredType(actorType) is not null;

    /// <summary>The mailbox type at a HOCON path.</summary>
    /// <exception cref="ConfigurationException">There is none, or it cannot be made.</exception>
    public MailboxType Lookup(string id) => _types.GetOrAdd(id, static (key, self) => self.Make(key), this);

    /// <summary>The mailbox for an actor.</summary>
    /// <exception cref="ArgumentException">The actor requires what its chosen mailbox does not offer.</exception>
    public MailboxType GetMailboxType(Props props, Config dispatcherConfig)
    {
        var required = GetRequiredType(props.Type);
        if (props.Deploy.Mailbox is { Length: > 0 } chosen) return Verified(Lookup(chosen), required, props);
        if (!dispatcherConfig.IsNullOrEmpty())
        {
            var own = dispatcherConfig.GetString("mailbox-type");
            if (!string.IsNullOrEmpty(own)) return Verified(Lookup(dispatcherConfig.GetString("id")), required, props);
        }

        if (required is null) return _default;
        foreach (var (semantics, id) in _requirements)
            if (semantics == required) return Lookup(id);
        return Verified(_default, required, props);
    }

    private static MailboxType Verified(MailboxType type, Type required, Props props)
    {
        if (required is null) return type;
        var produced = type.GetType().GetInterfaces()
            .Where(static i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IProducesMessageQueue<>))
            .Select(static i => i.GetGenericArguments()[0])
            .FirstOrDefault();
        return produced is null || required.IsAssignableFrom(produced)
            ? type
            : throw new ArgumentException($"produced message queue type [{produced}] does not fulfill requirement for actor class [{props.Type}]. Must be a subclass of [{required}]");
    }

    private MailboxType Make(string id)
    {
        if (id == "unbounded") return new UnboundedMailbox(_system.Settings, ConfigurationFactory.Empty);
        var config = _system.Settings.Config;
        if (!config.HasPath(id)) throw new ConfigurationException($"Mailbox Type [{id}] not configured");
        var section = config.GetConfig(id);
        var name = section.GetString("mailbox-type");
        if (string.IsNullOrEmpty(name)) throw new ConfigurationException($"The setting mailbox-type defined in [{id}] is empty");
        var type = Type.GetType(name, throwOnError: false) ?? throw new ConfigurationException($"Found mailbox-type [{name}] in configuration for [{id}], but could not find that type in any loaded assemblies.");
        return (MailboxType)Activator.CreateInstance(type, _system.Settings, section.WithFallback(config.GetConfig(DefaultMailboxId)));
    }
}
