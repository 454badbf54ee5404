namespace Kv.Actors.Raft;

/// <summary>One batch of things to do, in this order: send <see cref="Early"/>; make <see cref="Events"/> durable; send
/// <see cref="Late"/>; install <see cref="Snapshot"/> if there is one; apply <see cref="Committed"/>; call
/// <see cref="RaftCore.Advance"/>.</summary>
/// <remarks>
/// Everything in it is handed over for good. <see cref="Reads"/> may be served as soon as their index is applied. Applying may
/// go on after Advance; <see cref="RaftCore.Applied"/> reports how far it has come.
/// </remarks>
public sealed class Ready
{
    internal Ready()
    {
    }

    /// <summary>For the journal; all of them in one write.</summary>
    public required IReadOnlyList<RaftEvent> Events { get; init; }

    /// <summary>May leave at once: a leader's appends and heartbeats, forwards, answers that promise nothing durable.</summary>
    public required IReadOnlyList<RaftMessage> Early { get; init; }

    /// <summary>May leave once <see cref="Events"/> are durable: vote requests, votes and acknowledgements,
    /// and from a leader that a membership change is committed.</summary>
    public required IReadOnlyList<RaftMessage> Late { get; init; }

    /// <summary>Entries to apply, in order; some may be in <see cref="Events"/> too, so only after those are durable.</summary>
    public required LogSlice Committed { get; init; }

    /// <summary>Reads that are confirmed.</summary>
    public required IReadOnlyList<ReadState> Reads { get; init; }

    /// <summary>A snapshot to load into the state machine before any later entry, or null.</summary>
    public required SnapshotMeta? Snapshot { get; init; }

    /// <summary>Role and leader, if they changed since the last batch.</summary>
    public required SoftState? Soft { get; init; }

    /// <summary>Whether the write must be synced before <see cref="Late"/> leaves: whenever there is anything to write.</summary>
    public bool MustSync => Events.Count > 0;

    /// <summary>The term in which this node votes for itself in this batch, 0 for none; the vote counts once durable.</summary>
    internal ulong SelfVoteTerm { get; init; }
}
