using Kv.Actors.Model;

namespace Kv.Actors.Raft;

/// <summary>Who waits for leadership to be handed over, and to whom.</summary>
public sealed class LeaderTransfers
{
    private readonly List<RaftCommand.TransferLeader> _waiting = [];

    /// <summary>How many wait.</summary>
    public int Count => _waiting.Count;

    /// <summary>Whether a transfer can be begun: null if it can, else what it is answered with; <see cref="KvError.None"/> when nothing is left to do.</summary>
    public static KvError? Verdict(RaftCore core, ulong target) => core switch
    {
        { Role: not Role.Leader } => KvError.NotLeader,
        _ when target == core.Id => KvError.None,
        _ when core.ProgressOf(target) is not { IsLearner: false } => KvError.BadLeaderTransferee,
        _ => null,
    };

    /// <summary>One more waits, until <see cref="Found"/> names its target.</summary>
    public void Add(RaftCommand.TransferLeader transfer)
    {
        DropCompleted();
        _waiting.Add(transfer);
    }

    /// <summary>A leader is known: whoever waited for it has it.</summary>
    public void Found(ulong leader)
    {
        foreach (var transfer in _waiting.FindAll(transfer => transfer.Target == leader))
        {
            transfer.Done.TrySetResult(KvError.None);
        }
        DropCompleted();
    }

    /// <summary>Nobody will be answered any more.</summary>
    public void FailAll(KvError error)
    {
        foreach (var transfer in _waiting)
        {
            transfer.Done.TrySetResult(error);
        }
        _waiting.Clear();
    }

    /// <summary>Forgets those whose callers have gone.</summary>
    public void DropCompleted() => _waiting.RemoveAll(static transfer => transfer.Done.Task.IsCompleted);
}
