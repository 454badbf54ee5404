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

    /// <summary>While leadership is handed over the next leader may be elected inside the lease: then only a round will do.</summary>
    private bool MayAnswerAtOnce() => HasCommittedInTerm
        && (_peers.IsSingleton || (_config.ReadMode == ReadMode.LeaseBased && _transferTarget == RaftConfig.None));

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
        while (_reads.TryConfirm(confirmed, out var read)) AnswerRead(read.From, read.Context, read.Index);
    }

    private void AnswerRead(ulong from, ulong context, ulong index)
    {
        if (from == _id) _answeredReads.Add(new ReadState(index, context));
        else SendEarly(new RaftMessage.ReadIndexReply(index, context) { From = _id, To = from, Term = Term });
    }
}
