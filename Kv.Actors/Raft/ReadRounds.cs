using Kv.Actors.Model;

namespace Kv.Actors.Raft;

/// <summary>This member's reads that wait for a read index: one round is out at a time, and whoever comes meanwhile goes with the next.</summary>
/// <remarks>
/// So a thousand readers ask the leader no more often than one after the other would. A round is asked again when its message may be
/// lost; an answer to any asking of it will do, for the index was taken after all of its readers came.
/// <code>
///  Add(a)  TryBegin -> 1     out: a
///  Add(b)  Add(c)            out: a       next: b c
///  Answer(1, index 7)        a gets 7     TryBegin -> 2, out: b c
/// </code>
/// No other run of the member has rounds of the same numbers: a leader's answer to the run before may come late, in the same term, and
/// its index is older than what was acknowledged since.
/// </remarks>
/// <param name="run">This run of the member.</param>
public sealed class ReadRounds(RunNumber run)
{
    private List<TaskCompletionSource<ReadIndexAnswer>> _out = [];
    private List<TaskCompletionSource<ReadIndexAnswer>> _next = [];
    private MonotonicTime _askedAt;
    private ulong _round = run.Before;

    /// <summary>Number of the round that is out; 0 when none is.</summary>
    public ulong Out => _out.Count > 0 ? _round : 0;

    /// <summary>Readers without an answer.</summary>
    public int Count => _out.Count + _next.Count;

    /// <summary>A reader came.</summary>
    public void Add(TaskCompletionSource<ReadIndexAnswer> waiter) => _next.Add(waiter);

    /// <summary>Begins the next round, if none is out and somebody waits.</summary>
    public bool TryBegin(MonotonicTime now, out ulong round)
    {
        round = _round;
        if (_out.Count > 0 || _next.Count == 0)
        {
            return false;
        }
        (_out, _next) = (_next, _out);
        _askedAt = now;
        round = ++_round;
        return true;
    }

    /// <summary>Whether the round that is out was asked <paramref name="retry"/> ago and is to be asked again now.</summary>
    public bool IsOverdue(MonotonicTime now, TimeSpan retry)
    {
        if (_out.Count == 0 || now.Since(_askedAt) < retry)
        {
            return false;
        }
        _askedAt = now;
        return true;
    }

    /// <summary>Answers a round; one that is no longer out is passed over.</summary>
    public void Answer(ulong round, ReadIndexAnswer answer)
    {
        if (round == Out && round != 0)
        {
            Release(_out, answer);
        }
    }

    /// <summary>The leader that was asked is no more: those of the round that is out are told. Who waits for the next one goes on waiting.</summary>
    public void LeaderLost() => Release(_out, new ReadIndexAnswer(0, KvError.LeaderChanged));

    /// <summary>Fails everybody.</summary>
    public void FailAll(KvError error)
    {
        Release(_out, new ReadIndexAnswer(0, error));
        Release(_next, new ReadIndexAnswer(0, error));
    }

    /// <summary>Readers that gave up by themselves need no answer: lets go of them, so that they do not pile up while there is no leader.</summary>
    public void DropCompleted() => _next.RemoveAll(static waiter => waiter.Task.IsCompleted);

    private static void Release(List<TaskCompletionSource<ReadIndexAnswer>> waiters, ReadIndexAnswer answer)
    {
        foreach (var waiter in waiters)
        {
            waiter.TrySetResult(answer);
        }
        waiters.Clear();
    }
}
