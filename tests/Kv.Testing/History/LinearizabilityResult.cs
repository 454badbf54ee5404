namespace Kv.Testing.History;

/// <summary>What the checker found.</summary>
public enum Verdict
{
    /// <summary>There is an order of the operations that explains every answer.</summary>
    Linearizable,

    /// <summary>There is none.</summary>
    NotLinearizable,

    /// <summary>The search was given up. It counts as a failure.</summary>
    Undecided,
}

/// <summary>The verdict with its proof: an order, or the point that no order gets past.</summary>
/// <param name="Verdict">What was found.</param>
/// <param name="Order">
/// The operations that took effect, in an order that explains all answers; as far as it goes when there is none. With a history that
/// was split by keys, the parts follow each other.
/// </param>
/// <param name="Explanation">For people; empty when all is well.</param>
/// <param name="Steps">How many steps of the model the search took.</param>
public sealed record LinearizabilityResult(Verdict Verdict, IReadOnlyList<Operation> Order, string Explanation, long Steps)
{
    /// <summary>Whether it is proved linearizable.</summary>
    public bool Ok => Verdict == Verdict.Linearizable;

    /// <inheritdoc/>
    public override string ToString() => Ok ? $"linearizable ({Order.Count} operations, {Steps} steps)" : $"{Verdict} after {Steps} steps: {Explanation}";
}
