namespace Kv.Simulation.Clients;

/// <summary>How a call ended, as the client knows it.</summary>
internal enum Ending
{
    /// <summary>There is an answer; it may be an error that the node is sure of.</summary>
    Answered,

    /// <summary>Nobody was there to take it: it did not happen.</summary>
    Refused,

    /// <summary>Time-out, or the connection broke: it may have happened, may still happen, or never.</summary>
    Unknown,
}

/// <summary>What a client has after a call.</summary>
/// <param name="How">How it ended.</param>
/// <param name="Value">The answer, if it has one.</param>
internal readonly record struct Reply<T>(Ending How, T? Value)
{
    /// <summary>Whether there is an answer.</summary>
    public bool Answered => How == Ending.Answered;
}
