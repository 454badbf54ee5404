using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Dispatch.SysMsg;
using Akka.Serialization;

namespace Akka.Remote.Serialization;

/// <summary>System messages that may cross the wire: those of death watch, and stop.</summary>
internal sealed class SystemMessageSerializer : SerializerWithStringManifest
{
    /// <summary>For a system.</summary>
    public SystemMessageSerializer(ExtendedActorSystem system)
        : base(system)
    {
    }

    /// <inheritdoc/>
    public override string Manifest(object obj) => obj switch
    {
        Watch => "W",
        Unwatch => "U",
        DeathWatchNotification => "D",
        Terminate => "T",
        _ => throw Refused(obj),
    };

    /// <inheritdoc/>
    public override byte[] ToBinary(object obj) => obj switch
    {
        Watch watch => WireText.Write(w => WritePair(w, watch.Watchee, watch.Watcher)),
        Unwatch unwatch => WireText.Write(w => WritePair(w, unwatch.Watchee, unwatch.Watcher)),
        DeathWatchNotification died => WireText.Write(w =>
        {
            w.WriteRef(died.Actor);
            w.Write(died.ExistenceConfirmed);
            w.Write(died.AddressTerminated);
        }),
        Terminate => [],
        _ => throw Refused(obj),
    };

    private static void WritePair(BinaryWriter writer, IActorRef watchee, IActorRef watcher)
    {
        writer.WriteRef(watchee);
        writer.WriteRef(watcher);
    }

    private static SerializationException Refused(object obj) =>
        new($"System message [{obj.GetType().Name}] does not cross nodes: supervision is local, only death watch and stop are not.");

    /// <inheritdoc/>
    public override object FromBinary(byte[] bytes, string manifest)
    {
        using var reader = WireText.Reader(bytes);
        return manifest switch
        {
            "W" => new Watch(Inner(reader), Inner(reader)),
            "U" => new Unwatch(Inner(reader), Inner(reader)),
            "D" => new DeathWatchNotification(Inner(reader), reader.ReadBoolean(), reader.ReadBoolean()),
            "T" => new Terminate(),
            _ => throw new SerializationException($"Unimplemented deserialization of message with manifest [{manifest}] in [{nameof(SystemMessageSerializer)}]"),
        };
    }

    private IInternalActorRef Inner(BinaryReader reader) =>
        (IInternalActorRef)reader.ReadRef(system) ?? throw new SerializationException("A system message without an actor.");
}
