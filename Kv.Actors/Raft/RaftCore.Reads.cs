namespace Kv.Actors.Raft;

public sealed partial class RaftCore
{
    private readonly ReadIndexQueue _reads = new();
    private readonly List<(ulong From, ulong Context)> _earlyReads = [];

    /// <summary>Asks for the index a linearizable read must wait for (thesis §6.4).</summary>
    /// <param name="context">The caller's number for the read, found again in <see cref="ReadState.Context"/>.</param>
    /// <returns>At once if this node decides alone or trusts its lease; otherwise the answer comes with a batch, or never.</returns>
    public ReadIndexResult ReadIndex(ulong context)
    {
        if (Role == Role.Leader)
        {
            if (MayAnswerAtOnce()) return new ReadIndexResult(ReadStatus.Answered, _log.Committed);
            AcceptRead(_id, context);
            return new ReadIndexResult(ReadStatus.Waiting);
        }

        if (Role != Role.Follower || Leader == RaftConfig.None) return new ReadIndexResult(ReadStatus.NoLeader);
        SendEarly(new RaftMessage.ReadIndex(context) { From = _id, To = Leader });
        return new ReadIndexResult(ReadStatus.Waiting);
    }

    /// <summary>
    /// A new leader does not know how far its predecessors committed until it has committed something itself (thesis §6.4 step 1).
    /// That holds for a single voter too: after a restart its commit index is a hint.
    /// </summary>
    private bool HasCommittedInTerm => _log.TryTerm(_log.Committed, out var term) && term == Term;

    private bool MayAnswerAtOnce() => HasCommittedInTerm && (_peers.IsSingleton || LeadsByLease);

    private long _ticks;
    private long _promisedUntil;
    private long _roundFrom;
    private long _leaseUntil;
    private ulong _roundPosition;

    /// <summary>
    /// A quorum that answered a heartbeat sent at tick t has promised not to elect anyone for an election timeout after it heard it.
    /// The leader trusts three quarters of that, counted from t: clocks may differ by a fifth in speed. After a restart a node keeps
    /// still as if it had just promised. A transfer breaks the promise, so after one was tried this term's lease is not trusted again.
    /// </summary>
    private bool LeadsByLease => _config.ReadMode == ReadMode.LeaseBased && _ticks < _leaseUntil && !_transferTried;

    /// <summary>Whether this node has promised a leader to elect nobody for now.</summary>
    private bool HasPromised => _config.ReadMode == ReadMode.LeaseBased && _ticks < _promisedUntil;

    private void Promise() => _promisedUntil = _ticks + _config.ElectionTicks;

    private void ResetLease()
    {
        _leaseUntil = 0;
        _roundPosition = 0;
    }

    /// <summary>The position heartbeats carry: with leases every round has one, but only one round is timed at once.</summary>
    private ulong SealReads()
    {
        if (_config.ReadMode != ReadMode.LeaseBased) return _reads.Seal();
        var position = _reads.Seal(evenIfNoneCame: true);
        if (_roundPosition == 0) (_roundPosition, _roundFrom) = (position, _ticks);
        return position;
    }

    private void RenewLease(ulong confirmed)
    {
        if (_roundPosition == 0 || confirmed < _roundPosition) return;
        _leaseUntil = Math.Max(_leaseUntil, _roundFrom + (_config.ElectionTicks * 3 / 4));
        _roundPosition = 0;
    }

    private void AcceptRead(ulong from, ulong context)
    {
        if (!HasCommittedInTerm) _earlyReads.Add((from, context));
        else if (MayAnswerAtOnce()) AnswerRead(from, context, _log.Committed);
        else _reads.Add(from, context, _log.Committed);
    }

    private void AcceptEarlyReads()
    {
        if (_earlyReads.Count == 0 || !HasCommittedInTerm) return;
        foreach (var (from, context) in _earlyReads) AcceptRead(from, context);
        _earlyReads.Clear();
    }

    private void AnswerConfirmedReads()
    {
        var confirmed = _peers.ConfirmedReads();
        RenewLease(confirmed);
        while (_reads.TryConfirm(confirmed, out var read)) AnswerRead(read.From, read.Context, read.Index);
    }

    private void AnswerRead(ulong from, ulong context, ulong index)
    {
        if (from == _id) _answeredReads.Add(new ReadState(index, context));
        else SendEarly(new RaftMessage.ReadIndexReply(index, context) { From = _id, To = from, Term = Term });
    }
}
