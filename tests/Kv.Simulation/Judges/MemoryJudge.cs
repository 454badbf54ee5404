using Kv.Actors.Raft;

namespace Kv.Simulation.Judges;

/// <summary>What a member has told others it must know after any restart: votes, terms, and entries it said it has on disk.</summary>
/// <remarks>
/// Others have acted on it, so it is wrong to forget it even when nothing comes of it this time. An entry's promise ends when a later
/// leader replaces the entry: from then on either log may come back.
/// </remarks>
internal sealed class MemoryJudge
{
    private readonly Dictionary<ulong, Promise> _promises = [];

    /// <summary>A message leaves a member.</summary>
    public void Sent(RaftMessage message, RaftCore sender)
    {
        switch (message)
        {
            case RaftMessage.VoteReply { Pre: false, Granted: true }:
                Of(message.From).Voted(message.Term, message.To);
                break;
            case RaftMessage.VoteRequest { Pre: false }:
                Of(message.From).Voted(message.Term, message.From);
                break;
            case RaftMessage.AppendAccepted accepted when message.Term == sender.Term && sender.Log.TryTerm(accepted.Index, out var term):
                Of(message.From).Voted(message.Term, RaftConfig.None);
                Of(message.From).Holds(accepted.Index, term);
                break;
            default:
                break;
        }
    }

    /// <summary>A member has done something. A leader counts itself among those that have an entry on disk, without a message.</summary>
    public void Look(RaftCore core)
    {
        var promise = Of(core.Id);
        if (promise.Index > 0 && promise.Index >= core.Log.BaseIndex && !core.Log.Matches(promise.Index, promise.EntryTerm)) promise.Holds(0, 0);
        if (core.Role == Role.Leader && core.Log.Stable > promise.Index && core.Log.TryTerm(core.Log.Stable, out var term)) promise.Holds(core.Log.Stable, term);
    }

    /// <summary>A member has read back what it has.</summary>
    /// <exception cref="JudgedException">It has forgotten something.</exception>
    public void Restarted(RaftCore core)
    {
        var promise = Of(core.Id);
        if (core.Term < promise.Term) throw new JudgedException($"forgotten term: {core.Id} is back in term {core.Term}, and has spoken in {promise.Term}");
        if (core.Term == promise.Term && promise.Vote != RaftConfig.None && core.Vote != promise.Vote)
            throw new JudgedException($"forgotten vote: {core.Id} is back with vote {core.Vote} in term {core.Term}, and gave it to {promise.Vote}");
        if (promise.Index >= core.Log.BaseIndex && promise.Index > 0 && !core.Log.Matches(promise.Index, promise.EntryTerm))
            throw new JudgedException($"forgotten entry: {core.Id} is back with a log up to {core.Log.LastTerm}/{core.Log.LastIndex}, and said it has {promise.EntryTerm}/{promise.Index} on disk");
    }

    private Promise Of(ulong id)
    {
        if (!_promises.TryGetValue(id, out var promise)) _promises.Add(id, promise = new Promise());
        return promise;
    }

    private sealed class Promise
    {
        /// <summary>The highest term it has spoken in.</summary>
        public ulong Term { get; private set; }

        /// <summary>Whom it voted for in that term.</summary>
        public ulong Vote { get; private set; }

        /// <summary>The highest entry that it said it has on disk; 0 for none.</summary>
        public ulong Index { get; private set; }

        /// <summary>That entry's term.</summary>
        public ulong EntryTerm { get; private set; }

        public void Voted(ulong term, ulong vote)
        {
            if (term < Term || (term == Term && vote == RaftConfig.None)) return;
            (Term, Vote) = (term, vote);
        }

        public void Holds(ulong index, ulong term)
        {
            if (index != 0 && index < Index) return;
            (Index, EntryTerm) = (index, term);
        }
    }
}
