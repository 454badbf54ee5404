using Akka.Actor;
using Akka.Event;
using Kv.Actors.Apply;
using Kv.Actors.Model;
using Kv.Actors.Raft;
using Kv.Persistence.Checkpoint;
using Kv.Persistence.Io;

namespace Kv.Actors.Peers;

/// <summary>Takes a leader's snapshot in, piece by piece, into a file; Raft hears of it when it is whole, verified and durable.</summary>
/// <remarks>
/// What has come of a snapshot outlives a lost connection and a restart: it lies under the sender's name for it, and is gone on with when that
/// is offered again. Until Raft has taken the whole in nothing else changes. A snapshot that comes in one run is loaded while it comes, beside
/// the disk (<see cref="SnapshotStage"/>); how far that may lag behind is bounded.
/// </remarks>
public sealed class SnapshotReceiveActor : ReceiveActor
{
    private const int MostFailures = 3;
    private const long SyncBytes = 8 << 20;
    private const int MostUnstaged = 32;                       // pieces

    private readonly PeersSetup _setup;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private Intake? _intake;

    /// <summary>Starts with nothing coming in.</summary>
    public SnapshotReceiveActor(PeersSetup setup)
    {
        _setup = setup;
        ReceiveAsync<PeerMessage.SnapshotOffer>(OfferedAsync);
        ReceiveAsync<PeerMessage.SnapshotChunk>(ArrivedAsync);
    }

    private IDisk Disk => _setup.Shelf.Disk;

    /// <inheritdoc/>
    protected override void PostStop()
    {
        _intake?.Part.Dispose();
        _intake?.Undisturbed?.Dispose();
        base.PostStop();
    }

    private async Task OfferedAsync(PeerMessage.SnapshotOffer offer)
    {
        var message = new RaftMessage.InstallSnapshot(offer.Meta) { From = offer.From.Value, To = _setup.Status.Self.Value, Term = offer.Term };
        if (offer.Meta.Index <= _setup.Status.CommitIndex)
        {
            // Of no use: Raft itself tells the leader how far this member is.
            Context.Parent.Tell(new RaftCommand.Receive(message));
            Answer(offer.From, offer.Id, 0, SnapshotState.Stored);
            return;
        }
        if (_intake is { } current)
        {
            if (offer.Term < current.Message.Term)
            {
                return;                                        // of a leader that is none any more
            }
            if (!current.Id.Span.SequenceEqual(offer.Id.Span))
            {
                Drop(current);
            }
        }
        try
        {
            _intake ??= await OpenAsync(offer).ConfigureAwait(true);
            _intake.Message = message;
            Want(_intake);
        }
        catch (IOException failure)
        {
            Refuse(offer.From, offer.Id, failure);
        }
    }

    private Task<Intake> OpenAsync(PeerMessage.SnapshotOffer offer) => _setup.Workers.Run(
        "snapshot open",
        () =>
        {
            var name = Convert.ToHexStringLower(offer.Id.Span) + SnapshotFile.PartSuffix;
            foreach (var other in Disk.List(_setup.Shelf.Directory).Where(other => other.EndsWith(SnapshotFile.PartSuffix, StringComparison.Ordinal) && other != name))
            {
                Disk.Delete($"{_setup.Shelf.Directory}/{other}");
            }
            var path = $"{_setup.Shelf.Directory}/{name}";
            var part = SnapshotPart.Open(Disk, path);
            return new Intake(offer, path, part, MonotonicTime.Of(_setup.Clock)) { Undisturbed = part.Offset == 0 ? LoadingHeap.Begin(offer.AboutBytes) : null };
        },
        CancellationToken.None);

    private async Task ArrivedAsync(PeerMessage.SnapshotChunk chunk)
    {
        if (_intake is not { } intake || !intake.Id.Span.SequenceEqual(chunk.Id.Span))
        {
            return;
        }
        var part = intake.Part;
        if (chunk.Offset != part.Offset || chunk.Data.Length == 0)
        {
            Want(intake);
            return;
        }
        try
        {
            if (chunk.IsTail)
            {
                await FinishAsync(intake, chunk.Data).ConfigureAwait(true);
                return;
            }
            await _setup.Workers.Run(
                "snapshot write",
                () =>
                {
                    part.Append(chunk.Data.Span);
                    return true;
                },
                CancellationToken.None).ConfigureAwait(true);
            SyncAhead(intake);
            intake.Unstaged.Add(chunk.Data);
            await StageAsync(intake, atMost: MostUnstaged).ConfigureAwait(true);
            Want(intake);
        }
        catch (IOException failure)
        {
            Refuse(chunk.From, chunk.Id, failure);
        }
    }

    private void Want(Intake intake)
    {
        _setup.Metrics.Peers.SnapshotReceives.With(intake.Label).Set(1);
        Answer(intake.From, intake.Id, intake.Part.Offset, SnapshotState.Wanted);
    }

    /// <summary>Loads what has come, in the background, one batch of pieces at a time. Ends when at most so many pieces have not begun.</summary>
    private async Task StageAsync(Intake intake, int atMost)
    {
        if (intake.Stage is not { IsSpoilt: false } stage)
        {
            intake.Unstaged.Clear();
            return;
        }
        while (intake.Unstaged.Count > 0)
        {
            if (!intake.Staging.IsCompleted && intake.Unstaged.Count <= atMost)
            {
                return;
            }
            await intake.Staging.ConfigureAwait(true);
            var pieces = intake.Unstaged;
            intake.Unstaged = [];
            intake.Staging = _setup.Workers.Run(
                "snapshot stage",
                () =>
                {
                    pieces.ForEach(piece => stage.Append(piece.Span));
                    return true;
                },
                CancellationToken.None);
        }
        if (atMost == 0)
        {
            await intake.Staging.ConfigureAwait(true);
        }
    }

    private async Task FinishAsync(Intake intake, ReadOnlyMemory<byte> tail)
    {
        await intake.Syncing.ConfigureAwait(true);
        await StageAsync(intake, atMost: 0).ConfigureAwait(true);
        var arrived = await _setup.Workers.Run("snapshot store", () => Finish(intake, tail.Span), CancellationToken.None).ConfigureAwait(true);
        if (arrived is not null)
        {
            _intake = null;
            intake.Undisturbed?.Dispose();
            _setup.Metrics.Peers.SnapshotReceives.With(intake.Label).Set(0);
            _setup.Metrics.Peers.SnapshotReceiveSuccesses.With(intake.Label).Add();
            _setup.Metrics.Peers.SnapshotReceiveDuration.With(intake.Label).Record(MonotonicTime.Of(_setup.Clock).Since(intake.Started));
            _log.Info(
                "received and saved database snapshot: snapshot-index {0} bytes {1} from {2}",
                intake.Message.Meta.Index, intake.Part.Offset + SnapshotFile.TailBytes, intake.Label);
            Context.Parent.Tell(arrived);
            Answer(intake.From, intake.Id, intake.Part.Offset, SnapshotState.Stored);
            return;
        }
        _log.Warning("a snapshot that came from {0} is not what was sent: snapshot-index {1}", intake.Label, intake.Message.Meta.Index);
        if (++intake.Failures >= MostFailures)
        {
            Refuse(intake.From, intake.Id, new IOException("what arrives is not what is sent"));
            return;
        }
        (intake.Part, intake.SyncedTo, intake.Stage) = (SnapshotPart.Open(Disk, intake.Path), 0, new SnapshotStage());
        Want(intake);
    }

    /// <summary>What has come is on its way to the disk while more comes, so that little is left to be synced at the end.</summary>
    private void SyncAhead(Intake intake)
    {
        if (intake.Syncing.IsCompletedSuccessfully && intake.Part.Offset - intake.SyncedTo >= SyncBytes)
        {
            var part = intake.Part;
            intake.SyncedTo = part.Offset;
            intake.Syncing = _setup.Workers.Run(
                "snapshot sync",
                () =>
                {
                    part.Sync();
                    return true;
                },
                CancellationToken.None);
        }
    }

    /// <summary>Gives a whole and durable file its name; null, and it is gone, when it is not what it should be.</summary>
    private RaftCommand.SnapshotArrived? Finish(Intake intake, ReadOnlySpan<byte> tail)
    {
        var whole = intake.Part.Finish(tail);
        if (whole)
        {
            intake.Part.Sync();
        }
        intake.Part.Dispose();
        if (!whole)
        {
            Disk.Delete(intake.Path);
            return null;
        }
        Disk.Rename(intake.Path, _setup.Shelf.PathOf(intake.Message.Meta));
        Disk.SyncDirectory(_setup.Shelf.Directory);
        _setup.Shelf.MarkVerified(intake.Message.Meta);
        return new RaftCommand.SnapshotArrived(intake.Message, _setup.Shelf.MembersOf(intake.Message.Meta), intake.Stage);
    }

    /// <summary>The disk is full or failing, or the way there damages what is sent.</summary>
    private void Refuse(NodeId from, ReadOnlyMemory<byte> id, IOException failure)
    {
        _log.Error(failure, "a snapshot could not be taken in: {0}", failure.Message);
        if (_intake is { } intake)
        {
            Drop(intake);
        }
        _setup.Metrics.Peers.SnapshotReceiveFailures.With(from.ToString()).Add();
        Answer(from, id, 0, SnapshotState.Refused, failure.Message);
    }

    private void Drop(Intake intake)
    {
        _intake = null;
        intake.Part.Dispose();
        intake.Undisturbed?.Dispose();
        _setup.Metrics.Peers.SnapshotReceives.With(intake.Label).Set(0);
        if (Disk.FileExists(intake.Path))
        {
            Disk.Delete(intake.Path);
        }
    }

    private static void Answer(NodeId to, ReadOnlyMemory<byte> id, long offset, SnapshotState state, string reason = "") =>
        Context.Parent.Tell(new PeerCommand.Send(to, new PeerMessage.SnapshotAck(id, offset, state, reason)));

    private sealed class Intake(PeerMessage.SnapshotOffer offer, string path, SnapshotPart part, MonotonicTime started)
    {
        public ReadOnlyMemory<byte> Id { get; } = offer.Id;

        public string Path { get; } = path;

        public MonotonicTime Started { get; } = started;

        public NodeId From => new(Message.From);

        public string Label => From.ToString();

        public RaftMessage.InstallSnapshot Message { get; set; } = null!;

        public SnapshotPart Part { get; set; } = part;

        /// <summary>How much of it was there when the last sync began.</summary>
        public long SyncedTo { get; set; }

        /// <summary>The sync that is under way, or was the last; one that failed ends the intake when it is whole.</summary>
        public Task Syncing { get; set; } = Task.CompletedTask;

        public int Failures { get; set; }

        /// <summary>Loads it while it comes; null when part of it came in an earlier run.</summary>
        public SnapshotStage? Stage { get; set; } = part.Offset == 0 ? new SnapshotStage() : null;

        /// <summary>The heap is not collected while it is loaded.</summary>
        public LoadingHeap? Undisturbed { get; init; }

        /// <summary>Pieces that wait to be loaded.</summary>
        public List<ReadOnlyMemory<byte>> Unstaged { get; set; } = [];

        /// <summary>The loading that is under way, or was the last.</summary>
        public Task Staging { get; set; } = Task.CompletedTask;
    }
}
