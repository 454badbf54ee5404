using Kv.Actors.Model;

namespace Kv.Actors.Raft;

/// <summary>Proposals that wait for a leader, in order, as etcd's do: each until one is known, or until its time is up.</summary>
/// <param name="capacity">More are refused.</param>
public sealed class HeldProposals(int capacity)
{
    private readonly Queue<Proposal> _waiting = new();

    /// <summary>How many wait.</summary>
    public int Count => _waiting.Count;

    /// <summary>One more waits; false when there are too many already.</summary>
    public bool TryAdd(Proposal proposal)
    {
        if (_waiting.Count >= capacity)
        {
            return false;
        }
        _waiting.Enqueue(proposal);
        return true;
    }

    /// <summary>Offers each once, in order; those that are not taken wait on.</summary>
    public void Offer(Func<Proposal, bool> take)
    {
        for (var count = _waiting.Count; count > 0; count--)
        {
            var proposal = _waiting.Dequeue();
            if (!take(proposal))
            {
                _waiting.Enqueue(proposal);
            }
        }
    }

    /// <summary>Takes out the oldest if it was made before <paramref name="deadline"/>.</summary>
    public bool TryTakeOverdue(MonotonicTime deadline, out Proposal? overdue)
    {
        overdue = _waiting.TryPeek(out var oldest) && oldest.Since < deadline ? _waiting.Dequeue() : null;
        return overdue is not null;
    }

    /// <summary>Cuts a run of proposals into messages that stay below a size; one that alone is larger goes alone.</summary>
    /// <param name="proposals">In order; at least as many messages as it takes.</param>
    /// <param name="maxBytes">Size of a message's requests together.</param>
    public static IEnumerable<IReadOnlyList<Proposal>> Batches(IReadOnlyList<Proposal> proposals, long maxBytes)
    {
        var (batch, bytes) = (new List<Proposal>(), 0L);
        foreach (var proposal in proposals)
        {
            if (batch.Count > 0 && bytes + proposal.Bytes.Length > maxBytes)
            {
                yield return batch;
                (batch, bytes) = ([], 0);
            }
            batch.Add(proposal);
            bytes += proposal.Bytes.Length;
        }
        if (batch.Count > 0)
        {
            yield return batch;
        }
    }
}
