using Akka.Actor;
using Akka.Event;
using Akka.Persistence;
using Kv.Actors.Apply;
using Kv.Actors.Model;
using Kv.Persistence.Checkpoint;

namespace Kv.Actors.Raft;

/// <summary>What a <see cref="RaftActor"/> is started with.</summary>
/// <param name="Config">The core's knobs.</param>
/// <param name="Random">Draws election timeouts.</param>
/// <param name="Store">Told of committed entries, in order.</param>
/// <param name="Waiting">Who waits for what was proposed here.</param>
/// <param name="Status">Where term, leader and indexes are published.</param>
/// <param name="Bootstrap">The members a new log begins with, with their records; empty for a member that joins.</param>
/// <param name="TickInterval">Time between two ticks.</param>
/// <param name="RequestTimeout">How long a proposal may wait.</param>
/// <param name="Clock">Tells how long that is.</param>
/// <param name="KeptEntries">Applied entries kept in memory for followers that lag.</param>
/// <param name="MaxWaitingForLeader">Proposals held back while no leader is known; more are refused.</param>
public sealed record RaftActorSetup(
    RaftConfig Config,
    Prng Random,
    IActorRef Store,
    ProposalTable Waiting,
    NodeStatus Status,
    IReadOnlyList<(ulong Id, ReadOnlyMemory<byte> Context)> Bootstrap,
    TimeSpan TickInterval,
    TimeSpan RequestTimeout,
    TimeProvider Clock,
    ulong KeptEntries,
    int MaxWaitingForLeader);

/// <summary>The persistent actor around <see cref="RaftCore"/>: steps it, makes its events durable, sends, hands over what is committed.</summary>
/// <remarks>
/// One write is in flight at a time; whatever arrives meanwhile is stepped and leaves with the next, which is group commit.
/// A failed write stops this actor, and with it the node: it is never retried.
/// </remarks>
public sealed class RaftActor : ReceivePersistentActor, IWithTimers
{
    private readonly RaftActorSetup _setup;
    private readonly RaftCore _core;
    private readonly Queue<Proposal> _leaderless = new();
    private readonly Dictionary<ulong, TaskCompletionSource<ReadIndexAnswer>> _reads = [];
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private ulong _nextRead;
    private bool _writing;
    private StoreRoot? _checkpointDue;
    private SnapshotMeta _checkpointMeta = SnapshotMeta.Empty;
    private bool _checkpointing;
    private long _previousCheckpoint;

    /// <summary>Starts recovery; commands wait until it is done.</summary>
    public RaftActor(RaftActorSetup setup)
    {
        _setup = setup;
        _core = new RaftCore(setup.Config, setup.Random);

        Recover<SnapshotOffer>(Restore);
        Recover<RaftEvent>(_core.Replay);
        Recover<RecoveryCompleted>(_ => Begin());

        Command<Proposal>(Propose);
        Command<RaftCommand.Applied>(applied =>
        {
            _core.Applied(applied.State.Index);
            CampaignIfAlone();
            CompactLog(applied.State);
            Drain();
        });
        Command<RaftCommand.Tick>(_ =>
        {
            _core.Tick();
            Drain();
        });
        Command<RaftCommand.Receive>(received =>
        {
            _core.Step(received.Message);
            Drain();
        });
        Command<RaftCommand.ReadIndex>(ReadIndex);
        Command<RaftCommand.Checkpoint>(due =>
        {
            _checkpointDue = due.State;
            SaveDueCheckpoint();
        });
        Command<RaftCommand.Sweep>(_ => Sweep());
        Command<SaveSnapshotSuccess>(saved => CheckpointSaved(saved.Metadata));
        Command<SaveSnapshotFailure>(failed =>
        {
            _log.Error(failed.Cause, "checkpoint failed, the log keeps growing until one succeeds: index {0}", _checkpointMeta.Index);
            CheckpointEnded(stored: false);
        });
        Command<DeleteMessagesSuccess>(deleted => _log.Debug("journal events removed: up to {0}", deleted.ToSequenceNr));
        Command<DeleteMessagesFailure>(failed =>
            _log.Warning("journal events were not removed, the next checkpoint tries again: up to {0}: {1}", failed.ToSequenceNr, failed.Cause.Message));
    }

    /// <inheritdoc/>
    public override string PersistenceId => "raft";

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc/>
    protected override void OnPersistFailure(Exception cause, object @event, long sequenceNr) =>
        _log.Error(cause, "the log could not be written, this node stops: event {0}", sequenceNr);

    /// <inheritdoc/>
    protected override void OnPersistRejected(Exception cause, object @event, long sequenceNr)
    {
        _log.Error(cause, "the journal refused an event, this node stops: event {0}", sequenceNr);
        Context.Stop(Self);
    }

    /// <inheritdoc/>
    protected override void OnRecoveryFailure(Exception reason, object? message = null) =>
        _log.Error(reason, "recovery failed, this node cannot start: {0}", reason.Message);

    /// <inheritdoc/>
    protected override void PostStop()
    {
        foreach (var read in _reads.Values)
        {
            FailSoon(read, KvError.Stopped);
        }
        _setup.Waiting.FailAll(KvError.Stopped);
        base.PostStop();
    }

    private void Restore(SnapshotOffer offer)
    {
        var image = (CheckpointImage)offer.Snapshot;
        var checkpoint = NodeCheckpoint.ReadRaft(image);
        _core.Replay(checkpoint);
        _checkpointMeta = checkpoint.Meta;
        _previousCheckpoint = offer.Metadata.SequenceNr;
        _setup.Store.Tell(new StoreCommand.Restore(image, checkpoint.Meta));
    }

    private void Begin()
    {
        if (_core.Log.LastIndex == 0 && _core.Term == 0 && _setup.Bootstrap.Count > 0)
        {
            _core.Bootstrap(_setup.Bootstrap);
        }
        _core.Start();
        Timers.StartPeriodicTimer("tick", RaftCommand.Tick.Instance, _setup.TickInterval);
        Timers.StartPeriodicTimer("sweep", RaftCommand.Sweep.Instance, TimeSpan.FromMilliseconds(500));
        PublishStatus();
        CampaignIfAlone();
        Drain();
    }

    /// <summary>The only voter has nobody to wait for. While a membership change is not applied the core does not stand: asked again after it.</summary>
    private void CampaignIfAlone()
    {
        if (_core.Role == Role.Follower && _core.Leader == RaftConfig.None && IsSoleVoter)
        {
            _core.Campaign();
        }
    }

    private void Propose(Proposal proposal)
    {
        var result = _core.Propose(proposal.Bytes);
        if (result.IsDropped)
        {
            HoldBack(proposal);
        }
        Drain();
    }

    /// <summary>Without a leader a write waits for one until its time is up, as etcd's does.</summary>
    private void HoldBack(Proposal proposal)
    {
        if (_leaderless.Count < _setup.MaxWaitingForLeader)
        {
            _leaderless.Enqueue(proposal);
            return;
        }
        _setup.Waiting.Fail(proposal.Id, KvError.RequestTooManyRequests);
    }

    private void ProposeHeldBack()
    {
        for (var count = _leaderless.Count; count > 0; count--)
        {
            var proposal = _leaderless.Dequeue();
            if (_core.Propose(proposal.Bytes).IsDropped)
            {
                _leaderless.Enqueue(proposal);
            }
        }
    }

    private void ReadIndex(RaftCommand.ReadIndex read)
    {
        var id = ++_nextRead;
        var result = _core.ReadIndex(id);
        switch (result.Status)
        {
            case ReadStatus.Answered:
                AnswerSoon(read.Waiter, new ReadIndexAnswer(result.Index, KvError.None));
                break;
            case ReadStatus.Waiting:
                _reads[id] = read.Waiter;
                break;
            default:
                FailSoon(read.Waiter, KvError.NoLeader);
                break;
        }
        Drain();
    }

    private void Drain()
    {
        if (_writing || !_core.HasReady)
        {
            return;
        }
        _writing = true;
        var ready = _core.TakeReady();
        Send(ready.Early);                                     // a leader's appends may overtake its own disk (thesis §10.2.1)
        if (ready.Events.Count == 0)
        {
            Finish(ready);
            return;
        }
        PersistAllAsync(ready.Events, static _ => { });
        DeferAsync(ready, Finish);
    }

    private void Finish(Ready ready)
    {
        Send(ready.Late);                                      // votes and acknowledgements: durable first, then sent
        if (ready.Committed.Count > 0)
        {
            HandOver(ready.Committed);
        }
        foreach (var read in ready.Reads)
        {
            if (_reads.Remove(read.Context, out var waiter))
            {
                AnswerSoon(waiter, new ReadIndexAnswer(read.Index, KvError.None));
            }
        }
        _core.Advance(ready);
        if (ready.Soft is { } soft)
        {
            PublishStatus();
            RoleChanged(soft);
        }
        _writing = false;
        SaveDueCheckpoint();
        Drain();
    }

    private void HandOver(LogSlice committed)
    {
        foreach (var entry in committed)
        {
            if (entry.IsConfChange)
            {
                _core.ApplyConfChange(entry);
                PublishStatus();
            }
        }
        _setup.Status.PublishCommit(committed.LastIndex);
        _setup.Store.Tell(new StoreCommand.Apply(committed, _core.Term));
    }

    private void RoleChanged(SoftState soft)
    {
        _log.Info("{0} became {1} at term {2}", _setup.Status.Self, NameOf(soft.Role), _core.Term);
        if (soft.Leader != RaftConfig.None)
        {
            _log.Info("raft.node: {0} elected leader {1} at term {2}", _setup.Status.Self, new NodeId(soft.Leader), _core.Term);
            ProposeHeldBack();
        }
        else
        {
            foreach (var waiter in _reads.Values)
            {
                FailSoon(waiter, KvError.LeaderChanged);
            }
            _reads.Clear();
        }
        _setup.Store.Tell(new StoreCommand.LeaderChanged(soft.Role == Role.Leader, _core.Term));
    }

    private void PublishStatus()
    {
        var conf = _core.ConfState;
        _setup.Status.Publish(new RaftView(_core.Term, _core.Leader, _core.Role, IsSoleVoter, conf.IsMember(_core.Id) && !conf.IsVoter(_core.Id)));
    }

    private bool IsSoleVoter => _core.ConfState.AllVoters is [var only] && only == _core.Id;

    private static string NameOf(Role role) => role switch
    {
        Role.Leader => "leader",
        Role.Candidate => "candidate",
        Role.PreCandidate => "pre-candidate",
        _ => "follower",
    };

    /// <summary>Peers come with the cluster; a lone member has nobody to write to, and Raft tolerates what is not delivered.</summary>
    private void Send(IReadOnlyList<RaftMessage> messages)
    {
        if (messages.Count > 0)
        {
            _log.Warning("messages to members that cannot be reached yet were dropped: {0}", messages.Count);
        }
    }

    /// <summary>Drops entries that are applied and far enough back: a follower that lags further is sent the published state.</summary>
    private void CompactLog(SnapshotMeta applied)
    {
        var keep = _setup.KeptEntries;
        if (applied.Index > _core.Log.FirstIndex + (2 * keep))
        {
            _core.SnapshotTaken(applied);
            _core.Compact(applied.Index - keep);
        }
    }

    private void SaveDueCheckpoint()
    {
        // Only between writes: the checkpoint's sequence number then covers exactly what is durable.
        if (_checkpointDue is null || _writing || _checkpointing)
        {
            return;
        }
        var state = _checkpointDue;
        _checkpointDue = null;
        _checkpointing = true;
        _log.Info("triggering snapshot: index {0}", state.AppliedIndex);
        var meta = new SnapshotMeta(state.AppliedIndex, state.AppliedTerm, state.ConfState);
        _checkpointMeta = meta;
        SaveSnapshot(new NodeCheckpoint(state, _core.Checkpoint(meta)));
    }

    private void CheckpointSaved(SnapshotMetadata metadata)
    {
        _log.Info("saved snapshot to disk: index {0}", _checkpointMeta.Index);
        // Events since the checkpoint before this one stay: should this file be found damaged, the one before it still serves.
        if (_previousCheckpoint > 0)
        {
            DeleteMessages(_previousCheckpoint);
        }
        _previousCheckpoint = metadata.SequenceNr;
        CheckpointEnded(stored: true);
    }

    private void CheckpointEnded(bool stored)
    {
        _checkpointing = false;
        _setup.Store.Tell(new StoreCommand.CheckpointDone(_checkpointMeta.Index, stored));
        SaveDueCheckpoint();
    }

    private void Sweep()
    {
        var deadline = MonotonicTime.Of(_setup.Clock).Plus(-_setup.RequestTimeout);
        _setup.Waiting.Sweep(deadline, _core.Leader == RaftConfig.None ? KvError.DeadlineExceeded : KvError.Timeout);
        while (_leaderless.TryPeek(out var oldest) && oldest.Since < deadline)
        {
            _leaderless.Dequeue();
        }
    }

    private static void AnswerSoon(TaskCompletionSource<ReadIndexAnswer> waiter, ReadIndexAnswer answer) => waiter.TrySetResult(answer);

    private static void FailSoon(TaskCompletionSource<ReadIndexAnswer> waiter, KvError error) => AnswerSoon(waiter, new ReadIndexAnswer(0, error));
}
