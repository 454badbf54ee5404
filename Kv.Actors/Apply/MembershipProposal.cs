using Kv.Actors.Cluster;
using Kv.Actors.Model;
using Kv.Actors.Protos.Internal;
using Kv.Actors.Raft;

namespace Kv.Actors.Apply;

/// <summary>A membership change on its way into the log; whoever waits gets the members as of its entry, or why it was refused.</summary>
public sealed class MembershipProposal : Proposal
{
    private readonly TaskCompletionSource<Outcome<MemberSet>> _promise = new();
    private byte[]? _bytes;
    private MemberSet? _members;

    /// <summary>A proposal that waits for its answer.</summary>
    /// <param name="change">The change; its id is this proposal's.</param>
    /// <param name="since">When it was made.</param>
    public MembershipProposal(ConfChange change, MonotonicTime since)
        : base(new InternalRaftRequest { Header = new RequestHeader { Id = change.Id } }, since) => Change = change;

    /// <summary>What is to change.</summary>
    public ConfChange Change { get; }

    /// <summary>Ends when the entry is applied here, or is known not to be.</summary>
    public Task<Outcome<MemberSet>> Answered => _promise.Task;

    /// <inheritdoc/>
    public override byte[] Bytes => _bytes ??= RaftWire.Encode(Change);

    /// <summary>Keeps the answer until <see cref="Complete"/> hands it over; called once, by the store.</summary>
    public void Answer(MemberSet members, KvError error)
    {
        _members = members;
        Answer(response: null, error);
    }

    /// <inheritdoc/>
    public override void Complete() => _promise.TrySetResult(Error == KvError.None ? _members! : Error);

    /// <inheritdoc/>
    public override bool Fail(KvError error) => _promise.TrySetResult(error);
}
