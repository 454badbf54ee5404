using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Serialization;

namespace Akka.Remote.Serialization;

/// <summary>Akka's own messages that may cross the wire.</summary>
public sealed class MiscMessageSerializer : SerializerWithStringManifest
{
    /// <summary>For a system.</summary>
    public MiscMessageSerializer(ExtendedActorSystem system)
        : base(system)
    {
    }

    /// <inheritdoc/>
    public override string Manifest(object obj) => obj switch
    {
        Identify => "ID",
        ActorIdentity => "AID",
        IActorRef => "IAR",
        PoisonPill => "PP",
        Kill => "K",
        Status.Failure => "SF",
        Status.Success => "SS",
        RemoteWatcher.Heartbeat => "RWHB",
        RemoteWatcher.HeartbeatRsp => "RWHR",
        _ => throw new ArgumentException($"Cannot serialize object of type [{obj.GetType()}]", nameof(obj)),
    };

    /// <inheritdoc/>
    public override byte[] ToBinary(object obj) => obj switch
    {
        Identify identify => WireText.Write(w => w.WriteObject(identify.MessageId, system)),
        ActorIdentity identity => WireText.Write(w =>
        {
            w.WriteObject(identity.MessageId, system);
            w.WriteRef(identity.Subject);
        }),
        IActorRef actor => WireText.Write(w => w.WriteRef(actor)),
        PoisonPill or Kill or RemoteWatcher.Heartbeat => [],
        Status.Failure failure => WireText.Write(w =>
        {
            ExceptionText.Write(w, failure.Cause);
            w.WriteObject(failure.State, system);
        }),
        Status.Success success => WireText.Write(w => w.WriteObject(success.Status, system)),
        RemoteWatcher.HeartbeatRsp answer => BitConverter.GetBytes(answer.AddressUid),
        _ => throw new ArgumentException($"Cannot serialize object of type [{obj.GetType()}]", nameof(obj)),
    };

    /// <inheritdoc/>
    public override object FromBinary(byte[] bytes, string manifest)
    {
        using var reader = WireText.Reader(bytes);
        switch (manifest)
        {
            case "ID": return new Identify(reader.ReadObject(system));
            case "AID": return new ActorIdentity(reader.ReadObject(system), reader.ReadRef(system));
            case "IAR": return reader.ReadRef(system);
            case "PP": return PoisonPill.Instance;
            case "K": return Kill.Instance;
            case "SF":
                var cause = ExceptionText.Read(reader);
                return new Status.Failure(cause, reader.ReadObject(system));
            case "SS": return new Status.Success(reader.ReadObject(system));
            case "RWHB": return RemoteWatcher.Heartbeat.Instance;
            case "RWHR": return new RemoteWatcher.HeartbeatRsp(reader.ReadInt32());
            default: throw new SerializationException($"Unimplemented deserialization of message with manifest [{manifest}] in [{nameof(MiscMessageSerializer)}]");
        }
    }
}
