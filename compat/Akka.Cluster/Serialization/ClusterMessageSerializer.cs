using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Serialization;

namespace Akka.Cluster.Serialization;

/// <summary>The cluster's messages as bytes: protobuf's wire form, by short manifests. Fields are drawn at <see cref="ClusterWire"/>.</summary>
public class ClusterMessageSerializer : SerializerWithStringManifest
{
    private const string InitJoin = "IJ";
    private const string InitJoinAck = "IJA";
    private const string InitJoinNack = "IJN";
    private const string Join = "J";
    private const string Welcome = "W";
    private const string Envelope = "GE";
    private const string Status = "GS";
    private const string ExitingConfirmed = "EC";
    private const string Heartbeat = "HB";
    private const string HeartbeatRsp = "HBR";
    private const string Leave = "L";
    private const string Down = "D";

    /// <summary>For a system.</summary>
    public ClusterMessageSerializer(ExtendedActorSystem system)
        : base(system)
    {
    }

    /// <inheritdoc/>
    public override string Manifest(object o) => o switch
    {
        ClusterMessage.InitJoin => InitJoin,
        ClusterMessage.InitJoinAck => InitJoinAck,
        ClusterMessage.InitJoinNack => InitJoinNack,
        ClusterMessage.Join => Join,
        ClusterMessage.Welcome => Welcome,
        ClusterMessage.GossipEnvelope => Envelope,
        ClusterMessage.GossipStatus => Status,
        ClusterMessage.ExitingConfirmed => ExitingConfirmed,
        ClusterMessage.Heartbeat => Heartbeat,
        ClusterMessage.HeartbeatRsp => HeartbeatRsp,
        ClusterMessage.Leave => Leave,
        ClusterMessage.Down => Down,
        _ => throw new ArgumentException($"Can't serialize object of type [{o.GetType()}] in [{GetType()}]", nameof(o)),
    };

    /// <inheritdoc/>
    public override byte[] ToBinary(object obj)
    {
        var to = new WireWriter();
        switch (obj)
        {
            case ClusterMessage.InitJoin: break;
            case ClusterMessage.InitJoinAck m: ClusterWire.Write(to, m.From); break;
            case ClusterMessage.InitJoinNack m: ClusterWire.Write(to, m.From); break;
            case ClusterMessage.Leave m: ClusterWire.Write(to, m.Address); break;
            case ClusterMessage.Down m: ClusterWire.Write(to, m.Address); break;
            case ClusterMessage.ExitingConfirmed m: ClusterWire.Write(to, m.Node); break;
            case ClusterMessage.Join m: ClusterWire.Write(to, m); break;
            case ClusterMessage.Welcome m: ClusterWire.Write(to, m); break;
            case ClusterMessage.GossipEnvelope m: ClusterWire.Write(to, m); break;
            case ClusterMessage.GossipStatus m: ClusterWire.Write(to, m); break;
            case ClusterMessage.Heartbeat m: ClusterWire.Write(to, m); break;
            case ClusterMessage.HeartbeatRsp m: ClusterWire.Write(to, m); break;
            default: throw new ArgumentException($"Can't serialize object of type [{obj.GetType()}] in [{GetType()}]", nameof(obj));
        }

        return to.ToArray();
    }

    /// <inheritdoc/>
    /// <exception cref="SerializationException">The manifest is unknown, or the bytes are no such message.</exception>
    public override object FromBinary(byte[] bytes, string manifest) => manifest switch
    {
        InitJoin => new ClusterMessage.InitJoin(),
        InitJoinAck => new ClusterMessage.InitJoinAck(ClusterWire.ReadAddress(bytes)),
        InitJoinNack => new ClusterMessage.InitJoinNack(ClusterWire.ReadAddress(bytes)),
        Leave => new ClusterMessage.Leave(ClusterWire.ReadAddress(bytes)),
        Down => new ClusterMessage.Down(ClusterWire.ReadAddress(bytes)),
        ExitingConfirmed => new ClusterMessage.ExitingConfirmed(ClusterWire.ReadNode(bytes)),
        Join => ClusterWire.ReadJoin(bytes),
        Welcome => ClusterWire.ReadWelcome(bytes),
        Envelope => ClusterWire.ReadEnvelope(bytes, Environment.TickCount64),
        Status => ClusterWire.ReadStatus(bytes),
        Heartbeat => ClusterWire.ReadHeartbeat(bytes),
        HeartbeatRsp => ClusterWire.ReadHeartbeatRsp(bytes),
        _ => throw new SerializationException($"Unimplemented deserialization of message with manifest [{manifest}] in [{GetType()}]"),
    };
}
