using Kv.Actors.Raft;

namespace Kv.Actors.Apply;

/// <summary>Which checkpoint is due, which one a start would begin with, and what of journal and snapshots no start needs any more.</summary>
/// <remarks>
/// Two checkpoints are kept, and every event since the older of them: should the newer file be found damaged, the older one still serves.
/// <code>
///  start   Begin(checkpoint)  Replayed(event) …  Require(last event)      a log with a hole is refused
///  run     Ask(state)  →  TryTake  →  saving  →  Saved(number): what may go now | NotSaved()
/// </code>
/// Numbers are the journal's: those of Akka's events and snapshots, not Raft's indexes.
/// </remarks>
public sealed class CheckpointLedger
{
    private StoreRoot? _due;
    private long _replayedTo;              // while recovering: the last event that was, or that a checkpoint holds
    private long _newest;                  // the number of the newest checkpoint, and Raft's index of it
    private ulong _newestIndex;

    /// <summary>One is being written.</summary>
    public bool IsSaving { get; private set; }

    /// <summary>What is being written, or was last.</summary>
    public SnapshotMeta Meta { get; private set; } = SnapshotMeta.Empty;

    /// <summary>Recovery begins with a checkpoint.</summary>
    /// <param name="sequenceNr">The last event in it.</param>
    /// <param name="meta">The state in it.</param>
    public void Begin(long sequenceNr, SnapshotMeta meta)
    {
        _newest = _replayedTo = sequenceNr;
        _newestIndex = meta.Index;
        Meta = meta;
    }

    /// <summary>Recovery has come to the next event.</summary>
    /// <exception cref="InvalidDataException">Those before it are gone.</exception>
    public void Replayed(long sequenceNr)
    {
        Require(sequenceNr - 1);
        _replayedTo = Math.Max(_replayedTo, sequenceNr);
    }

    /// <summary>A term or a vote that is missing must not be taken for one that never was: a log with a hole is refused.</summary>
    /// <exception cref="InvalidDataException">Events between what was recovered and <paramref name="sequenceNr"/> are gone.</exception>
    public void Require(long sequenceNr)
    {
        if (sequenceNr > _replayedTo)
        {
            throw new InvalidDataException(
                $"events {_replayedTo + 1} to {sequenceNr} of the log are gone, and no checkpoint that can be read holds them: this member has lost data; remove it and add it anew");
        }
    }

    /// <summary>A checkpoint of that state is wanted. One that was wanted before and not begun is not needed then.</summary>
    public void Ask(StoreRoot state) => _due = state;

    /// <summary>Begins with the one that is wanted, unless one is being written.</summary>
    /// <param name="logBase">The last entry that the log has dropped.</param>
    /// <param name="state">The state to write; one that was wanted and is none of this log's any more when the answer is false; null if there is none.</param>
    public bool TryTake(ulong logBase, out StoreRoot? state)
    {
        state = null;
        if (IsSaving || _due is null)
        {
            return false;
        }
        (state, _due) = (_due, null);
        if (state.AppliedIndex < logBase)
        {
            return false;                      // a leader's snapshot came in between
        }
        IsSaving = true;
        Meta = new SnapshotMeta(state.AppliedIndex, state.AppliedTerm, state.ConfState);
        return true;
    }

    /// <summary>It is durable.</summary>
    /// <param name="sequenceNr">The last event in it.</param>
    /// <returns>What no start needs from here on.</returns>
    public Obsolete Saved(long sequenceNr)
    {
        IsSaving = false;
        if (sequenceNr == _newest)
        {
            return default;                    // it has taken the place of the last: the one to fall back to is still the one before
        }
        var obsolete = new Obsolete(_newest, _newestIndex);
        (_newest, _newestIndex) = (sequenceNr, Meta.Index);
        return obsolete;
    }

    /// <summary>It could not be written: everything stays.</summary>
    public void NotSaved() => IsSaving = false;

    /// <summary>What the older of the two newest checkpoints has made superfluous.</summary>
    /// <param name="EventsUpTo">Events of the journal up to that number; 0 for none.</param>
    /// <param name="SnapshotsUpTo">Snapshots that leaders sent, up to that index; 0 for none.</param>
    public readonly record struct Obsolete(long EventsUpTo, ulong SnapshotsUpTo);
}
