namespace Kv.Testing.History;

/// <summary>What a client knows of the fate of its request.</summary>
public enum Fate
{
    /// <summary>It was answered.</summary>
    Known,

    /// <summary>It certainly had no effect: refused, or never sent.</summary>
    Failed,

    /// <summary>It may have taken effect at any moment since the call, may do so later, or never.</summary>
    Unknown,
}

/// <summary>One request in a client's history.</summary>
/// <param name="Client">Who asked: for reading only.</param>
/// <param name="Request">What was asked.</param>
/// <param name="Answer">What was answered, when the fate is <see cref="Fate.Known"/>.</param>
/// <param name="Fate">What the client knows.</param>
/// <param name="Call">Just before it was sent.</param>
/// <param name="Return">Just after it was answered; <see cref="Moment.Never"/> when the fate is unknown.</param>
/// <param name="Connection">Which connection to which start of which member carried it; serializable reads on one must not go back.</param>
/// <param name="Note">The error, when there was one.</param>
public sealed record Operation(
    string Client, KvRequest Request, KvAnswer? Answer, Fate Fate, Moment Call, Moment Return, string Connection = "", string? Note = null)
{
    /// <summary>Whether it reads what some member happens to have, or an earlier revision: judged against the order of writes.</summary>
    public bool ReadsThePast => Request is KvRequest.Range { Serializable: true } or KvRequest.Range { Revision: > 0 };

    /// <inheritdoc/>
    public override string ToString()
    {
        var outcome = Fate switch
        {
            Fate.Known => $"{Answer}{(Answer!.Revision == 0 ? "" : $" @{Answer.Revision}")}",
            Fate.Failed => $"failed: {Note}",
            _ => $"unknown{(Note is null ? "" : $": {Note}")}",
        };
        return $"[{Call}..{Return}] {Client}: {Request} -> {outcome}";
    }
}
