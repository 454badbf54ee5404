namespace Kv.Actors.Raft;

/// <summary>How a leader sends to one follower.</summary>
public enum ProgressState : byte
{
    /// <summary>Where the logs part is not known: one append at a time.</summary>
    Probe,

    /// <summary>The logs match: appends are sent ahead of the answers.</summary>
    Replicate,

    /// <summary>A snapshot is on its way: nothing else is sent.</summary>
    Snapshot,
}

/// <summary>What a leader knows about one member's log.</summary>
/// <remarks>
/// <c>Match &lt; Next</c>. Entries up to <see cref="Match"/> are there; <see cref="Next"/> is the next one to send.
/// <code>
///            ack                       rejected, unreachable
///  Probe ───────────► Replicate ─────────────────────────────► Probe
///    │                    │
///    └── entries gone ────┴──► Snapshot ── reported, failed ──► Probe
///                                 └────── ack the log can follow ──► Replicate
/// </code>
/// </remarks>
public sealed class Progress
{
    /// <summary>Starts in Probe, with nothing known to match.</summary>
    public Progress(ulong id, ulong next, bool isLearner, RaftConfig config)
    {
        Id = id;
        Next = next;
        IsLearner = isLearner;
        Inflights = new Inflights(config.MaxInflightMessages, config.MaxInflightBytes);
    }

    /// <summary>The member.</summary>
    public ulong Id { get; }

    /// <summary>Highest entry known to match.</summary>
    public ulong Match { get; private set; }

    /// <summary>Next entry to send.</summary>
    public ulong Next { get; private set; }

    /// <summary>How entries are sent.</summary>
    public ProgressState State { get; private set; }

    /// <summary>Index of the snapshot on its way, 0 if none is.</summary>
    public ulong PendingSnapshot { get; private set; }

    /// <summary>Heard from since the last quorum check.</summary>
    public bool RecentActive { get; internal set; }

    /// <summary>Receives the log without a vote.</summary>
    public bool IsLearner { get; internal set; }

    /// <summary>An append is out (Probe) or the window is full (Replicate): wait for an answer or a heartbeat's.</summary>
    public bool FlowPaused { get; private set; }

    /// <summary>Highest commit index sent to it.</summary>
    public ulong SentCommit { get; private set; }

    /// <summary>Latest batch of reads it has confirmed.</summary>
    public ulong ReadPosition { get; internal set; }

    /// <summary>Appends on their way.</summary>
    public Inflights Inflights { get; }

    /// <summary>Nothing may be sent now, except heartbeats.</summary>
    public bool IsPaused => State == ProgressState.Snapshot || FlowPaused;

    /// <summary>Starts over for a new term.</summary>
    internal void Reset(ulong match, ulong next)
    {
        Enter(ProgressState.Probe);
        (Match, Next, SentCommit, ReadPosition, RecentActive) = (match, next, 0, 0, false);
    }

    /// <summary>Logs may differ: look for the place, after the snapshot if one was sent.</summary>
    public void BecomeProbe()
    {
        var next = Math.Max(Match, State == ProgressState.Snapshot ? PendingSnapshot : 0) + 1;
        Enter(ProgressState.Probe);
        Next = next;
        SentCommit = Math.Min(SentCommit, Next - 1);
    }

    /// <summary>Logs match.</summary>
    public void BecomeReplicate()
    {
        Enter(ProgressState.Replicate);
        Next = Match + 1;
    }

    /// <summary>A snapshot at <paramref name="index"/> was sent.</summary>
    public void BecomeSnapshot(ulong index)
    {
        Enter(ProgressState.Snapshot);
        PendingSnapshot = index;
        Next = index + 1;
        SentCommit = index;
    }

    /// <summary>The snapshot did not arrive: back to probing from what is known, after a pause.</summary>
    public void SnapshotFailed()
    {
        PendingSnapshot = 0;
        BecomeProbe();
        FlowPaused = true;
    }

    /// <summary>The snapshot was delivered: probe after it, once the follower speaks up.</summary>
    public void SnapshotDelivered()
    {
        BecomeProbe();
        FlowPaused = true;
    }

    /// <summary>An append with <paramref name="count"/> entries from <see cref="Next"/> on was sent.</summary>
    public void Sent(int count, long bytes, ulong commit)
    {
        SentCommit = commit;
        if (State == ProgressState.Replicate)
        {
            if (count > 0)
            {
                Next += (ulong)count;
                Inflights.Add(Next - 1, bytes);
            }

            FlowPaused = Inflights.IsFull;
        }
        else if (count > 0)
        {
            FlowPaused = true;
        }
    }

    /// <summary>A heartbeat carried this commit index.</summary>
    public void SentHeartbeat(ulong commit) => SentCommit = Math.Max(SentCommit, commit);

    /// <summary>A heartbeat was answered: whatever was lost will not be waited for.</summary>
    public void Resume() => FlowPaused = false;

    /// <summary>The follower acknowledged up to <paramref name="index"/>.</summary>
    /// <returns>Whether that was news.</returns>
    public bool Acknowledge(ulong index)
    {
        if (index <= Match) return false;
        Match = index;
        Next = Math.Max(Next, index + 1);
        FlowPaused = false;
        return true;
    }

    /// <summary>The follower rejected an append after <paramref name="rejected"/> and can match at most at <paramref name="hint"/>.</summary>
    /// <returns>False if the answer is stale.</returns>
    public bool Reject(ulong rejected, ulong hint)
    {
        if (State == ProgressState.Replicate)
        {
            if (rejected <= Match) return false;
            Next = Match + 1;
            SentCommit = Math.Min(SentCommit, Next - 1);
            return true;
        }

        if (Next - 1 != rejected) return false;
        Next = Math.Max(Math.Min(rejected, hint + 1), Match + 1);
        SentCommit = Math.Min(SentCommit, Next - 1);
        FlowPaused = false;
        return true;
    }

    /// <summary>Whether the follower may not know of a commit it could use: it has the entry, or will have.</summary>
    public bool MayMissCommit(ulong commit) => commit > SentCommit && SentCommit < Next - 1;

    /// <summary>For example <c>2: Replicate match=7 next=9 inflight=1</c>.</summary>
    public override string ToString()
    {
        var text = $"{Id}: {State} match={Match} next={Next}";
        if (IsLearner) text += " learner";
        if (IsPaused) text += " paused";
        if (PendingSnapshot > 0) text += $" snapshot={PendingSnapshot}";
        if (!RecentActive) text += " inactive";
        return Inflights.Count == 0 ? text : text + $" inflight={Inflights.Count}{(Inflights.IsFull ? "(full)" : "")}";
    }

    private void Enter(ProgressState state)
    {
        State = state;
        FlowPaused = false;
        PendingSnapshot = 0;
        Inflights.Clear();
    }
}
