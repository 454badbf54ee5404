using Kv.Actors.Apply;
using Kv.Actors.Model;
using Kv.Actors.Mvcc;
using Kv.Actors.Protos.Etcdserverpb;
using Google.Protobuf;
using RangeRequest = Kv.Actors.Protos.Etcdserverpb.RangeRequest;

namespace Kv.Simulation.Judges;

/// <summary>A state in 32 bits: every live key with all its numbers, every lease, members.</summary>
internal static class StateOf
{
    private static readonly RangeQuery _all = KvProto.QueryOf(new RangeRequest { Key = ByteString.CopyFrom((byte)0), RangeEnd = ByteString.CopyFrom((byte)0) });

    /// <summary>Every live key.</summary>
    public static KeyVersion[] Keys(StoreRoot root) => root.Kv.Range(_all) is { Ok: true } found ? found.Value.Kvs.ToArray() : [];

    /// <summary>Hashes what is live. O(keys): simulations keep few.</summary>
    public static uint Root(StoreRoot root)
    {
        var print = new Fingerprint();
        foreach (var kv in Keys(root))
        {
            print.Add(kv.Key);
            print.Add(kv.Value);
            print.Add(Happening.Disk, kv.CreateRevision, kv.ModRevision, (kv.Version << 32) ^ kv.Lease.Value);
        }

        foreach (var lease in root.Leases.InOrder()) print.Add(Happening.Timer, lease.Id.Value, lease.TtlSeconds, 0);
        print.Add(Happening.Stop, Fingerprint.Of(root.ConfState.ToString()), Fingerprint.Of(root.Members.ToString() ?? ""), 0);
        return (uint)(print.Value ^ (print.Value >> 32));
    }
}
