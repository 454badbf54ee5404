using Akka.Actor;

namespace Akka.Persistence;

/// <summary>What an actor replays when it starts.</summary>
public sealed class Recovery
{
    /// <summary>The latest snapshot and every event after it.</summary>
    public static Recovery Default { get; } = new(SnapshotSelectionCriteria.Latest);

    /// <summary>Nothing is replayed; only the highest sequence number is read.</summary>
    public static Recovery None { get; } = new(SnapshotSelectionCriteria.None, 0);

    /// <summary>As <see cref="Default"/>.</summary>
    public Recovery() : this(SnapshotSelectionCriteria.Latest)
    {
    }

    /// <summary>Starts from the youngest snapshot that matches.</summary>
    public Recovery(SnapshotSelectionCriteria fromSnapshot) : this(fromSnapshot, long.MaxValue)
    {
    }

    /// <summary>Starts from the youngest snapshot that matches and ends at <paramref name="toSequenceNr"/>.</summary>
    public Recovery(SnapshotSelectionCriteria fromSnapshot, long toSequenceNr)
        : this(fromSnapshot, toSequenceNr, long.MaxValue)
    {
    }

    /// <summary>As above, with at most <paramref name="replayMax"/> events.</summary>
    public Recovery(SnapshotSelectionCriteria fromSnapshot = null, long toSequenceNr = long.MaxValue,
        long replayMax = long.MaxValue)
    {
        FromSnapshot = fromSnapshot ?? SnapshotSelectionCriteria.Latest;
        ToSequenceNr = toSequenceNr;
        ReplayMax = replayMax;
    }

    /// <summary>Which snapshot to start from.</summary>
    public SnapshotSelectionCriteria FromSnapshot { get; }

    /// <summary>The last sequence number to replay, inclusive.</summary>
    public long ToSequenceNr { get; }

    /// <summary>How many events to replay at most.</summary>
    public long ReplayMax { get; }
}

/// <summary>Handed to an actor's recovery when its last event has been replayed. Commands follow.</summary>
public sealed class RecoveryCompleted
{
    /// <summary>The only one.</summary>
    public static readonly RecoveryCompleted Instance = new();

    private RecoveryCompleted()
    {
    }

    /// <inheritdoc/>
    public override bool Equals(object obj) => obj is RecoveryCompleted;

    /// <inheritdoc/>
    public override int GetHashCode() => 1;
}

/// <summary>Journal or snapshot store kept silent for longer than <c>recovery-event-timeout</c>.</summary>
public sealed class RecoveryTimedOutException : AkkaException
{
    /// <summary>Without a message.</summary>
    public RecoveryTimedOutException()
    {
    }

    /// <summary>With a message and a cause.</summary>
    public RecoveryTimedOutException(string message, Exception cause = null) : base(message, cause)
    {
    }
}

/// <summary>The timer of a recovering actor.</summary>
public sealed class RecoveryTick
{
    /// <summary>Of the snapshot's (true) or of the events' time.</summary>
    public RecoveryTick(bool snapshot) => Snapshot = snapshot;

    /// <summary>Whether the time to load a snapshot is up; otherwise the time to hear of an event.</summary>
    public bool Snapshot { get; }
}
