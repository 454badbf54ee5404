namespace Kv.Testing.History;

/// <summary>A point in a run as its clients saw it: <paramref name="Order"/> counts all calls and returns, <paramref name="At"/> is the client's clock.</summary>
/// <remarks>Order decides what happened before what; the clock is for leases and for reading. Both only grow.</remarks>
public readonly record struct Moment(long Order, TimeSpan At)
{
    /// <summary>Later than everything: the return of an operation whose outcome nobody knows.</summary>
    public static readonly Moment Never = new(long.MaxValue, TimeSpan.MaxValue);

    /// <inheritdoc/>
    public override string ToString() => Order == long.MaxValue ? "?" : $"{At.TotalSeconds:F3}s";
}
