using Kv.Actors.Model;

namespace Kv.Actors.Lease;

/// <summary>What is stored of a lease.</summary>
/// <param name="Id">The lease.</param>
/// <param name="TtlSeconds">The TTL granted.</param>
/// <param name="RemainingSeconds">The last checkpoint of what was left of it; 0 without one.</param>
public readonly record struct LeaseFact(LeaseId Id, long TtlSeconds, long RemainingSeconds);

/// <summary>Every lease at one moment; never changes, readable from any thread.</summary>
public sealed class LeaseView
{
    private readonly LeasePages.Branch[] _root;

    internal LeaseView(LeasePages.Branch[] root, int count)
    {
        _root = root;
        Count = count;
    }

    /// <summary>No leases.</summary>
    public static LeaseView Empty { get; } = new([], 0);

    /// <summary>Leases here.</summary>
    public int Count { get; }

    /// <summary>The leases in ascending order of id, the order of a checkpoint file and of a hash. O(n log n), copies.</summary>
    public LeaseFact[] InOrder()
    {
        var facts = new LeaseFact[Count];
        for (var slot = 0; slot < facts.Length; slot++)
        {
            facts[slot] = _root[slot / (LeasePages.PageSize * LeasePages.BranchSize)]
                .Pages[slot / LeasePages.PageSize % LeasePages.BranchSize]!.Facts[slot % LeasePages.PageSize];
        }
        Array.Sort(facts, static (left, right) => left.Id.Value.CompareTo(right.Id.Value));
        return facts;
    }
}
