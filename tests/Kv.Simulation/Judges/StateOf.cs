using System.Runtime.CompilerServices;
using Google.Protobuf;
using Kv.Actors.Apply;
using Kv.Actors.Cluster;
using Kv.Actors.Lease;
using Kv.Actors.Model;
using Kv.Actors.Mvcc;
using Kv.Actors.Protos.Etcdserverpb;
using RangeRequest = Kv.Actors.Protos.Etcdserverpb.RangeRequest;

namespace Kv.Simulation.Judges;

/// <summary>A state in 32 bits: every live key with all its numbers, every lease, members.</summary>
internal static class StateOf
{
    private static readonly RangeQuery _all = KvProto.QueryOf(new RangeRequest { Key = ByteString.CopyFrom((byte)0), RangeEnd = ByteString.CopyFrom((byte)0) });

    // Members change seldom, states all the time.
    private static readonly ConditionalWeakTable<MemberSet, StrongBox<ulong>> _members = [];

    /// <summary>Every live key.</summary>
    public static KeyVersion[] Keys(MvccRoot root) => root.Range(_all) is { Ok: true } found ? found.Value.Kvs.ToArray() : [];

    /// <summary>Hashes what is live. O(keys): simulations keep few.</summary>
    public static uint Root(StoreRoot root) => Of(root.Kv, root.Leases.InOrder(), root.Members);

    /// <summary>The same of a state that was read from a file.</summary>
    public static uint Of(MvccRoot keys, IReadOnlyList<LeaseFact> leases, MemberSet members)
    {
        var print = new Fingerprint();
        foreach (var kv in Keys(keys))
        {
            print.Add(kv.Key);
            print.Add(kv.Value);
            print.Add(Happening.Disk, kv.CreateRevision, kv.ModRevision, (kv.Version << 32) ^ kv.Lease.Value);
        }

        foreach (var lease in leases) print.Add(Happening.Timer, lease.Id.Value, lease.TtlSeconds, lease.RemainingSeconds);
        print.Add(Happening.Stop, (long)_members.GetValue(members, static set => new StrongBox<ulong>(Of(set))).Value, 0, 0);
        return (uint)(print.Value ^ (print.Value >> 32));
    }

    private static ulong Of(MemberSet members)
    {
        var print = new Fingerprint();
        foreach (var member in members.All) print.Add(member.ToJson());
        foreach (var removed in members.Removed) print.Add(Happening.Stop, (long)removed.Value, 0, 0);
        return print.Value;
    }
}
