using Akka.Actor;
using Google.Protobuf;
using Kv.Actors.Apply;
using Kv.Actors.Cluster;
using Kv.Actors.Lease;
using Kv.Actors.Model;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Actors.Protos.Internal;
using Kv.Actors.Raft;

namespace Kv.Actors.Node;

/// <summary>Puts requests into the log: the one way in, for the gateway, the lessor and extensions. Thread-safe.</summary>
public sealed class Proposer(ProposalTable waiting, NodeStatus status, RootHolder roots, long quotaBytes, int maxRequestBytes, TimeProvider clock)
{
    private readonly Lock _gate = new();
    private Task<Outcome<AlarmResponse>>? _raising;
    private volatile IActorRef? _raft;
    private volatile bool _stopped;

    /// <summary>Proposals that wait now.</summary>
    public long Waiting => waiting.Count;

    /// <summary>Proposals that failed since the start.</summary>
    public long Failed => waiting.Failed;

    /// <summary>Where proposals go from here on; until it is called everything is refused as stopped.</summary>
    public void Open(IActorRef raft) => _raft = raft;

    /// <summary>Refuses everything from here on, and fails whoever waits.</summary>
    public void Close()
    {
        _stopped = true;
        waiting.FailAll(KvError.Stopped);
    }

    /// <summary>Replicates a request and answers what applying it answered, or why it was not accepted.</summary>
    /// <typeparam name="TResponse">The message that applying this request gives.</typeparam>
    public Task<Outcome<TResponse>> ProposeAsync<TResponse>(InternalRaftRequest request)
        where TResponse : class, IMessage
    {
        ArgumentNullException.ThrowIfNull(request);
        if (status.CommitIndex > status.AppliedIndex + Limits.MaxApplyGap)
        {
            return Refused<TResponse>(KvError.RequestTooManyRequests);
        }
        var root = roots.Current;
        var refusal = WriteRules.Check(request, root.Alarms, root.Kv.Stats.SizeBytes, quotaBytes, out var overQuota);
        if (overQuota)
        {
            return NoSpaceAsync<TResponse>();
        }
        // A follower may not have heard yet that an alarm was cleared; it leaves the verdict to where the request is applied.
        return refusal != KvError.None && status.Raft.IsLeader
            ? Refused<TResponse>(refusal)
            : ProposeOwnAsync<TResponse>(request);
    }

    /// <summary>The same for what the node itself has to say: not refused while the log of an earlier run is being applied.</summary>
    /// <typeparam name="TResponse">The message that applying this request gives.</typeparam>
    public Task<Outcome<TResponse>> ProposeOwnAsync<TResponse>(InternalRaftRequest request)
        where TResponse : class, IMessage
    {
        ArgumentNullException.ThrowIfNull(request);
        return ProposeAsync<TResponse>(request, term: 0);
    }

    /// <summary>Replicates a membership change and answers the members as of it, or why it was refused.</summary>
    public Task<Outcome<MemberSet>> ProposeConfChangeAsync(ConfChange change)
    {
        ArgumentNullException.ThrowIfNull(change);
        var proposal = new MembershipProposal(change with { Id = waiting.NextId().Value }, MonotonicTime.Of(clock));
        return Send(proposal) is var refused and not KvError.None ? Task.FromResult<Outcome<MemberSet>>(refused) : proposal.Answered;
    }

    private Task<Outcome<TResponse>> ProposeAsync<TResponse>(InternalRaftRequest request, ulong term)
        where TResponse : class, IMessage
    {
        request.Header = new RequestHeader { Id = waiting.NextId().Value };
        var proposal = new Proposal<TResponse>(request, MonotonicTime.Of(clock)) { Term = term };
        return Send(proposal) is var refused and not KvError.None ? Refused<TResponse>(refused) : proposal.Answered;
    }

    private KvError Send(Proposal proposal)
    {
        if (_stopped || _raft is not { } raft)
        {
            return KvError.Stopped;
        }
        if (proposal.Bytes.Length > maxRequestBytes)
        {
            return KvError.RequestTooLarge;
        }
        if (!waiting.TryAdd(proposal))
        {
            return KvError.RequestTooManyRequests;
        }
        raft.Tell(proposal, ActorRefs.NoSender);
        if (_stopped)
        {
            waiting.Fail(proposal.Id, KvError.Stopped);        // it came between the look above and the end: nobody else fails it
        }
        return KvError.None;
    }

    /// <summary>The lessor's way into the log.</summary>
    public LessorProposals ForLessor() => new(
        (term, leases) => Task.WhenAll(leases.Select(lease =>
            ProposeAsync<LeaseRevokeResponse>(new InternalRaftRequest { LeaseRevoke = new LeaseRevokeRequest { ID = lease.Value } }, (ulong)term))),
        async (term, facts) =>
        {
            var request = new LeaseCheckpointRequest();
            request.Checkpoints.AddRange(facts.Select(static fact =>
                new LeaseCheckpoint { ID = fact.Id.Value, RemainingTTL = fact.RemainingSeconds }));
            return (await ProposeAsync<LeaseCheckpointResponse>(new InternalRaftRequest { LeaseCheckpoint = request }, (ulong)term).ConfigureAwait(false)).Error;
        });

    /// <summary>The quota is this member's own: it raises the alarm, then refuses, and nothing of the request enters the log.</summary>
    private async Task<Outcome<TResponse>> NoSpaceAsync<TResponse>()
        where TResponse : class
    {
        await RaiseNoSpaceAsync().ConfigureAwait(false);
        return KvError.NoSpace;
    }

    /// <summary>One proposal for all that are refused meanwhile.</summary>
    private Task<Outcome<AlarmResponse>> RaiseNoSpaceAsync()
    {
        lock (_gate)
        {
            if (_raising is null || _raising.IsCompleted)
            {
                var alarm = new AlarmRequest { Action = AlarmRequest.Types.AlarmAction.Activate, Alarm = AlarmType.Nospace, MemberID = status.Self.Value };
                _raising = ProposeOwnAsync<AlarmResponse>(new InternalRaftRequest { Alarm = alarm });
            }
            return _raising;
        }
    }

    private static Task<Outcome<TResponse>> Refused<TResponse>(KvError error)
        where TResponse : class => Task.FromResult<Outcome<TResponse>>(error);
}
