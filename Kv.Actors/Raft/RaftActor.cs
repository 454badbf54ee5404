using Akka.Actor;
using Akka.Event;
using Akka.Persistence;
using Kv.Actors.Apply;
using Kv.Actors.Cluster;
using Kv.Actors.Meters;
using Kv.Actors.Model;
using Kv.Persistence;
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
/// <param name="Peers">Told of the members, as a <see cref="MemberSet"/>, whenever they change; answers with <see cref="PeerRefs"/>.</param>
/// <param name="Shelf">Where a leader's snapshots lie.</param>
/// <param name="KeptForSnapshotBytes">Log kept for a member that is being sent a snapshot.</param>
/// <param name="Connected">Who was heard since when.</param>
/// <param name="Metrics">Counts what was done.</param>
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
    int MaxWaitingForLeader,
    IActorRef Peers,
    SnapshotShelf Shelf,
    long KeptForSnapshotBytes,
    PeerTable Connected,
    Metrics Metrics)
{
    /// <summary>This run of the member.</summary>
    public required RunNumber Run { get; init; }

    /// <summary>Is shown the core once it has started.</summary>
    public Action<RaftCore>? Inspect { get; init; }

    /// <summary>Remove files that are of no use any more.</summary>
    public Workers Workers { get; init; } = Workers.Threads;

    /// <summary>Drop every other member at this start, if there is a log.</summary>
    public bool ForceNewCluster { get; init; }

    /// <summary>Cut the wait for the first election short once others are heard.</summary>
    public bool InitialElectionTickAdvance { get; init; }
}

/// <summary>Who carries messages to each other member: tell it a <see cref="RaftMessage"/>.</summary>
public sealed record PeerRefs(IReadOnlyDictionary<ulong, IActorRef> ByMember);

/// <summary>The persistent actor around <see cref="RaftCore"/>: steps it, makes its events durable, sends, hands over what is committed.</summary>
/// <remarks>
/// One write is in flight at a time; whatever arrives meanwhile is stepped and leaves with the next, which is group commit.
/// A failed write stops this actor, and with it the node: it is never retried.
/// </remarks>
public sealed class RaftActor : ReceivePersistentActor, IWithTimers
{
    /// <summary>Whose events and checkpoints those of a node's storage are.</summary>
    public const string Id = "raft";

    private readonly RaftActorSetup _setup;
    private readonly RaftCore _core;
    private static readonly TimeSpan FirstContact = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ReadRetry = TimeSpan.FromMilliseconds(500);

    private readonly HeldProposals _leaderless;
    private readonly Queue<MembershipProposal> _laterChanges = new();
    private readonly List<Proposal> _forwards = [];
    private readonly LeaderTransfers _transfers = new();
    private readonly CheckpointLedger _checkpoints = new();
    private readonly ReadRounds _reads;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private IReadOnlyDictionary<ulong, IActorRef> _peers = new Dictionary<ulong, IActorRef>();
    private MemberSet _members = MemberSet.Empty;
    private SoftState _soft;
    private ulong _softTerm;
    private MonotonicTime _electedAt = MonotonicTime.Never;
    private SnapshotMeta _applied = SnapshotMeta.Empty;
    private readonly SortedDictionary<ulong, RaftCommand.SnapshotArrived> _arrived = [];
    private ulong _holdFrom;
    private long _heldBytes;
    private bool _flushing;
    private bool _writing;
    private int _writeTicks;
    private bool _maySkipTicks;
    private int _ticksSinceStart;
    private bool _needsCheckpoint;

    /// <summary>Starts recovery; commands wait until it is done.</summary>
    public RaftActor(RaftActorSetup setup)
    {
        _setup = setup;
        _core = new RaftCore(setup.Config, setup.Random);
        _reads = new ReadRounds(setup.Run);
        _leaderless = new HeldProposals(setup.MaxWaitingForLeader);

        Recover<SnapshotOffer>(Restore);
        Recover<RaftEvent>(Replay);
        Recover<RecoveryCompleted>(_ => Begin());

        Command<Proposal>(Propose);
        Command<RaftCommand.Applied>(Applied);
        Command<RaftCommand.Tick>(_ => Tick());
        Command<RaftCommand.Receive>(Receive);
        Command<RaftCommand.Forward>(_ => Forward());
        Command<RaftCommand.ReadIndex>(ReadIndex);
        Command<RaftCommand.TransferLeader>(TransferLeader);
        Command<RaftCommand.AskProgress>(AskProgress);
        Command<RaftCommand.Unreachable>(lost => _core.ReportUnreachable(lost.Member));
        Command<RaftCommand.SnapshotReported>(report =>
        {
            _core.ReportSnapshot(report.Member, report.Delivered);
            Drain(urgent: true);
        });
        Command<RaftCommand.SnapshotArrived>(SnapshotArrived);
        Command<RaftCommand.HoldLog>(hold => (_holdFrom, _heldBytes) = (hold.From, 0));
        Command<ShelfCleared>(cleared => _log.Debug("received snapshots removed: {0}", cleared.Count));
        Command<Status.Failure>(failed => _log.Warning("received snapshots were not removed, the next checkpoint tries again: {0}", failed.Cause.Message));
        Command<PeerRefs>(refs => _peers = refs.ByMember);
        Command<RaftCommand.Checkpoint>(due =>
        {
            _checkpoints.Ask(due.State);
            SaveDueCheckpoint();
        });
        Command<RaftCommand.Sweep>(_ => Sweep());
        Command<SaveSnapshotSuccess>(saved => CheckpointSaved(saved.Metadata));
        Command<SaveSnapshotFailure>(failed =>
        {
            _log.Error(failed.Cause, "checkpoint failed, the log keeps growing until one succeeds: index {0}", _checkpoints.Meta.Index);
            _checkpoints.NotSaved();
            CheckpointEnded(stored: false);
        });
        Command<DeleteMessagesSuccess>(deleted => _log.Debug("journal events removed: up to {0}", deleted.ToSequenceNr));
        Command<DeleteMessagesFailure>(failed =>
            _log.Warning("journal events were not removed, the next checkpoint tries again: up to {0}: {1}", failed.ToSequenceNr, failed.Cause.Message));
    }

    /// <inheritdoc/>
    public override string PersistenceId => Id;

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
        _reads.FailAll(KvError.Stopped);
        _transfers.FailAll(KvError.Stopped);
        _setup.Waiting.FailAll(KvError.Stopped);
        base.PostStop();
    }

    private void Restore(SnapshotOffer offer)
    {
        var image = (CheckpointImage)offer.Snapshot;
        var checkpoint = NodeCheckpoint.ReadRaft(image);
        _core.Replay(checkpoint);
        _checkpoints.Begin(offer.Metadata.SequenceNr, checkpoint.Meta);
        _applied = checkpoint.Meta;
        _members = RootImage.MembersIn(new BoltBucketSource(image.Reader));
        _setup.Store.Tell(new StoreCommand.Restore(image, checkpoint.Meta));
        _needsCheckpoint = image.IsFallback;
    }

    private void Replay(RaftEvent recorded)
    {
        _checkpoints.Replayed(LastSequenceNr);
        _core.Replay(recorded);
        // The newest checkpoint may be newer than a snapshot in the journal; then the core passes it over, and so does the store.
        if (recorded is RaftEvent.SnapshotInstalled { Meta: var meta } && meta.Index > _applied.Index && _core.Log.Snapshot.Index == meta.Index)
        {
            Load(meta, _setup.Shelf.MembersOf(meta));
        }
    }

    private void SnapshotArrived(RaftCommand.SnapshotArrived arrived)
    {
        var meta = arrived.Message.Meta;
        _core.Step(arrived.Message);
        if (ReferenceEquals(_core.Log.PendingSnapshot, meta))
        {
            _arrived.Add(meta.Index, arrived);                 // otherwise it is of no use, and what was loaded of it goes
        }
        Drain(urgent: true);
    }

    /// <summary>A leader's snapshot has replaced the log: store and members begin anew from it.</summary>
    private void Load(SnapshotMeta meta, MemberSet members, SnapshotStage? stage = null)
    {
        (_applied, _members) = (meta, members);
        _setup.Status.PublishCommit(meta.Index);
        _setup.Store.Tell(new StoreCommand.Install(meta, stage));
    }

    private void Begin()
    {
        _checkpoints.Require(LastSequenceNr);
        if (_core.Log.LastIndex == 0 && _core.Term == 0 && _setup.Bootstrap.Count > 0)
        {
            _core.Bootstrap(_setup.Bootstrap);
        }
        else if (_setup.ForceNewCluster && _core.Log.LastIndex > 0)
        {
            var others = _core.ForceAlone();
            _log.Warning("forcing a new cluster of this member alone: removed members: {0}", string.Join(' ', others.Select(static id => new NodeId(id))));
        }
        _core.Start();
        _setup.Inspect?.Invoke(_core);
        Timers.StartPeriodicTimer("tick", RaftCommand.Tick.Instance, _setup.TickInterval);
        Timers.StartPeriodicTimer("sweep", RaftCommand.Sweep.Instance, TimeSpan.FromMilliseconds(500));
        _soft = new SoftState(_core.Role, _core.Leader);
        _maySkipTicks = _setup.InitialElectionTickAdvance;
        PublishStatus();
        _setup.Status.PublishCommit(_core.Log.Committed);
        _setup.Peers.Tell(_members);
        CampaignIfAlone();
        if (_needsCheckpoint)
        {
            // The newest is damaged, and the one this start began with is the only one left: not for long.
            _setup.Store.Tell(new StoreCommand.CheckpointNow(new TaskCompletionSource()));
        }
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

    private void Tick()
    {
        var now = MonotonicTime.Of(_setup.Clock);
        if (_core.Role == Role.Leader && _setup.Status.Ticked != default && now.Since(_setup.Status.Ticked) > 2 * _setup.TickInterval)
        {
            _setup.Metrics.Peers.HeartbeatSendFailures.Add();
        }
        _setup.Status.PublishTick(now);
        // A leader whose own disk does not answer for an election timeout makes way: its followers would not do without it otherwise.
        if (_writing && ++_writeTicks >= _setup.Config.ElectionTicks && _core.Role == Role.Leader && !IsSoleVoter)
        {
            _log.Warning("the disk has not answered for an election timeout, this leader steps down: term {0}", _core.Term);
            _core.StepDown();
        }
        _core.Tick();
        AdvanceFirstElection();
        Retry();
        Drain(urgent: true);
    }

    /// <summary>
    /// A start that hears two others but no leader need not wait a whole election timeout more: two heartbeats are enough to learn
    /// that there is one. Only in the first seconds, as in etcd.
    /// </summary>
    private void AdvanceFirstElection()
    {
        if (!_maySkipTicks)
        {
            return;
        }
        _maySkipTicks = ++_ticksSinceStart * _setup.TickInterval < FirstContact && _core.Role == Role.Follower && _core.Leader == RaftConfig.None;
        if (!_maySkipTicks || _setup.Connected.ConnectedCount < 2)
        {
            return;
        }
        _maySkipTicks = false;
        for (var skipped = _ticksSinceStart; skipped < _setup.Config.ElectionTicks - 2; skipped++)
        {
            _core.Tick();
        }
    }

    private void Receive(RaftCommand.Receive received)
    {
        var message = received.Message;
        _core.Step(message);
        TakeWantedSnapshot();
        // Entries, and acknowledgements of them, leave in batches: with the next write, unless this one takes its time.
        Drain(urgent: _writeTicks > 0 || message is not (RaftMessage.Propose or RaftMessage.Append or RaftMessage.AppendAccepted));
    }

    private void Applied(RaftCommand.Applied applied)
    {
        _applied = applied.State;
        _core.Applied(applied.State.Index);
        CampaignIfAlone();
        ProposeLaterChanges();
        CompactLog(applied.State);
        Drain();
    }

    private void Propose(Proposal proposal)
    {
        if (proposal.Term != 0 && (_core.Role != Role.Leader || proposal.Term != _core.Term))
        {
            _setup.Waiting.Fail(proposal.Id, KvError.NotLeader);
            return;
        }
        if (!TryPropose(proposal))
        {
            HoldBack(proposal);
        }
        Drain();
    }

    private bool TryPropose(Proposal proposal)
    {
        if (proposal is MembershipProposal change)
        {
            return TryPropose(change);
        }
        if (_core.Role == Role.Leader)
        {
            return !_core.Propose(proposal.Bytes).IsDropped;
        }
        if (_core.Role != Role.Follower || _core.Leader == RaftConfig.None)
        {
            return false;
        }
        _forwards.Add(proposal);
        if (!_flushing)
        {
            _flushing = true;
            Self.Tell(RaftCommand.Forward.Instance);           // behind all that wait in the mailbox now: they go in one message
        }
        return true;
    }

    /// <summary>What a leader cannot begin yet, for another change is under way, it begins afterwards: an empty entry would take its place.</summary>
    private bool TryPropose(MembershipProposal proposal)
    {
        if (_core.Role != Role.Leader || _core.MayChangeMembership)
        {
            return !_core.ProposeConfChange(proposal.Change).IsDropped;
        }
        _laterChanges.Enqueue(proposal);
        return true;
    }

    private void ProposeLaterChanges()
    {
        while (_laterChanges.Count > 0 && (_core.Role != Role.Leader || _core.MayChangeMembership))
        {
            var proposal = _laterChanges.Dequeue();
            if (!TryPropose(proposal))
            {
                HoldBack(proposal);
            }
        }
    }

    /// <summary>Passes on to the leader what has gathered. After that nobody here proposes it again, for it may have arrived.</summary>
    private void Forward()
    {
        _flushing = false;
        foreach (var batch in HeldProposals.Batches(_forwards, _setup.Config.MaxMessageBytes))
        {
            Forward(batch);
        }
        _forwards.Clear();
        Drain(urgent: true);
    }

    private void Forward(IReadOnlyList<Proposal> batch)
    {
        if (!_core.Propose([.. batch.Select(static proposal => (ReadOnlyMemory<byte>)proposal.Bytes)]).IsDropped)
        {
            return;
        }
        foreach (var proposal in batch)
        {
            HoldBack(proposal);                                // the leader was lost on the way: nobody has been told of these
        }
    }

    /// <summary>Without a leader a write waits for one until its time is up, as etcd's does.</summary>
    private void HoldBack(Proposal proposal)
    {
        if (!_leaderless.TryAdd(proposal))
        {
            _setup.Waiting.Fail(proposal.Id, KvError.RequestTooManyRequests);
        }
    }

    /// <summary>What waits for something to change is tried again: leadership may have been handed over, or a transfer given up.</summary>
    private void Retry()
    {
        if (_leaderless.Count > 0 && _core.Leader != RaftConfig.None)
        {
            _leaderless.Offer(TryPropose);
        }
        ProposeLaterChanges();
    }

    private void ReadIndex(RaftCommand.ReadIndex read)
    {
        _reads.Add(read.Waiter);
        AskForReads();
        Drain(urgent: true);
    }

    private void AskForReads()
    {
        // Without a leader readers wait for one until their time is up.
        while (_core.Leader != RaftConfig.None && _reads.TryBegin(MonotonicTime.Of(_setup.Clock), out var round))
        {
            AskForReads(round);
        }
    }

    private void AskForReads(ulong round)
    {
        var result = _core.ReadIndex(round);
        if (result.Status == ReadStatus.Answered)
        {
            _reads.Answer(round, new ReadIndexAnswer(result.Index, KvError.None));
        }
    }

    private void AnswerReads(IReadOnlyList<ReadState> confirmed)
    {
        foreach (var read in confirmed)
        {
            _reads.Answer(read.Context, new ReadIndexAnswer(read.Index, KvError.None));
        }
        if (confirmed.Count > 0)
        {
            AskForReads();
        }
    }

    private void TransferLeader(RaftCommand.TransferLeader transfer)
    {
        if (LeaderTransfers.Verdict(_core, transfer.Target) is { } verdict)
        {
            transfer.Done.TrySetResult(verdict);
            return;
        }
        _log.Info("leadership transfer starting: from {0} to {1}", _setup.Status.Self, new NodeId(transfer.Target));
        _transfers.Add(transfer);
        _core.TransferLeader(transfer.Target);
        Drain(urgent: true);
    }

    private void AskProgress(RaftCommand.AskProgress ask) => ask.Answer.TrySetResult(
        _core.ProgressOf(ask.Member) is { } member
            ? new MemberProgress(member.Match, _core.ProgressOf(_core.Id)?.Match ?? _core.Log.Stable, member.IsLearner, member.State)
            : null);

    /// <param name="urgent">What may leave at once does so even while a write is under way: heartbeats must not wait for the disk.</param>
    private void Drain(bool urgent = false)
    {
        if (_writing)
        {
            if (urgent)
            {
                Send(_core.TakeEarly());
                AnswerReads(_core.TakeReads());
                NoticeRole();
            }
            return;
        }
        if (!_core.HasReady)
        {
            return;
        }
        _writing = true;
        _writeTicks = 0;
        var ready = _core.TakeReady();
        Send(ready.Early);                                     // a leader's appends may overtake its own disk (thesis §10.2.1)
        NoticeRole();
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
        if (ready.Snapshot is { } snapshot)
        {
            _log.Info("applying snapshot: index {0} term {1}", snapshot.Index, snapshot.Term);
            var arrived = _arrived[snapshot.Index];
            Load(snapshot, arrived.Members, arrived.Stage);
            while (_arrived.Count > 0 && _arrived.First().Key <= snapshot.Index)
            {
                _arrived.Remove(_arrived.First().Key);         // a later one may have come during the write
            }
            MembersChanged();
        }
        if (ready.Committed.Count > 0)
        {
            HandOver(ready.Committed);
        }
        _core.Advance(ready);
        _writing = false;
        _writeTicks = 0;
        NoticeRole();
        AnswerReads(ready.Reads);
        SaveDueCheckpoint();
        Drain();
    }

    private void HandOver(LogSlice committed)
    {
        foreach (var entry in committed)
        {
            if (entry.IsConfChange)
            {
                ChangeMembers(entry);
            }
            if (_holdFrom != 0)
            {
                _heldBytes += entry.Size;
            }
        }
        _setup.Status.PublishCommit(committed.LastIndex);
        _setup.Store.Tell(new StoreCommand.Apply(committed, _core.Term));
    }

    private void ChangeMembers(Entry entry)
    {
        var change = RaftWire.DecodeConfChange(entry);
        var verdict = MemberChanges.Judge(_members, change);
        if (!verdict.Accepted)
        {
            _log.Info("a membership change was refused: index {0}: {1}", entry.Index, verdict.Error);
            return;                                        // the state machine comes to the same verdict, and answers the caller
        }
        _members = verdict.Members;
        _core.ApplyConfChange(entry.Index, change);
        foreach (var single in change.Changes)
        {
            LogChange(single, _members.Find(new NodeId(single.NodeId)));
        }
        MembersChanged();
    }

    private void MembersChanged()
    {
        PublishStatus();
        _setup.Peers.Tell(_members);
        if (_members.WasRemoved(_setup.Status.Self))
        {
            _log.Warning("this member is removed from the cluster: {0}", _setup.Status.Self);
            Context.Parent.Tell(RaftNotice.SelfRemoved.Instance);
        }
    }

    private void LogChange(ConfChangeSingle change, ClusterMember? member) => _log.Info(
        "{0}: member {1} peer-urls {2}",
        change.Type switch
        {
            ConfChangeType.RemoveNode => "removed member",
            ConfChangeType.UpdateNode => "updated member",
            ConfChangeType.AddLearner => "added member as a learner",
            _ => "added member, or promoted it",
        },
        new NodeId(change.NodeId), member is null ? "" : string.Join(',', member.PeerUrls));

    /// <summary>Tells everybody when role, leader or term have changed, at once: a leader that stepped down must not revoke leases.</summary>
    private void NoticeRole()
    {
        var soft = new SoftState(_core.Role, _core.Leader);
        if (soft == _soft && _core.Term == _softTerm)
        {
            return;
        }
        var (before, term) = (_soft, _softTerm);
        (_soft, _softTerm) = (soft, _core.Term);
        PublishStatus();
        if (soft == before && soft.Role != Role.Leader)
        {
            return;                                        // a leader of another term begins anew
        }
        if (soft.Role != before.Role || _softTerm != term)
        {
            _log.Info("{0} became {1} at term {2}", _setup.Status.Self, NameOf(soft.Role), _core.Term);
        }
        if (before.Leader != RaftConfig.None && soft.Leader != before.Leader)
        {
            _log.Info("raft.node: {0} lost leader {1} at term {2}", _setup.Status.Self, new NodeId(before.Leader), _core.Term);
            _reads.LeaderLost();
        }
        _setup.Store.Tell(new StoreCommand.LeaderChanged(soft.Role == Role.Leader, _core.Term));
        if (soft.Leader != RaftConfig.None)
        {
            LeaderFound(soft.Leader);
        }
    }

    private void LeaderFound(ulong leader)
    {
        _electedAt = MonotonicTime.Of(_setup.Clock);
        _log.Info("raft.node: {0} elected leader {1} at term {2}", _setup.Status.Self, new NodeId(leader), _core.Term);
        _transfers.Found(leader);
        _leaderless.Offer(TryPropose);
        AskForReads();
    }

    private void PublishStatus()
    {
        var conf = _core.ConfState;
        StorageExtension.For(Context.System).MayWaitForDisk = IsSoleVoter;    // with others, heartbeats must not wait for our disk
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

    /// <summary>What has no carrier yet is dropped: Raft says everything again.</summary>
    private void Send(IReadOnlyList<RaftMessage> messages)
    {
        for (var i = 0; i < messages.Count; i++)
        {
            if (messages[i] is RaftMessage.InstallSnapshot)
            {
                _setup.Peers.Tell(messages[i]);
            }
            else if (_peers.TryGetValue(messages[i].To, out var peer))
            {
                peer.Tell(messages[i]);
            }
        }
    }

    /// <summary>A member needs a newer snapshot than the last one named: what is published now will do, and is written when it is sent.</summary>
    private void TakeWantedSnapshot()
    {
        if (_core.SnapshotWanted && _applied.Index > _core.Log.Snapshot.Index)
        {
            _core.SnapshotTaken(_applied);
        }
    }

    /// <summary>Drops entries that are applied and far enough back: a follower that lags further is sent the published state.</summary>
    private void CompactLog(SnapshotMeta applied)
    {
        var keep = _setup.KeptEntries;
        if (applied.Index <= _core.Log.FirstIndex + (2 * keep))
        {
            return;
        }
        var upTo = applied.Index - keep;
        if (_holdFrom != 0 && _heldBytes < _setup.KeptForSnapshotBytes)
        {
            upTo = Math.Min(upTo, _holdFrom);
        }
        if (upTo > _core.Log.BaseIndex)
        {
            _core.SnapshotTaken(applied);
            _core.Compact(upTo);
        }
    }

    private void SaveDueCheckpoint()
    {
        // Only between writes: the checkpoint's sequence number then covers exactly what is durable.
        if (_writing)
        {
            return;
        }
        if (_checkpoints.TryTake(_core.Log.BaseIndex, out var state))
        {
            _log.Info("triggering snapshot: index {0}", state!.AppliedIndex);
            SaveSnapshot(new NodeCheckpoint(state, _core.Checkpoint(_checkpoints.Meta)));
        }
        else if (state is not null)
        {
            _setup.Store.Tell(new StoreCommand.CheckpointDone(state.AppliedIndex, Stored: false, Superseded: true));
        }
    }

    private void CheckpointSaved(SnapshotMetadata metadata)
    {
        _log.Info("saved snapshot to disk: index {0}", _checkpoints.Meta.Index);
        var obsolete = _checkpoints.Saved(metadata.SequenceNr);
        if (obsolete.EventsUpTo > 0)
        {
            DeleteMessages(obsolete.EventsUpTo);
        }
        if (obsolete.SnapshotsUpTo > 0)
        {
            var shelf = _setup.Shelf;
            _setup.Workers.Run("snapshot removal", () => new ShelfCleared(shelf.RemoveUpTo(obsolete.SnapshotsUpTo)), CancellationToken.None).PipeTo(Self);
        }
        CheckpointEnded(stored: true);
    }

    private void CheckpointEnded(bool stored)
    {
        _setup.Store.Tell(new StoreCommand.CheckpointDone(_checkpoints.Meta.Index, stored));
        SaveDueCheckpoint();
    }

    private void Sweep()
    {
        var now = MonotonicTime.Of(_setup.Clock);
        var deadline = now.Plus(-_setup.RequestTimeout);
        while (_leaderless.TryTakeOverdue(deadline, out var overdue))
        {
            // Never sent to anybody: etcd's clients see their own deadline pass.
            _setup.Waiting.Fail(overdue!.Id, KvError.DeadlineExceeded);
        }
        var cause = new TimeoutCause(
            _core.Id, _core.Leader, _electedAt, _setup.TickInterval * _setup.Config.ElectionTicks, _core.ConfState.Voters, _setup.Connected);
        _setup.Waiting.Sweep(deadline, cause.Of);
        _transfers.DropCompleted();
        _reads.DropCompleted();
        if (_reads.IsOverdue(now, ReadRetry))
        {
            AskForReads(_reads.Out);
            Drain(urgent: true);
        }
    }

    private sealed record ShelfCleared(int Count);
}
