namespace Kv.Testing.History;

/// <summary>One thing that must not have happened.</summary>
/// <param name="Rule">Which rule, in a word or two.</param>
/// <param name="Text">What happened, with revisions and times.</param>
public sealed record Violation(string Rule, string Text)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Rule}: {Text}";
}
