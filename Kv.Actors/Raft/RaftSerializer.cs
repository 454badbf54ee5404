using Akka.Actor;
using Akka.Serialization;

namespace Kv.Actors.Raft;

/// <summary>What the journal keeps of Raft, as bytes: <see cref="RaftEvent"/>s, by manifest, never by type name.</summary>
public sealed class RaftSerializer : SerializerWithStringManifest
{
    private const string EventManifest = "e";

    /// <summary>Called by Akka with the system it serves.</summary>
    public RaftSerializer(ExtendedActorSystem system)
        : base(system)
    {
    }

    /// <summary>Ours; 0 to 40 are Akka's.</summary>
    public override int Identifier => 2379;

    /// <inheritdoc/>
    public override string Manifest(object o) => o is RaftEvent raftEvent
        ? EventManifest
        : throw new ArgumentException($"{o?.GetType()} is not a Raft event.", nameof(o));

    /// <inheritdoc/>
    public override byte[] ToBinary(object obj) => obj is RaftEvent raftEvent
        ? RaftWire.Encode(raftEvent)
        : throw new ArgumentException($"{obj?.GetType()} is not a Raft event.", nameof(obj));

    /// <inheritdoc/>
    public override object FromBinary(byte[] bytes, string manifest) => manifest == EventManifest
        ? RaftWire.DecodeEvent(bytes)
        : throw new ArgumentException($"'{manifest}' is no manifest of a Raft event.", nameof(manifest));
}
