using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Configuration;
using Akka.Serialization;

namespace Kv.Actors.Peers;

/// <summary>Stands where Akka has a serializer whose messages no member has a use for: nothing of its kind is written or read.</summary>
/// <remarks>
/// Its places, by name and by number, are in <see cref="Node.ReferenceConfig"/>. As Akka's JSON serializer it serves every type that is bound
/// to no other, so that nothing is made by type name; as that of Akka's system messages and of PoisonPill and Kill it lets nobody stop,
/// restart or watch an actor from elsewhere. What is sent of such a type is refused here and logged by Akka.Remote, which goes on. What comes
/// with one of those numbers becomes <see cref="PeerMessage.Unreadable"/>, for the receiver to count: one that threw would cost the
/// connection where the message is a numbered one.
/// </remarks>
public sealed class RefusingSerializer : SerializerWithStringManifest
{
    private const int JsonNumber = 1;

    /// <summary>Called by Akka with the system it serves: in the place of the JSON serializer.</summary>
    public RefusingSerializer(ExtendedActorSystem system)
        : base(system) => Identifier = JsonNumber;

    /// <summary>In the place of the serializer whose number the settings name; where they are the JSON serializer's own, in its.</summary>
    public RefusingSerializer(ExtendedActorSystem system, Config settings)
        : base(system)
    {
        ArgumentNullException.ThrowIfNull(settings);
        Identifier = settings.GetInt("in-place-of", JsonNumber);
    }

    /// <summary>That of the serializer in whose place it stands.</summary>
    public override int Identifier { get; }

    /// <inheritdoc/>
    public override string Manifest(object o) => throw Refused(o);

    /// <inheritdoc/>
    public override byte[] ToBinary(object obj) => throw Refused(obj);

    /// <inheritdoc/>
    public override object FromBinary(byte[] bytes, string manifest) => new PeerMessage.Unreadable($"'{manifest}' of serializer {Identifier} is not taken");

    private static SerializationException Refused(object? o) => new($"{o?.GetType()} is neither stored nor sent.");
}
