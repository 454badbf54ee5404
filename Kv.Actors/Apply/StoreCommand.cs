using Kv.Actors.Model;
using Kv.Actors.Raft;
using Kv.Persistence.Checkpoint;

namespace Kv.Actors.Apply;

/// <summary>Everything <see cref="StoreActor"/> accepts.</summary>
public abstract record StoreCommand
{
    private StoreCommand()
    {
    }

    /// <summary>Begin from a checkpoint's state instead of an empty store.</summary>
    public sealed record Restore(CheckpointImage Image, SnapshotMeta Meta) : StoreCommand;

    /// <summary>A leader's snapshot, on the shelf, takes the place of everything.</summary>
    /// <param name="Meta">Which one.</param>
    /// <param name="Stage">What was loaded of it while it came; null when it lay there before.</param>
    public sealed record Install(SnapshotMeta Meta, SnapshotStage? Stage = null) : StoreCommand;

    /// <summary>Committed entries, in order, each exactly once.</summary>
    /// <param name="Entries">At least one.</param>
    /// <param name="Term">This member's term, for the answers' headers.</param>
    public sealed record Apply(LogSlice Entries, ulong Term) : StoreCommand;

    /// <summary>Leadership changed: leases expire only on the leader.</summary>
    public sealed record LeaderChanged(bool IsLeader, ulong Term) : StoreCommand;

    /// <summary>Do the next small piece of a compaction; the store sends it to itself.</summary>
    public sealed record CompactStep : StoreCommand
    {
        /// <summary>The only one there is.</summary>
        public static readonly CompactStep Instance = new();
    }

    /// <summary>Which keys hang on a lease? The promise gets them in ascending order, or null when there is no such lease.</summary>
    public sealed record KeysOf(LeaseId Lease, TaskCompletionSource<IReadOnlyList<byte[]>?> Keys) : StoreCommand;

    /// <summary>The checkpoint that was asked for is on disk, or failed.</summary>
    /// <param name="AppliedIndex">The entry it stands at.</param>
    /// <param name="Stored">It is on disk.</param>
    /// <param name="Superseded">It was not taken, for a leader's snapshot came in between: one of that state is wanted instead.</param>
    public sealed record CheckpointDone(ulong AppliedIndex, bool Stored, bool Superseded = false) : StoreCommand;

    /// <summary>Write a checkpoint now, whatever the policy says; answered when it is on disk.</summary>
    public sealed record CheckpointNow(TaskCompletionSource Done) : StoreCommand;
}
