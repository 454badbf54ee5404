using Kv.Actors.Model;
using static Kv.Actors.Raft.RaftBugException;

namespace Kv.Actors.Raft;

/// <summary>Raft as a function of its inputs: no clock, no I/O, no threads.</summary>
/// <remarks>
/// Inputs are <see cref="Step"/>, <see cref="Tick"/>, <see cref="Propose(ReadOnlyMemory{byte})"/> and their like; the output is
/// <see cref="Ready"/>, one batch at a time, acknowledged by <see cref="Advance"/>. Inputs may come while a batch is out: what they
/// cause leaves with the next one. Life: construct, <see cref="Replay"/> what the journal holds or <see cref="Bootstrap"/> a new
/// cluster, <see cref="Start"/>, then run. Not safe for use by two threads.
/// </remarks>
public sealed partial class RaftCore
{
    private readonly RaftConfig _config;
    private readonly RaftLog _log;
    private readonly Prng _random;
    private readonly ProgressTracker _peers;
    private readonly ulong _id;
    private readonly List<ReadState> _answeredReads = [];
    private List<RaftMessage> _early = [];
    private List<RaftMessage> _late = [];
    private Ready? _inFlight;
    private HardState _written;
    private ulong _durableCommit;
    private SoftState _toldSoft;
    private bool _started;
    private int _electionElapsed;
    private int _heartbeatElapsed;

    /// <summary>A node without any history.</summary>
    /// <param name="config">Its knobs, which are validated.</param>
    /// <param name="random">For election timeouts.</param>
    /// <exception cref="ArgumentException">A knob is out of bounds.</exception>
    public RaftCore(RaftConfig config, Prng random)
        : this(config, new RaftLog(), random)
    {
    }

    /// <summary>A node on a log of its own, which nobody else may touch.</summary>
    /// <exception cref="ArgumentException">A knob is out of bounds.</exception>
    public RaftCore(RaftConfig config, RaftLog log, Prng random)
    {
        config.Validate();
        (_config, _log, _random, _id) = (config, log, random, config.Id);
        _peers = new ProgressTracker(config);
    }

    /// <summary>This node.</summary>
    public ulong Id => _id;

    /// <summary>What it is now.</summary>
    public Role Role { get; private set; }

    /// <summary>Latest term seen.</summary>
    public ulong Term { get; private set; }

    /// <summary>Whom it voted for in this term.</summary>
    public ulong Vote { get; private set; }

    /// <summary>Whom it follows or that it leads; <see cref="RaftConfig.None"/> if unknown.</summary>
    public ulong Leader { get; private set; }

    /// <summary>The configuration in force: that of the last applied change.</summary>
    public ConfState ConfState => _peers.Conf;

    /// <summary>The log, to look at.</summary>
    public RaftLog Log => _log;

    /// <summary>Ticks the current election timeout was drawn as, in [ElectionTicks, 2 ElectionTicks).</summary>
    public int ElectionTimeoutTicks { get; private set; }

    /// <summary>Term, vote and commit as they are now, durable or not.</summary>
    public HardState HardState => new(Term, Vote, _log.Committed);

    /// <summary>A batch has been taken and not been acknowledged.</summary>
    public bool IsInFlight => _inFlight is not null;

    /// <summary>Whether <see cref="TakeReady"/> has anything to say; false while a batch is out.</summary>
    public bool HasReady => _inFlight is null && _started
        && (_early.Count > 0 || _late.Count > 0 || _log.HasUnhanded || _log.PendingSnapshot is not null
            || _answeredReads.Count > 0 || _broadcastAppend || _reads.HasUnsealed || MustWriteHardState || SoftChanged
            || _log.CanApply(_config.MaxUnappliedBytes));

    /// <summary>
    /// The commit is a hint, save where it decides who is a member: whoever is removed goes once it hears of the commit, and those who
    /// lost theirs with their power would count it among the members for ever after.
    /// </summary>
    private bool MustWriteHardState => Term != _written.Term || Vote != _written.Vote || _log.FirstCommittedConfChange(_written.Commit) > 0;

    /// <summary>What others may be told is committed: no membership change before this node will remember that it is.</summary>
    private ulong CommitToTell => _log.FirstCommittedConfChange(_durableCommit) is > 0 and var change ? change - 1 : _log.Committed;

    private bool SoftChanged => _toldSoft != new SoftState(Role, Leader);

    private bool IsPromotable => _log.PendingSnapshot is null && _peers.Find(_id) is { IsLearner: false };

    /// <summary>A message came from another node. One that is not for this node, or answers a node it does not know, is dropped.</summary>
    /// <exception cref="RaftBugException">The message contradicts what is committed here.</exception>
    public void Step(RaftMessage message)
    {
        Assert(_started, $"node {_id} was not started");
        if (message.To != _id || message.From == _id || message.From == RaftConfig.None) return;
        if (!AcceptTerm(message)) return;              // stale, or a vote that must not move our term
        if (message is RaftMessage.VoteRequest vote)
        {
            LearnCommit(vote.Commit, vote.CommitTerm);
            AnswerVote(vote);
            return;
        }

        switch (Role)
        {
            case Role.Leader: StepLeader(message); break;
            case Role.Follower: StepFollower(message); break;
            default: StepCandidate(message); break;
        }
    }

    /// <summary>A tick of the node's clock: elections, heartbeats and the quorum check count these, never seconds.</summary>
    public void Tick()
    {
        Assert(_started, $"node {_id} was not started");
        _ticks++;
        _electionElapsed++;
        if (Role == Role.Leader)
        {
            TickLeader();
        }
        else if (IsPromotable && _electionElapsed >= ElectionTimeoutTicks)
        {
            _electionElapsed = 0;
            Campaign();
        }
    }

    /// <summary>Takes what there is to do. One batch at a time: <see cref="Advance"/> must acknowledge it before the next.</summary>
    /// <remarks>Cost: one array for each kind of output that there is, none for each entry beyond its place in a slice.</remarks>
    public Ready TakeReady()
    {
        Assert(_started && _inFlight is null, $"node {_id} was asked for a batch while one is out or before its start");
        Flush();
        if (Role == Role.Leader && _log.FirstCommittedConfChange(_written.Commit) > 0) TellCommitLate();
        var snapshot = _log.PendingSnapshot;
        var ready = new Ready
        {
            Events = TakeEvents(snapshot),
            Early = _early.Count == 0 ? [] : Swap(ref _early),
            Late = _late.Count == 0 ? [] : Swap(ref _late),
            Committed = _log.HandOutCommitted(_config.MaxUnappliedBytes),
            Reads = TakeReads(),
            Snapshot = snapshot,
            Soft = SoftChanged ? new SoftState(Role, Leader) : null,
            SelfVoteTerm = _selfVoteTerm,
        };
        _toldSoft = new SoftState(Role, Leader);
        _selfVoteTerm = 0;
        _inFlight = ready;
        return ready;
    }

    /// <summary>Takes only the messages that may leave at once, also while a batch is out: heartbeats need not wait for a slow disk.</summary>
    public IReadOnlyList<RaftMessage> TakeEarly()
    {
        Flush();
        return _early.Count == 0 ? [] : Swap(ref _early);
    }

    /// <summary>Takes only the confirmed reads, also while a batch is out.</summary>
    public IReadOnlyList<ReadState> TakeReads()
    {
        if (_answeredReads.Count == 0) return [];
        ReadState[] reads = [.. _answeredReads];
        _answeredReads.Clear();
        return reads;
    }

    /// <summary>The batch is durable, its messages sent and its entries handed over: own votes and own appends count from here.</summary>
    /// <param name="done">The batch that is out.</param>
    public void Advance(Ready done)
    {
        Assert(ReferenceEquals(done, _inFlight), $"node {_id}: the batch acknowledged is not the one that is out");
        _inFlight = null;
        if (done.Snapshot is not null) _log.SnapshotIsStable(done.Snapshot);
        _log.HandedIsStable();
        RememberCommit();
        if (done.SelfVoteTerm == Term && Role == Role.Candidate) CountVote(_id, granted: true);
        else if (Role == Role.Leader) AcknowledgeOwnLog();
    }

    /// <summary>The state machine has applied everything up to <paramref name="index"/>; an older report changes nothing.</summary>
    /// <remarks>Membership changes up to there must have been given to <see cref="ApplyConfChange"/> or refused before.</remarks>
    public void Applied(ulong index)
    {
        _uncommittedBytes = Math.Max(0, _uncommittedBytes - _log.AppliedTo(index));
        LeaveJointIfDue();
    }

    /// <summary>A snapshot of this node's state machine is stored durably, and can be sent to followers that lag.</summary>
    public void SnapshotTaken(SnapshotMeta meta)
    {
        _log.SnapshotTaken(meta);
        SnapshotWanted = false;
    }

    /// <summary>Drops entries up to <paramref name="index"/>, which must be applied and held by a snapshot.</summary>
    public void Compact(ulong index) => _log.Compact(index);

    /// <summary>Everything a restart needs besides the state machine as of <paramref name="meta"/>.</summary>
    /// <param name="meta">The snapshot of the state machine; its index must be in the log, and applied.</param>
    /// <remarks>Only for durable state: call it with no batch out, or store it behind the batch that is.</remarks>
    public RaftEvent.Checkpoint Checkpoint(SnapshotMeta meta)
    {
        Assert(_log.Matches(meta.Index, meta.Term), $"snapshot {meta.Term}/{meta.Index} does not match the log");
        Assert(meta.Index <= _log.Applied, $"snapshot at {meta.Index}, but applied only to {_log.Applied}");
        return new RaftEvent.Checkpoint(meta, HardState, _log.Slice(meta.Index + 1, _log.LastIndex));
    }

    /// <summary>What a status page shows. Allocates; not for hot paths.</summary>
    public RaftStatus Status()
    {
        var progress = new List<string>();
        if (Role == Role.Leader)
        {
            foreach (var peer in _peers.All) progress.Add(peer.ToString());
        }

        return new RaftStatus(_id, Role, Term, Vote, Leader, _transferTarget, _log.Committed, _log.Applied, _log.FirstIndex,
            _log.LastIndex, _peers.Conf, progress);
    }

    /// <summary>What a leader knows of a member; null on other nodes or for others.</summary>
    public Progress? ProgressOf(ulong id) => Role == Role.Leader ? _peers.Find(id) : null;

    /// <summary>Raft paper figure 2, "rules for servers", with the exceptions that pre-vote and leases ask for.</summary>
    private bool AcceptTerm(RaftMessage message)
    {
        if (message.Term == 0) return message is RaftMessage.Propose or RaftMessage.ReadIndex or RaftMessage.TransferLeader;
        if (message.Term > Term)
        {
            switch (message)
            {
                case RaftMessage.VoteRequest { Transfer: false } when HoldsLease():
                    return false;                      // a leader was heard a moment ago: nobody may disturb it (thesis §4.2.3)
                case RaftMessage.VoteRequest { Pre: true }:
                case RaftMessage.VoteReply { Pre: true, Granted: true }:
                    return true;                       // speaks of a term that nobody is in yet
                default:
                    BecomeFollower(message.Term, IsFromLeader(message) ? message.From : RaftConfig.None);
                    return true;
            }
        }

        if (message.Term == Term) return true;
        if (message is RaftMessage.VoteRequest stale)
        {
            // The paper's answer (figure 2). Silence would leave a candidate whose vote we need behind our term for ever.
            if (!stale.Pre) StepBackFor(stale);
            SendVoteReply(stale.From, stale.Pre, granted: false, Term);
        }
        else if (message is RaftMessage.Append or RaftMessage.Heartbeat)
        {
            // As the paper has it. A leader of an old term might never notice otherwise: where votes are withheld from those who
            // disturb, or where nobody with our term knows that the leader is a member.
            SendLate(new RaftMessage.AppendAccepted(0) { From = _id, To = message.From, Term = Term });
        }

        return false;
    }

    private bool HoldsLease() => HasPromised
        || (_config.CheckQuorum && Leader != RaftConfig.None && _electionElapsed < _config.ElectionTicks);

    private static bool IsFromLeader(RaftMessage message) =>
        message is RaftMessage.Append or RaftMessage.Heartbeat or RaftMessage.InstallSnapshot;

    private void BecomeFollower(ulong term, ulong leader)
    {
        Reset(term);
        Leader = leader;
        Role = Role.Follower;
    }

    private void Reset(ulong term)
    {
        if (term != Term)
        {
            Term = term;
            Vote = RaftConfig.None;
        }

        Leader = RaftConfig.None;
        _electionElapsed = _heartbeatElapsed = 0;
        ElectionTimeoutTicks = DrawElectionTimeout();
        _transferTarget = RaftConfig.None;
        _transferTried = false;
        ResetLease();
        _selfVoteTerm = 0;
        _broadcastAppend = false;
        SnapshotWanted = false;
        _pendingConfIndex = 0;
        _uncommittedBytes = 0;
        _reads.Clear();
        _earlyReads.Clear();
        _peers.ResetVotes();
        foreach (var peer in _peers.All)
        {
            peer.Reset(match: peer.Id == _id ? _log.Stable : 0, next: _log.LastIndex + 1);
        }
    }

    private int DrawElectionTimeout() => _config.ElectionTicks + _random.NextInt(_config.ElectionTicks);

    private IReadOnlyList<RaftEvent> TakeEvents(SnapshotMeta? snapshot)
    {
        var hasEntries = _log.HasUnhanded;
        if (snapshot is null && !hasEntries && !MustWriteHardState) return [];
        _written = HardState;
        if (snapshot is null)
        {
            return [hasEntries ? new RaftEvent.Appended(_log.HandOut(), _written) : new RaftEvent.HardStateChanged(_written)];
        }

        // Should only the first of two events survive a crash, its commit must not lie beyond the log it leaves.
        var installed = new RaftEvent.SnapshotInstalled(snapshot, _written with { Commit = snapshot.Index });
        return hasEntries ? [installed, new RaftEvent.Appended(_log.HandOut(), _written)] : [installed];
    }

    /// <summary>What the last write held is durable: what became committed behind a membership change meanwhile may be told.</summary>
    private void RememberCommit()
    {
        var heldBack = CommitToTell < _log.Committed;
        _durableCommit = _written.Commit;
        _broadcastAppend |= heldBack && Role == Role.Leader && _peers.HasOthers && CommitToTell > _durableCommit;
    }

    /// <summary>Writes the messages that were put off so that one carries what many inputs caused.</summary>
    private void Flush()
    {
        if (Role != Role.Leader) return;
        if (_reads.HasUnsealed) BroadcastHeartbeat();
        if (!_broadcastAppend) return;
        _broadcastAppend = false;
        foreach (var peer in _peers.All)
        {
            if (peer.Id == _id) continue;
            if (SendAppend(peer, evenIfEmpty: peer.MayMissCommit(CommitToTell)) && peer.State == ProgressState.Replicate) SendAllAppends(peer);
        }
    }

    private void SendEarly(RaftMessage message) => _early.Add(message);

    private void SendLate(RaftMessage message) => _late.Add(message);

    private static List<RaftMessage> Swap(ref List<RaftMessage> messages)
    {
        var taken = messages;
        messages = [];
        return taken;
    }
}
