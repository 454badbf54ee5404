using static Kv.Actors.Raft.RaftBugException;

namespace Kv.Actors.Raft;

public sealed partial class RaftCore
{
    private bool _broadcastAppend;
    private long _uncommittedBytes;

    /// <summary>
    /// A member needs a snapshot and none that was taken will do: take one, then call <see cref="SnapshotTaken"/>. The next answer to
    /// a heartbeat sends it.
    /// </summary>
    public bool SnapshotWanted { get; private set; }

    /// <summary>Proposes one normal entry. On the leader it is appended at once and leaves with the next batch.</summary>
    public ProposeResult Propose(ReadOnlyMemory<byte> data)
    {
        if (MayAppend(data.Length) is { } refusal) return refusal == ProposeStatus.NoLeader ? Forward([data]) : new(refusal);
        Append(EntryType.Normal, data);
        return new ProposeResult(ProposeStatus.Accepted, Term, _log.LastIndex);
    }

    /// <summary>Proposes several normal entries, all or none, one after the other in the log.</summary>
    /// <returns>With the index of the first.</returns>
    public ProposeResult Propose(IReadOnlyList<ReadOnlyMemory<byte>> batch)
    {
        Assert(batch.Count > 0, $"an empty proposal");
        var bytes = 0L;
        for (var i = 0; i < batch.Count; i++) bytes += batch[i].Length;
        if (MayAppend(bytes) is { } refusal) return refusal == ProposeStatus.NoLeader ? Forward(batch) : new(refusal);
        for (var i = 0; i < batch.Count; i++) Append(EntryType.Normal, batch[i]);
        return new ProposeResult(ProposeStatus.Accepted, Term, _log.LastIndex - (ulong)batch.Count + 1);
    }

    /// <summary>The transport lost contact with a member: appends sent ahead of answers are probably gone.</summary>
    public void ReportUnreachable(ulong id)
    {
        if (ProgressOf(id) is { State: ProgressState.Replicate } peer && id != _id) peer.BecomeProbe();
    }

    /// <summary>The transport delivered a snapshot, or gave up. Without such a report a member stays in Snapshot until it answers.</summary>
    public void ReportSnapshot(ulong id, bool delivered)
    {
        if (ProgressOf(id) is not { State: ProgressState.Snapshot } peer) return;
        if (delivered) peer.SnapshotDelivered();
        else peer.SnapshotFailed();
    }

    /// <summary>
    /// The shell finds that this leader cannot do its work, for its own disk does not answer: another may do it better. What is in
    /// flight stays so. Nothing happens on other roles.
    /// </summary>
    public void StepDown()
    {
        if (Role == Role.Leader) BecomeFollower(Term, RaftConfig.None);
    }

    private void BecomeLeader()
    {
        Reset(Term);
        Leader = _id;
        Role = Role.Leader;
        if (_peers.Find(_id) is { } self)
        {
            self.BecomeReplicate();
            self.RecentActive = true;
        }

        // Some entry here may be a membership change: no further one until all of them are applied.
        _pendingConfIndex = _log.LastIndex;
        Append(EntryType.Normal, default);
    }

    private void TickLeader()
    {
        _heartbeatElapsed++;
        if (_electionElapsed >= _config.ElectionTicks)
        {
            _electionElapsed = 0;
            if (_config.CheckQuorum && !CheckQuorum()) return;
            _transferTarget = RaftConfig.None;         // it had its time
            LeaveJointIfDue();
        }

        if (_heartbeatElapsed < _config.HeartbeatTicks) return;
        _heartbeatElapsed = 0;
        BroadcastHeartbeat();
    }

    private bool CheckQuorum()
    {
        if (!_peers.IsQuorumActive())
        {
            BecomeFollower(Term, RaftConfig.None);
            return false;
        }

        foreach (var peer in _peers.All) peer.RecentActive = peer.Id == _id;
        return true;
    }

    /// <summary>Why nothing can be appended here; null if it can.</summary>
    private ProposeStatus? MayAppend(long bytes)
    {
        Assert(_started, $"node {_id} was not started");
        if (Role != Role.Leader) return ProposeStatus.NoLeader;
        if (_peers.Find(_id) is null) return ProposeStatus.NotMember;
        if (_transferTarget != RaftConfig.None) return ProposeStatus.Transferring;
        // An empty one always fits (the leader's own), and one that would never fit still gets its turn.
        if (_config.MaxUncommittedBytes > 0 && bytes > 0 && _uncommittedBytes > 0
            && _uncommittedBytes + bytes > _config.MaxUncommittedBytes)
        {
            return ProposeStatus.TooManyUncommitted;
        }

        return null;
    }

    private void Append(EntryType type, ReadOnlyMemory<byte> data)
    {
        _log.Append(new Entry(Term, _log.LastIndex + 1, type, data));
        _uncommittedBytes += data.Length;
        _broadcastAppend |= _peers.HasOthers;
    }

    private ProposeResult Forward(IReadOnlyList<ReadOnlyMemory<byte>> batch)
    {
        if (MayForward() is { } refusal) return new(refusal);
        var entries = new Entry[batch.Count];
        for (var i = 0; i < entries.Length; i++) entries[i] = new Entry(0, 0, EntryType.Normal, batch[i]);
        return Forward(entries);
    }

    private ProposeStatus? MayForward()
    {
        if (Role != Role.Follower || Leader == RaftConfig.None) return ProposeStatus.NoLeader;
        return _config.ForwardProposals ? null : ProposeStatus.ForwardingDisabled;
    }

    private ProposeResult Forward(Entry[] entries)
    {
        SendEarly(new RaftMessage.Propose(entries) { From = _id, To = Leader });
        return new ProposeResult(ProposeStatus.Forwarded);
    }

    private void StepLeader(RaftMessage message)
    {
        switch (message)
        {
            case RaftMessage.Propose propose:
                AppendForwarded(propose);
                return;
            case RaftMessage.ReadIndex read:
                AcceptRead(read.From, read.Context);
                return;
            case RaftMessage.TransferLeader transfer:
                BeginTransfer(transfer.Target);
                return;
            case RaftMessage.Append or RaftMessage.Heartbeat or RaftMessage.InstallSnapshot:
                throw new RaftBugException($"two leaders in term {Term}: {_id} and {message.From}");
        }

        if (_peers.Find(message.From) is not { } peer) return;
        switch (message)
        {
            case RaftMessage.AppendAccepted accepted:
                peer.RecentActive = true;
                OnAccepted(peer, accepted.Index);
                break;
            case RaftMessage.AppendRejected rejected:
                peer.RecentActive = true;
                OnRejected(peer, rejected);
                break;
            case RaftMessage.HeartbeatReply heard:
                peer.RecentActive = true;
                peer.Resume();
                if (peer.Match < _log.LastIndex || peer.State == ProgressState.Probe) SendAppend(peer, evenIfEmpty: true);
                if (heard.ReadPosition > peer.ReadPosition)
                {
                    peer.ReadPosition = heard.ReadPosition;
                    AnswerConfirmedReads();
                }

                break;
            default:
                break;                                 // votes for an election that is over
        }
    }

    private void AppendForwarded(RaftMessage.Propose propose)
    {
        Assert(propose.Entries.Count > 0, $"an empty proposal from {propose.From}");
        var bytes = 0L;
        foreach (var entry in propose.Entries) bytes += entry.Data.Length;
        if (MayAppend(bytes) is not null) return;
        foreach (var entry in propose.Entries)
        {
            if (entry.IsConfChange) AppendConfChange(entry.Type, entry.Data, RaftWire.DecodeConfChange(entry));
            else Append(entry.Type, entry.Data);
        }
    }

    private void OnAccepted(Progress peer, ulong index)
    {
        Assert(index <= _log.LastIndex, $"{peer.Id} acknowledges {index}, the log ends at {_log.LastIndex}");
        var wasProbe = peer.State == ProgressState.Probe;
        if (!peer.Acknowledge(index) && !(wasProbe && peer.Match == index)) return;
        switch (peer.State)
        {
            case ProgressState.Probe:
                peer.BecomeReplicate();
                break;
            case ProgressState.Snapshot when peer.Match + 1 >= _log.FirstIndex:
                // Whatever became of the snapshot: from here the log can serve it.
                peer.BecomeReplicate();
                break;
            case ProgressState.Replicate:
                peer.Inflights.FreeUpTo(index);
                break;
        }

        CommitIfReached();
        if (peer.MayMissCommit(CommitToTell)) SendAppend(peer, evenIfEmpty: true);
        SendAllAppends(peer);
        if (peer.Id == _transferTarget && peer.Match == _log.LastIndex) SendTimeoutNow(peer.Id);
    }

    private void OnRejected(Progress peer, RaftMessage.AppendRejected rejected)
    {
        var hint = rejected.HintIndex;
        if (rejected.HintTerm > 0) hint = _log.FindConflictByTerm(hint, rejected.HintTerm).Index;
        if (!peer.Reject(rejected.Index, hint)) return;
        if (peer.State == ProgressState.Replicate) peer.BecomeProbe();
        SendAppend(peer, evenIfEmpty: true);
    }

    /// <summary>The leader is a member like others, except that its own disk is its acknowledgement.</summary>
    private void AcknowledgeOwnLog()
    {
        if (_peers.Find(_id) is { } self) self.Acknowledge(_log.Stable);
        CommitIfReached();
    }

    /// <summary>Raft paper §5.4.2: only an entry of this term commits by counting; those before it commit with it.</summary>
    private bool CommitIfReached()
    {
        var reached = _peers.CommittedIndex();
        if (reached <= _log.Committed || !_log.Matches(reached, Term)) return false;
        _log.CommitTo(reached);
        _broadcastAppend |= _peers.HasOthers;
        AcceptEarlyReads();
        return true;
    }

    private void SendAllAppends(Progress peer)
    {
        while (SendAppend(peer, evenIfEmpty: false))
        {
            // as long as there is something to send and room in the window
        }
    }

    /// <summary>Sends the next entries, or a snapshot if they are gone.</summary>
    /// <returns>Whether an append was sent.</returns>
    private bool SendAppend(Progress peer, bool evenIfEmpty)
    {
        if (peer.IsPaused) return false;
        var prevIndex = peer.Next - 1;
        if (!_log.TryTerm(prevIndex, out var prevTerm))
        {
            SendSnapshot(peer);
            return false;
        }

        // A full window lets only empty appends through: they make a follower that lost the others speak up.
        LogSlice entries = default;
        if (peer.State != ProgressState.Replicate || !peer.Inflights.IsFull)
        {
            entries = _log.Slice(peer.Next, _log.LastIndex, _config.MaxMessageBytes);
        }

        if (entries.Count == 0 && !evenIfEmpty) return false;
        var bytes = 0L;
        foreach (var entry in entries) bytes += entry.Size;
        var commit = CommitToTell;
        SendEarly(new RaftMessage.Append(prevIndex, prevTerm, entries, commit) { From = _id, To = peer.Id, Term = Term });
        peer.Sent(entries.Count, bytes, commit);
        return true;
    }

    /// <summary>
    /// A membership change is told with the write that holds its commit, not before, and not later either: once it is applied, those
    /// whom it removes are no peers any more, and would never hear of it.
    /// </summary>
    private void TellCommitLate()
    {
        foreach (var peer in _peers.All)
        {
            var prevIndex = peer.Next - 1;
            if (peer.Id == _id || peer.State == ProgressState.Snapshot || !_log.TryTerm(prevIndex, out var prevTerm)) continue;
            SendLate(new RaftMessage.Append(prevIndex, prevTerm, default, _log.Committed) { From = _id, To = peer.Id, Term = Term });
            peer.Sent(0, 0, _log.Committed);
        }
    }

    private void SendSnapshot(Progress peer)
    {
        if (!peer.RecentActive) return;                // it would not arrive; a later heartbeat's answer tries again
        if (_log.Snapshot.Index == 0 || _log.Snapshot.Index < _log.BaseIndex || !_log.Snapshot.ConfState.IsMember(peer.Id))
        {
            // Too old to go on from, or from before the peer was a member, which would ignore it.
            SnapshotWanted = true;
            return;
        }

        SendEarly(new RaftMessage.InstallSnapshot(_log.Snapshot) { From = _id, To = peer.Id, Term = Term });
        peer.BecomeSnapshot(_log.Snapshot.Index);
    }

    private void BroadcastHeartbeat()
    {
        var position = SealReads();
        foreach (var peer in _peers.All)
        {
            if (peer.Id == _id) continue;
            var commit = Math.Min(peer.Match, CommitToTell);
            SendEarly(new RaftMessage.Heartbeat(commit, position) { From = _id, To = peer.Id, Term = Term });
            peer.SentHeartbeat(commit);
        }
    }
}
