using System.Collections.Immutable;
using Akka.Actor;
using Akka.Util;

namespace Akka.Cluster.Serialization;

/// <summary>Fields of the cluster's messages.</summary>
/// <remarks><code>
///  Address       1 protocol  2 system  3 host  4 port           Ack, Nack, Leave, Down are one
///  Node          1 Address  2 uid                                ExitingConfirmed is one
///  Join          1 Node  2 role*  3 app version
///  Welcome       1 Node from  2 Gossip
///  Envelope      1 Node from  2 Node to  3 Gossip
///  Status        1 Node from  2 Version*
///  Heartbeat     1 Address from  2 sequence
///  HeartbeatRsp  1 Node from  2 sequence
///  Gossip        1 Member*  2 seen*  3 Row*  4 Version*  5 Stone*  6 Node* (table: others name a node by its place in it)
///  Member        1 node  2 status  3 up number  4 role*  5 app version
///  Row           1 observer  2 version  3 Subject*               Subject  1 node  2 reachability
///  Version       1 clock node  2 count
///  Stone         1 node  2 seconds since 1970
/// </code></remarks>
internal static partial class ClusterWire
{
    internal static void Write(WireWriter to, Address address)
    {
        to.Text(1, address.Protocol);
        to.Text(2, address.System);
        if (address.Host is not null) to.Text(3, address.Host);
        if (address.Port is { } port) to.Number(4, port);
    }

    internal static Address ReadAddress(ReadOnlySpan<byte> bytes)
    {
        string protocol = null, system = null, host = null;
        int? port = null;
        var from = new WireReader(bytes);
        while (from.Next())
        {
            switch (from.Field)
            {
                case 1: protocol = from.Text(); break;
                case 2: system = from.Text(); break;
                case 3: host = from.Text(); break;
                case 4: port = from.Int32(); break;
            }
        }

        return protocol is null || system is null ? throw WireReader.Bad("an address without protocol or system") : new Address(protocol, system, host, port);
    }

    internal static void Write(WireWriter to, UniqueAddress node)
    {
        to.Message(1, node.Address, Write);
        to.Number(2, node.Uid);
    }

    internal static UniqueAddress ReadNode(ReadOnlySpan<byte> bytes)
    {
        Address address = null;
        var uid = 0;
        var from = new WireReader(bytes);
        while (from.Next())
        {
            switch (from.Field)
            {
                case 1: address = ReadAddress(from.Bytes()); break;
                case 2: uid = from.Int32(); break;
            }
        }

        return new UniqueAddress(address ?? throw WireReader.Bad("a node without address"), uid);
    }

    internal static void Write(WireWriter to, ClusterMessage.Join join)
    {
        to.Message(1, join.Node, Write);
        foreach (var role in join.Roles) to.Text(2, role);
        to.Text(3, join.AppVersion.Version);
    }

    internal static ClusterMessage.Join ReadJoin(ReadOnlySpan<byte> bytes)
    {
        UniqueAddress node = null;
        var roles = ImmutableHashSet.CreateBuilder<string>();
        var version = AppVersion.Zero;
        var from = new WireReader(bytes);
        while (from.Next())
        {
            switch (from.Field)
            {
                case 1: node = ReadNode(from.Bytes()); break;
                case 2: roles.Add(from.Text()); break;
                case 3: version = ReadAppVersion(from.Text()); break;
            }
        }

        return new ClusterMessage.Join(node ?? throw WireReader.Bad("a join without node"), roles.ToImmutable(), version);
    }

    internal static void Write(WireWriter to, ClusterMessage.Welcome welcome)
    {
        to.Message(1, welcome.From, Write);
        to.Message(2, welcome.Gossip, Write);
    }

    internal static ClusterMessage.Welcome ReadWelcome(ReadOnlySpan<byte> bytes)
    {
        UniqueAddress sender = null;
        Gossip gossip = null;
        var from = new WireReader(bytes);
        while (from.Next())
        {
            switch (from.Field)
            {
                case 1: sender = ReadNode(from.Bytes()); break;
                case 2: gossip = ReadGossip(from.Bytes()); break;
            }
        }

        return sender is null || gossip is null ? throw WireReader.Bad("a welcome without sender or gossip") : new ClusterMessage.Welcome(sender, gossip);
    }

    internal static void Write(WireWriter to, ClusterMessage.GossipEnvelope envelope)
    {
        to.Message(1, envelope.From, Write);
        to.Message(2, envelope.To, Write);
        to.Message(3, envelope.Gossip, Write);
    }

    internal static ClusterMessage.GossipEnvelope ReadEnvelope(ReadOnlySpan<byte> bytes, long nowMs)
    {
        UniqueAddress sender = null, receiver = null;
        Gossip gossip = null;
        var from = new WireReader(bytes);
        while (from.Next())
        {
            switch (from.Field)
            {
                case 1: sender = ReadNode(from.Bytes()); break;
                case 2: receiver = ReadNode(from.Bytes()); break;
                case 3: gossip = ReadGossip(from.Bytes()); break;
            }
        }

        return sender is null || receiver is null || gossip is null
            ? throw WireReader.Bad("an envelope without sender, receiver or gossip")
            : new ClusterMessage.GossipEnvelope(sender, receiver, gossip) { ReceivedAt = nowMs };
    }

    internal static void Write(WireWriter to, ClusterMessage.GossipStatus status)
    {
        to.Message(1, status.From, Write);
        foreach (var change in status.Version.Versions) to.Message(2, change, Write);
    }

    internal static ClusterMessage.GossipStatus ReadStatus(ReadOnlySpan<byte> bytes)
    {
        UniqueAddress sender = null;
        var versions = ImmutableSortedDictionary.CreateBuilder<VectorClock.Node, long>();
        var from = new WireReader(bytes);
        while (from.Next())
        {
            switch (from.Field)
            {
                case 1: sender = ReadNode(from.Bytes()); break;
                case 2: AddVersion(versions, from.Bytes()); break;
            }
        }

        return new ClusterMessage.GossipStatus(sender ?? throw WireReader.Bad("a status without sender"), VectorClock.Create(versions.ToImmutable()));
    }

    internal static void Write(WireWriter to, ClusterMessage.Heartbeat heartbeat)
    {
        to.Message(1, heartbeat.From, Write);
        to.Number(2, heartbeat.Sequence);
    }

    internal static ClusterMessage.Heartbeat ReadHeartbeat(ReadOnlySpan<byte> bytes)
    {
        Address sender = null;
        var sequence = 0L;
        var from = new WireReader(bytes);
        while (from.Next())
        {
            switch (from.Field)
            {
                case 1: sender = ReadAddress(from.Bytes()); break;
                case 2: sequence = from.Number(); break;
            }
        }

        return new ClusterMessage.Heartbeat(sender ?? throw WireReader.Bad("a heartbeat without sender"), sequence);
    }

    internal static void Write(WireWriter to, ClusterMessage.HeartbeatRsp response)
    {
        to.Message(1, response.From, Write);
        to.Number(2, response.Sequence);
    }

    internal static ClusterMessage.HeartbeatRsp ReadHeartbeatRsp(ReadOnlySpan<byte> bytes)
    {
        UniqueAddress sender = null;
        var sequence = 0L;
        var from = new WireReader(bytes);
        while (from.Next())
        {
            switch (from.Field)
            {
                case 1: sender = ReadNode(from.Bytes()); break;
                case 2: sequence = from.Number(); break;
            }
        }

        return new ClusterMessage.HeartbeatRsp(sender ?? throw WireReader.Bad("a heartbeat's answer without sender"), sequence);
    }

    private static AppVersion ReadAppVersion(string text)
    {
        try
        {
            return AppVersion.Create(text);
        }
        catch (Exception e) when (e is ArgumentException or FormatException or OverflowException)
        {
            throw new System.Runtime.Serialization.SerializationException($"Bad cluster message: [{text}] is no version", e);
        }
    }
}
