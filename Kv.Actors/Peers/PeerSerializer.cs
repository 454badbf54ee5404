using Akka.Actor;
using Akka.Serialization;

namespace Kv.Actors.Peers;

/// <summary>What members say to each other, as bytes: <see cref="PeerMessage"/>s, by manifest, never by type name.</summary>
public sealed class PeerSerializer : SerializerWithStringManifest
{
    private const string MessageManifest = "p";

    /// <summary>Called by Akka with the system it serves.</summary>
    public PeerSerializer(ExtendedActorSystem system)
        : base(system)
    {
    }

    /// <summary>Ours; 0 to 40 are Akka's.</summary>
    public override int Identifier => 2380;

    /// <inheritdoc/>
    public override string Manifest(object o) => o is PeerMessage
        ? MessageManifest
        : throw new ArgumentException($"{o?.GetType()} is not a message between members.", nameof(o));

    /// <inheritdoc/>
    public override byte[] ToBinary(object obj) => obj is PeerMessage message
        ? PeerWire.Encode(message)
        : throw new ArgumentException($"{obj?.GetType()} is not a message between members.", nameof(obj));

    /// <summary>What cannot be read becomes <see cref="PeerMessage.Unreadable"/>, for the receiver to count.</summary>
    public override object FromBinary(byte[] bytes, string manifest) => manifest == MessageManifest
        ? PeerWire.Decode(bytes)
        : new PeerMessage.Unreadable($"manifest '{manifest}'");
}
