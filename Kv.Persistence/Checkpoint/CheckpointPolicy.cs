namespace Kv.Persistence.Checkpoint;

/// <summary>When a checkpoint is due: when the log since the last one has grown past the state it would write, or has many events.</summary>
/// <remarks>
/// Writing a state of n bytes after every n bytes of log writes each byte about twice, however large the state is; the
/// minimum keeps a small state from being written over and over, the event count bounds the time a restart replays.
/// </remarks>
/// <param name="MinLogBytes">No checkpoint below this much log.</param>
/// <param name="LogToState">Log bytes since the last checkpoint, as a share of the state's bytes, that make one due.</param>
/// <param name="MaxEvents">Events since the last checkpoint that make one due whatever the bytes; etcd's snapshot-count.</param>
public sealed record CheckpointPolicy(long MinLogBytes = 16L << 20, double LogToState = 1.0, long MaxEvents = 1_000_000)
{
    /// <summary>True if a checkpoint should be taken now.</summary>
    public bool IsDue(long logBytes, long stateBytes, long events) =>
        events >= MaxEvents || (logBytes >= MinLogBytes && logBytes >= LogToState * stateBytes);
}
