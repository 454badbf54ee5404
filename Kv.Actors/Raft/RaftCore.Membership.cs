namespace Kv.Actors.Raft;

public sealed partial class RaftCore
{
    private ulong _pendingConfIndex;
    private ulong _confIndex;

    /// <summary>Proposes a change of one member.</summary>
    public ProposeResult ProposeConfChange(ConfChange change) =>
        ProposeConfChange(EntryType.ConfChange, RaftWire.Encode(change), change.AsV2());

    /// <summary>Proposes a change of any number of members, or with <see cref="ConfChangeV2.Leave"/> the end of a joint configuration.</summary>
    public ProposeResult ProposeConfChange(ConfChangeV2 change) =>
        ProposeConfChange(EntryType.ConfChangeV2, RaftWire.Encode(change), change);

    /// <summary>A committed change is being applied: it takes effect now. To refuse it instead, do not call this.</summary>
    /// <param name="index">The entry that holds it. One at or before what is in force already (a snapshot may have come in between)
    /// changes nothing.</param>
    /// <param name="change">The change, as it was proposed.</param>
    /// <returns>The configuration in force from here on.</returns>
    /// <exception cref="RaftBugException">The change does not fit the configuration: the log or the caller is wrong.</exception>
    public ConfState ApplyConfChange(ulong index, ConfChangeV2 change)
    {
        if (index <= _confIndex) return _peers.Conf;
        var conf = ConfChanger.Apply(_peers.Conf, change);
        _confIndex = index;
        _peers.Switch(conf, _log.LastIndex);
        if (Role == Role.Leader) LeadWith(conf);
        return conf;
    }

    /// <summary>Applies the change that a committed entry holds.</summary>
    /// <exception cref="RaftBugException">The change does not fit the configuration: the log or the caller is wrong.</exception>
    /// <exception cref="RaftWireException">The entry's bytes are no such change.</exception>
    public ConfState ApplyConfChange(Entry entry) => ApplyConfChange(entry.Index, RaftWire.DecodeConfChange(entry));

    /// <summary>A leader may begin a change of one member now; otherwise an earlier one is not applied, or the joint phase is not over.</summary>
    public bool MayChangeMembership => Role == Role.Leader && _pendingConfIndex <= _log.Applied && !_peers.Conf.IsJoint;

    /// <summary>Takes a membership from outside the log: a snapshot's or a restart's.</summary>
    private void AdoptConf(ulong index, ConfState conf)
    {
        _confIndex = index;
        _peers.Switch(conf, _log.LastIndex);
    }

    private void LeadWith(ConfState conf)
    {
        if (_config.StepDownOnRemoval && !conf.IsVoter(_id))
        {
            BecomeFollower(Term, RaftConfig.None);
            return;
        }

        ResetLease();                                  // it was given by other voters
        if (_transferTarget != RaftConfig.None && !conf.IsVoter(_transferTarget)) _transferTarget = RaftConfig.None;
        if (CommitIfReached())
        {
            AnswerConfirmedReads();
            return;
        }

        foreach (var peer in _peers.All)
        {
            if (peer.Id != _id) SendAppend(peer, evenIfEmpty: false);
        }

        AnswerConfirmedReads();                        // the quorum may have become smaller
    }

    private ProposeResult ProposeConfChange(EntryType type, ReadOnlyMemory<byte> data, ConfChangeV2 change)
    {
        if (MayAppend(data.Length) is { } refusal)
        {
            if (refusal != ProposeStatus.NoLeader) return new(refusal);
            return MayForward() is { } blocked ? new(blocked) : Forward([new Entry(0, 0, type, data)]);
        }

        var status = AppendConfChange(type, data, change) ? ProposeStatus.Accepted : ProposeStatus.ConfChangeRefused;
        return new ProposeResult(status, Term, _log.LastIndex);
    }

    /// <summary>One change at a time (thesis §4.1): what cannot start now becomes an empty entry, so that indexes stay as announced.</summary>
    private bool AppendConfChange(EntryType type, ReadOnlyMemory<byte> data, ConfChangeV2 change)
    {
        var joint = _peers.Conf.IsJoint;
        var mayStart = _pendingConfIndex <= _log.Applied && joint == change.IsLeave;
        if (!mayStart && _config.ValidateConfChanges)
        {
            Append(EntryType.Normal, default);
            return false;
        }

        Append(type, data);
        _pendingConfIndex = _log.LastIndex;
        return true;
    }

    /// <summary>Ends a joint configuration that is to end by itself, once everything that led to it is applied.</summary>
    private void LeaveJointIfDue()
    {
        if (Role != Role.Leader || !_peers.Conf.AutoLeave || _log.Applied < _pendingConfIndex) return;
        // A removed leader keeps leading until the change that removes it is committed, so only a transfer may stand in the way;
        // the next applied entry or the next quorum check tries again.
        if (_transferTarget != RaftConfig.None) return;
        AppendConfChange(EntryType.ConfChangeV2, RaftWire.Encode(ConfChangeV2.Leave), ConfChangeV2.Leave);
    }
}
