namespace Kv.Actors.Raft;

public sealed partial class RaftCore
{
    private void StepFollower(RaftMessage message)
    {
        switch (message)
        {
            case RaftMessage.Append append:
                HearFrom(append.From);
                AcceptEntries(append);
                break;
            case RaftMessage.Heartbeat heartbeat:
                HearFrom(heartbeat.From);
                _log.CommitTo(heartbeat.Commit);
                SendEarly(new RaftMessage.HeartbeatReply(heartbeat.ReadPosition) { From = _id, To = heartbeat.From, Term = Term });
                break;
            case RaftMessage.InstallSnapshot install:
                HearFrom(install.From);
                var index = TryInstall(install.Meta) ? _log.LastIndex : _log.Committed;
                SendLate(new RaftMessage.AppendAccepted(index) { From = _id, To = install.From, Term = Term });
                break;
            case RaftMessage.TimeoutNow:
                Campaign(transfer: true);              // the leader wishes it: no pre-vote, and its lease does not count
                break;
            case RaftMessage.Propose propose when Leader != RaftConfig.None && _config.ForwardProposals:
                SendEarly(propose with { From = _id, To = Leader });
                break;
            case RaftMessage.TransferLeader transfer when Leader != RaftConfig.None:
                SendEarly(transfer with { From = _id, To = Leader, Term = Term });
                break;
            case RaftMessage.ReadIndexReply reply:
                _answeredReads.Add(new ReadState(reply.Index, reply.Context));
                break;
            default:
                break;                                 // answers to a role this node no longer has; reads return to a new leader by retry
        }
    }

    private void HearFrom(ulong leader)
    {
        _electionElapsed = 0;
        Leader = leader;
        Promise();
    }

    private void AcceptEntries(RaftMessage.Append append)
    {
        RaftMessage reply;
        if (append.PrevIndex < _log.Committed)
        {
            // Late or repeated: up to the commit index the logs match anyway.
            reply = new RaftMessage.AppendAccepted(_log.Committed) { From = _id, To = append.From, Term = Term };
        }
        else if (_log.TryAppend(append.PrevIndex, append.PrevTerm, append.Entries, append.Commit, out var lastNew))
        {
            reply = new RaftMessage.AppendAccepted(lastNew) { From = _id, To = append.From, Term = Term };
        }
        else
        {
            // At best the logs match at the last entry whose term is not above the leader's at that place: one round a term.
            var (hint, hintTerm) = _log.FindConflictByTerm(Math.Min(append.PrevIndex, _log.LastIndex), append.PrevTerm);
            reply = new RaftMessage.AppendRejected(append.PrevIndex, hint, hintTerm) { From = _id, To = append.From, Term = Term };
        }

        SendLate(reply);
    }

    /// <summary>Takes a snapshot in, unless it tells nothing new or is not meant for this node.</summary>
    private bool TryInstall(SnapshotMeta meta)
    {
        if (meta.Index <= _log.Committed) return false;
        if (!meta.ConfState.IsMember(_id)) return false;
        if (_log.Matches(meta.Index, meta.Term))
        {
            _log.CommitTo(meta.Index);                 // the log has it all: the state machine gets there by itself
            return false;
        }

        _log.Install(meta);
        AdoptConf(meta.Index, meta.ConfState);
        return true;
    }
}
