namespace Kv.Testing.History;

/// <summary>What a client was told about its lease.</summary>
public enum LeaseAnswer
{
    /// <summary>It lives: granted, or kept alive.</summary>
    Alive,

    /// <summary>There is no such lease (or no longer).</summary>
    Gone,

    /// <summary>Nobody knows what came of the call.</summary>
    Unknown,
}

/// <summary>One grant or keep-alive of a lease.</summary>
public sealed record LeaseCall(string Client, Moment Call, Moment Return, LeaseAnswer Answer, TimeSpan Ttl)
{
    /// <inheritdoc/>
    public override string ToString() => $"[{Call}..{Return}] {Client}: {Answer}{(Ttl == TimeSpan.Zero ? "" : $" for {Ttl.TotalSeconds}s")}";
}

/// <summary>The life of one lease as its holder saw it. Its revoke and its puts are in the history of operations.</summary>
/// <param name="id">Chosen by the client, so that it is known even when the grant's fate is not.</param>
/// <param name="granted">The grant.</param>
public sealed class LeaseLog(long id, LeaseCall granted)
{
    private readonly List<LeaseCall> _calls = [granted];

    /// <summary>Its id.</summary>
    public long Id { get; } = id;

    /// <summary>The grant.</summary>
    public LeaseCall Granted { get; } = granted;

    /// <summary>The grant, then keep-alives and times-to-live, in order of their calls.</summary>
    public IReadOnlyList<LeaseCall> Calls => _calls;

    /// <summary>Keeps a call.</summary>
    public void Add(LeaseCall call) => _calls.Add(call);

    /// <summary>The operation that stands for its expiry: any time after the grant was called, or never.</summary>
    public Operation Expiry() =>
        new("cluster", new KvRequest.Revoke(Id, Expired: true), null, Fate.Unknown, Granted.Call, Moment.Never, Note: "may expire");
}
