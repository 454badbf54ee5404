using Akka.Actor;
using Akka.Event;
using Kv.Actors.Lease;
using Kv.Actors.Meters;
using Kv.Actors.Model;
using Kv.Actors.Mvcc;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Actors.Protos.Internal;
using Kv.Actors.Raft;
using Kv.Actors.Watch;
using Kv.Persistence;
using Kv.Persistence.Checkpoint;

namespace Kv.Actors.Apply;

/// <summary>What a <see cref="StoreActor"/> is started with.</summary>
/// <param name="Machine">The state, empty; a checkpoint may fill it.</param>
/// <param name="Waiting">Who waits for which request.</param>
/// <param name="Status">Where the applied index is published.</param>
/// <param name="Roots">Where each new root is published for readers.</param>
/// <param name="Lessor">Keeps the leader's deadlines; told of grants before anyone is answered.</param>
/// <param name="WatchHub">Told of every applied batch.</param>
/// <param name="Policy">When a checkpoint is due.</param>
/// <param name="CompactStepRecords">History records one compaction step may look at.</param>
/// <param name="CompactPause">Wait between two such steps; zero is none.</param>
/// <param name="SlowApply">An applied batch that takes longer is logged.</param>
/// <param name="Clock">Tells how long it took.</param>
/// <param name="Metrics">Counts what was done.</param>
public sealed record StoreActorSetup(
    StateMachine Machine,
    ProposalTable Waiting,
    NodeStatus Status,
    RootHolder Roots,
    IActorRef Lessor,
    IActorRef WatchHub,
    CheckpointPolicy Policy,
    int CompactStepRecords,
    TimeSpan CompactPause,
    TimeSpan SlowApply,
    TimeProvider Clock,
    Metrics Metrics)
{
    /// <summary>Complete answers when there are many, and hash what a compaction found.</summary>
    public Workers Workers { get; init; } = Workers.Threads;

    /// <summary>Where a leader's snapshots lie; null where there are none to come.</summary>
    public SnapshotShelf? Shelf { get; init; }
}

/// <summary>The one writer: applies committed entries in order, publishes a root for each batch, tells watchers and lessor, answers callers.</summary>
public sealed class StoreActor : ReceiveActor, IWithTimers
{
    private readonly StoreActorSetup _setup;
    private readonly Queue<(StoreCommand Command, IActorRef From)> _later = new();
    private StateMachine _machine;
    private bool _installing;
    private long _leaseChanges;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly List<(Proposal Proposal, long Revision)> _physical = [];
    private readonly List<TaskCompletionSource> _checkpointWaiters = [];
    private readonly List<TaskCompletionSource> _nextCheckpointWaiters = [];
    private readonly ApplyTimes _times;
    private readonly AlarmGauges _alarmGauges;
    private List<Proposal> _answered = [];
    private IActorRef _raft = ActorRefs.Nobody;
    private ulong _appliedTerm;
    private ulong _promoteAtTerm;
    private bool _leading;
    private MvccRoot? _toldHub;
    private bool _compacting;
    private long _compactStarted;
    private bool _checkpointing;
    private bool _checkpointAgain;
    private long _entriesSince;
    private long _bytesSince;

    /// <summary>Waits for a checkpoint or for entries.</summary>
    public StoreActor(StoreActorSetup setup)
    {
        _setup = setup;
        _machine = setup.Machine;
        _times = new ApplyTimes(setup.Metrics);
        _alarmGauges = new AlarmGauges(setup.Metrics);

        Receive<Installed>(TakeOver);
        Receive<InstallFailed>(static failed => throw new IOException($"A leader's snapshot cannot be loaded: {failed.Cause.Message}", failed.Cause));
        // While a snapshot is being loaded the rest waits, in order; Raft hands over no more than it may have unapplied.
        Receive<StoreCommand>(command => _later.Enqueue((command, Sender)), _ => _installing);
        Receive<StoreCommand>(command => Carry(command, Sender));
        Receive<KvHash>(hash => setup.Roots.CompactHashes = setup.Roots.CompactHashes.With(hash));
        Receive<Status.Failure>(failed => _log.Error(failed.Cause, "hashing a compaction failed: {0}", failed.Cause.Message));
    }

    private void Carry(StoreCommand command, IActorRef from)
    {
        switch (command)
        {
            case StoreCommand.Apply batch:
                _raft = from;
                Apply(batch);
                break;
            case StoreCommand.CompactStep:
                CompactStep();
                break;
            case StoreCommand.LeaderChanged change:
                LeaderChanged(change);
                break;
            case StoreCommand.CheckpointDone done:
                CheckpointDone(done);
                break;
            case StoreCommand.CheckpointNow now:
                CheckpointNow(now);
                break;
            case StoreCommand.KeysOf asked:
                asked.Keys.TrySetResult(_machine.KeysOf(asked.Lease));
                break;
            case StoreCommand.Restore restore:
                Restore(restore);
                break;
            case StoreCommand.Install install:
                _raft = from;
                Install(install);
                break;
            default:
                throw new InvalidOperationException($"{command.GetType().Name} is no command of the store.");
        }
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc/>
    protected override void PostStop()
    {
        foreach (var waiter in _checkpointWaiters.Concat(_nextCheckpointWaiters))
        {
            waiter.TrySetCanceled();
        }
        foreach (var (proposal, _) in _physical)
        {
            proposal.Fail(KvError.Stopped);
        }
        base.PostStop();
    }

    private void Restore(StoreCommand.Restore restore)
    {
        StoreRoot root;
        using (LoadingHeap.Begin(restore.Image.Reader.Bytes))
        {
            root = _machine.Restore(new BoltBucketSource(restore.Image.Reader), restore.Meta, _setup.Workers);
        }
        _appliedTerm = root.AppliedTerm;
        _setup.Roots.Publish(root);
        _setup.Status.PublishApplied(root.AppliedIndex);
        _alarmGauges.Show(root.Alarms);
        _setup.WatchHub.Tell(new WatchHubCommand.Replaced(new RootHistory(root.Kv)));
        restore.Image.Dispose();
        _log.Info("recovered from checkpoint: index {0} revision {1}", root.AppliedIndex, root.Kv.CurrentRevision);
        if (_machine.Store.IsCompacting)
        {
            StartCompaction();
        }
    }

    /// <summary>Builds the state beside the one that is, so that readers are served meanwhile and this thread has time for Raft.</summary>
    private void Install(StoreCommand.Install install)
    {
        _installing = true;
        var (shelf, machine, workers) = (_setup.Shelf!, _machine, _setup.Workers);
        workers.Run(
            "snapshot load",
            () =>
            {
                using var reader = shelf.Open(install.Meta);
                var staged = install.Stage?.TakeStore(reader);
                using var undisturbed = staged is null ? LoadingHeap.Begin(reader.Bytes) : null;
                var fresh = machine.Fresh(staged);
                fresh.Restore(new BoltBucketSource(reader), install.Meta, workers);
                return new Installed(fresh);
            },
            CancellationToken.None).PipeTo(Self, failure: static cause => new InstallFailed(cause));
    }

    private void TakeOver(Installed installed)
    {
        _installing = false;
        _machine = installed.Machine;
        var root = _machine.Root;
        (_appliedTerm, _toldHub, _promoteAtTerm) = (root.AppliedTerm, root.Kv, 0);
        (_entriesSince, _bytesSince) = (0, 0);
        _setup.Roots.Publish(root);
        _setup.Status.PublishApplied(root.AppliedIndex);
        _setup.WatchHub.Tell(new WatchHubCommand.Replaced(new RootHistory(root.Kv)));
        _raft.Tell(new RaftCommand.Applied(new SnapshotMeta(root.AppliedIndex, root.AppliedTerm, root.ConfState)));
        _log.Info("applied snapshot: index {0} revision {1}", root.AppliedIndex, root.Kv.CurrentRevision);
        EndPhysical();                                         // a snapshot holds nothing that a compaction is to remove
        AnswerHeld();
        RequestCheckpoint();                                   // until it is stored, a restart needs the leader's file
        while (!_installing && _later.TryDequeue(out var later))
        {
            Carry(later.Command, later.From);
        }
    }

    /// <summary>What this member had to tell may have come back in the snapshot: then its entry never comes here, and the member would not be
    /// ready before it had waited for its time-out.</summary>
    private void AnswerHeld()
    {
        foreach (var proposal in _setup.Waiting.TakeWhere(_machine.Holds))
        {
            proposal.Answer(new Published(), KvError.None);
            _answered.Add(proposal);
        }
        Answer();
    }

    private void Apply(StoreCommand.Apply batch)
    {
        var started = _setup.Clock.GetTimestamp();
        var lap = started;
        long bytes = 0;
        foreach (var entry in batch.Entries)
        {
            bytes += entry.Size;
            _appliedTerm = entry.Term;
            if (entry.IsConfChange)
            {
                ApplyMembership(entry);
            }
            else if (!entry.Data.IsEmpty)
            {
                lap = ApplyRequest(entry, lap);
            }
        }
        Publish(batch.Entries.LastIndex);
        _raft.Tell(new RaftCommand.Applied(new SnapshotMeta(batch.Entries.LastIndex, _appliedTerm, _machine.Root.ConfState)));
        Answer();
        if (_machine.TakeSpaceExceeded())
        {
            RaiseNoSpace();
        }
        if (_machine.Store.IsCompacting)
        {
            StartCompaction();
        }
        _entriesSince += batch.Entries.Count;
        _bytesSince += bytes;
        var asked = _checkpointWaiters.Count > 0 || _setup.Policy.IsDue(_bytesSince, _machine.Store.Stats.SizeBytes, _entriesSince);
        if (!_checkpointing && asked)
        {
            RequestCheckpoint();
        }
        var took = _setup.Clock.GetElapsedTime(started);
        if (took > _setup.SlowApply)
        {
            _setup.Metrics.SlowApplies.Add();
            _log.Warning("apply request took too long: index {0} entries {1} took {2} ms", batch.Entries.LastIndex, batch.Entries.Count, took.TotalMilliseconds);
        }
    }

    private void ApplyMembership(Entry entry)
    {
        var verdict = _machine.Apply(RaftWire.DecodeConfChange(entry));
        if (entry.Type == EntryType.ConfChange
            && _setup.Waiting.Take(new RequestId(RaftWire.DecodeConfChange(entry.Data).Id)) is MembershipProposal proposal)
        {
            proposal.Answer(verdict.Members, verdict.Error);
            _answered.Add(proposal);
        }
    }

    /// <param name="entry">A request.</param>
    /// <param name="started">When the one before it was done.</param>
    /// <returns>When this one was done: one look at the clock for each.</returns>
    private long ApplyRequest(Entry entry, long started)
    {
        // A request proposed here is still at hand in decoded form; its bytes are what everyone else decodes.
        var id = RequestIds.Read(entry.Data.Span);
        var proposal = _setup.Waiting.Take(id);
        var request = proposal?.Request ?? InternalRaftRequest.Parser.ParseFrom(entry.Data.Span);
        // A compaction's hash is over what it found, so that members that are further on or behind take the same.
        var before = request.BodyCase == InternalRaftRequest.BodyOneofCase.Compaction ? _machine.Store.Publish() : null;
        var keysBefore = _machine.Store.Stats.Keys;
        var applied = _machine.Apply(request);
        if (before is not null && applied.Error == KvError.None)
        {
            _setup.Workers.Run("compaction hash", () => StateHash.HashCompaction(before, request.Compaction.Revision), CancellationToken.None).PipeTo(Self);
        }
        ApplyCounts.Add(_setup.Metrics, request, applied, revokedKeys: keysBefore - _machine.Store.Stats.Keys);
        var ended = _setup.Clock.GetTimestamp();
        _times.Record(request.BodyCase, applied.Error == KvError.None, _setup.Clock.GetElapsedTime(started, ended));
        if (proposal is null)
        {
            return ended;
        }
        proposal.Answer(applied.Response, applied.Error);
        if (request.BodyCase == InternalRaftRequest.BodyOneofCase.Compaction && request.Compaction.Physical && applied.Error == KvError.None)
        {
            _physical.Add((proposal, request.Compaction.Revision));
            return ended;
        }
        _answered.Add(proposal);
        return ended;
    }

    private void Publish(ulong index)
    {
        var changes = _machine.TakeLeaseChanges();
        _setup.Status.PublishLeaseChanges(_leaseChanges += changes.Count);
        var root = _machine.Publish(index, _appliedTerm);
        _setup.Roots.Publish(root);
        _setup.Status.PublishApplied(index);
        _alarmGauges.Show(root.Alarms);
        if (changes.Count > 0)
        {
            _setup.Lessor.Tell(new LessorCommand.Applied(changes) { Total = _leaseChanges });
        }
        if (_promoteAtTerm != 0 && _appliedTerm >= _promoteAtTerm)
        {
            // The leader's own first entry is applied: it now knows every lease there is (reference, leader change).
            _setup.Lessor.Tell(new LessorCommand.Promote((long)_promoteAtTerm, root.Leases));
            _promoteAtTerm = 0;
        }
        var fresh = _machine.Store.TakeChanges();
        if (!ReferenceEquals(root.Kv, _toldHub))
        {
            _toldHub = root.Kv;
            _setup.WatchHub.Tell(new WatchHubCommand.Applied(new RootHistory(root.Kv), fresh));
        }
    }

    /// <summary>Answers go out away from this actor's turn: completing one runs the waiter's continuation.</summary>
    private void Answer()
    {
        if (_answered.Count == 0)
        {
            return;
        }
        foreach (var proposal in _answered)
        {
            if (proposal.Response is { } response && ResponseHeaders.Of(response) is { } header)
            {
                _setup.Status.Stamp(header);
            }
        }
        AnswerBatch.Queue(_answered, _setup.Workers);
        _answered = [];
    }

    private void RaiseNoSpace()
    {
        _log.Warning("message exceeded backend quota; raising alarm: bytes {0}", _machine.Store.Stats.SizeBytes);
        var request = new InternalRaftRequest
        {
            Header = new RequestHeader { Id = _setup.Waiting.NextId().Value },
            Alarm = new AlarmRequest
            {
                Action = AlarmRequest.Types.AlarmAction.Activate,
                Alarm = AlarmType.Nospace,
                MemberID = _setup.Status.Self.Value,
            },
        };
        _raft.Tell(new Proposal<AlarmResponse>(request, MonotonicTime.Of(_setup.Clock)));
    }

    private void LeaderChanged(StoreCommand.LeaderChanged change)
    {
        if (change.IsLeader)
        {
            (_leading, _promoteAtTerm) = (true, change.Term);
            return;
        }
        _promoteAtTerm = 0;
        if (_leading)                                      // a candidate has nothing to give up; its term may become its own
        {
            _leading = false;
            _setup.Lessor.Tell(new LessorCommand.Demote((long)change.Term));
        }
    }

    private void StartCompaction()
    {
        if (!_compacting)
        {
            _compacting = true;
            _compactStarted = _setup.Clock.GetTimestamp();
            Self.Tell(StoreCommand.CompactStep.Instance);
        }
    }

    private void CompactStep()
    {
        var (clock, metrics) = (_setup.Clock, _setup.Metrics);
        var (started, before) = (clock.GetTimestamp(), _machine.Store.Stats.Records);
        var more = _machine.Store.CompactStep(_setup.CompactStepRecords);
        Publish(_machine.Root.AppliedIndex);
        metrics.CompactedKeys.Add(before - _machine.Store.Stats.Records);
        metrics.CompactionPause.Record(clock.GetElapsedTime(started).TotalMilliseconds);
        if (more)
        {
            NextStep();
            return;
        }
        _compacting = false;
        metrics.CompactionDuration.Record(clock.GetElapsedTime(_compactStarted).TotalMilliseconds);
        metrics.LastCompaction.Set(clock.GetUtcNow().ToUnixTimeSeconds());
        _log.Info("finished scheduled compaction: revision {0}", _machine.Store.CompactRevision);
        EndPhysical();
    }

    private void EndPhysical()
    {
        _answered.AddRange(_physical.Select(static waiting => waiting.Proposal));
        _physical.Clear();
        Answer();
    }

    private void NextStep()
    {
        if (_setup.CompactPause > TimeSpan.Zero)
        {
            Timers.StartSingleTimer(nameof(CompactStep), StoreCommand.CompactStep.Instance, _setup.CompactPause);
            return;
        }
        Self.Tell(StoreCommand.CompactStep.Instance);          // behind whatever has queued up meanwhile
    }

    private void CheckpointNow(StoreCommand.CheckpointNow now)
    {
        (_checkpointing ? _nextCheckpointWaiters : _checkpointWaiters).Add(now.Done);
        RequestCheckpoint();
    }

    /// <summary>One at a time, and always of the newest state: what is asked for meanwhile is done afterwards.</summary>
    private void RequestCheckpoint()
    {
        if (_raft.IsNobody())
        {
            return;                                            // nothing was applied since the start: asked again after the first batch
        }
        if (_checkpointing)
        {
            _checkpointAgain = true;
            return;
        }
        _checkpointing = true;
        (_entriesSince, _bytesSince) = (0, 0);
        _raft.Tell(new RaftCommand.Checkpoint(_machine.Root));
    }

    private void CheckpointDone(StoreCommand.CheckpointDone done)
    {
        _checkpointing = false;
        if (done.Superseded)
        {
            RequestCheckpoint();
            return;
        }
        foreach (var waiter in _checkpointWaiters)
        {
            if (done.Stored)
            {
                waiter.TrySetResult();
            }
            else
            {
                waiter.TrySetException(new IOException("The checkpoint could not be written; the log names the reason."));
            }
        }
        _checkpointWaiters.Clear();
        if (_checkpointAgain)
        {
            _checkpointAgain = false;
            _checkpointWaiters.AddRange(_nextCheckpointWaiters);
            _nextCheckpointWaiters.Clear();
            RequestCheckpoint();
        }
    }

    private sealed record Installed(StateMachine Machine);

    private sealed record InstallFailed(Exception Cause);

    /// <summary>Completes a batch's waiters on the thread pool, in runs, so that one thread does not do them all when there are many.</summary>
    private sealed class AnswerBatch : IThreadPoolWorkItem
    {
        private const int RunLength = 64;
        private const int AtOnce = 2;
        private readonly List<Proposal> _proposals;
        private readonly int _from;

        private AnswerBatch(List<Proposal> proposals, int from)
        {
            _proposals = proposals;
            _from = from;
        }

        /// <summary>A few are completed at once: waking a thread for them costs more than their continuations do.</summary>
        public static void Queue(List<Proposal> proposals, Workers workers)
        {
            if (proposals.Count <= AtOnce)
            {
                foreach (var proposal in proposals)
                {
                    proposal.Complete();
                }
                return;
            }
            for (var from = 0; from < proposals.Count; from += RunLength)
            {
                workers.Queue(new AnswerBatch(proposals, from));
            }
        }

        public void Execute()
        {
            var to = Math.Min(_from + RunLength, _proposals.Count);
            for (var i = _from; i < to; i++)
            {
                _proposals[i].Complete();
            }
        }
    }
}
