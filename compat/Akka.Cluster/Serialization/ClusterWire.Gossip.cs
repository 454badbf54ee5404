using System.Collections.Immutable;
using Akka.Util;

namespace Akka.Cluster.Serialization;

/// <summary>Gossip on the wire: nodes once, in a table, since most of the rest is about them.</summary>
internal static partial class ClusterWire
{
    internal static void Write(WireWriter to, Gossip gossip)
    {
        var places = new Dictionary<UniqueAddress, int>();
        var table = new List<UniqueAddress>();
        foreach (var member in gossip.Members)
        {
            to.Message(1, (member, Place(member.UniqueAddress)), static (inner, m) =>
            {
                inner.Number(1, m.Item2);
                inner.Number(2, (int)m.member.Status);
                inner.Number(3, m.member.UpNumber);
                foreach (var role in m.member.Roles) inner.Text(4, role);
                inner.Text(5, m.member.AppVersion.Version);
            });
        }

        foreach (var node in gossip.Seen) to.Number(2, Place(node));
        foreach (var (observer, row) in gossip.Reachability.Rows)
        {
            to.Message(3, row, (inner, r) =>
            {
                inner.Number(1, Place(observer));
                inner.Number(2, r.Version);
                foreach (var (subject, status) in r.Subjects) inner.Message(3, (Place(subject), status), Write);
            });
        }

        foreach (var change in gossip.Version.Versions) to.Message(4, change, Write);
        foreach (var (node, seconds) in gossip.Tombstones) to.Message(5, (Place(node), seconds), Write);
        foreach (var node in table) to.Message(6, node, Write);

        int Place(UniqueAddress node)
        {
            if (places.TryGetValue(node, out var place)) return place;
            places.Add(node, table.Count);
            table.Add(node);
            return table.Count - 1;
        }
    }

    private static void Write(WireWriter to, KeyValuePair<VectorClock.Node, long> change)
    {
        to.Text(1, change.Key.ToString());
        to.Number(2, change.Value);
    }

    private static void Write(WireWriter to, (int Node, long Seconds) stone)
    {
        to.Number(1, stone.Node);
        to.Number(2, stone.Seconds);
    }

    private static void Write(WireWriter to, (int Node, ReachabilityStatus Status) subject)
    {
        to.Number(1, subject.Node);
        to.Number(2, (int)subject.Status);
    }

    internal static Gossip ReadGossip(ReadOnlySpan<byte> bytes)
    {
        var table = ReadTable(bytes);
        var members = ImmutableSortedSet.CreateBuilder<Member>();
        var seen = ImmutableHashSet.CreateBuilder<UniqueAddress>();
        var rows = ImmutableDictionary.CreateBuilder<UniqueAddress, Reachability.Row>();
        var versions = ImmutableSortedDictionary.CreateBuilder<VectorClock.Node, long>();
        var stones = ImmutableDictionary.CreateBuilder<UniqueAddress, long>();
        var from = new WireReader(bytes);
        while (from.Next())
        {
            switch (from.Field)
            {
                case 1:
                    members.Add(ReadMember(from.Bytes(), table));
                    break;
                case 2:
                    seen.Add(At(table, from.Number()));
                    break;
                case 3:
                    var (observer, row) = ReadRow(from.Bytes(), table);
                    rows[observer] = row;
                    break;
                case 4:
                    AddVersion(versions, from.Bytes());
                    break;
                case 5:
                    var (node, seconds) = ReadPair(from.Bytes());
                    stones[At(table, node)] = seconds;
                    break;
            }
        }

        return new Gossip(members.ToImmutable(), seen.ToImmutable(), new Reachability(rows.ToImmutable()), VectorClock.Create(versions.ToImmutable()), stones.ToImmutable());
    }

    private static List<UniqueAddress> ReadTable(ReadOnlySpan<byte> bytes)
    {
        var table = new List<UniqueAddress>();
        var from = new WireReader(bytes);
        while (from.Next())
            if (from.Field == 6) table.Add(ReadNode(from.Bytes()));
        return table;
    }

    private static UniqueAddress At(List<UniqueAddress> table, long place) =>
        place >= 0 && place < table.Count ? table[(int)place] : throw WireReader.Bad($"node {place} of {table.Count}");

    private static Member ReadMember(ReadOnlySpan<byte> bytes, List<UniqueAddress> table)
    {
        UniqueAddress node = null;
        var (status, upNumber, version) = (-1, int.MaxValue, AppVersion.Zero);
        var roles = ImmutableHashSet.CreateBuilder<string>();
        var from = new WireReader(bytes);
        while (from.Next())
        {
            switch (from.Field)
            {
                case 1: node = At(table, from.Number()); break;
                case 2: status = from.Int32(); break;
                case 3: upNumber = from.Int32(); break;
                case 4: roles.Add(from.Text()); break;
                case 5: version = ReadAppVersion(from.Text()); break;
            }
        }

        // A removed member is none: it may not come in among them.
        if (node is null || !Enum.IsDefined((MemberStatus)status) || (MemberStatus)status == MemberStatus.Removed) throw WireReader.Bad($"a member without node, or with status {status}");
        return Member.Create(node, upNumber, (MemberStatus)status, roles.ToImmutable(), version);
    }

    private static (UniqueAddress Observer, Reachability.Row Row) ReadRow(ReadOnlySpan<byte> bytes, List<UniqueAddress> table)
    {
        UniqueAddress observer = null;
        var version = 0L;
        var subjects = ImmutableDictionary.CreateBuilder<UniqueAddress, ReachabilityStatus>();
        var from = new WireReader(bytes);
        while (from.Next())
        {
            switch (from.Field)
            {
                case 1:
                    observer = At(table, from.Number());
                    break;
                case 2:
                    version = from.Number();
                    break;
                case 3:
                    var (subject, status) = ReadPair(from.Bytes());
                    if (status is not ((long)ReachabilityStatus.Unreachable or (long)ReachabilityStatus.Terminated)) throw WireReader.Bad($"a reachability of {status}");
                    subjects[At(table, subject)] = (ReachabilityStatus)status;
                    break;
            }
        }

        return (observer ?? throw WireReader.Bad("a row without observer"), new Reachability.Row(version, subjects.ToImmutable()));
    }

    private static (long Node, long Value) ReadPair(ReadOnlySpan<byte> bytes)
    {
        var pair = (Node: -1L, Value: 0L);
        var from = new WireReader(bytes);
        while (from.Next())
        {
            switch (from.Field)
            {
                case 1: pair.Node = from.Number(); break;
                case 2: pair.Value = from.Number(); break;
            }
        }

        return pair;
    }

    private static void AddVersion(ImmutableSortedDictionary<VectorClock.Node, long>.Builder versions, ReadOnlySpan<byte> bytes)
    {
        string node = null;
        var count = 0L;
        var from = new WireReader(bytes);
        while (from.Next())
        {
            switch (from.Field)
            {
                case 1: node = from.Text(); break;
                case 2: count = from.Number(); break;
            }
        }

        versions[VectorClock.Node.FromHash(node ?? throw WireReader.Bad("a version without node"))] = count;
    }
}
