namespace Kv.Actors.Raft;

public sealed partial class RaftCore
{
    private ulong _selfVoteTerm;
    private ulong _transferTarget;
    private bool _transferTried;

    /// <summary>
    /// Tries to become leader now, as if the election timeout had passed. Nothing happens on a leader, a learner, a node outside the
    /// configuration, one that waits for a snapshot, or one with committed but unapplied membership changes.
    /// </summary>
    public void Campaign() => Campaign(transfer: false);

    /// <summary>Asks the leader (or, on the leader, begins) to hand leadership over to a voter.</summary>
    /// <returns>False if no leader is known to ask; true promises nothing, since the target may be unfit or unreachable.</returns>
    public bool TransferLeader(ulong target)
    {
        if (Role == Role.Leader)
        {
            BeginTransfer(target);
            return true;
        }

        if (Role != Role.Follower || Leader == RaftConfig.None) return false;
        SendEarly(new RaftMessage.TransferLeader(target) { From = _id, To = Leader, Term = Term });
        return true;
    }

    /// <summary>A follower forgets its leader, keeping term and timer, so that it may grant pre-votes: for when the leader is known dead.</summary>
    /// <returns>False, and nothing changes, on other roles and where reads trust the lease.</returns>
    public bool ForgetLeader()
    {
        if (Role != Role.Follower || _config.ReadMode == ReadMode.LeaseBased) return false;
        Leader = RaftConfig.None;
        return true;
    }

    private void Campaign(bool transfer)
    {
        if (Role == Role.Leader || !IsPromotable || HasUnappliedConfChange()) return;
        if (HasPromised && !transfer && !_peers.IsSingleton) return;
        if (_config.PreVote && !transfer) BeginPreVote();
        else BeginVote(transfer);
    }

    private bool HasUnappliedConfChange() => _log.FirstCommittedConfChange(_log.Applied) > 0;

    private void BeginPreVote()
    {
        // Neither term nor vote change: nothing to make durable, and nothing to take back when it fails.
        Role = Role.PreCandidate;
        Leader = RaftConfig.None;
        _electionElapsed = 0;
        ElectionTimeoutTicks = DrawElectionTimeout();
        _peers.ResetVotes();
        AskForVotes(Term + 1, pre: true, transfer: false);
        CountVote(_id, granted: true);
    }

    private void BeginVote(bool transfer)
    {
        Reset(Term + 1);
        Role = Role.Candidate;
        Vote = _id;
        _selfVoteTerm = Term;                          // counts when the batch that carries it is durable
        AskForVotes(Term, pre: false, transfer);
    }

    private void AskForVotes(ulong term, bool pre, bool transfer)
    {
        foreach (var id in _peers.Conf.AllVoters)
        {
            if (id == _id) continue;
            SendLate(new RaftMessage.VoteRequest(pre, _log.LastIndex, _log.LastTerm, transfer, _log.Committed, CommitTerm)
            {
                From = _id,
                To = id,
                Term = term,
            });
        }
    }

    private void CountVote(ulong from, bool granted)
    {
        _peers.RecordVote(from, granted);
        switch (_peers.Tally())
        {
            case VoteResult.Won when Role == Role.PreCandidate: BeginVote(transfer: false); break;
            case VoteResult.Won: BecomeLeader(); break;
            case VoteResult.Lost: BecomeFollower(Term, RaftConfig.None); break;
            default: break;
        }
    }

    /// <summary>Raft paper §5.2 and §5.4.1. A learner answers too: it may have been promoted without knowing.</summary>
    private void AnswerVote(RaftMessage.VoteRequest request)
    {
        var mayVote = Vote == request.From
            || (Vote == RaftConfig.None && Leader == RaftConfig.None)
            || (request.Pre && request.Term > Term);
        var granted = mayVote && _log.IsUpToDate(request.LastIndex, request.LastTerm);
        if (!granted && !request.Pre) StepBackFor(request);
        if (granted && !request.Pre)
        {
            _electionElapsed = 0;
            Vote = request.From;
        }

        SendVoteReply(request.From, request.Pre, granted, granted ? request.Term : Term);
    }

    /// <summary>
    /// Our vote in this term is given, but it is the other that can win. Without pre-votes a node that knows only an old membership
    /// might otherwise take every new term for itself just before the one whose members need its vote can.
    /// </summary>
    private void StepBackFor(RaftMessage.VoteRequest request)
    {
        if (Role != Role.Leader && _log.IsBehind(request.LastIndex, request.LastTerm)) _electionElapsed = 0;
    }

    private void SendVoteReply(ulong to, bool pre, bool granted, ulong term) =>
        SendLate(new RaftMessage.VoteReply(pre, granted, _log.Committed, CommitTerm) { From = _id, To = to, Term = term });

    private ulong CommitTerm => _log.TryTerm(_log.Committed, out var term) ? term : 0;

    /// <summary>
    /// Votes carry the commit index, because a group may depend on it to elect anyone. When a leader is gone right after it left a
    /// joint configuration that it was removed by, those who stay may not know that yet: still asking its half for votes, which it
    /// refuses, having the longest log. TiKV's raft does the same for the same reason.
    /// </summary>
    private void LearnCommit(ulong index, ulong term)
    {
        if (Role == Role.Leader || index <= _log.Committed || !_log.Matches(index, term)) return;
        _log.CommitTo(index);
        if (Role != Role.Follower && HasUnappliedConfChange()) BecomeFollower(Term, RaftConfig.None);
    }

    private void StepCandidate(RaftMessage message)
    {
        if (message is RaftMessage.VoteReply { Granted: false } refusal)
        {
            LearnCommit(refusal.Commit, refusal.CommitTerm);
            if (Role == Role.Follower) return;         // someone else's membership was in force
        }

        switch (message)
        {
            case RaftMessage.VoteReply { Pre: true, Granted: true } grant when grant.Term != Term + 1:
                break;                                 // for an earlier campaign
            case RaftMessage.VoteReply reply when reply.Pre == (Role == Role.PreCandidate):
                CountVote(reply.From, reply.Granted);
                break;
            case RaftMessage.Append or RaftMessage.Heartbeat or RaftMessage.InstallSnapshot:
                BecomeFollower(message.Term, message.From);   // someone else has won this term
                StepFollower(message);
                break;
            default:
                break;                                 // proposals and reads have nobody to go to; the rest is stale
        }
    }

    private void BeginTransfer(ulong target)
    {
        if (target == _id || target == _transferTarget || _peers.Find(target) is not { IsLearner: false } peer) return;
        _transferTarget = target;
        _transferTried = true;
        _electionElapsed = 0;                          // it is given one election timeout
        if (peer.Match == _log.LastIndex) SendTimeoutNow(target);
        else SendAppend(peer, evenIfEmpty: true);
    }

    private void SendTimeoutNow(ulong target) =>
        SendEarly(new RaftMessage.TimeoutNow { From = _id, To = target, Term = Term });
}
