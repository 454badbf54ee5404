using System.Text;
using Akka.Actor;
using Akka.Serialization;

namespace Akka.Remote.Serialization;

/// <summary>What the serializers of remoting share: refs and objects inside their messages.</summary>
internal static class WireText
{
    internal static byte[] Write(Action<BinaryWriter> write)
    {
        using var bytes = new MemoryStream();
        using (var writer = new BinaryWriter(bytes, Encoding.UTF8)) write(writer);
        return bytes.ToArray();
    }

    internal static BinaryReader Reader(byte[] bytes) => new(new MemoryStream(bytes, writable: false), Encoding.UTF8);

    internal static void WriteRef(this BinaryWriter writer, IActorRef actor) =>
        writer.Write(actor is null ? "" : Akka.Serialization.Serialization.SerializedActorPath(actor));

    internal static IActorRef ReadRef(this BinaryReader reader, ExtendedActorSystem system) =>
        reader.ReadString() is { Length: > 0 } path ? system.Provider.ResolveActorRef(path) : null;

    /// <summary>An object by its own serializer: number, manifest, length, bytes; number 0 for null.</summary>
    internal static void WriteObject(this BinaryWriter writer, object value, ExtendedActorSystem system)
    {
        var serializer = system.Serialization.FindSerializerFor(value);
        writer.Write(serializer.Identifier);
        writer.Write(value is null ? "" : Akka.Serialization.Serialization.ManifestFor(serializer, value));
        var bytes = serializer.ToBinary(value);
        writer.Write7BitEncodedInt(bytes.Length);
        writer.Write(bytes);
    }

    internal static object ReadObject(this BinaryReader reader, ExtendedActorSystem system)
    {
        var id = reader.ReadInt32();
        var manifest = reader.ReadString();
        var length = reader.Read7BitEncodedInt();
        if (length < 0 || length > reader.BaseStream.Length - reader.BaseStream.Position)
            throw new System.Runtime.Serialization.SerializationException($"An inner message claims {length} bytes, {reader.BaseStream.Length - reader.BaseStream.Position} are left.");
        return system.Serialization.DeserializeFromPeer(reader.ReadBytes(length), id, manifest);
    }
}
