namespace Kv.Actors.Raft;

/// <summary>What the journal keeps. The journal only ever appends; <see cref="RaftCore.Replay"/> rebuilds a node from it in order.</summary>
public abstract record RaftEvent
{
    private RaftEvent()
    {
    }

    /// <summary>
    /// Entries at the end of the log. If the log already reaches the first of them, it and everything after it are replaced:
    /// that is how a conflicting suffix is cut off.
    /// </summary>
    /// <param name="Entries">At least one.</param>
    /// <param name="State">Term, vote and commit as of this write; the commit never lies beyond the entries.</param>
    public sealed record Appended(LogSlice Entries, HardState State) : RaftEvent;

    /// <summary>Term or vote changed, or a membership change became committed, and there was nothing to append.</summary>
    public sealed record HardStateChanged(HardState State) : RaftEvent;

    /// <summary>A leader's snapshot has replaced the whole log; its bytes were stored before this event.</summary>
    public sealed record SnapshotInstalled(SnapshotMeta Meta, HardState State) : RaftEvent;

    /// <summary>
    /// Everything at once: what a node's own checkpoint keeps, so that older events can go. Written by the shell from
    /// <see cref="RaftCore.Checkpoint"/>, never part of a <see cref="Ready"/>.
    /// </summary>
    /// <param name="Meta">The snapshot of the state machine that belongs to it.</param>
    /// <param name="State">Term, vote and commit.</param>
    /// <param name="Entries">The log after <paramref name="Meta"/>; may be empty.</param>
    public sealed record Checkpoint(SnapshotMeta Meta, HardState State, LogSlice Entries) : RaftEvent;
}
