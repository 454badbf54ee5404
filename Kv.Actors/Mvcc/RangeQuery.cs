using Kv.Actors.Model;

namespace Kv.Actors.Mvcc;

/// <summary>Which way a range's answer is ordered. Numbers as on the wire.</summary>
public enum RangeOrder
{
    /// <summary>As the target says: ascending, except that the limit is applied before sorting.</summary>
    None = 0,

    /// <summary>Smallest first.</summary>
    Ascend = 1,

    /// <summary>Largest first.</summary>
    Descend = 2,
}

/// <summary>What a range's answer is ordered by. Numbers as on the wire.</summary>
public enum RangeTarget
{
    /// <summary>The key's bytes.</summary>
    Key = 0,

    /// <summary>Puts in the generation.</summary>
    Version = 1,

    /// <summary>Create revision.</summary>
    Create = 2,

    /// <summary>Mod revision.</summary>
    Mod = 3,

    /// <summary>The value's bytes.</summary>
    Value = 4,
}

/// <summary>A read of a key range at a revision. Defaults read all of it as it is now.</summary>
/// <param name="Keys">The range.</param>
public readonly record struct RangeQuery(KeyRange Keys)
{
    /// <summary>Main revision to read at; 0 or less is the newest.</summary>
    public long Revision { get; init; }

    /// <summary>Keys wanted at most; 0 or less is no limit.</summary>
    public long Limit { get; init; }

    /// <summary>Order of the answer.</summary>
    public RangeOrder Order { get; init; }

    /// <summary>What <see cref="Order"/> compares.</summary>
    public RangeTarget Target { get; init; }

    /// <summary>Only the count is wanted; order, limit and bounds have no effect.</summary>
    public bool CountOnly { get; init; }

    /// <summary>Keep keys last put at or after this; 0 is no bound. Bounds do not lower the count.</summary>
    public long MinModRevision { get; init; }

    /// <summary>Keep keys last put at or before this; 0 is no bound.</summary>
    public long MaxModRevision { get; init; }

    /// <summary>Keep keys created at or after this; 0 is no bound.</summary>
    public long MinCreateRevision { get; init; }

    /// <summary>Keep keys created at or before this; 0 is no bound.</summary>
    public long MaxCreateRevision { get; init; }

    /// <summary>Whether any bound on revisions is set.</summary>
    public bool HasBounds => (MinModRevision | MaxModRevision | MinCreateRevision | MaxCreateRevision) != 0;

    /// <summary>Whether the answer is in key order without sorting, as long as the target is the key.</summary>
    public bool IsNaturalOrder => Order == RangeOrder.None || (Order == RangeOrder.Ascend && Target == RangeTarget.Key);

    internal bool Accepts(KeyVersion version) =>
        (MaxModRevision == 0 || version.ModRevision <= MaxModRevision)
        && (MinModRevision == 0 || version.ModRevision >= MinModRevision)
        && (MaxCreateRevision == 0 || version.CreateRevision <= MaxCreateRevision)
        && (MinCreateRevision == 0 || version.CreateRevision >= MinCreateRevision);
}
