using System.Collections.Immutable;
using Google.Protobuf;
using Kv.Actors.Apply;
using Kv.Actors.Cluster;
using Kv.Actors.Model;
using Kv.Actors.Peers;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Actors.Raft;

namespace Kv.Actors.Node;

/// <summary>What <see cref="MembershipCalls"/> needs of the node around it.</summary>
/// <param name="Propose">Replicates a change and answers the members as of it, or why it was refused.</param>
/// <param name="Progress">How far a member's log is; null on a member that does not lead, and for one the leader does not know.</param>
/// <param name="AskLeader">Has the leader, this member included, carry out a call, within the request timeout.</param>
public sealed record MembershipSeams(
    Func<ConfChange, Task<Outcome<MemberSet>>> Propose,
    Func<NodeId, Task<MemberProgress?>> Progress,
    Func<PeerCall, ReadOnlyMemory<byte>, Task<PeerReply>> AskLeader);

/// <summary>Membership calls as any member answers them: check what can be checked here, propose, answer what applying it came to.</summary>
/// <remarks>Source: reference, membership calls. The checks are <see cref="ReconfigRules"/>, the last word is <see cref="MembershipRules"/>.</remarks>
public sealed class MembershipCalls(
    KvSettings settings, NodeStatus status, RootHolder roots, PeerTable peers, MembershipSeams seams, TimeProvider clock)
{
    /// <summary>Carries out, for other members, what only the leader can.</summary>
    public void ServeTo(PeerServices services)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.Serve(PeerCall.Promote, async body =>
        {
            var promoted = await PromoteAsLeaderAsync(new NodeId(MemberPromoteRequest.Parser.ParseFrom(body.Span).ID)).ConfigureAwait(false);
            if (!promoted.Ok)
            {
                return new PeerReply(promoted.Error, default);
            }
            var response = new MemberPromoteResponse();
            response.Members.AddRange(MemberProto.Of(promoted.Value));
            return new PeerReply(KvError.None, response.ToByteArray());
        });
    }

    /// <summary>Adds a member, which may start once this is answered.</summary>
    /// <param name="peerUrls">Valid, at least one.</param>
    /// <param name="isLearner">Without a vote until it is promoted.</param>
    /// <returns>All members, and the id of the new one.</returns>
    public async Task<(Outcome<MemberSet> Members, NodeId Added)> AddAsync(IReadOnlyList<string> peerUrls, bool isLearner)
    {
        ImmutableArray<string> urls = [.. peerUrls.Order(StringComparer.Ordinal)];
        var id = MemberIds.Added(urls, clock.GetUtcNow().ToUnixTimeSeconds());
        if (settings.StrictReconfigCheck && Rules().MayAdd(isLearner) is var refused and not KvError.None)
        {
            return (refused, id);
        }
        var member = new ClusterMember(id, "", urls, [], isLearner);
        return (await ProposeAsync(new MemberChange.Add(member, settings.MaxLearners)).ConfigureAwait(false), id);
    }

    /// <summary>Removes a member for ever; it stops by itself when it hears of it.</summary>
    public Task<Outcome<MemberSet>> RemoveAsync(NodeId id) =>
        settings.StrictReconfigCheck && Rules().MayRemove(id) is var refused and not KvError.None
            ? Task.FromResult<Outcome<MemberSet>>(refused)
            : ProposeAsync(new MemberChange.Remove(id));

    /// <summary>Gives a member other peer URLs.</summary>
    public Task<Outcome<MemberSet>> UpdateAsync(NodeId id, IReadOnlyList<string> peerUrls) =>
        ProposeAsync(new MemberChange.Update(id, [.. peerUrls.Order(StringComparer.Ordinal)]));

    /// <summary>Gives a learner its vote, if the leader, which alone knows, says that it has most of the log.</summary>
    public async Task<Outcome<MemberSet>> PromoteAsync(NodeId id)
    {
        var reply = await seams.AskLeader(PeerCall.Promote, new MemberPromoteRequest { ID = id.Value }.ToByteArray()).ConfigureAwait(false);
        return reply.Error == KvError.None
            ? MemberProto.SetOf(MemberPromoteResponse.Parser.ParseFrom(reply.Body.Span).Members)
            : reply.Error;
    }

    private async Task<Outcome<MemberSet>> PromoteAsLeaderAsync(NodeId id)
    {
        var ready = await IsReadyAsync(id).ConfigureAwait(false);
        if (ready != KvError.None)
        {
            return ready;
        }
        return settings.StrictReconfigCheck && Rules().MayPromote() is var refused and not KvError.None
            ? refused
            : await ProposeAsync(new MemberChange.Promote(id)).ConfigureAwait(false);
    }

    private async Task<KvError> IsReadyAsync(NodeId id)
    {
        if (!status.Raft.IsLeader)
        {
            return KvError.NotLeader;
        }
        try
        {
            var progress = await seams.Progress(id).ConfigureAwait(false);
            return progress is null && !status.Raft.IsLeader ? KvError.NotLeader : ReconfigRules.IsReady(progress?.Match, progress?.LeaderMatch ?? 0);
        }
        catch (TimeoutException)
        {
            return KvError.Timeout;
        }
    }

    private Task<Outcome<MemberSet>> ProposeAsync(MemberChange change) => seams.Propose(MemberChanges.Encode(change));

    private ReconfigRules Rules()
    {
        var now = MonotonicTime.Of(clock);
        return new ReconfigRules(roots.Current.Members, status.Self, id => peers.ConnectedSince(id) is { } since ? now.Since(since) : null);
    }
}
