using static Kv.Actors.Raft.RaftBugException;

namespace Kv.Actors.Raft;

/// <summary>What must hold of every node and between nodes. Told of each step, it throws at the first that breaks a rule.</summary>
/// <remarks>
/// It remembers what it has seen of all nodes for as long as it lives, so it sees contradictions between moments and across
/// restarts. Each check looks at what is new only: cost grows with the events, not with the length of the logs. The five safety
/// properties are those of the Raft paper's figure 3.
/// </remarks>
/// <param name="origin">The index of a snapshot that all nodes begin with, 0 for none.</param>
public sealed class RaftInvariants(ulong origin = 0)
{
    private readonly Dictionary<ulong, ulong> _leaders = [];
    private readonly Dictionary<(ulong Term, ulong Voter), ulong> _votes = [];
    private readonly Dictionary<(ulong Index, ulong Term), (ulong PrevTerm, Entry Entry)> _entries = [];
    private readonly Dictionary<ulong, ConfState> _confs = [];
    private readonly Dictionary<ulong, Seen> _seen = [];
    private readonly List<(Entry Entry, ulong InTerm)> _committed = [];

    /// <summary>The highest index seen committed anywhere.</summary>
    public ulong Committed => origin + (ulong)_committed.Count;

    /// <summary>An entry that was seen committed.</summary>
    public Entry CommittedAt(ulong index) => Known(index).Entry;

    /// <summary>Looks at a node after anything happened to it.</summary>
    /// <exception cref="RaftBugException">A rule is broken; the message says which, where and with what numbers.</exception>
    public void Check(RaftCore node)
    {
        if (!_seen.TryGetValue(node.Id, out var seen)) _seen.Add(node.Id, seen = new Seen());
        CheckMarks(node, seen);
        CheckLog(node, seen);
        CheckCommitted(node, seen);
        CheckRole(node, seen);
        (seen.Term, seen.Vote, seen.Role, seen.Commit, seen.Applied) =
            (node.Term, node.Vote, node.Role, node.Log.Committed, node.Log.Applied);
        (seen.LastIndex, seen.LastTerm) = (node.Log.LastIndex, node.Log.LastTerm);
    }

    /// <summary>A node lost what it had not written: its marks may fall, what it said and what was committed stays.</summary>
    public void Restarted(ulong id) => _seen.Remove(id);

    /// <summary>A message has left a node: a vote given is given for ever.</summary>
    /// <exception cref="RaftBugException">The node voted for two candidates in one term.</exception>
    public void Sent(RaftMessage message)
    {
        if (message is not RaftMessage.VoteReply { Pre: false, Granted: true } vote) return;
        if (_votes.TryAdd((vote.Term, vote.From), vote.To)) return;
        Assert(_votes[(vote.Term, vote.From)] == vote.To,
            $"double vote: {vote.From} voted for {_votes[(vote.Term, vote.From)]} and {vote.To} in term {vote.Term}");
    }

    /// <summary>A node applied the membership change at an index: all nodes must come to the same membership there.</summary>
    /// <exception cref="RaftBugException">Another node came to a different one, or the change skipped the rules of joint consensus.</exception>
    public void ConfApplied(ulong id, ulong index, ConfState before, ConfState after)
    {
        if (!_confs.TryAdd(index, after))
        {
            Assert(_confs[index].Equals(after), $"{id} has {after} at {index}, others {_confs[index]}");
            return;
        }

        if (before.Voters.IsEmpty) return;
        Assert(!before.IsJoint || !after.IsJoint, $"{id} went from joint to joint at {index}");
        if (before.IsJoint || after.IsJoint) return;
        var differing = before.Voters.Except(after.Voters).Count() + after.Voters.Except(before.Voters).Count();
        Assert(differing <= 1, $"{id} changed {differing} voters at {index} in one step: {before} to {after}");
    }

    private static void CheckMarks(RaftCore node, Seen seen)
    {
        var log = node.Log;
        Assert(log.Applied <= log.Applying && log.Applying <= log.Committed && log.Committed <= log.LastIndex,
            $"{node.Id}: applied {log.Applied}, applying {log.Applying}, committed {log.Committed}, last {log.LastIndex} are out of order");
        Assert(log.Stable <= log.Handed && log.Handed <= log.LastIndex,
            $"{node.Id}: stable {log.Stable}, handed {log.Handed}, last {log.LastIndex} are out of order");
        Assert(log.BaseIndex <= log.Committed, $"{node.Id}: base {log.BaseIndex} beyond committed {log.Committed}");
        Assert(node.Term >= seen.Term, $"{node.Id}: term fell from {seen.Term} to {node.Term}");
        Assert(log.Committed >= seen.Commit, $"{node.Id}: commit fell from {seen.Commit} to {log.Committed}");
        Assert(log.Applied >= seen.Applied, $"{node.Id}: applied fell from {seen.Applied} to {log.Applied}");
        Assert(node.Term != seen.Term || seen.Vote == RaftConfig.None || node.Vote == seen.Vote,
            $"{node.Id}: vote changed from {seen.Vote} to {node.Vote} in term {node.Term}");
    }

    /// <summary>Log matching: an index and a term name one entry, and with it the one before.</summary>
    private void CheckLog(RaftCore node, Seen seen)
    {
        var log = node.Log;
        for (var index = log.LastIndex; index > log.BaseIndex; index--)
        {
            var entry = log[index];
            if (seen.Verified.TryGetValue(index, out var verified) && ReferenceEquals(verified, entry)) break;
            seen.Verified[index] = entry;
            Assert(entry.Index == index, $"{node.Id}: entry {entry} sits at {index}");
            Assert(log.TryTerm(index - 1, out var prevTerm) && prevTerm <= entry.Term, $"{node.Id}: term falls before {entry}");
            if (_entries.TryAdd((index, entry.Term), (prevTerm, entry))) continue;
            var known = _entries[(index, entry.Term)];
            Assert(Same(known.Entry, entry), $"log matching: {node.Id} has {entry}, another node something else there");
            Assert(known.PrevTerm == prevTerm, $"log matching: before {entry}, {node.Id} has term {prevTerm}, another node {known.PrevTerm}");
        }
    }

    /// <summary>State machine safety: an index, once committed, is the same everywhere and for ever.</summary>
    private void CheckCommitted(RaftCore node, Seen seen)
    {
        var log = node.Log;
        for (var index = Math.Max(seen.Commit, log.BaseIndex) + 1; index <= log.Committed; index++)
        {
            var entry = log[index];
            if (index == Committed + 1) _committed.Add((entry, node.Term));
            Assert(index <= Committed, $"{node.Id}: committed {index}, but only {Committed} was ever seen committed");
            Assert(Same(Known(index).Entry, entry),
                $"state machine safety: {node.Id} committed {entry}, another node {Known(index).Entry}");
        }

        if (log.BaseIndex <= origin) return;
        Assert(log.BaseIndex <= Committed && Known(log.BaseIndex).Entry.Term == log.BaseTerm,
            $"{node.Id}: the snapshot {log.BaseTerm}/{log.BaseIndex} is not what was committed");
    }

    private void CheckRole(RaftCore node, Seen seen)
    {
        if (node.Role != seen.Role && node.Role is Role.Candidate or Role.PreCandidate && seen.Role == Role.Follower)
        {
            Assert(node.ConfState.IsVoter(node.Id), $"{node.Id} campaigns without a vote in {node.ConfState}");
        }

        if (node.Role != Role.Leader) return;
        if (!_leaders.TryAdd(node.Term, node.Id))
        {
            Assert(_leaders[node.Term] == node.Id, $"election safety: {_leaders[node.Term]} and {node.Id} lead term {node.Term}");
        }

        if (seen.Role == Role.Leader && seen.Term == node.Term)
        {
            Assert(seen.LastIndex <= node.Log.LastIndex, $"leader append-only: {node.Id}'s log fell from {seen.LastIndex} to {node.Log.LastIndex}");
            Assert(seen.LastIndex < node.Log.BaseIndex || node.Log.Matches(seen.LastIndex, seen.LastTerm),
                $"leader append-only: {node.Id} overwrote {seen.LastTerm}/{seen.LastIndex}");
            return;
        }

        // Leader completeness: whatever was committed in an earlier term is in a new leader's log.
        for (var index = Committed; index > node.Log.BaseIndex; index--)
        {
            var (entry, inTerm) = Known(index);
            if (inTerm >= node.Term) continue;
            Assert(node.Log.Matches(index, entry.Term), $"leader completeness: {node.Id}, leader of term {node.Term}, lacks {entry} committed in term {inTerm}");
        }
    }

    private (Entry Entry, ulong InTerm) Known(ulong index) => _committed[(int)(index - origin) - 1];

    private static bool Same(Entry a, Entry b) => ReferenceEquals(a, b)
        || (a.Term == b.Term && a.Index == b.Index && a.Type == b.Type && a.Data.Span.SequenceEqual(b.Data.Span));

    private sealed class Seen
    {
        public Dictionary<ulong, Entry> Verified { get; } = [];

        public ulong Term { get; set; }

        public ulong Vote { get; set; }

        public Role Role { get; set; }

        public ulong Commit { get; set; }

        public ulong Applied { get; set; }

        public ulong LastIndex { get; set; }

        public ulong LastTerm { get; set; }
    }
}
