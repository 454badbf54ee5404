namespace Kv.Actors.Lease;

/// <summary>How fast leases are revoked and checkpointed. Read from <c>kv.lease</c>.</summary>
/// <remarks><code>
///  key                       default  bounds        effect
///  revoke-batch              64       1 .. 1000     leases handed to the log in one go
///  max-outstanding-revokes   256      1 .. 10000    revocations proposed and not yet applied; more wait
///  revokes-per-second        40000    1 ..          pace of a mass expiry, so that writes keep their share
///  checkpoint-interval       0s       0s or >= 1s   how often the remaining TTL of a longer lease is replicated; 0 is off
///  checkpoint-batch          1000     1 .. 1000     leases in one checkpoint proposal
/// </code></remarks>
public sealed record LessorLimits
{
    /// <summary>Leases handed to the log in one go.</summary>
    public int RevokeBatch { get; init; } = 64;

    /// <summary>Revocations proposed and not yet answered.</summary>
    public int MaxOutstandingRevokes { get; init; } = 256;

    /// <summary>Revocations proposed in a second, at most. 100,000 leases that end at once are gone in 2.5 s at the default.</summary>
    public int RevokesPerSecond { get; init; } = 40_000;

    /// <summary>How often remaining TTLs are replicated; zero is never.</summary>
    public TimeSpan CheckpointInterval { get; init; } = TimeSpan.Zero;

    /// <summary>Leases in one checkpoint proposal.</summary>
    public int CheckpointBatch { get; init; } = 1000;

    /// <summary>Returns this if every value is within its bounds.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Names the key and the value.</exception>
    public LessorLimits Validate()
    {
        Check(RevokeBatch is >= 1 and <= 1000, "kv.lease.revoke-batch", RevokeBatch);
        Check(MaxOutstandingRevokes is >= 1 and <= 10_000, "kv.lease.max-outstanding-revokes", MaxOutstandingRevokes);
        Check(RevokesPerSecond >= 1, "kv.lease.revokes-per-second", RevokesPerSecond);
        Check(
            CheckpointInterval == TimeSpan.Zero || CheckpointInterval >= TimeSpan.FromSeconds(1),
            "kv.lease.checkpoint-interval",
            CheckpointInterval);
        Check(CheckpointBatch is >= 1 and <= 1000, nameof(CheckpointBatch), CheckpointBatch);
        return this;
    }

    private static void Check(bool within, string key, object value)
    {
        if (!within)
        {
            throw new ArgumentOutOfRangeException(key, value, "out of bounds");
        }
    }
}
