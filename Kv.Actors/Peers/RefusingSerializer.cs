using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Configuration;
using Akka.Serialization;

namespace Kv.Actors.Peers;

/// <summary>Stands where Akka has its JSON serializer, for every type that is bound to no other: nothing is written or read by type name.</summary>
/// <remarks>
/// What is sent of such a type is refused here and logged by Akka.Remote, which goes on. What comes with that serializer's number becomes
/// <see cref="PeerMessage.Unreadable"/> whatever type it names, for the receiver to count.
/// </remarks>
public sealed class RefusingSerializer : SerializerWithStringManifest
{
    /// <summary>Called by Akka with the system it serves.</summary>
    public RefusingSerializer(ExtendedActorSystem system)
        : base(system)
    {
    }

    /// <summary>The same where the JSON serializer's settings stand in Akka's defaults; they mean nothing here.</summary>
    public RefusingSerializer(ExtendedActorSystem system, Config settings)
        : base(system)
    {
    }

    /// <summary>That of Akka's JSON serializer.</summary>
    public override int Identifier => 1;

    /// <inheritdoc/>
    public override string Manifest(object o) => throw Unbound(o);

    /// <inheritdoc/>
    public override byte[] ToBinary(object obj) => throw Unbound(obj);

    /// <inheritdoc/>
    public override object FromBinary(byte[] bytes, string manifest) => new PeerMessage.Unreadable($"JSON of the type '{manifest}'");

    private static SerializationException Unbound(object? o) => new($"{o?.GetType()} is bound to no serializer: it is neither stored nor sent.");
}
