using Kv.Actors.Model;
using Kv.Actors.Mvcc;
using Kv.Actors.Protos.Etcdserverpb;

namespace Kv.Actors.Apply;

/// <summary>Whether a transaction's condition holds. Source: reference, compare.</summary>
internal static class TxnCompare
{
    /// <summary>A range's condition must hold for every key; an empty range counts as one missing key.</summary>
    internal static bool Holds(IKvReader state, Compare compare)
    {
        if (compare.RangeEnd.IsEmpty)
        {
            return state.Get(compare.Key.Span) is { } one ? Holds(compare, one) : HoldsForMissing(compare);
        }
        var found = state.Range(new RangeQuery(KvProto.RangeOf(compare.Key, compare.RangeEnd))).Value
            ?? throw new InvalidOperationException($"newest state unreadable at revision {state.CurrentRevision}");
        if (found.Kvs.IsEmpty)
        {
            return HoldsForMissing(compare);
        }
        foreach (var kv in found.Kvs)
        {
            if (!Holds(compare, kv))
            {
                return false;
            }
        }
        return true;
    }

    /// <summary>A missing key has zeros, and no value at all: whatever is said of that is false.</summary>
    private static bool HoldsForMissing(Compare compare) =>
        compare.Target != Compare.Types.CompareTarget.Value && Holds(compare, Order(compare, 0, 0, 0, LeaseId.None, []));

    private static bool Holds(Compare compare, KeyVersion kv) =>
        Holds(compare, Order(compare, kv.Version, kv.CreateRevision, kv.ModRevision, kv.Lease, kv.Value));

    /// <summary>Stored against given. A union member that does not fit the target reads as zero; an undefined target as equal.</summary>
    private static int Order(Compare compare, long version, long create, long mod, LeaseId lease, byte[] value) => compare.Target switch
    {
        Compare.Types.CompareTarget.Version => version.CompareTo(compare.Version),
        Compare.Types.CompareTarget.Create => create.CompareTo(compare.CreateRevision),
        Compare.Types.CompareTarget.Mod => mod.CompareTo(compare.ModRevision),
        Compare.Types.CompareTarget.Value => value.AsSpan().SequenceCompareTo(compare.Value.Span),
        Compare.Types.CompareTarget.Lease => lease.Value.CompareTo(compare.Lease),
        _ => 0,
    };

    private static bool Holds(Compare compare, int order) => compare.Result switch
    {
        Compare.Types.CompareResult.Equal => order == 0,
        Compare.Types.CompareResult.Greater => order > 0,
        Compare.Types.CompareResult.Less => order < 0,
        Compare.Types.CompareResult.NotEqual => order != 0,
        _ => true,
    };
}
