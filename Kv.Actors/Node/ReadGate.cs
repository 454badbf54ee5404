using Akka.Actor;
using Kv.Actors.Apply;
using Kv.Actors.Meters;
using Kv.Actors.Model;
using Kv.Actors.Raft;
using Kv.Persistence;

namespace Kv.Actors.Node;

/// <summary>The way to a root that a linearizable read may be served from: read index, then the published root; no mailbox when it can be helped.</summary>
public sealed class ReadGate(
    IActorRef raft, NodeStatus status, RootHolder roots, TimeSpan timeout, TimeProvider clock, Workers workers, Metrics metrics,
    CancellationToken stopping)
{
    /// <summary>A root that contains every write acknowledged before this call, or why there is none.</summary>
    /// <remarks>
    /// A leader that is its cluster's only voter needs no round (reference, reads): nobody else can have acknowledged anything,
    /// and it acknowledges only what is published. The root must have an entry of this term, or the log of an earlier run may
    /// not be applied yet.
    /// </remarks>
    public ValueTask<Outcome<StoreRoot>> LinearizableAsync(CancellationToken cancel)
    {
        var view = status.Raft;
        var root = roots.Current;
        if (view.IsLeader && view.IsSoleVoter && root.AppliedTerm == view.Term)
        {
            return ValueTask.FromResult<Outcome<StoreRoot>>(root);
        }
        return AskAsync(cancel);
    }

    private async ValueTask<Outcome<StoreRoot>> AskAsync(CancellationToken cancel)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, stopping);
        var waiter = workers.Promise<ReadIndexAnswer>();
        raft.Tell(new RaftCommand.ReadIndex(waiter));
        try
        {
            var answer = await waiter.Task.WaitAsync(timeout, clock, either.Token).ConfigureAwait(false);
            if (answer.Error != KvError.None)
            {
                metrics.ReadIndexesFailed.Add();
                return answer.Error;
            }
            return await roots.WaitForAsync(answer.Index).AsTask().WaitAsync(timeout, clock, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return KvError.Stopped;
        }
        catch (TimeoutException)
        {
            metrics.SlowReadIndexes.Add();
            return KvError.Timeout;
        }
    }
}
