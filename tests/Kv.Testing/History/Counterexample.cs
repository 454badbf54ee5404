using System.Globalization;
using System.Text;

namespace Kv.Testing.History;

/// <summary>Says in a few lines where every order gets stuck, and why each operation that could come next cannot.</summary>
internal static class Counterexample
{
    private const int Lines = 8;

    public static string Text(
        KvModel model, RevisionHints hints, KvState initial, IReadOnlyList<Operation> order, KvState state, IReadOnlyList<Operation> open, IReadOnlyList<Operation> unknown)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"{order.Count} operations fit; then the store is at revision {state.Revision} and nothing can come next.");
        Section(text, "last operations that fit", [.. order.TakeLast(Lines).Select(static o => o.ToString())], order.Count);
        Section(text, "one of these must come next", [.. open.Take(Lines).Select(o => $"{o}\n      but {WhyNot(model, hints, state, o)}")], open.Count);
        foreach (var late in open.Where(o => o.Answer!.Revision > 0 && o.Answer.Revision < state.Revision + (o.Answer.Changed ? 1 : 0)).Take(1))
        {
            if (WriteOf(model, initial, order, late.Answer!.Revision + 1) is { } write)
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"  what it missed, although that came first:\n    {write}");
            }
        }
        if (model.Revisions && hints.OwnerOf(state.Revision + 1) is { } owner)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  acknowledged with revision {state.Revision + 1}:\n    {owner}");
        }
        else if (model.Revisions && state.Revision < hints.Highest)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  nobody was acknowledged revision {state.Revision + 1}; {hints.Describe(state.Revision + 1)}");
            var near = unknown.Where(o => o.Request is not KvRequest.Revoke { Expired: true }).ToArray();
            Section(text, "operations of unknown fate that are left", [.. near.TakeLast(Lines).Select(static o => o.ToString())], near.Length);
        }
        return text.ToString().TrimEnd();
    }

    private static void Section(StringBuilder text, string title, string[] lines, int of)
    {
        if (lines.Length == 0)
        {
            return;
        }
        text.AppendLine(CultureInfo.InvariantCulture, $"  {title}{(of > lines.Length ? $" ({lines.Length} of {of})" : "")}:");
        foreach (var line in lines)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"    {line}");
        }
    }

    private static string WhyNot(KvModel model, RevisionHints hints, KvState state, Operation operation)
    {
        var (next, answer) = model.Apply(state, operation.Request);
        if (answer is null)
        {
            return "the store must refuse it here: its lease is dead";
        }
        if (!model.Matches(answer, operation.Answer!))
        {
            return $"here the answer must be {answer}{(answer.Revision == 0 ? "" : $" @{answer.Revision}")}";
        }
        return next.Revision != state.Revision && !hints.Allow(operation, state, next)
            ? $"{hints.Describe(next.Revision)}{(hints.OwnerOf(next.Revision) is { } owner ? $", and it belongs to {owner}" : "")}"
            : "it leads nowhere";
    }

    private static Operation? WriteOf(KvModel model, KvState initial, IReadOnlyList<Operation> order, long revision)
    {
        var state = initial;
        foreach (var operation in order)
        {
            state = model.Apply(state, operation.Request).Next;
            if (state.Revision >= revision)
            {
                return operation;
            }
        }
        return null;
    }
}
