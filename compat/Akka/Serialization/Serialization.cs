using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Runtime.Serialization;
using System.Text;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Event;

namespace Akka.Serialization;

/// <summary>What refs are written relative to.</summary>
public sealed class Information : IEquatable<Information>
{
    /// <summary>From its parts.</summary>
    public Information(Address address, ActorSystem system)
    {
        Address = address;
        System = system;
    }

    /// <summary>Our address, as the other side sees it.</summary>
    public Address Address { get; }

    /// <summary>The system.</summary>
    public ActorSystem System { get; }

    /// <inheritdoc/>
    public bool Equals(Information other) => other is not null && Equals(Address, other.Address) && Equals(System, other.System);

    /// <inheritdoc/>
    public override bool Equals(object obj) => Equals(obj as Information);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Address, System);
}

/// <summary>Turns objects into bytes and back; constructed with (ExtendedActorSystem).</summary>
public abstract class Serializer
{
    /// <summary>The system.</summary>
    protected readonly ExtendedActorSystem system;

    private int? _identifier;

    /// <summary>For a system.</summary>
    protected Serializer(ExtendedActorSystem system) => this.system = system;

    /// <summary>Its number on the wire; from <c>akka.actor.serialization-identifiers</c> unless overridden. 0 to 40 are Akka's.</summary>
    public virtual int Identifier => _identifier ??= SerializerIdentifierHelper.GetSerializerIdentifierFromConfig(GetType(), system);

    /// <summary>Whether the type's name travels along.</summary>
    public abstract bool IncludeManifest { get; }

    /// <summary>To bytes.</summary>
    public abstract byte[] ToBinary(object obj);

    /// <summary>To bytes, with refs relative to an address.</summary>
    public byte[] ToBinaryWithAddress(Address address, object obj) => Serialization.WithTransport(system, address, () => ToBinary(obj));

    /// <summary>From bytes.</summary>
    public abstract object FromBinary(byte[] bytes, Type type);

    /// <summary>From bytes.</summary>
    public T FromBinary<T>(byte[] bytes) => (T)FromBinary(bytes, typeof(T));
}

/// <summary>A serializer that names what it wrote itself.</summary>
public abstract class SerializerWithStringManifest : Serializer
{
    /// <summary>For a system.</summary>
    protected SerializerWithStringManifest(ExtendedActorSystem system)
        : base(system)
    {
    }

    /// <inheritdoc/>
    public sealed override bool IncludeManifest => true;

    /// <inheritdoc/>
    public sealed override object FromBinary(byte[] bytes, Type type) =>
        FromBinary(bytes, type is null ? "" : Serialization.TypeManifest(type));

    /// <summary>From bytes, by the name of what they are.</summary>
    public abstract object FromBinary(byte[] bytes, string manifest);

    /// <summary>The name of what an object is written as.</summary>
    public abstract string Manifest(object o);
}

/// <summary>Bytes as they are; null is empty.</summary>
public class ByteArraySerializer : Serializer
{
    /// <summary>For a system.</summary>
    public ByteArraySerializer(ExtendedActorSystem system)
        : base(system)
    {
    }

    /// <inheritdoc/>
    public override bool IncludeManifest => false;

    /// <inheritdoc/>
    public override byte[] ToBinary(object obj) => obj switch
    {
        null => null,
        byte[] bytes => bytes,
        _ => throw new NotSupportedException("The object to convert is not a byte array."),
    };

    /// <inheritdoc/>
    public override object FromBinary(byte[] bytes, Type type) => bytes;
}

/// <summary>For nothing.</summary>
public class NullSerializer : Serializer
{
    /// <summary>For a system.</summary>
    public NullSerializer(ExtendedActorSystem system)
        : base(system)
    {
    }

    /// <inheritdoc/>
    public override int Identifier => 0;

    /// <inheritdoc/>
    public override bool IncludeManifest => false;

    /// <inheritdoc/>
    public override byte[] ToBinary(object obj) => [];

    /// <inheritdoc/>
    public override object FromBinary(byte[] bytes, Type type) => null;
}

/// <summary>Text and whole numbers.</summary>
internal sealed class PrimitiveSerializers(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    public override byte[] ToBinary(object obj) => obj switch
    {
        string text => Encoding.UTF8.GetBytes(text),
        int number => BitConverter.GetBytes(number),
        long number => BitConverter.GetBytes(number),
        _ => throw new ArgumentException($"Cannot serialize object of type [{obj.GetType()}]", nameof(obj)),
    };

    public override object FromBinary(byte[] bytes, string manifest) => manifest switch
    {
        "S" or "System.String, System.Private.CoreLib" => Encoding.UTF8.GetString(bytes),
        "I" or "System.Int32, System.Private.CoreLib" => BitConverter.ToInt32(bytes),
        "L" or "System.Int64, System.Private.CoreLib" => BitConverter.ToInt64(bytes),
        _ => throw new ArgumentException($"Unimplemented deserialization of message with manifest [{manifest}] in [{nameof(PrimitiveSerializers)}]", nameof(manifest)),
    };

    public override string Manifest(object o) => o switch
    {
        string => "S",
        int => "I",
        long => "L",
        _ => throw new ArgumentException($"Cannot serialize object of type [{o.GetType()}]", nameof(o)),
    };
}

/// <summary>Numbers of serializers.</summary>
public static class SerializerIdentifierHelper
{
    /// <summary>The number configured for a serializer type.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static int GetSerializerIdentifierFromConfig(Type type, ExtendedActorSystem system)
    {
        const string path = "akka.actor.serialization-identifiers";
        var config = system.Settings.Config.GetConfig(path);
        if (config is not null)
        {
            foreach (var (name, value) in config.AsEnumerable())
                if (Type.GetType(name, throwOnError: false) == type) return value.GetInt();
        }

        throw new ArgumentException($"Couldn't find serializer id for [{type}] under [{path}] HOCON path", nameof(type));
    }
}

/// <summary>A serializer and what it is for, given in code.</summary>
public sealed class SerializerDetails
{
    private SerializerDetails(string alias, Serializer serializer, ImmutableHashSet<Type> useFor)
    {
        Alias = alias;
        Serializer = serializer;
        UseFor = useFor;
    }

    /// <summary>Its name.</summary>
    public string Alias { get; }

    /// <summary>The serializer.</summary>
    public Serializer Serializer { get; }

    /// <summary>Types it is for.</summary>
    public ImmutableHashSet<Type> UseFor { get; }

    /// <summary>From its parts.</summary>
    public static SerializerDetails Create(string alias, Serializer serializer, ImmutableHashSet<Type> useFor) => new(alias, serializer, useFor);
}

/// <summary>Serializers given in code.</summary>
public sealed class SerializationSetup : Setup
{
    private SerializationSetup(Func<ExtendedActorSystem, ImmutableHashSet<SerializerDetails>> createSerializers) => CreateSerializers = createSerializers;

    /// <summary>Makes them.</summary>
    public Func<ExtendedActorSystem, ImmutableHashSet<SerializerDetails>> CreateSerializers { get; }

    /// <summary>From the function that makes them.</summary>
    public static SerializationSetup Create(Func<ExtendedActorSystem, ImmutableHashSet<SerializerDetails>> createSerializers) => new(createSerializers);
}

/// <summary>A system's serializers, by type and by number.</summary>
public class Serialization
{
    [ThreadStatic]
    private static Information t_transport;

    private readonly ConcurrentDictionary<string, Serializer> _byName = new();
    private readonly ConcurrentDictionary<int, Serializer> _byId = new();
    private readonly ConcurrentDictionary<Type, Serializer> _byType = new();
    private readonly ConcurrentDictionary<Type, Serializer> _found = new();
    private readonly NullSerializer _null;

    /// <summary>Reads <c>akka.actor.serializers</c> and <c>serialization-bindings</c>.</summary>
    public Serialization(ExtendedActorSystem system)
    {
        System = system;
        _null = new NullSerializer(system);
        AddSerializer("null", _null);
        var config = system.Settings.Config;
        foreach (var (name, value) in config.GetConfig("akka.actor.serializers").AsEnumerable())
        {
            var typeName = value.GetString();
            var type = Type.GetType(typeName, throwOnError: false);
            if (type is null)
            {
                if (name != "json") system.Log.Warning("The type name for serializer '{0}' did not resolve to an actual Type: '{1}'", name, typeName);
                continue;
            }

            var settings = config.GetConfig("akka.actor.serialization-settings." + name);
            AddSerializer(name, settings is not null && type.GetConstructor([typeof(ExtendedActorSystem), typeof(Config)]) is not null
                ? (Serializer)Activator.CreateInstance(type, system, settings)
                : (Serializer)Activator.CreateInstance(type, system));
        }

        var setup = system.Settings.Setup.Get<SerializationSetup>();
        if (setup.HasValue)
        {
            foreach (var details in setup.Value.CreateSerializers(system))
            {
                AddSerializer(details.Alias, details.Serializer);
                foreach (var type in details.UseFor) AddSerializationMap(type, details.Serializer);
            }
        }

        foreach (var (typeName, value) in config.GetConfig("akka.actor.serialization-bindings").AsEnumerable())
        {
            var type = Type.GetType(typeName, throwOnError: false);
            if (type is null)
            {
                system.Log.Warning("The type name for message/serializer binding '{0}' did not resolve to an actual Type: '{1}'", value.GetString(), typeName);
                continue;
            }

            if (_byName.TryGetValue(value.GetString(), out var serializer)) AddSerializationMap(type, serializer);
            else if (value.GetString() != "json") system.Log.Warning("Serialization binding to non existing serializer: '{0}'", value.GetString());
        }
    }

    /// <summary>The system.</summary>
    public ExtendedActorSystem System { get; }

    /// <summary>Runs code that writes refs, relative to an address.</summary>
    public static T WithTransport<T>(ActorSystem system, Address address, Func<T> action)
    {
        var previous = t_transport;
        t_transport = new Information(address, system);
        try
        {
            return action();
        }
        finally
        {
            t_transport = previous;
        }
    }

    /// <summary>Runs code that writes refs, relative to the system's address.</summary>
    public static T WithTransport<T>(ExtendedActorSystem system, Func<T> action) => WithTransport(system, action, static f => f());

    /// <summary>The same, without a closure.</summary>
    public static T WithTransport<TState, T>(ExtendedActorSystem system, TState state, Func<TState, T> action)
    {
        var previous = t_transport;
        t_transport ??= system.Provider.SerializationInformation;
        try
        {
            return action(state);
        }
        finally
        {
            t_transport = previous;
        }
    }

    /// <summary>Sets what refs are written relative to on this thread, and hands back what was set before.</summary>
    internal static Information SwapTransport(Information transport)
    {
        var previous = t_transport;
        t_transport = transport;
        return previous;
    }

    /// <summary>What refs are written relative to on this thread.</summary>
    /// <exception cref="InvalidOperationException">Outside <c>WithTransport</c>.</exception>
    public static Information GetCurrentTransportInformation() => t_transport
        ?? throw new InvalidOperationException("CurrentTransportInformation is not set. Use Serialization.WithTransport<T>.");

    /// <summary>A ref as text.</summary>
    public static string SerializedActorPath(IActorRef actorRef)
    {
        if (Equals(actorRef, ActorRefs.NoSender)) return string.Empty;
        var path = actorRef.Path;
        if (t_transport is { } transport) return path.ToSerializationFormatWithAddress(transport.Address);
        return actorRef is not Nobody && actorRef is IInternalActorRef { Provider: { } provider }
            ? path.ToSerializationFormatWithAddress(provider.DefaultAddress)
            : path.ToSerializationFormat();
    }

    /// <summary>The name that travels with what a serializer wrote; empty for none.</summary>
    public static string ManifestFor(Serializer s, object msg) => s switch
    {
        SerializerWithStringManifest named => named.Manifest(msg),
        { IncludeManifest: true } => TypeManifest(msg.GetType()),
        _ => string.Empty,
    };

    internal static string TypeManifest(Type type) => $"{type.FullName}, {type.Assembly.GetName().Name}";

    /// <summary>Adds a serializer.</summary>
    public void AddSerializer(Serializer serializer) => _byId[serializer.Identifier] = serializer;

    /// <summary>Adds a serializer under a name.</summary>
    public void AddSerializer(string name, Serializer serializer)
    {
        AddSerializer(serializer);
        _byName[name] = serializer;
    }

    /// <summary>Binds a type, and all below it, to a serializer.</summary>
    public void AddSerializationMap(Type type, Serializer serializer)
    {
        _byType[type] = serializer;
        _found.Clear();
    }

    /// <summary>To bytes.</summary>
    public byte[] Serialize(object o) => WithTransport(System, (Self: this, Object: o), static s => s.Self.FindSerializerFor(s.Object).ToBinary(s.Object));

    /// <summary>From bytes.</summary>
    /// <exception cref="SerializationException">No serializer has that number.</exception>
    public object Deserialize(byte[] bytes, int serializerId, Type type) =>
        WithTransport(System, () => ById(serializerId, type?.ToString()).FromBinary(bytes, type));

    /// <summary>From bytes.</summary>
    /// <exception cref="SerializationException">No serializer has that number, or it does not know the manifest.</exception>
    public object Deserialize(byte[] bytes, int serializerId, string manifest)
    {
        var serializer = ById(serializerId, manifest);
        return WithTransport(System, () =>
        {
            if (serializer is SerializerWithStringManifest named) return named.FromBinary(bytes, manifest);
            if (string.IsNullOrEmpty(manifest)) return serializer.FromBinary(bytes, null);
            var type = Type.GetType(manifest, throwOnError: false)
                ?? throw new SerializationException($"Cannot find manifest class [{manifest}] for serializer with id [{serializerId}].");
            return serializer.FromBinary(bytes, type);
        });
    }

    /// <summary>From bytes of another node. A type's name is looked for among the types bound here, never loaded because a peer named it.</summary>
    /// <exception cref="SerializationException">No serializer has that number, or no bound type that name.</exception>
    internal object DeserializeFromPeer(byte[] bytes, int serializerId, string manifest)
    {
        var serializer = ById(serializerId, manifest);
        if (serializer is SerializerWithStringManifest named) return named.FromBinary(bytes, manifest);
        if (manifest.Length == 0) return serializer.FromBinary(bytes, null);
        foreach (var (type, bound) in _byType)
            if (ReferenceEquals(bound, serializer) && TypeManifest(type) == manifest) return serializer.FromBinary(bytes, type);
        throw new SerializationException($"Type [{manifest}] is not bound to the serializer with id [{serializerId}].");
    }

    private Serializer ById(int id, string manifest) => _byId.TryGetValue(id, out var serializer)
        ? serializer
        : throw new SerializationException($"Cannot find serializer with id [{id}] (manifest [{manifest}]). The most probable reason is that the configuration entry 'akka.actor.serializers' is not in sync between the two systems.");

    /// <summary>The ref of a text.</summary>
    public IActorRef DeserializeActorRef(string path) => System.Provider.ResolveActorRef(path);

    /// <summary>The serializer of an object.</summary>
    /// <exception cref="SerializationException">Nothing is bound to its type.</exception>
    public Serializer FindSerializerFor(object obj, string defaultSerializerName = null) =>
        obj is null ? _null : FindSerializerForType(obj.GetType(), defaultSerializerName);

    /// <summary>The serializer of a type: bound to it, else to a base class or interface, else named.</summary>
    /// <exception cref="SerializationException">Nothing is bound to it.</exception>
    public Serializer FindSerializerForType(Type objectType, string defaultSerializerName = null)
    {
        if (_found.TryGetValue(objectType, out var known)) return known;
        if (!_byType.TryGetValue(objectType, out var serializer))
        {
            foreach (var (type, candidate) in _byType)
            {
                if (type == typeof(object) || !type.IsAssignableFrom(objectType)) continue;
                serializer = candidate;
                break;
            }
        }

        if (serializer is null && defaultSerializerName is not null) _byName.TryGetValue(defaultSerializerName, out serializer);
        if (serializer is null) _byType.TryGetValue(typeof(object), out serializer);
        if (serializer is null) throw new SerializationException($"Serializer not found for type {objectType.Name}");
        if (defaultSerializerName is null) _found.TryAdd(objectType, serializer);
        return serializer;
    }
}
